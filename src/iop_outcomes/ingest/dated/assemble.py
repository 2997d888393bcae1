"""Dated events of people to canonical tables: study days from the person's own time zero, pseudonyms for every id.

Dates and the source's own ids stand only here, in memory. Day 0 is the first day of a person's first episode, or of the
first record where there is none; the order of pseudonyms says nothing of the order in the source.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import to_table
from iop_outcomes.ingest.dated import care
from iop_outcomes.ingest.dated.baseline import covariates
from iop_outcomes.ingest.dated.gathered import EPISODES, Gathered
from iop_outcomes.ingest.identifying.pseudonyms import Pseudonyms, first_days
from iop_outcomes.tables import contract
from iop_outcomes.tables.canonical import DAYS_AFTER_DISCHARGE

if TYPE_CHECKING:
    import datetime

    import pandas as pd
    import polars as pl

OLDEST = 90
DAYS_OF_A_YEAR = 365.25


def assemble(
    found: Gathered, seed: int, break_days: int, drawn: "datetime.date | None" = None, currency: str = "USD"
) -> "dict[str, pd.DataFrame]":
    """Return the canonical tables of what a source accepted.

    Parameters
    ----------
    found : Gathered
    seed : int
        Of the study; decides which pseudonym stands for whom.
    break_days : int
        Most days between contacts of one episode.
    drawn : date, optional
        Day on which the data were drawn: nobody is observed after it.
    currency : str
        Of what was paid.

    Returns
    -------
    dict of str to DataFrame
        person, site, episode, baseline, session, drug_test, assessment, controlled_period, service, cost.
    """
    import polars as pl

    found = replace(found, contacts=care.of_substance_use(found.contacts, found.diagnoses))
    given = care.placed(found.contacts, found.episodes, after=0) if len(found.episodes) else None
    loose = found.contacts if given is None else given.filter(pl.col("episode").is_null()).drop("episode")
    episodes = pl.concat([found.episodes.select(*EPISODES), care.runs(loose, break_days).select(*EPISODES)])
    episodes = _with_sites(episodes, given).sort("person", "assigned", "episode")
    contacts = care.placed(found.contacts, _open_until(episodes, break_days), after=0)
    episodes = _with_contacts(episodes, contacts)
    zero = _zero(found, episodes)
    names = Pseudonyms(seed, first_days(found.people["person"], zero))
    names.of("person", found.people["person"])
    days = _Days(zero, names)
    tables = {
        "person": _person(found.people, days),
        "site": _site(episodes, names),
        "episode": _episode(episodes, found, days, drawn),
        "baseline": _baseline(episodes, contacts, found, days),
        "session": _session(contacts, days),
        "drug_test": days.dated(found.tests).select("person_id", "day", "substance", "result", "matrix"),
        "assessment": days.dated(found.answers).select("person_id", "day", "instrument", "item", "value"),
        "controlled_period": _controlled(found.stays, days),
        "service": _service(contacts, days),
        "cost": _cost(contacts, days, currency),
    }
    # Sorted by what no two rows share, so that the order in which a source keeps its rows leaves no trace.
    return {name: to_table(rows.sort(contract(name).key), name) for name, rows in tables.items()}


def _zero(found: Gathered, episodes: "pl.DataFrame") -> "pl.DataFrame":
    """Return ``person`` and ``zero``: the day of the first assignment, or of the first record where there is none."""
    import polars as pl

    first = episodes.group_by("person").agg(zero=pl.col("assigned").min())
    dated = (found.contacts, found.tests, found.answers, found.stays, found.diagnoses)
    any_day = pl.concat([frame.select("person", "date") for frame in dated])
    any_day = any_day.group_by("person").agg(other=pl.col("date").min())
    people = found.people.select("person")
    joined = people.join(first, on="person", how="left").join(any_day, on="person", how="left")
    return joined.select("person", zero=pl.coalesce("zero", "other"))


class _Days:
    """Study days and pseudonyms of people and episodes."""

    def __init__(self, zero: "pl.DataFrame", names: Pseudonyms):
        self.zero, self.names = zero, names

    def dated(self, rows: "pl.DataFrame", *columns: str) -> "pl.DataFrame":
        """Return rows with ``person_id`` and ``day``, and each further date as ``<column>_day``; no date stays."""
        import polars as pl

        joined = rows.join(self.zero, on="person", how="left")
        dates = {"date": "day"} | {column: f"{column}_day" for column in columns}
        made = {
            day: (pl.col(date) - pl.col("zero")).dt.total_days().cast(pl.Int32)
            for date, day in dates.items()
            if date in rows.columns
        }
        person = self.names.of("person", joined["person"]).alias("person_id")
        gone = [c for c in ("zero", *dates) if c in joined.columns]
        return joined.with_columns(person, **made).drop(gone)


def _open_until(episodes: "pl.DataFrame", break_days: int) -> "pl.DataFrame":
    """Return episodes with the last day on which a contact is theirs: a week after discharge, or before the break."""
    import polars as pl

    after_discharge = pl.col("discharged") + pl.duration(days=DAYS_AFTER_DISCHARGE)
    return episodes.with_columns(until=pl.coalesce(after_discharge, pl.col("until") + pl.duration(days=break_days)))


def _with_sites(episodes: "pl.DataFrame", given: "pl.DataFrame | None") -> "pl.DataFrame":
    """Return episodes that the source names itself with the site of their first contact, where they have none."""
    import polars as pl

    if given is None:
        return episodes
    first = given.drop_nulls("site").sort("date").group_by("episode").agg(first=pl.col("site").first())
    joined = episodes.join(first, on="episode", how="left")
    return joined.with_columns(site=pl.coalesce("site", "first")).drop("first")


def _with_contacts(episodes: "pl.DataFrame", contacts: "pl.DataFrame") -> "pl.DataFrame":
    """Return episodes admitted on the day of the first session that took place, and with the day of the last."""
    import polars as pl

    came = pl.col("status").is_null() | pl.col("status").is_in(["attended", "partial"])
    kept = contacts.filter(came, pl.col("episode").is_not_null(), pl.col("kind").is_in([*care.TREATMENT, "support"]))
    seen = kept.group_by("episode").agg(first=pl.col("date").min(), last=pl.col("date").max())
    joined = episodes.join(seen, on="episode", how="left")
    admitted = pl.coalesce("admitted", "first")
    last = pl.max_horizontal("last_contact", "last")
    return joined.with_columns(admitted=admitted, last_contact=last).drop("first", "last")


def _person(people: "pl.DataFrame", days: _Days) -> "pl.DataFrame":
    import polars as pl

    rows = people.join(days.zero, on="person", how="left")
    age = ((pl.col("zero") - pl.col("born")).dt.total_days() / DAYS_OF_A_YEAR).floor().clip(0, OLDEST)
    rows = days.dated(rows.select("person", "died", "sex", "race_ethnicity", age_years=age), "died")
    return rows.select("person_id", "age_years", "sex", "race_ethnicity", death_day="died_day")


def _site(episodes: "pl.DataFrame", names: Pseudonyms) -> "pl.DataFrame":
    used = episodes.select("site").drop_nulls().unique().sort("site")
    return used.select(names.of("site", used["site"]).alias("site_id"))


def _episode(episodes: "pl.DataFrame", found: Gathered, days: _Days, drawn: "datetime.date | None") -> "pl.DataFrame":
    import polars as pl

    rows = episodes.join(found.people.select("person", "watched_until"), on="person", how="left")
    # Nobody is observed before an episode begins: cover that ended earlier says nothing of it.
    until = pl.min_horizontal("watched_until", pl.lit(drawn, pl.Date))
    rows = rows.with_columns(until=pl.max_horizontal(until, "assigned", "admitted", "last_contact", "discharged"))
    rows = rows.with_columns(until=pl.when(until.is_not_null()).then("until"))
    referred = found.contacts.filter(pl.col("kind") == "assessment").with_columns(value=pl.col("date"))
    referral = care.latest_before(episodes, referred, care.REFERRAL_DAYS, "referral")
    stepped = care.latest_before(episodes, _left_care(found), care.STEP_DOWN_DAYS, "stepped_down_from")
    rows = rows.join(referral, on="episode", how="left").join(stepped, on="episode", how="left")
    year = pl.col("assigned").dt.year().cast(pl.String)
    dates = ("assigned", "admitted", "last_contact", "discharged", "until", "referral")
    rows = days.dated(rows.with_columns(period=year), *dates)
    return rows.with_columns(
        days.names.of("episode", rows["episode"]).alias("episode_id"),
        days.names.of("site", rows["site"]).alias("site_id"),
    ).select(
        "episode_id",
        "person_id",
        "site_id",
        "period",
        pl.col("stepped_down_from").fill_null("none"),
        referral_day="referral_day",
        assignment_day="assigned_day",
        admission_day="admitted_day",
        discharge_day="discharged_day",
        last_contact_day="last_contact_day",
        observation_end_day="until_day",
        level_of_care="level",
        discharge_reason="reason",
    )


def _left_care(found: Gathered) -> "pl.DataFrame":
    """Return the care with a bed or of detoxification by its last day: ``person``, ``date``, ``value``."""
    import polars as pl

    other = found.contacts.filter(pl.col("level").is_in(list(care.STEP_DOWN)))
    other = other.select("person", "date", value=pl.col("level").replace_strict(care.STEP_DOWN, return_dtype=pl.String))
    stays = found.stays.select("person", date="end", value=pl.lit("inpatient"))
    return pl.concat([other, stays])


def _baseline(episodes: "pl.DataFrame", contacts: "pl.DataFrame", found: Gathered, days: _Days) -> "pl.DataFrame":
    import polars as pl

    rows = covariates(episodes, contacts, found.diagnoses)
    rows = days.dated(rows.with_columns(date=pl.col("assigned")).drop("assigned"))
    rows = rows.with_columns(days.names.of("episode", rows["episode"]).alias("episode_id"), measured_day=pl.col("day"))
    return rows.drop("episode", "person", "person_id", "day")


def _numbered(rows: "pl.DataFrame", name: str) -> "pl.DataFrame":
    """Return rows with an id: the person's pseudonym and a number, in the order of the person's own days."""
    import polars as pl

    number = pl.int_range(1, pl.len() + 1).over("person_id", order_by=["day", "key"])
    return rows.with_columns(pl.format("{}-{}", "person_id", number).alias(name))


def _session(contacts: "pl.DataFrame", days: _Days) -> "pl.DataFrame":
    import polars as pl

    own = contacts.filter(pl.col("episode").is_not_null(), pl.col("kind").is_in(care.SESSIONS))
    ambulatory = pl.col("level").is_null() | pl.col("level").is_in(care.AMBULATORY)
    rows = days.dated(care.without_parts_of_a_day(own.filter(ambulatory)))
    rows = _numbered(rows, "session_id").with_columns(days.names.of("episode", rows["episode"]).alias("episode_id"))
    return rows.select(
        "session_id",
        "episode_id",
        "day",
        "type",
        "mode",
        pl.col("status").fill_null("attended"),
        "hours_source",
        minutes_scheduled="scheduled",
        minutes_attended="attended",
    )


def _controlled(stays: "pl.DataFrame", days: _Days) -> "pl.DataFrame":
    """Return inpatient stays; those of one person that touch or overlap are one period."""
    import polars as pl

    ordered = stays.sort("person", "date", "end")
    reached = pl.col("end").cum_max().shift(1).over("person")
    new = (pl.col("date") > reached + pl.duration(days=1)).fill_null(True)
    number = ordered.with_columns(number=new.cum_sum().over("person"))
    joined = number.group_by("person", "number").agg(pl.col("date").min(), pl.col("end").max()).drop("number")
    rows = days.dated(joined, "end").select("person_id", start_day="day", end_day="end_day", reason=pl.lit("inpatient"))
    return rows


def _service(contacts: "pl.DataFrame", days: _Days) -> "pl.DataFrame":
    """Return every contact that took place, with what code and level it has."""
    import polars as pl

    took_place = pl.col("status").is_null() | pl.col("status").is_in(["attended", "partial"])
    rows = days.dated(contacts.filter(took_place))
    rows = _numbered(rows, "service_id")
    return rows.select("service_id", "person_id", "day", "code", level_of_care="level")


def _cost(contacts: "pl.DataFrame", days: _Days, currency: str) -> "pl.DataFrame":
    """Return what was paid for the contacts of episodes, in the prices of the year of service."""
    import polars as pl

    paid = contacts.filter(pl.col("episode").is_not_null(), pl.col("paid") > 0)
    rows = days.dated(paid.with_columns(year=pl.col("date").dt.year()))
    rows = _numbered(rows, "cost_id").with_columns(days.names.of("episode", rows["episode"]).alias("episode_id"))
    return rows.select(
        "cost_id",
        "episode_id",
        "day",
        category=pl.lit("program"),
        amount="paid",
        perspective=pl.lit("payer"),
        price_year=pl.format(f"{currency}{{}}", "year"),
    )
