"""One person, or one of several sites, that makes up most of a total is hidden with it."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.release import figures
from iop_outcomes.release.disclosure import dominating, protect_together
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


def test_a_baseline_that_is_one_persons_is_hidden_with_the_difference_that_would_give_it():
    given = tables()
    first = given["cohort"].index[given["cohort"]["arm"] == "iop"][0]
    given["covariates"].loc[first, "use_days"] = 1e6
    released = release_tables(study(), given)["balance"]
    days = released.frame["covariate"] == "use_days"
    hidden = released.suppressed[days].iloc[0]
    assert hidden[["mean_treated_before", "mean_treated_after", "smd_before"]].all()
    assert not hidden["mean_reference_before"]
    assert not released.suppressed.loc[~days, "smd_before"].all()


def test_hours_of_a_week_that_are_one_persons_are_hidden_and_the_sessions_are_not():
    given = tables()
    weekly = given["weekly"]
    place = weekly.index[(weekly["member_id"] == "m00000") & (weekly["week"] == 3)][0]
    weekly.loc[place, "hours_attended"] = 1e5
    drawn = figures.numbers("attendance_heatmap", given, study())
    hidden = protect_together([drawn])["attendance_heatmap"].suppressed.set_index(
        drawn.frame.set_index(["arm", "week"]).index
    )
    assert hidden.loc[("iop", 3)].tolist()[2:] == [False, True]
    assert not hidden["hours_per_person"].drop(("iop", 3)).any()


def test_who_dominates_one_level_hides_the_others_from_which_it_would_follow():
    given = tables()
    people = given["covariates"]
    first = people.index[((people["arm"] == "iop") & (people["sex"] == "female")).to_numpy()][0]
    others = given["outcomes"]["weekly_hours"][(people["arm"] == "iop") & (people["sex"] == "female")].sum()
    # More than half of the women's hours, and less than half of the arm's.
    given["outcomes"].loc[first, "weekly_hours"] = 1.2 * others
    rows = release_tables(study(describe_by=["sex"]), given)["outcomes"]
    mine = (rows.frame["outcome"] == "weekly_hours") & (rows.frame["arm"] == "iop")
    hidden = dict(zip(rows.frame["level"][mine], rows.suppressed["value"][mine], strict=True))
    assert hidden == {"": False, "female": True, "male": True}


def sessions_hidden(given: dict, week: int) -> bool:
    """Tell whether the share of sessions that people of the first arm came to in a week is hidden."""
    drawn = figures.numbers("attendance_heatmap", given, study())
    hidden = protect_together([drawn])["attendance_heatmap"].suppressed["share_attended"]
    place = (drawn.frame["arm"] == "iop") & (drawn.frame["week"] == week)
    return bool(hidden[place].iloc[0])


@pytest.mark.parametrize(("n", "hidden"), [(10, True), (12, False)])
def test_many_sessions_of_a_few_are_a_share_of_few_however_many_are_observed(n, hidden):
    given = tables()
    weekly = given["weekly"]
    mine = (weekly["week"] == 20) & weekly["member_id"].isin(given["cohort"]["member_id"][:300])
    weekly.loc[mine, ["n_eligible", "n_attended"]] = 0
    few = weekly.index[mine][:n]
    weekly.loc[few, ["n_eligible", "n_attended"]] = [20, 12]
    assert sessions_hidden(given, 20) == hidden
    assert not sessions_hidden(given, 21)


def test_sessions_of_a_week_that_are_mostly_one_persons_are_hidden():
    given = tables()
    weekly = given["weekly"]
    place = weekly.index[(weekly["member_id"] == "m00000") & (weekly["week"] == 3)][0]
    weekly.loc[place, ["n_eligible", "n_attended"]] = [5000, 2000]
    assert sessions_hidden(given, 3)


def test_an_arm_whose_tests_are_those_of_a_few_is_left_out_of_their_agreement_with_reports():
    cells = {
        "n_tests": 90,
        "n_not_comparable": 0,
        "n_both": 20,
        "n_test_only": 20,
        "n_report_only": 20,
        "n_neither": 30,
    }
    rates = {"sensitivity": 0.5, "specificity": 0.6, "concordance": 0.56, "kappa": 0.1}
    table = pd.DataFrame([cells | rates] * 3).assign(arm=["a", "b", "c"], fewest_people=[3, 11, 40])
    released = release_tables(study(), tables() | {"agreement": table})["agreement"].frame
    assert released["arm"].tolist() == ["b", "c"]
    assert "fewest_people" not in released
