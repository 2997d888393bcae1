"""One person, or one of several sites, that makes up most of a total is hidden with it."""

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import dominating
from iop_outcomes.release.stage import release_tables
from iop_outcomes.study.release_rules import Dominance
from report_tables import study, tables

LIMITS = Dominance(person=0.5, site=0.85)


def sites(*names: str) -> pd.Series:
    """Return a site for each person."""
    return pd.Series(list(names))


def test_more_than_half_of_a_total_is_one_persons():
    assert dominating(pd.Series([51.0, 49.0, 0.0]), None, LIMITS) == 1
    assert dominating(pd.Series([50.0, 50.0, 0.0]), None, LIMITS) == 0


def test_one_of_several_sites_makes_up_most_and_a_single_site_is_no_secret():
    total = pd.Series([45.0, 45.0, 10.0])
    assert dominating(total, sites("a", "a", "b"), LIMITS) == 1
    assert dominating(total, sites("a", "b", "b"), LIMITS) == 0
    assert dominating(total, sites("a", "a", "a"), LIMITS) == 0


def test_what_has_no_total_has_no_share_of_it():
    assert dominating(pd.Series([np.nan, np.nan]), None, LIMITS) == 0
    assert dominating(pd.Series([0.0, 0.0]), None, LIMITS) == 0
    assert dominating(pd.Series([-5.0, 100.0]), None, LIMITS) == 0


def test_a_mean_of_hours_that_is_one_persons_is_hidden_in_its_arm_only():
    given = tables()
    first = given["cohort"].index[given["cohort"]["arm"] == "iop"][0]
    given["outcomes"].loc[first, "weekly_hours"] = 1e6
    rows = release_tables(study(), given)["outcomes"]
    hours = rows.frame["outcome"] == "weekly_hours"
    assert dict(zip(rows.frame["arm"][hours], rows.suppressed["value"][hours], strict=True)) == {
        "iop": True,
        "outpatient": False,
    }
    assert not rows.suppressed["value"][~hours].all()
