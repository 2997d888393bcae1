"""Studies made to break a release: few people, one level, nobody known, one site; each gives a report all the same."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.release import figures
from iop_outcomes.release.attack import attack_release
from iop_outcomes.release.figures import FIGURES
from iop_outcomes.release.stage import build
from report_tables import study, tables


def few() -> dict:
    """Twelve people, six an arm."""
    return tables(n=(6, 6))


def small() -> dict:
    """Sixty people."""
    return tables(n=(24, 36))


def one_level() -> dict:
    """Everybody is of one sex and has the same employment."""
    given = tables(n=(60, 80))
    given["covariates"] = given["covariates"].assign(sex="female", employment="employed")
    return given


def nobody_known() -> dict:
    """No outcome of anybody is known."""
    given = tables(n=(60, 80))
    known = given["outcomes"].columns.drop("member_id")
    given["outcomes"] = given["outcomes"].assign(**dict.fromkeys(known, np.nan))
    return given


def one_site() -> dict:
    """All are at one site."""
    given = tables(n=(60, 80))
    return given | {
        "cohort": given["cohort"].assign(site_id="north"),
        "covariates": given["covariates"].assign(cluster="north"),
    }


def empty_arm() -> dict:
    """Nobody of the second arm is left in the cohort."""
    given = tables(n=(60, 80))
    gone = set(given["cohort"].loc[given["cohort"]["arm"] == "outpatient", "member_id"])
    compared = ("estimate", "curve", "incidence", "balance", "propensity", "diagnostic")
    return {
        name: table[~table["member_id"].isin(gone)].reset_index(drop=True) if "member_id" in table else table
        for name, table in given.items()
        if name not in compared
    }


CRAFTED = [few, small, one_level, nobody_known, one_site, empty_arm]


@pytest.mark.slow
@pytest.mark.parametrize("made", CRAFTED, ids=lambda made: made.__name__)
@pytest.mark.parametrize("round_to", [1, 5])
def test_a_crafted_study_is_released_and_the_attack_opens_nothing(tmp_path, made, round_to):
    build(study(release={"min_cell": 11, "round_to": round_to}), made(), tmp_path / "release")
    attacked = attack_release(tmp_path / "release")
    assert attacked.opened.empty
    assert attacked.tried > 0


@pytest.mark.parametrize("made", CRAFTED, ids=lambda made: made.__name__)
@pytest.mark.parametrize("name", [figure.name for figure in FIGURES if not figure.asked_by])
def test_every_figure_is_drawn_or_says_why_not(made, name):
    reason = figures.make(name, made(), study()).reason
    assert "could not be made" not in reason


def test_a_figure_that_fails_costs_that_figure_and_says_no_value(tmp_path):
    given = tables()
    given["balance"] = given["balance"].drop(columns="smd")
    said = figures.make("love_plot", given, study())
    assert said.reason == "Nothing to show: this could not be made from these data (KeyError)."
    assert len(said.data) == 0
    assert isinstance(said.data.frame, pd.DataFrame)
