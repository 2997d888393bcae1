"""The raw tables of CTN-0094, typed, with each row's person, trial and randomisation beside it.

Rows of people in trials that the study leaves out are not read and not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Intake, Rule
from iop_outcomes.ingest.reading import LINE, OWN, RawFile, read
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.tables.declare import FURTHEST_DAY

if TYPE_CHECKING:
    import polars as pl

#: The trial whose second randomisation is a true one; in the others the second row repeats the first.
RERANDOMISED = 30

NO_EPISODE = "who: never randomised, so there is no episode"
WHOLE_NUMBERS = ("who", "project", "which", "when", "age", "ftnd", "days")
#: Bounds of whole numbers that are days, years, points and days of the last 30, by raw column.
BOUNDS = {"when": (-FURTHEST_DAY, FURTHEST_DAY), "age": (0, 120), "ftnd": (0, 10), "days": (0, 30)}
UNREADABLE = f"{OWN}unreadable"


@dataclass(frozen=True)
class RawTrials:
    """A folder with the tables of public.ctn0094data, each a CSV file, plain or gzipped, with its original columns.

    Attributes
    ----------
    folder : Path
    intake : Intake
    others : polars.LazyFrame
        ``who`` of people in trials that the study leaves out.
    people : polars.DataFrame
        The others' opposite: who, project, and from the randomisations arm, rand_day, second_rand_day (null where there
        was none).
    """

    folder: Path
    intake: Intake
    others: "pl.LazyFrame"
    people: "pl.DataFrame"

    def has(self, name: str) -> bool:
        """Is there a file of this table?"""
        return _file(self.folder, name) is not None

    def sift(
        self,
        name: str,
        table: str,
        columns: Sequence[str],
        rules: Sequence[Rule] = (),
        key: Sequence[str] = ("who",),
        needs_episode: bool = False,
        **derived: "pl.Expr",
    ) -> "pl.DataFrame":
        """Return the accepted rows of one raw table for one canonical table, joined with their people.

        Parameters
        ----------
        name, table : str
            Raw and canonical table.
        columns : sequence of str
            Raw columns needed beside ``who``.
        rules : sequence of Rule
            Beside those that hold for all: ``who`` is somebody, whole numbers are whole numbers.
        key : sequence of str
            Columns that may not repeat.
        needs_episode : bool
            Leave out, as expected, what belongs to people who were never randomised.
        **derived : polars.Expr
            Columns made of raw ones and those of ``people``, which rules and key may name.
        """
        import polars as pl

        raw, rows = typed(self.folder, name, ("who", *columns))
        rows = rows.join(self.others, on="who", how="anti", maintain_order="left")
        rows = rows.join(self.people.lazy(), on="who", how="left", maintain_order="left")
        rows = rows.with_columns(**derived)
        common = [Rule("who: empty or not in the table 'everybody'", pl.col("project").is_null())]
        numbers = [c for c in columns if c in WHOLE_NUMBERS]
        common += [Rule(f"{c}: is no whole number", pl.col(c + UNREADABLE)) for c in numbers]
        for column in [c for c in numbers if c in BOUNDS]:
            low, high = BOUNDS[column]
            common.append(Rule(f"{column}: must be from {low} to {high}", ~pl.col(column).is_between(low, high)))
        if needs_episode:
            never = pl.col("project").is_not_null() & pl.col("rand_day").is_null()
            common.append(Rule(NO_EPISODE, never, expected=True))
        return self.intake.sift(raw, table, rows, [*common, *rules], key)


def open_trials(folder: Path, trials: Sequence[int], intake: Intake) -> RawTrials:
    """Read who is in which trial and how they were randomised.

    Raises
    ------
    SourceError
        A file is missing or wrong, or nobody is in the trials asked for.
    """
    import polars as pl

    raw, everybody = typed(folder, "everybody", ("who", "project"))
    asked = pl.col("project").is_in(list(trials))
    empty = Rule("who or project: empty or no whole number", pl.any_horizontal(pl.col("who", "project").is_null()))
    rows = everybody.filter(asked | pl.col("project").is_null())
    people = intake.sift(raw, "person", rows, [empty], ("who",)).select("who", "project").sort("who")
    if people.is_empty():
        raise SourceError(f"source.trials: nobody in {raw.name} is in trial {' or '.join(map(str, trials))}")
    arms = people.with_columns(pl.lit(None, pl.String).alias("arm"), pl.lit(None, pl.Int32).alias("rand_day"))
    trials_read = RawTrials(folder, intake, everybody.filter(~asked).select("who"), arms)
    return RawTrials(folder, intake, trials_read.others, _randomised(trials_read))


def _randomised(trials: RawTrials) -> "pl.DataFrame":
    """Return the people with the arm and day of their first randomisation and the day and arm of a second."""
    import polars as pl

    first, again = pl.col("which") == 1, pl.col("which") == 2
    columns, key = ("treatment", "which", "when"), ("who", "which")
    rules = [
        Rule("which: must be 1 or 2", ~(first | again)),
        Rule("when or treatment: may not be empty", pl.col("when").is_null() | pl.col("treatment").is_null()),
        Rule(
            "which: 2, a copy of the first randomisation in trials without a second",
            again & (pl.col("project") != RERANDOMISED),
            expected=True,
        ),
    ]
    rows = trials.sift("randomization", "episode", columns, rules, key)
    episode = rows.filter(first).select("who", arm="treatment", rand_day="when")
    second = rows.filter(again).select("who", second_arm="treatment", second_rand_day="when")
    people = trials.people.select("who", "project")
    return people.join(episode, on="who", how="left").join(second, on="who", how="left").sort("who")


def typed(folder: Path, name: str, columns: Sequence[str]) -> "tuple[RawFile, pl.LazyFrame]":
    """Return one raw file and its columns, whole numbers as such and beside them where a cell is none."""
    import polars as pl

    file = _file(folder, name)
    if file is None:
        raise SourceError(f"source.path: there is no {name}.csv or {name}.csv.gz in '{folder.name}'; add it")
    raw = read(file)
    raw.need(columns, columns)
    expressions = [pl.col(c) for c in columns if c not in WHOLE_NUMBERS]
    for column in [c for c in columns if c in WHOLE_NUMBERS]:
        real = pl.col(column).cast(pl.Float64, strict=False)
        whole = pl.when(real % 1 == 0).then(real).cast(pl.Int32, strict=False)
        unreadable = pl.col(column).is_not_null() & whole.is_null()
        expressions += [whole.alias(column), unreadable.alias(column + UNREADABLE)]
    return raw, raw.rows.select(LINE, *expressions)


def _file(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / f"{name}.csv.gz", folder / f"{name}.csv") if p.is_file()), None)
