"""What a figure says to those who do not see it: its numbers, as they are released."""

import re

import pandas as pd
import pytest

import argument_tables
from iop_outcomes.release import figures
from iop_outcomes.release.disclosure import protect_together
from iop_outcomes.release.figures import FIGURES, differences, love_plot, retention_curves
from report_tables import study, tables

#: People of the arms.
MANY, FEW = (300, 520), (14, 20)


def test_balance_says_what_differs_most():
    rows = {
        "arm": "iop",
        "against": "outpatient",
        "covariate": ["sex", "housing"],
        "level": ["female", "independent"],
        "threshold": 0.1,
        "smd_before": [0.3, -0.2],
        "smd_after": [0.02, -0.12],
    }
    assert love_plot.says(pd.DataFrame(rows)) == (
        "Of 2 levels, 2 differed by more than 0.1 before and 1 after. What differs most after is Housing: independent, "
        "by 0.12 standard deviations; before, the largest difference was 0.30."
    )


def test_curves_say_who_is_in_care_half_way_and_at_the_end():
    arm = pd.Categorical(["iop"] * 3, ["iop", "outpatient"])
    table = pd.DataFrame({"arm": arm, "day": [0, 88, 180], "survival": [1.0, 0.5, 0.2]})
    assert retention_curves.says(table) == "IOP: still in care 50% on day 88 and 20% on day 180."


def test_differences_are_read_with_their_intervals_and_those_withheld_are_counted():
    given = tables()
    hidden = given["estimate"]["analysis"] == "urine"
    given["estimate"]["status"] = given["estimate"]["status"].astype("str").mask(hidden, "withheld")
    drawn = figures.make("forest_plot", given, study())
    row = drawn.data.frame.iloc[0]
    assert (
        f"{row['outcome_words']}, risk difference, percentage points: {differences.interval(row)}." in drawn.alternative
    )
    assert drawn.alternative.endswith("Not shown, with the reason in their place: 1 analysis.")


def test_what_cannot_be_drawn_says_why():
    drawn = figures.make("love_plot", {}, study())
    assert drawn.alternative == drawn.reason


@pytest.mark.parametrize("n", [MANY, pytest.param(FEW, marks=pytest.mark.slow)], ids=["many", "few"])
@pytest.mark.parametrize("name", [figure.name for figure in FIGURES])
def test_every_figure_tells_a_released_number_or_what_is_not_shown_and_never_its_caption(name, n):
    part = figures.numbers(name, argument_tables.tables(n), argument_tables.study())
    if isinstance(part, str):
        assert n == FEW
        return
    said = FIGURES[name].says(protect_together([part])[name].frame)
    assert FIGURES[name].caption not in said
    assert re.search(r"\d|[Nn]ot shown", said) and said.endswith(".")
    assert "nan" not in said.split() and "()" not in said


def test_a_number_that_is_hidden_is_not_told():
    flow = figures.make("attrition_flow", tables(n=(14, 20)), study()).alternative
    assert "IOP: 75 at first, a number not shown in the cohort" in flow
    curves = pd.DataFrame({"arm": pd.Categorical(["iop"], ["iop", "outpatient"]), "day": [0], "survival": [1.0]})
    assert retention_curves.says(curves) == "IOP: not shown, since too few left on any day."
