"""Timeline follow-back calendars of CTN-0094 as reports of use.

The published calendars hold days with use and nothing else. Whether a day without a row was denied or never asked
about is not recorded: of the weeks in which a person was not seen, four fifths have no use on the calendar. Days are
therefore taken as denied only where a study says so.
"""

from typing import TYPE_CHECKING

from iop_outcomes.ingest.sources.ctn0094.screens import CANNABIS, PANEL

if TYPE_CHECKING:
    import polars as pl

#: The first calendar looks back over the month before consent.
FIRST_DAY = -30

#: Opioids of the calendar; the drug the trial gave was taken out of it before it was published.
OPIOIDS = ("heroin", "opioid", "methadone", "buprenorphine")

#: Denials of any use at all, as metrics understand them.
ANY = "any"


def use_reports(reports: "pl.DataFrame", visit: "pl.DataFrame", denied_days: str) -> "pl.DataFrame":
    """Return the canonical reports: one per person, day and substance used, and denied days where asked for.

    Use of any opioid is reported under the name of the urine panel too, so that tests and reports can be compared.

    Parameters
    ----------
    reports : polars.DataFrame
        Accepted calendar rows: who, what, when.
    visit : polars.DataFrame
        Visits with who, day, status.
    denied_days : {'none', 'until_last_visit'}
    """
    import polars as pl

    used = reports.select(
        "who",
        day=pl.col("when"),
        substance=pl.col("what").str.to_lowercase().replace(CANNABIS),
        days_used=pl.lit(1.0),
    )
    opioid = used.filter(pl.col("substance").is_in(OPIOIDS)).with_columns(substance=pl.lit(PANEL)).unique()
    parts = [used, opioid]
    if denied_days == "until_last_visit":
        asked = _asked(used, visit)
        parts += [_denied(asked, used, ANY), _denied(asked.join(used, on=["who", "day"], how="semi"), opioid, PANEL)]
    used = pl.concat(parts)
    return used.sort("who", "day", "substance").select(
        person_id=pl.col("who").cast(pl.String),
        day="day",
        window_days=pl.lit(1, pl.Int32),
        substance="substance",
        days_used="days_used",
        source=pl.lit("tlfb"),
    )


def _asked(used: "pl.DataFrame", visit: "pl.DataFrame") -> "pl.DataFrame":
    """Return the days up to the day before the last attended visit of everybody who has a calendar."""
    import polars as pl

    last = visit.filter(pl.col("status") == "attended").group_by("who").agg(last=pl.col("day").max())
    # A visit years after the protocol's end is a typing error, not a calendar of years.
    asked = last.join(used.select("who").unique(), on="who", how="semi").with_columns(pl.col("last").clip(FIRST_DAY))
    return asked.select("who", day=pl.int_ranges(FIRST_DAY, pl.col("last"), dtype=pl.Int32)).explode("day").drop_nulls()


def _denied(days: "pl.DataFrame", used: "pl.DataFrame", substance: str) -> "pl.DataFrame":
    """Return the days on which nothing of a kind was used."""
    import polars as pl

    denied = days.unique().join(used, on=["who", "day"], how="anti")
    return denied.select("who", "day", substance=pl.lit(substance), days_used=pl.lit(0.0))
