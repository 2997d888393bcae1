"""Raw rows with a person and a date: what they must keep, whatever table of whatever source they stand in."""

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule, Strongest
from iop_outcomes.ingest.crosschecks import STRONGEST
from iop_outcomes.ingest.dated.codes import findings, plain_code, results
from iop_outcomes.ingest.reading import RawFile
from iop_outcomes.tables.declare import LARGEST_NUMBER

if TYPE_CHECKING:
    import polars as pl

#: No record of treatment is older; earlier years stand for a date that is not known.
FIRST_YEAR = 1900
NOT_USED = "no code of the study or of the lists: not used"
TOLD_BEFORE = "a file read before tells of the same"
AFTER_DEATH = "after the person's death"

#: A code that may be kept as such; anything else may be free text.
_CODE = r"^[A-Z0-9][A-Z0-9\-]{0,14}$"


def as_date(cell: "pl.Expr") -> "pl.Expr":
    """Return text that begins with a date as YYYY-MM-DD, or is one as YYYYMMDD, as dates; null where it is none."""
    import polars as pl

    text = cell.cast(pl.String).str.strip_chars()
    return pl.coalesce(
        text.str.head(10).str.to_date("%Y-%m-%d", strict=False), text.str.head(8).str.to_date("%Y%m%d", strict=False)
    )


def as_id(cell: "pl.Expr") -> "pl.Expr":
    """Return ids as text; programs that know no missing whole numbers write 1.0 for 1."""
    import polars as pl

    text = cell.cast(pl.String).str.strip_chars().str.replace(r"^(\d+)\.0+$", "$1")
    return pl.when(text != "").then(text)


def as_number(cell: "pl.Expr") -> "pl.Expr":
    """Return cells as finite numbers, null where they are none."""
    import polars as pl

    number = cell.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def kept_code(cell: "pl.Expr") -> "pl.Expr":
    """Return what looks like a code; free text in the place of one is not kept."""
    import polars as pl

    code = plain_code(cell)
    return pl.when(code.str.contains(_CODE)).then(code)


def by_content(raw: RawFile, *columns: str) -> RawFile:
    """Return a file whose rows are copies of each other where these columns of the typed rows are the same."""
    return replace(raw, columns=columns)


def person_rules(column: str = "person_id") -> list[Rule]:
    """Return the rules of whose a row is; ``known`` is true for the accepted people."""
    import polars as pl

    return [
        Rule(f"{column}: empty", pl.col("person").is_null()),
        Rule(
            f"{column}: not among the accepted rows of 'person'",
            pl.col("person").is_not_null() & pl.col("known").is_null(),
        ),
    ]


def date_rules(
    column: str, drawn: datetime.date | None, death: bool = True, later_expected: bool = False
) -> list[Rule]:
    """Return the rules of the date of a row, ``date``, beside ``died`` of its person."""
    import polars as pl

    date = pl.col("date")
    rules = [
        Rule(f"{column}: is no date", date.is_null()),
        Rule(f"{column}: before {FIRST_YEAR}", date.dt.year() < FIRST_YEAR),
    ]
    if drawn is not None:
        rules.append(Rule(f"{column}: after the day on which the data were drawn", date > drawn, later_expected))
    return [*rules, Rule(f"{column}: {AFTER_DEATH}", date > pl.col("died"))] if death else rules


def with_people(rows: "pl.LazyFrame", people: "pl.DataFrame") -> "pl.LazyFrame":
    """Return rows with ``known`` and ``died`` of their person."""
    import polars as pl

    kin = people.lazy().select("person", "died", known=pl.lit(True))
    return rows.join(kin, on="person", how="left", maintain_order="left")


class FindingRows:
    """Rows of tests and answers, told apart by their code, and each kind sifted into its table.

    Parameters
    ----------
    intake : Intake
    codes : mapping
        What the study says of codes.
    """

    def __init__(self, intake: Intake, codes: dict[str, str | None]):
        self._intake = intake
        self._table = findings(("test", "answer"), codes)
        self._known: dict[str, list[pl.DataFrame]] = {}

    def sift(
        self, raw: RawFile, rows: "pl.LazyFrame", rules: list[Rule], rest: str
    ) -> "tuple[pl.DataFrame, pl.DataFrame]":
        """Return the accepted tests and answers.

        Parameters
        ----------
        raw : RawFile
        rows : polars.LazyFrame
            ``LINE``, ``person``, ``date``, ``died``, ``known``, ``code``, ``words`` (a list of what may say a result),
            ``said`` (the answer as it stands) and ``value``.
        rules : list of Rule
        rest : str
            Table under which rows without a known code are counted.
        """
        import polars as pl

        listed = self._table.lazy().rename({"kind": "finding"})
        coded = rows.join(listed, on="code", how="left", maintain_order="left").with_columns(result=_result())
        unknown = Rule(f"code: {NOT_USED}", pl.col("finding").is_null(), expected=True)
        kinds = {"test": "drug_test", "answer": "assessment"}
        found = []
        for kind, table in kinds.items():
            mine = pl.col("finding") == kind
            own = coded.filter((mine | pl.col("finding").is_null()) if table == rest else mine)
            own, more, key, strongest = _of_kind(own, kind)
            own = self._with_known(own, kind, key)
            more.append(Rule(f"{' + '.join(key)}: {TOLD_BEFORE}", pl.col("told before"), expected=True))
            content = replace(raw, columns=(*key, "result" if kind == "test" else "value"))
            content = content if table == rest else replace(content, misshapen=())
            kept = self._intake.sift(content, table, own, [unknown, *_known_only(rules + more)], key, strongest)
            self._known.setdefault(kind, []).append(kept.select(*key))
            found.append(kept)
        return found[0], found[1]

    def _with_known(self, rows: "pl.LazyFrame", kind: str, key: tuple[str, ...]) -> "pl.LazyFrame":
        """Return rows with ``told before`` where a file read earlier has a finding of the same key."""
        import polars as pl

        if kind not in self._known:
            return rows.with_columns(pl.lit(False).alias("told before"))
        known = pl.concat(self._known[kind]).with_columns(pl.lit(True).alias("told before"))
        return rows.join(known.lazy(), on=list(key), how="left", maintain_order="left")


def _of_kind(rows: "pl.LazyFrame", kind: str) -> tuple["pl.LazyFrame", list[Rule], tuple[str, ...], Strongest | None]:
    import polars as pl

    if kind == "test":
        own = rows.rename({"name": "substance"})
        silent = pl.col("words").list.drop_nulls().list.len() == 0
        said = pl.col("result").is_null() & ~silent
        rules = [
            Rule("result: nothing was recorded", silent, expected=True),
            Rule("result: says neither positive nor negative", said),
        ]
        return own, rules, ("person", "date", "substance"), STRONGEST["drug_test"]
    own = rows.rename({"name": "instrument"})
    silent = pl.col("said").is_null()
    rules = [
        Rule("value: nothing was recorded", silent, expected=True),
        Rule("value: is no number", pl.col("value").is_null() & ~silent),
        Rule(f"value: beyond {LARGEST_NUMBER:g}", pl.col("value").abs() > LARGEST_NUMBER),
    ]
    return own, rules, ("person", "date", "instrument", "item"), None


def _known_only(rules: list[Rule]) -> list[Rule]:
    """Return rules that only rows with a known code must keep: of the others it is enough that they are not used."""
    import polars as pl

    return [replace_rule(rule, pl.col("finding").is_not_null() & rule.broken) for rule in rules]


def replace_rule(rule: Rule, broken: "pl.Expr") -> Rule:
    """Return a rule with other words kept and another border."""
    return Rule(rule.words, broken, rule.expected)


def _result() -> "pl.Expr":
    """Return what the first word that says a result says; what SNOMED puts in brackets behind a word is none of it."""
    import polars as pl

    word = pl.element().str.to_lowercase().str.replace(r"\s*\([^)]*\)\s*$", "").str.strip_chars()
    said = pl.col("words").list.eval(word.replace_strict(results(), default=None, return_dtype=pl.String))
    return said.list.drop_nulls().list.first()
