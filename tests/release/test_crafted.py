"""Studies made to break a release each give a report, and the attack opens nothing of it."""

import pandas as pd
import pytest

from crafted import CRAFTED
from iop_outcomes.release import figures
from iop_outcomes.release.attack import attack_release
from iop_outcomes.release.figures import FIGURES
from iop_outcomes.release.stage import build
from report_tables import study, tables

#: What a figure is drawn of that nothing but its name and size was made odd in is drawn once.
ODD = CRAFTED[:6]


@pytest.mark.slow
@pytest.mark.parametrize("crafted", CRAFTED, ids=lambda crafted: crafted.name)
@pytest.mark.parametrize("round_to", [1, 5])
def test_a_crafted_study_is_released_and_the_attack_opens_nothing(tmp_path, crafted, round_to):
    build(crafted.study(round_to), crafted.made(), tmp_path / "release")
    attacked = attack_release(tmp_path / "release")
    assert attacked.opened.empty
    assert attacked.unread == ()
    assert attacked.tried > 0


@pytest.mark.slow
@pytest.mark.parametrize("crafted", ODD, ids=lambda crafted: crafted.name)
@pytest.mark.parametrize("name", [figure.name for figure in FIGURES if not figure.asked_by])
def test_every_figure_is_drawn_or_says_why_not(crafted, name):
    reason = figures.make(name, crafted.made(), study()).reason
    assert "could not be made" not in reason


def test_a_figure_that_fails_costs_that_figure_and_says_no_value(tmp_path):
    given = tables()
    given["balance"] = given["balance"].drop(columns="smd")
    said = figures.make("love_plot", given, study())
    assert said.reason == "Nothing to show: this could not be made from these data (KeyError)."
    assert len(said.data) == 0
    assert isinstance(said.data.frame, pd.DataFrame)
