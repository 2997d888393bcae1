"""How care ends, drawn: no interval of any curve holds fewer people than may be shown, and areas are kept."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn_from
from hypothesis import strategies as st

from iop_outcomes.release import figures
from iop_outcomes.release.figures.ways_out import cut_days
from iop_outcomes.study.release_rules import ReleaseRules
from report_tables import study, tables

RULES = ReleaseRules()


def test_days_are_cut_where_in_every_way_nobody_or_enough_people_left():
    weeks = pd.DataFrame({"dropout": [12, 3, 9, 20, 4], "completion": [0, 0, 15, 3, 0]}, index=[7, 14, 21, 28, 35])
    # After week 1: 12 and nobody. Weeks 2 and 3: 12 and 15. Weeks 4 and 5 hold 3 who completed, and join those before.
    assert cut_days(weeks, RULES, 35) == [7, 35]


@drawn_from(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12))
def test_no_interval_tells_of_few(counts):
    weeks = pd.DataFrame(counts, index=[7 * (number + 1) for number in range(len(counts))])
    ends = cut_days(weeks, RULES, int(weeks.index[-1]))
    if ends:
        told = weeks.groupby(np.searchsorted(ends, weeks.index)).sum()
        # What comes after the last cut is of nobody: the whole is told, or nothing.
        assert not RULES.small(told.iloc[: len(ends)]).any()
        assert told.iloc[len(ends) :].to_numpy().sum() == 0


def points(data: pd.DataFrame, arm: str, cause: str) -> pd.DataFrame:
    return data[(data["arm"] == arm) & (data["cause"] == cause)]


def test_every_step_is_of_enough_people():
    given = tables()
    data, table = figures.make("ways_out", given, study()).data.frame, given["incidence"]
    assert set(data["cause"]) == {"dropout", "completion", "other", "in care"}
    for (arm, cause), rows in data[data["incidence"].notna()].groupby(["arm", "cause"], observed=True):
        mine = table[(table["arm"] == arm) & (table["cause"] == cause)]
        for one, other in zip(rows["day"], rows["day"].iloc[1:], strict=False):
            left = mine.loc[(mine["day"] > one) & (mine["day"] <= other), "n_events"].sum()
            assert left == 0 or left >= 11


def test_ways_of_too_few_are_drawn_together_and_never_hidden_behind_the_others():
    """With 7 of an arm transferred, 1 less the shares still in care, dropped out and completed would give them away."""
    data = figures.make("ways_out", tables(n=(60, 520)), study()).data.frame
    assert set(data["cause"]) == {"left", "completion", "in care"}
    drawn = figures.make("ways_out", tables(n=(20, 520)), study())
    assert drawn.reason == "Withheld: fewer than 11 people of an arm completed, or left otherwise"


def test_a_withheld_analysis_has_no_curve():
    given = tables()
    staying = given["estimate"]["analysis"] == "staying"
    given["estimate"].loc[staying, ["status", "reason"]] = ["withheld", "the arms differ"]
    assert figures.make("ways_out", given, study()).reason == "Withheld: the arms differ"


@pytest.mark.parametrize(("n", "seed"), [((300, 520), 1), ((3000, 900), 3)])
def test_the_area_beneath_a_line_is_the_mean_time_lost(n, seed):
    given = tables(n=n, seed=seed)
    drawn = figures.make("ways_out", given, study())
    for panel, cause in enumerate(("dropout", "completion", "other")):
        for number, arm in enumerate(("iop", "outpatient")):
            days, share = (np.asarray(axis, dtype=float) for axis in drawn.figure.axes[panel].lines[number].get_data())
            area = float(np.sum(np.diff(days) * (share[1:] + share[:-1]) / 2))
            table = given["incidence"]
            curve = table[(table["arm"] == arm) & (table["cause"] == cause)].set_index("day")["incidence"]
            assert days[-1] > 0
            assert area == pytest.approx(curve.loc[: days[-1] - 1].sum(), abs=0.25)
