"""A picture tells no more than the table beside it: drawn from that table as written, it is the same to the byte."""

import io
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

import argument_tables
import report_tables
from iop_outcomes.release import figures
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.disclosure.writing import SUPPRESSED, csv_bytes

#: Few enough people that tables have cells that are hidden. Some figures are drawn of studies with more sections only.
GIVEN = (report_tables.tables(n=(60, 90)), report_tables.study())
ARGUED = (argument_tables.tables(), argument_tables.study())
NAMES = [figure.name for figure in figures.FIGURES]
#: One of bars, one of lines, one with hidden cells.
AT_ONCE = ("overlap", "retention_curves", "forest_plot")


@cache
def drawn(name: str) -> figures.Drawn:
    """Return a figure of one of the two studies."""
    return figures.make(name, *(ARGUED if figures.FIGURES[name].asked_by else GIVEN))


def as_written(data: Released) -> Released:
    """Return a released table as somebody has it who has nothing but the file."""
    cells = pd.read_csv(io.BytesIO(csv_bytes(data)), dtype="str", keep_default_na=False)
    hidden = cells == SUPPRESSED
    read = {name: _typed(cells[name].mask(hidden[name], ""), data.frame[name].dtype) for name in cells}
    return replace(data, frame=pd.DataFrame(read), suppressed=hidden)


def _typed(cells: pd.Series, dtype) -> pd.Series:
    if pd.api.types.is_bool_dtype(dtype):
        return cells == "yes"
    if pd.api.types.is_numeric_dtype(dtype):
        return pd.to_numeric(cells).astype("float64" if (cells == "").any() else dtype)
    return cells.astype(dtype)


@pytest.mark.parametrize(
    "name",
    [name if name in AT_ONCE else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_a_figure_drawn_from_its_table_as_written_is_the_same_picture(name):
    own = drawn(name)
    again = figures.make(
        name, {}, ARGUED[1] if figures.FIGURES[name].asked_by else GIVEN[1], {name: as_written(own.data)}
    )
    assert (own.reason, again.reason) == ("", "")
    assert again.svg == own.svg


def test_some_of_these_tables_have_cells_that_are_hidden():
    assert any(drawn(name).data.suppressed.any(axis=None) for name in ("forest_plot", "love_plot", "overlap"))


def test_a_picture_of_another_number_is_another_picture():
    own = drawn("retention_curves")
    moved = as_written(own.data)
    moved.frame["survival"] *= 0.99
    assert figures.make("retention_curves", {}, GIVEN[1], {"retention_curves": moved}).svg != own.svg
