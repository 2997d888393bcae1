"""Figures that only some studies ask for: subgroups, strategies of attending, other ways of asking, costs."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import report_tables
from argument_tables import study, tables
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release import figures
from iop_outcomes.release.figures import FIGURES

NAMES = [figure.name for figure in FIGURES if figure.asked_by]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_off(name):
    drawn = figures.make(name, tables(), study())
    assert not drawn.reason
    canvas = FigureCanvasAgg(drawn.figure)
    canvas.draw()
    box = drawn.figure.get_tightbbox(canvas.get_renderer())
    width, height = drawn.figure.get_size_inches()
    assert box.x0 > -0.02 and box.y0 > -0.02
    assert box.x1 < width + 0.02 and box.y1 < height + 0.02


@pytest.mark.parametrize("name", NAMES)
def test_few_people_leave_the_figure_standing_and_no_small_count_in_its_data(name):
    drawn = figures.make(name, tables(n=(14, 20)), study())
    assert "could not be made" not in drawn.reason
    for column in FIGURES[name].roles.counts:
        counts = drawn.data.frame[column].dropna()
        assert not ((counts > 0) & (counts < 11)).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_that_was_not_protected_is_refused(name):
    with pytest.raises(DisclosureError, match="has passed disclosure"):
        FIGURES[name](FIGURES[name].frame(tables(), study()))


def test_a_study_that_does_not_ask_has_no_such_figure():
    assert [figure.name for figure in FIGURES if figure.asked_by and figure.asked(study())] == NAMES
    assert not any(figure.asked(report_tables.study()) for figure in FIGURES if figure.asked_by)
