"""Urine screens of CTN-0094 as drug tests.

A negative screen is an inference: the person came, and no positive is on file. It is made only for what the trial
screened for. A screen is missing where the protocol foresaw one, the visit it belonged to was not attended, and no
other screen is on file within three days.
"""

from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Rule
from iop_outcomes.ingest.sources.ctn0094.raw import RawTrials
from iop_outcomes.ingest.sources.ctn0094.schedule import SCREENED, due_screens

if TYPE_CHECKING:
    import polars as pl

#: The panel that the trials judged by: opioids other than the prescribed agent.
PANEL = "non_study_opioid"
#: By prescribed agent, what counts as use: a positive screen for that agent does not.
NON_STUDY_OPIOIDS = {
    "buprenorphine": ("Opioid", "Methadone"),
    "methadone": ("Opioid", "Buprenorphine"),
    "neither": ("Opioid", "Methadone", "Buprenorphine"),
}

#: A screen this near to the day it was due is that screen; weeks are then told apart.
DAYS_NEAR = 3
#: A visit with the label of the week counts as that week's if it was this near; a few carry impossible days.
DAYS_NEAR_BY_LABEL = 14

#: The tables differ in what they call cannabis.
CANNABIS = {"thc": "cannabis"}


def drug_tests(trials: RawTrials, visit: "pl.DataFrame") -> "pl.DataFrame":
    """Return screens by person, day and substance, and for the panel of opioids that were not prescribed.

    Parameters
    ----------
    trials : RawTrials
    visit : polars.DataFrame
        As :func:`visits` gives it.
    """
    import polars as pl

    rules = [
        Rule("when: may not be empty", pl.col("when").is_null()),
        Rule("what: may not be empty", pl.col("what").is_null()),
    ]
    uds = trials.sift("uds", "drug_test", ("what", "when"), rules, ("who", "what", "when"))
    positive = uds.select("who", day="when", substance="what").with_columns(result=pl.lit("positive"))
    seen = visit.filter(pl.col("status") == "attended").select("who", "day")
    screened = pl.DataFrame(
        [(project, substance) for project, substances in SCREENED.items() for substance in substances],
        schema={"project": pl.Int32, "substance": pl.String},
        orient="row",
    )
    known = pl.concat([positive, _each(seen, trials, screened, "negative")])
    known = known.unique(["who", "day", "substance"], keep="first", maintain_order=True)
    known = pl.concat([known, _panel(known, trials.people)])
    panel = screened.select("project").unique().with_columns(substance=pl.lit(PANEL))
    due, kept = _appointments(trials.people, visit, known)
    missing = _each(due, trials, pl.concat([screened, panel]), "missing")
    return _canonical(pl.concat([known, missing]), kept, trials.people)


def _appointments(
    people: "pl.DataFrame", visit: "pl.DataFrame", known: "pl.DataFrame"
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """Return who and day of the screens that were due and missed, and of those that were due and obtained."""
    import polars as pl

    due = due_screens(people)
    attended = visit.filter(pl.col("status") == "attended").select("who", "visit", seen="day")
    near = (pl.col("seen") - pl.col("day")).abs() <= DAYS_NEAR_BY_LABEL
    as_planned = due.join(attended, on=["who", "visit"]).filter(near).select("who", "visit", "seen")
    others = due.join(as_planned, on=["who", "visit"], how="anti")
    window = others.with_columns(
        seen=pl.int_ranges(pl.col("day") - DAYS_NEAR, pl.col("day") + DAYS_NEAR + 1, dtype=pl.Int32)
    )
    nearby = window.explode("seen").join(known.select("who", seen="day").unique(), on=["who", "seen"])
    missed = others.join(nearby, on=["who", "visit"], how="anti").select("who", "day")
    kept = pl.concat([as_planned.select("who", day="seen"), nearby.select("who", day="seen")])
    return missed.unique(), kept.unique()


def _each(days: "pl.DataFrame", trials: RawTrials, screened: "pl.DataFrame", result: str) -> "pl.DataFrame":
    """Return person-days with one row for each substance that the person's trial screened for."""
    import polars as pl

    project = trials.people.select("who", "project")
    rows = days.join(project, on="who").join(screened, on="project")
    return rows.select("who", "day", "substance", result=pl.lit(result))


def _panel(tests: "pl.DataFrame", people: "pl.DataFrame") -> "pl.DataFrame":
    """Return the opioid panel of the randomised: positive with any non-study opioid, else negative if attended.

    A day that is on file for other substances only is neither: nothing says that opioids were looked for.
    """
    import polars as pl

    counts = pl.lit(False)
    for name, opioids in NON_STUDY_OPIOIDS.items():
        counts |= (_prescribed() == name) & pl.col("substance").is_in(list(opioids))
    rows = tests.join(people.filter(pl.col("rand_day").is_not_null()), on="who")
    rows = rows.with_columns(used=counts & (pl.col("result") == "positive"), clean=pl.col("result") == "negative")
    days = rows.group_by("who", "day").agg(pl.col("used", "clean").any()).filter(pl.col("used") | pl.col("clean"))
    result = pl.when("used").then(pl.lit("positive")).otherwise(pl.lit("negative"))
    return days.select("who", "day", substance=pl.lit(PANEL), result=result)


def _prescribed() -> "pl.Expr":
    """Name the panel of a person's first arm, as ``NON_STUDY_OPIOIDS`` does."""
    import polars as pl

    arm = pl.col("arm").fill_null("")
    bup, methadone = arm.str.contains("BUP", literal=True), arm == "Methadone"
    return (
        pl.when(bup)
        .then(pl.lit("buprenorphine"))
        .when(methadone)
        .then(pl.lit("methadone"))
        .otherwise(pl.lit("neither"))
    )


def _canonical(tests: "pl.DataFrame", kept: "pl.DataFrame", people: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    kept = kept.with_columns(kept=pl.lit(True))
    rows = tests.join(people, on="who").join(kept, on=["who", "day"], how="left")
    substance = pl.col("substance").str.to_lowercase().replace(CANNABIS)
    return rows.sort("who", "day", "substance").select(
        person_id=pl.col("who").cast(pl.String),
        day="day",
        substance=substance,
        result="result",
        matrix=pl.lit("urine"),
        scheduled=pl.col("kept").fill_null(False) | (pl.col("result") == "missing"),
        prescribed=substance == _prescribed(),
    )
