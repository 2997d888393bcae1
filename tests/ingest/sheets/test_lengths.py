"""Clock times and lengths of time."""

import polars as pl
import pytest

from iop_outcomes.ingest.sources.sheets.lengths import lengths, minutes_of_day
from iop_outcomes.kernel.errors import SourceError


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("9:05 AM", 545),
        ("12:00 AM", 0),
        ("12:30 PM", 750),
        ("1:00 p.m.", 780),
        ("9 am", 540),
        ("21:05", 1265),
        ("21:05:30", 1265),
        ("0905", 545),
        ("0.375", 540),
        ("0.5", 720),
        ("01/05/2023 09:05 AM", 545),
        ("5-Jan-23 21:05", 1265),
        ("2023-01-05T09:05:00", 545),
        ("44931.375", 540),
        ("01/05/2023", None),
        ("25:00", None),
        ("13:00 PM", None),
        ("9:75", None),
        ("noonish", None),
    ],
)
def test_times_of_day(text, minutes):
    assert minutes_of_day(pl.Series([text])).to_list() == [minutes]


@pytest.mark.parametrize(
    ("text", "unit", "of", "length"),
    [
        ("1.5", "hours", "minutes", 90),
        ("1,5", "hours", "minutes", 90),
        ("90 min", "minutes", "minutes", 90),
        ("1:30", "clock", "minutes", 90),
        ("540", "minutes_per_week", "hours per week", 9),
        ("3", "hours_per_day", "hours per week", 21),
        ("8", "weeks", "days", 56),
        ("a lot", "hours", "minutes", None),
    ],
)
def test_lengths_in_the_unit_of_the_column(text, unit, of, length):
    assert lengths(pl.Series([text]), unit, "here", of).to_list() == [length]


def test_a_unit_that_cannot_become_the_other_is_refused():
    with pytest.raises(SourceError, match="here: 'weeks' cannot become this column, which is in minutes"):
        lengths(pl.Series(["1"]), "weeks", "here", "minutes")
