"""Runs of care: which contacts are one episode, and to which level of care it was assigned.

An episode is a run of contacts of ambulatory treatment without more than ``break_days`` days between them. Its level is
the highest of its first day, and what comes later at another level is part of it: an arm may not come from what
happened later. An assessment opens no episode, because it comes before every level alike.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

#: Levels that an episode may have, from the lowest.
AMBULATORY = ("1", "2.1", "2.5")
#: Levels of care with a bed.
BEDS = ("3", "4", "detox_inpatient")
#: Kinds of contacts that open an episode.
TREATMENT = ("treatment", "day")
#: Kinds of contacts that are sessions of an episode that is open on their day.
SESSIONS = (*TREATMENT, "assessment", "support")

#: Days before an episode in which an assessment or a referral belongs to it.
REFERRAL_DAYS = 30
#: Days before an episode in which other care was left that it steps down from.
STEP_DOWN_DAYS = 14
STEP_DOWN = {"detox_inpatient": "detox", "detox_ambulatory": "detox", "3": "residential", "4": "inpatient"}


def of_substance_use(contacts: "pl.DataFrame", diagnoses: "pl.DataFrame") -> "pl.DataFrame":
    """Return contacts whose codes are treatment of substance use, and not of something else or part of a bed.

    A code that ``needs`` a diagnosis is such care from the person's first diagnosis of substance use on. Counselling on
    a day in residential or inpatient care is part of that. What is no such care stays among the services.
    """
    import polars as pl

    first = diagnoses.filter(pl.col("kind") == "substance").group_by("person").agg(since=pl.col("date").min())
    beds = contacts.filter(pl.col("level").is_in(BEDS)).select("person", "date", bed=pl.lit(True)).unique()
    joined = contacts.join(first, on="person", how="left", maintain_order="left")
    joined = joined.join(beds, on=["person", "date"], how="left", maintain_order="left")
    undiagnosed = (pl.col("needs") == "substance") & ~(pl.col("date") >= pl.col("since")).fill_null(False)
    inside = pl.col("bed").fill_null(False) & pl.col("level").is_in(AMBULATORY)
    kept = ~(undiagnosed.fill_null(False) | inside.fill_null(False))
    return joined.with_columns(pl.when(kept).then(name).alias(name) for name in ("kind", "level")).select(
        contacts.columns
    )


def runs(contacts: "pl.DataFrame", break_days: int) -> "pl.DataFrame":
    """Return the episodes of contacts: one row each with the columns ``gathered.EPISODES``, dates as such.

    Parameters
    ----------
    contacts : polars.DataFrame
        ``person``, ``date``, ``kind``, ``level``, ``status``, ``site``; a status of null is a contact that took place.
    break_days : int
        Most days between contacts of one episode.
    """
    import polars as pl

    own = contacts.filter(pl.col("kind").is_in(TREATMENT), pl.col("level").is_in(AMBULATORY)).sort("person", "date")
    gap = (pl.col("date") - pl.col("date").shift(1)).over("person").dt.total_days()
    own = own.with_columns(number=(gap > break_days).fill_null(True).cum_sum().over("person"))
    came = pl.col("status").is_null() | pl.col("status").is_in(["attended", "partial"])
    rank = pl.col("level").replace_strict({level: i for i, level in enumerate(AMBULATORY)}, return_dtype=pl.Int8)
    first_day = pl.col("date") == pl.col("date").min()
    levels = own.group_by("person", "number").agg(
        assigned=pl.col("date").min(),
        admitted=pl.col("date").filter(came).min(),
        last_contact=pl.col("date").filter(came).max(),
        until=pl.col("date").max(),
        rank=rank.filter(first_day).max(),
        site=pl.col("site").filter(first_day).drop_nulls().sort().first(),
    )
    names = dict(enumerate(AMBULATORY))
    return levels.sort("person", "assigned").select(
        pl.col("person"),
        "assigned",
        "admitted",
        "last_contact",
        "until",
        "site",
        episode=pl.format("{}\x1f{}", "person", "number"),
        discharged=pl.lit(None, pl.Date),
        level=pl.col("rank").replace_strict(names, return_dtype=pl.String),
        reason=pl.lit(None, pl.String),
    )


def placed(contacts: "pl.DataFrame", episodes: "pl.DataFrame", after: int) -> "pl.DataFrame":
    """Return the contacts with the ``episode`` that was open on their day, null where none was.

    Parameters
    ----------
    contacts : polars.DataFrame
        ``person`` and ``date``.
    episodes : polars.DataFrame
        ``episode``, ``person``, ``assigned`` and ``until``, the last day of each; one at a time for each person.
    after : int
        Days after the last in which a contact is still part of it.
    """
    import polars as pl

    spans = episodes.select("person", "episode", "until", date="assigned").sort("date")
    joined = contacts.sort("date").join_asof(spans, on="date", by="person", strategy="backward", check_sortedness=False)
    within = pl.col("date") <= pl.col("until") + pl.duration(days=after)
    return joined.with_columns(episode=pl.when(within).then("episode")).drop("until")


def without_parts_of_a_day(sessions: "pl.DataFrame") -> "pl.DataFrame":
    """Return sessions without those that a day's rate of the same day contains: lower treatment, and a second rate."""
    import polars as pl

    rank = pl.col("level").replace_strict({level: i for i, level in enumerate(AMBULATORY)}, default=-1)
    rate = pl.when((pl.col("kind") == "day") & _came()).then(rank).max().over("person", "date")
    first = pl.int_range(pl.len()).over("person", "date", "kind", "level", order_by="key") == 0
    billed_again = pl.col("status").is_null() & ~first
    contained = (pl.col("kind") == "treatment") & (rank < rate) | (pl.col("kind") == "day") & (
        (rank < rate) | billed_again
    )
    return sessions.filter(~contained.fill_null(False))


def _came() -> "pl.Expr":
    import polars as pl

    return pl.col("status").is_null() | pl.col("status").is_in(["attended", "partial"])


def latest_before(
    episodes: "pl.DataFrame", events: "pl.DataFrame", most_days: int, name: str, first_day_too: bool = True
) -> "pl.DataFrame":
    """Return ``episode`` and, as ``name``, the ``value`` of the latest event in the days before its assignment."""
    import polars as pl

    pairs = episodes.select("episode", "person", "assigned").join(events.select("person", "date", "value"), on="person")
    days = (pl.col("assigned") - pl.col("date")).dt.total_days()
    pairs = pairs.filter(days.is_between(0 if first_day_too else 1, most_days))
    latest = pairs.sort("date", "value").group_by("episode", maintain_order=True).last()
    return latest.select("episode", pl.col("value").alias(name))
