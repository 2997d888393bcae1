"""A picture tells no more than the table beside it: drawn from that table as written, it is the same to the byte."""

import io
from dataclasses import replace

import pandas as pd
import pytest

from iop_outcomes.release import figures
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.disclosure.writing import SUPPRESSED, csv_bytes
from report_tables import study, tables

#: Few enough people that every table has cells that are hidden.
GIVEN = tables(n=(60, 90))
#: What these tables have rows for.
DRAWN = [one.name for one in figures.FIGURES if not one.asked_by and not figures.make(one.name, GIVEN, study()).reason]


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


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_drawn_from_its_table_as_written_is_the_same_picture(name):
    own = figures.make(name, GIVEN, study())
    again = figures.make(name, {}, study(), {name: as_written(own.data)})
    assert again.reason == ""
    assert again.svg == own.svg


def test_most_figures_are_drawn_here_and_some_cells_are_hidden():
    assert {"forest_plot", "retention_curves", "overlap", "love_plot", "attrition_flow", "ways_out"} <= set(DRAWN)
    assert any(figures.make(name, GIVEN, study()).data.suppressed.any(axis=None) for name in DRAWN)


def test_a_picture_of_another_number_is_another_picture():
    own = figures.make("retention_curves", GIVEN, study())
    moved = as_written(own.data)
    moved.frame["survival"] *= 0.99
    assert figures.make("retention_curves", {}, study(), {"retention_curves": moved}).svg != own.svg
