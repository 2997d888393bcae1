"""Figures in one column of a page of two: nothing cut off, nothing over another, no letters too small."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import argument_tables
from iop_outcomes.release import figures
from iop_outcomes.release.figures import FIGURES, style
from report_tables import study, tables

LONG = ("standard_medical_management", "enhanced_opioid_drug_counselling_programme", "iop", "outpatient")
NAMES = [figure.name for figure in FIGURES if not figure.asked_by]
ASKED = [figure.name for figure in FIGURES if figure.asked_by]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arms", [("iop", "outpatient"), LONG[:2], LONG], ids=["short", "long", "four"])
def test_a_column_holds_every_figure(name, arms):
    drawn = figures.make(name, tables(arms, (300, 520, 140, 90)[: len(arms)]), study(arms))
    assert_readable(drawn.drawn_at(style.COLUMN))


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKED)
def test_a_column_holds_what_only_some_studies_ask_for(name):
    drawn = figures.make(name, argument_tables.tables(), argument_tables.study())
    assert_readable(drawn.drawn_at(style.COLUMN))


def test_what_is_written_has_letters_of_the_size_that_room_was_made_for():
    with style.styled(style.COLUMN):
        drawn, sizes = style.blank(2.0), []
        drawn.subplots().yaxis.set_major_formatter(lambda *_: sizes.append(rcParams["ytick.labelsize"]) or "")
    style.image(drawn, "svg")
    assert set(sizes) == {7.5}


def test_a_word_of_an_arm_is_kept_whole_where_it_is_a_little_too_long():
    assert style.arm_label("inpatient_buprenorphine", 12) == "Inpatient\nbuprenorphine"
    assert max(map(len, style.arm_label("a_pneumonoultramicroscopic", 12).split("\n"))) == 12


def test_why_an_analysis_is_withheld_does_not_lie_over_its_name():
    given = tables()
    hidden = given["estimate"]["analysis"] == "urine"
    given["estimate"].loc[hidden, ["value", "ci_low", "ci_high", "se"]] = np.nan
    said = "After weighting the arms differ most in employment (unemployed), by 0.161 standard deviations"
    given["estimate"]["status"] = given["estimate"]["status"].astype("str").mask(hidden, "withheld")
    given["estimate"]["reason"] = given["estimate"]["reason"].astype("object").mask(hidden, said)
    figure = figures.make("forest_plot", given, study()).drawn_at(style.COLUMN)
    assert any(text.get_text().startswith("Withheld: After weighting") for text in _seen(figure))
    assert_readable(figure)


def test_the_sentence_in_place_of_a_figure_fits_as_well():
    drawn = figures.make("overlap", {}, study())
    assert_readable(drawn.drawn_at(style.COLUMN))


def test_a_reason_tells_no_small_count_at_any_width():
    drawn = replace(figures.make("overlap", {}, study()), reason="Withheld: 3 members have no outcome.")
    said = " ".join(text.get_text().replace("\n", " ") for text in _seen(drawn.drawn_at(style.COLUMN)))
    assert "fewer than 11 members" in said


def test_a_column_leaves_the_figure_across_a_page_as_it_was():
    first = figures.make("overlap", tables(), study())
    before = first.png
    first.drawn_at(style.COLUMN)
    assert figures.make("overlap", tables(), study()).png == before


def assert_readable(figure: Figure) -> None:
    """Hold a figure against what can be read in print."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = figure.get_size_inches()
    assert width == 3.5
    box = figure.get_tightbbox(canvas.get_renderer())
    assert box.x0 > -0.02 and box.y0 > -0.02
    assert box.x1 < width + 0.02 and box.y1 < height + 0.02
    texts = {text: text.get_window_extent(canvas.get_renderer()) for text in _seen(figure)}
    assert texts
    assert min(text.get_fontsize() for text in texts) >= 7
    for (first, one), (second, other) in combinations(texts.items(), 2):
        shared = Bbox.intersection(one, other)
        # Boxes of letters have room above and below them.
        over = shared is not None and shared.width > 1.5 and shared.height > 2.5
        assert not over, f"'{first.get_text()}' lies over '{second.get_text()}'"


def _seen(figure: Figure) -> list[Text]:
    """Return the texts of a figure; ticks beyond the ends of an axis are not drawn."""
    unseen = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            beyond = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
            unseen |= {label for tick in beyond for label in (tick.label1, tick.label2)}
    return [
        text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible() and text not in unseen
    ]
