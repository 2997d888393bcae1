"""Rules that need more than one row: who belongs to whom, and what cannot have happened when.

Each canonical table has its parents, whose columns are joined to its rows, and rules over both. Everything here is
asked of accepted rows only: a row whose person was rejected is rejected too, by a rule that says so.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Rule, Strongest
from iop_outcomes.tables.canonical import CAME, DAYS_AFTER_DISCHARGE, ORPHAN

if TYPE_CHECKING:
    import polars as pl

#: Canonical tables in an order in which parents come first.
ORDER = (
    "person",
    "site",
    "episode",
    "baseline",
    "session",
    "drug_test",
    "use_report",
    "assessment",
    "controlled_period",
    "service",
    "cost",
)

#: Child table: key of the parent and the parent itself.
PARENTS = {
    "episode": (("person_id", "person"), ("site_id", "site")),
    "baseline": (("episode_id", "episode"),),
    "session": (("episode_id", "episode"),),
    "drug_test": (("person_id", "person"),),
    "use_report": (("person_id", "person"),),
    "assessment": (("person_id", "person"),),
    "controlled_period": (("person_id", "person"),),
    "service": (("person_id", "person"),),
    "cost": (("episode_id", "episode"),),
}

#: What the rules of children ask of a parent; an episode passes on what it has from its person.
HEIRLOOMS = {
    "person": ("death_day",),
    "site": (),
    "episode": ("assignment_day", "admission_day", "discharge_day", "person death_day"),
}

AFTER_DEATH = "day: after the person's death"

#: Tables in which one of contradicting rows is taken; in the others none is.
STRONGEST = {
    "drug_test": Strongest(
        "results of one day that contradict each other; a positive one is taken, then a negative one",
        "result",
        ("positive", "negative", "invalid", "missing"),
    ),
    "controlled_period": Strongest("periods that begin on one day; the longest is taken", "end_day"),
    "use_report": Strongest(
        "reports of the same days that contradict each other; the one of most use is taken", "days_used"
    ),
}


def heirlooms(rows: "pl.DataFrame", table: str) -> "pl.DataFrame":
    """Return of a table's accepted rows what its children need: its key and what their rules ask."""
    return rows.select(c for c in (f"{table}_id", *HEIRLOOMS.get(table, ())) if c in rows.columns)


def with_parents(rows: "pl.LazyFrame", table: str, parents: Mapping[str, "pl.DataFrame"]) -> "pl.LazyFrame":
    """Return the rows with ``<parent> known`` and the parents' columns, each as ``<parent> <column>``."""
    import polars as pl

    for key, parent in PARENTS.get(table, ()):
        if parent in parents and key in rows.collect_schema():
            names = {c: c if " " in c else f"{parent} {c}" for c in parents[parent].columns if c != key}
            kin = parents[parent].lazy().rename(names).with_columns(pl.lit(True).alias(f"{parent} known"))
            rows = rows.join(kin, on=key, how="left", maintain_order="left")
    return rows


def cross_rules(table: str, there: list[str]) -> list[Rule]:
    """Return the rules of a table over its own columns and those of its parents, as far as they are there."""
    import polars as pl

    rules = []
    for key, parent in PARENTS.get(table, ()):
        if f"{parent} known" in there:
            stranger = pl.col(key).is_not_null() & pl.col(f"{parent} known").is_null()
            rules.append(Rule(f"{key}: {ORPHAN} '{parent}'", stranger))
    own = {
        "episode": _episode_rules,
        "session": _session_rules,
        "use_report": _use_report_rules,
        "controlled_period": _controlled_period_rules,
    }
    if table in own:
        rules += own[table]()
    if table in ("drug_test", "use_report", "assessment", "service"):
        rules.append(Rule(AFTER_DEATH, pl.col("day") > pl.col("person death_day")))
    return [rule for rule in rules if set(rule.broken.meta.root_names()) <= set(there)]


def _episode_rules() -> list[Rule]:
    import polars as pl

    assignment, admission, discharge, last, end = (
        pl.col(f"{c}_day") for c in ("assignment", "admission", "discharge", "last_contact", "observation_end")
    )
    death = pl.col("person death_day")
    return [
        Rule("discharge_day: before admission_day", discharge < admission),
        Rule("discharge_day: before assignment_day", discharge < assignment),
        Rule("last_contact_day: before admission_day", last < admission),
        # Somebody never admitted may have been seen before the assignment; ``history.days`` answers that.
        Rule("last_contact_day: before assignment_day", (last < assignment) & admission.is_not_null()),
        Rule(
            f"last_contact_day: more than {DAYS_AFTER_DISCHARGE} days after discharge",
            last > discharge + DAYS_AFTER_DISCHARGE,
        ),
        Rule("observation_end_day: before assignment_day", end < assignment),
        Rule("observation_end_day: before admission_day", end < admission),
        Rule("stay_days_high: below stay_days_low", pl.col("stay_days_high") < pl.col("stay_days_low")),
        Rule("assignment_day: after the person's death", assignment > death),
        Rule("admission_day: after the person's death", admission > death),
    ]


def _session_rules() -> list[Rule]:
    import polars as pl

    day, came = pl.col("day"), pl.col("status").is_in(CAME)
    admission, assignment = pl.col("episode admission_day"), pl.col("episode assignment_day")
    attended = pl.col("minutes_attended")
    return [
        # An appointment missed between assignment and the first service is no error; one kept would be that service.
        Rule("day: a session before admission", (day < admission) & (came | (day < assignment))),
        Rule(
            f"day: more than {DAYS_AFTER_DISCHARGE} days after discharge",
            day > pl.col("episode discharge_day") + DAYS_AFTER_DISCHARGE,
        ),
        Rule(AFTER_DEATH, day > pl.col("person death_day")),
        Rule("minutes_attended: more than minutes_scheduled", attended > pl.col("minutes_scheduled")),
        Rule("minutes_attended: above zero in a session that was not attended", (attended > 0) & ~came),
    ]


def _use_report_rules() -> list[Rule]:
    import polars as pl

    return [Rule("days_used: more than window_days", pl.col("days_used") > pl.col("window_days"))]


def _controlled_period_rules() -> list[Rule]:
    import polars as pl

    start, end = pl.col("start_day"), pl.col("end_day")
    # What begins on one day is no overlap but a contradiction (see STRONGEST), or a copy.
    begins = (start != start.shift(1)).fill_null(True)
    reached = pl.when(begins).then(end.cum_max().shift(1)).forward_fill()
    reached = reached.over("person_id", order_by=["start_day", "end_day"])
    return [
        Rule("end_day: before start_day", end < start),
        Rule("start_day: overlaps an earlier period of the person", start <= reached),
        Rule("start_day: after the person's death", start > pl.col("person death_day")),
    ]
