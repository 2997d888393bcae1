"""The comparison by attendance, and follow-up from a landmark, by hand."""

import numpy as np
import pytest

from iop_outcomes import participation
from iop_outcomes.errors import StudyError
from weekly import weekly

DATA = weekly("AAAA", "AAAh", "AAh*", "AAAA", "hhhh*", "h.hh", "hh*", "h..h")


def test_by_attendance_by_hand():
    """Means 9, 7.5, 7, 9 against 3, 2.25, 3, 1.5: one of four against two of four; se by p(1-p)/n, n/(n-1) wide."""
    row = participation.by_attendance(DATA.drop(columns="excused"), least_hours=6).iloc[0]
    assert (row["n_active"], row["n_others"]) == (4, 4)
    assert (row["risk_active"], row["risk_others"]) == (0.25, 0.5)
    assert row["se"] == pytest.approx(np.sqrt((0.25 * 0.75 + 0.5 * 0.5) / 4 * 8 / 7))
    assert row["label"] == "biased: the groups were formed by attendance after time zero"


def test_by_attendance_needs_both_kinds():
    with pytest.raises(StudyError, match="one side of 40 hours"):
        participation.by_attendance(DATA, least_hours=40)


def test_landmark_by_hand():
    """At week 2 seven people are left: of four who came one relapses by week 3, of three others one."""
    settings = {"at_week": 2, "least_hours": 6, "covariates": [], "design": "unweighted", "count_estimation": False}
    rows = participation.landmark(DATA, **settings, estimand=None)
    assert rows["value"].tolist() == pytest.approx([3 / 4 - 2 / 3, 3 / 4, 2 / 3])
    assert rows["arm"].tolist() == ["active", "active", "others"]
    assert set(rows["n_before"]) == {1} and set(rows["until_week"]) == {3}


def test_a_landmark_outside_follow_up_is_refused():
    with pytest.raises(StudyError, match="after the first week, 0, and by the last, 3"):
        participation.landmark(DATA, at_week=9, least_hours=6, covariates=[])
    with pytest.raises(StudyError, match="one side of 40 hours"):
        participation.landmark(DATA, at_week=2, least_hours=40, covariates=[])
