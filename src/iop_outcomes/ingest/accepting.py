"""Which raw rows become canonical rows: every row is accepted, or kept by file, line and rule.

A rule is words and an expression that is true where a row breaks it. The rules of a contract come from its columns, so
that a source and the table it fills can never disagree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from iop_outcomes import tables
from iop_outcomes.ingest.assigned import Assigned
from iop_outcomes.ingest.reading import CONTROLS, LINE, OWN, RawFile, collected
from iop_outcomes.kernel.errors import SourceError, StudyError, counted
from iop_outcomes.study.before_time_zero import ASSIGNMENT

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl

MISSHAPEN = "has more or fewer cells than the header"
#: Beginning of the names of the columns that say which rules a row breaks; no column of a file begins like it.
_BROKEN = f"{OWN}rule "
COPY = "the same row again"
CONFLICT = "rows of one key that contradict each other; none is taken"


class Rule(NamedTuple):
    """A rule in words, and where it is broken; a null counts as kept.

    ``expected`` marks rows that are known to be no use here, as copies that the source's own documentation names. They
    are rejected like others and counted like others, and do not count towards ``max_rejected_share``.
    """

    words: str
    broken: "pl.Expr"
    expected: bool = False


class Strongest(NamedTuple):
    """Which of contradicting rows is taken: those of a column's values that come first, in words for the report."""

    words: str
    column: str
    values: tuple[str, ...] = ()

    def order(self) -> "pl.Expr":
        """Return what to sort by so that the row to take comes first: listed values in order, or large numbers."""
        import polars as pl

        cell = pl.col(self.column)
        if not self.values:
            return -cell.fill_null(float("-inf"))
        rank = {value: place for place, value in enumerate(self.values)}
        return cell.cast(pl.String).replace_strict(rank, default=len(rank), return_dtype=pl.Int32)


def refuse(problem: StudyError) -> None:
    """Refuse a source at its first problem: what a run does. A check gathers them instead (``ingest.examining``)."""
    raise problem


@dataclass
class Intake:
    """The book of what came in: rows read, accepted and rejected, by file and table.

    Attributes
    ----------
    max_rejected_share : float
        Share of a table's rows that may be rejected before the source is refused as a whole.
    complain : callable
        Gets the problem of a table of which more are.
    assigned : Assigned
        What was assigned in the episodes accepted so far.
    """

    max_rejected_share: float = 0.1
    complain: Callable[[SourceError], None] = refuse
    assigned: Assigned = field(default_factory=Assigned)
    _n_in: dict[tuple[str, str], int] = field(default_factory=dict)
    _rejected: list["pl.DataFrame"] = field(default_factory=list)
    _assigned_to: list["pl.DataFrame"] = field(default_factory=list)

    def sift(
        self,
        raw: RawFile,
        table: str,
        rows: "pl.LazyFrame",
        rules: Sequence[Rule],
        key: Sequence[str] = (),
        strongest: "Strongest | None" = None,
    ) -> "pl.DataFrame":
        """Return the rows that break no rule and note the others.

        Parameters
        ----------
        raw : RawFile
            Where the rows come from; its misshapen lines are rejected too.
        table : str
            Canonical table they are meant for.
        rows : polars.LazyFrame
            Typed rows with ``LINE``.
        rules : sequence of Rule
        key : sequence of str
            Columns that may not repeat among the rows that keep all rules. Of copies one stays; of rows that contradict
            each other none, unless ``strongest`` says which. The order of the rows decides nothing.
        strongest : Strongest, optional
            Which of contradicting rows is taken.
        """
        good, n_rows = self.keeping_rules(raw, table, rows, rules)
        if key:
            good = self.without_repeats(raw, table, good, key, strongest)
        self.close(raw, table, n_rows)
        if table == "episode":
            self.assigned.learn(good)
        return good

    def keeping_rules(
        self, raw: RawFile, table: str, rows: "pl.LazyFrame", rules: Sequence[Rule]
    ) -> "tuple[pl.DataFrame, int]":
        """Return the rows that break no rule and how many there were, and note the others."""
        import polars as pl

        rules = [*rules, *_clean_text(raw, rows)]
        flags = [rule.broken.fill_null(False).alias(f"{_BROKEN}{i}") for i, rule in enumerate(rules)]
        flagged = collected(rows.with_columns(flags), raw.name)
        n_rows = flagged.height
        names = [f"{_BROKEN}{i}" for i in range(len(rules))]
        for name, rule in zip(names, rules, strict=True):
            self._note(raw.name, table, flagged[LINE].filter(flagged[name]), rule.words, rule.expected)
        broken = flagged.select(pl.any_horizontal([pl.lit(False), *names])).to_series()
        if not broken.any():
            return flagged.drop(names), n_rows
        self._note_assigned(raw.name, table, flagged.filter(broken))
        return flagged.filter(~broken).drop(names), n_rows

    def close(self, raw: RawFile, table: str, n_rows: int) -> None:
        """Enter how many rows of a file were read, and refuse it if too many of them broke a rule."""
        import polars as pl

        self._note(raw.name, table, pl.Series(raw.misshapen, dtype=pl.UInt32), MISSHAPEN)
        self._n_in[raw.name, table] = n_rows + len(raw.misshapen)
        self._refuse_if_too_many(raw.name, table)

    def without_repeats(
        self, raw: RawFile, table: str, rows: "pl.DataFrame", key: Sequence[str], strongest: "Strongest | None"
    ) -> "pl.DataFrame":
        """Return the rows with each key once, and note copies and contradictions apart from each other."""
        import polars as pl

        unique = rows.select(one_of(key).is_unique())[:, 0]
        if unique.all():
            return rows
        content = [c for c in raw.columns if c in rows.columns]
        again = rows.filter(~unique)
        first = again.select(one_of(content).is_first_distinct())[:, 0]
        named = " + ".join(key)
        self._note(raw.name, table, again.filter(~first)[LINE], f"{named}: {COPY}", expected=True)
        again = again.filter(first)
        lost = again.select(~one_of(key).is_unique())[:, 0]
        words = f"{named}: {CONFLICT}"
        if strongest is not None:
            # Among equally strong rows their content decides, never their order or that of the columns.
            again = again.sort(
                strongest.order(), *(pl.col(c).cast(pl.String) for c in sorted(content)), nulls_last=True
            )
            lost = again.select(~one_of(key).is_first_distinct())[:, 0]
            words = f"{named}: {strongest.words}"
        self._note(raw.name, table, again.filter(lost)[LINE], words)
        self._note_assigned(raw.name, table, again.filter(lost))
        return pl.concat([rows.filter(unique), again.filter(~lost)]).sort(LINE)

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return the canonical tables ``intake`` and ``rejected``."""
        import pandas as pd

        rejected = self.rejected().sort("file", "table", "line", "rule").to_pandas()
        counts = [
            {"file": file, "table": table, "n_in": n_in, "n_rejected": self._of(file, table)["line"].n_unique()}
            for (file, table), n_in in self._n_in.items()
        ]
        intake = pd.DataFrame(counts, columns=["file", "table", "n_in", "n_rejected"])
        intake["n_accepted"] = intake["n_in"] - intake["n_rejected"]
        return {"intake": tables.conform(intake, "intake"), "rejected": tables.conform(rejected, "rejected")}

    def _note(self, file: str, table: str, lines: "pl.Series", words: str, expected: bool = False) -> None:
        import polars as pl

        if len(lines):
            said = {"file": file, "table": table, "rule": words, "expected": expected}
            cells = [pl.lit(value).alias(name) for name, value in said.items()]
            self._rejected.append(pl.DataFrame({"line": lines.cast(pl.Int32)}).with_columns(cells))

    def _note_assigned(self, file: str, table: str, rows: "pl.DataFrame") -> None:
        import polars as pl

        place = [pl.lit(file).alias("file"), pl.lit(table).alias("table"), pl.col(LINE).cast(pl.Int32).alias("line")]
        self._assigned_to.append(rows.select(place).hstack(self.assigned.of(table, rows)))

    def rejected(self) -> "pl.DataFrame":
        """Return every rule that a row broke, by file, table and line, whether that was to be expected, and of whom."""
        import polars as pl

        schema = {"line": pl.Int32, "file": pl.String, "table": pl.String, "rule": pl.String, "expected": pl.Boolean}
        place = {name: schema[name] for name in ("file", "table", "line")}
        of_whom = pl.DataFrame(schema=place | dict.fromkeys(ASSIGNMENT, pl.String))
        broken = pl.concat([pl.DataFrame(schema=schema), *self._rejected])
        assigned = pl.concat([of_whom, *self._assigned_to]).unique(list(place), keep="first", maintain_order=True)
        return broken.join(assigned, on=list(place), how="left", maintain_order="left")

    def lines(self, file: str, table: str) -> "np.ndarray":
        """Return the lines of a file that were rejected, sorted, each once."""
        return self._of(file, table)["line"].unique().sort().to_numpy()

    def _of(self, file: str, table: str) -> "pl.DataFrame":
        import polars as pl

        return self.rejected().filter(pl.col("file") == file, pl.col("table") == table)

    def _refuse_if_too_many(self, file: str, table: str) -> None:
        import polars as pl

        wrong = self._of(file, table).filter(~pl.col("expected"))
        n_in, n_wrong = self._n_in[file, table], wrong["line"].n_unique()
        if n_wrong <= self.max_rejected_share * n_in:
            return
        counts = wrong.group_by("rule").len().sort(["len", "rule"], descending=[True, False]).rows()
        shown = "; ".join(f"{rule} ({counted(n, 'row')})" for rule, n in counts[:6])
        more = f"; and {counted(len(counts) - 6, 'more rule')}" if len(counts) > 6 else ""
        problem = SourceError(
            f"{file}: {n_wrong:,} of {counted(n_in, 'row')} cannot become rows of '{table}', more than the share "
            f"of {self.max_rejected_share:g} that 'max_rejected_share' allows: {shown}{more}"
        )
        self.complain(problem)


def _clean_text(raw: RawFile, rows: "pl.LazyFrame") -> list[Rule]:
    """Return a rule for every column of text in which a character may stand that no page or figure can show."""
    import polars as pl

    text = (
        [name for name, dtype in rows.collect_schema().items() if dtype == pl.String] if raw.may_hold_controls else []
    )
    return [Rule(f"{name}: holds a control character", pl.col(name).str.contains(CONTROLS)) for name in text]


def one_of(columns: Sequence[str]) -> "pl.Expr":
    """Return columns as one to compare rows by; a single column is compared as it is, which is faster."""
    import polars as pl

    return pl.col(columns[0]) if len(columns) == 1 else pl.struct(columns)


def to_table(rows: "pl.DataFrame", name: str) -> "pd.DataFrame":
    """Return accepted rows as a pandas table in the order and types of its contract."""
    import polars as pl

    frame = rows.drop(LINE, strict=False).to_pandas()
    for column, dtype in rows.schema.items():
        # A list of codes comes over as an ordered one, and codes have no order.
        if isinstance(dtype, pl.Enum):
            frame[column] = frame[column].cat.as_unordered()
        elif dtype == pl.Boolean and rows[column].null_count():
            frame[column] = frame[column].astype("boolean")
    return tables.conform(frame, name)
