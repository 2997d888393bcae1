"""Visits of CTN-0094 as sessions: who came, and who was expected and did not."""

from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Rule
from iop_outcomes.ingest.reading import LINE
from iop_outcomes.ingest.sources.ctn0094.raw import RawTrials
from iop_outcomes.ingest.sources.ctn0094.schedule import week_day

if TYPE_CHECKING:
    import polars as pl

DISPOSITIONS = ("visit", "final", "no visit", "MISSING")
ATTENDED = ("visit", "final")

#: Flags of a missed visit that excuse it; the others say too little, and stand on attended visits too.
EXCUSES = ("is_in_jail", "is_in_hospital", "is_illness", "is_dead")


def visits(trials: RawTrials) -> "pl.DataFrame":
    """Return the visits of the randomised that have a day: who, visit, day, status; one row per person-day.

    A missed weekly visit of CTN-0027 and CTN-0051 has no day on file and gets that of its week. Of several rows of one
    day an attended one stays.
    """
    import polars as pl

    came = pl.col("what").is_in(ATTENDED).fill_null(False)
    week = pl.col("visit").str.extract(r"^WK([0-9]+)$").cast(pl.Int32)
    day = pl.coalesce("when", pl.col("rand_day") + week_day(pl.col("project"), week)).cast(pl.Int32)
    excused = pl.any_horizontal(pl.col(flag).is_not_null() for flag in EXCUSES)
    status = pl.when(came).then(pl.lit("attended")).when(excused).then(pl.lit("excused")).otherwise(pl.lit("no_show"))
    better_first = [~came, pl.col("what").is_null(), pl.col(LINE)]
    place_in_day = pl.int_range(pl.len()).over("who", "day", order_by=better_first)
    rules = [
        Rule(f"what: must be {', '.join(DISPOSITIONS)} or empty", ~pl.col("what").is_in(DISPOSITIONS)),
        Rule("when: attended without a day", came & pl.col("when").is_null()),
        Rule("what: no disposition on file", pl.col("what").is_null(), expected=True),
        Rule("when: missed, and the label names no week", ~came & pl.col("day").is_null(), expected=True),
        Rule(
            "when: another visit of the person on this day is counted",
            pl.col("day").is_not_null() & pl.col("what").is_not_null() & (place_in_day > 0),
            expected=True,
        ),
    ]
    columns = ("visit", "what", "when", *EXCUSES)
    return trials.sift("visit", "session", columns, rules, (), needs_episode=True, day=day, status=status)


def sessions(visit: "pl.DataFrame") -> "pl.DataFrame":
    """Return the canonical sessions of checked visits."""
    import polars as pl

    who = pl.col("who").cast(pl.String)
    number = pl.int_range(pl.len()).over("who", "day", order_by=LINE).cast(pl.String)
    return visit.sort("who", "day").select(
        session_id=who + "-" + pl.col("day").cast(pl.String) + "-" + number, episode_id=who, day="day", status="status"
    )
