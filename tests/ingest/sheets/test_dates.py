"""Dates by their forms: what each reads, and when two ways to read them are told apart or refused."""

import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.ingest.sources.sheets.dates import COMMON, decided, read_dates
from iop_outcomes.kernel.errors import SourceError

MARCH = datetime.date(2024, 3, 4)


def cells(*texts):
    return pl.Series(list(texts), dtype=pl.String)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("M/D/YYYY", "3/4/2024"),
        ("M/D/YYYY", "03/04/2024 9:15 AM"),
        ("D/M/YYYY", "4/3/2024"),
        ("D.M.YY", "4.3.24"),
        ("YYYYMMDD", "20240304"),
        ("D-Mon-YYYY", "4-March-2024"),
        ("Mon D, YYYY", "Mar. 4, 2024"),
        ("excel", "45355"),
        ("excel", "45355.75"),
        # What a workbook keeps as a date is read whatever the form.
        ("M/D/YYYY", "2024-03-04 10:00"),
    ],
)
def test_a_form_reads_its_dates(form, text):
    assert read_dates(cells(text), [form]).to_list() == [MARCH]


@pytest.mark.parametrize("text", ["2/30/2024", "13/1/2024", "3/4", "soon", "3/4/2024x", "1"])
def test_what_is_no_date_is_none(text):
    assert read_dates(cells(text), ["M/D/YYYY", "excel"]).to_list() == [None]


def test_two_forms_in_one_column():
    assert read_dates(cells("3/4/2024", "45355"), ["M/D/YYYY", "excel"]).to_list() == [MARCH, MARCH]


def test_years_of_two_digits_do_not_lie_after_the_data_were_drawn():
    read = read_dates(cells("1/1/25", "1/1/26"), ["M/D/YY"], latest_year=2025)
    assert [day.year for day in read] == [2025, 1926]


@given(st.lists(st.dates(datetime.date(2001, 1, 1), datetime.date(2060, 1, 1)), min_size=1), st.sampled_from(COMMON))
def test_every_date_comes_back_from_every_form(days, form):
    names = {"YYYY": "%Y", "YY": "%y", "Mon": "%b", "M": "%m", "D": "%d"}
    written = (
        form.replace("YYYY", "%Y").replace("YY", "%y").replace("Mon", "%b").replace("MM", "%m").replace("DD", "%d")
    )
    written = "".join(names[c] if c in "MD" and written[i - 1] != "%" else c for i, c in enumerate(written))
    read = read_dates(cells(*(day.strftime(written) for day in days)), [form], latest_year=2060)
    assert read.to_list() == days


def test_a_day_above_twelve_tells_month_from_day():
    assert decided(cells("3/4/2024", "3/14/2024"), "file") == ["M/D/YYYY"]
    assert decided(cells("3/4/2024", "14/3/2024"), "file") == ["D/M/YYYY"]


def test_days_that_are_the_same_either_way_need_no_decision():
    assert read_dates(cells("4/4/2024"), decided(cells("4/4/2024"), "file")).to_list() == [datetime.date(2024, 4, 4)]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["3/4/2024", "5/6/2024"], r"file: 2 cells can be read as M/D/YYYY and as D/M/YYYY, and none says which"),
        (["3/14/2024", "14/3/2024"], r"no single form of dates reads all of 2 cells; .* leaves 1"),
        (["45355", "45356"], r"2 cells hold numbers as Excel keeps days"),
        (["soon"], r"no single form"),
    ],
)
def test_what_the_cells_do_not_decide_is_refused_without_a_value(texts, sentence):
    with pytest.raises(SourceError, match=sentence) as refused:
        decided(cells(*texts), "file")
    assert not any(text in str(refused.value) for text in texts)
