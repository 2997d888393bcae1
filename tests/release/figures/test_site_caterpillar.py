"""Sites by themselves: numbered unless the study tells of sites, and pooled by what is shown."""

import pytest

import argument_tables
from iop_outcomes.conclude.sites import pool_sites
from iop_outcomes.release import figures
from iop_outcomes.release.tables import estimates

NAMES = ["north", "west", "south", "east", "hill", "lake"]
ENDS = ["value", "ci_low", "ci_high"]


def drawn(**changes) -> figures.Drawn:
    """Return the figure of six sites, of which one has few people and one a single arm."""
    study = argument_tables.study().model_copy(update=changes)
    return figures.make("site_caterpillar", argument_tables.tables(), study)


def test_sites_are_numbers_in_the_order_of_their_estimates_unless_the_study_describes_them():
    data = drawn().data.frame
    assert data["site"].tolist() == ["1", "2", "3", "4", "5", "6", "", ""]
    assert data["value"].tolist()[:4] == [0.02, 0.04, 0.06, 0.12]
    assert drawn(describe_by=["site"]).data.frame["site"].tolist() == [*NAMES, "", ""]


def test_the_table_of_estimates_names_no_site():
    study = argument_tables.study()
    released = estimates.frame(argument_tables.tables(), study, study.release.rules("estimate"))
    assert not released["population"].astype("str").str.contains("|".join(NAMES)).any()


def test_what_is_pooled_is_what_is_shown():
    pooled = drawn().data.frame.set_index("row").loc["pooled", ENDS]
    found = pool_sites([0.02, 0.04, 0.06, 0.12], [0.05] * 4, tau="reml", interval="modified-hartung-knapp")
    assert pooled.tolist() == pytest.approx(found[ENDS].tolist(), abs=6e-4)


def test_a_site_of_few_people_and_one_of_one_arm_keep_their_lines_and_say_why():
    one = drawn()
    data = one.data.frame.set_index("site")
    assert data.loc[["5", "6"], "said"].tolist() == ["not shown, too few people", "one arm only"]
    assert data.loc[["5", "6"], ENDS].isna().all(axis=None)
    assert one.alternative.replace("\N{MINUS SIGN}", "-") == (
        "Treatment completed, risk difference percentage points: 4 sites from 2.0 to 12.0. Pooled 6.0 (-2.0 to 14.0); "
        "a further site lies between -2.0 and 14.0. 1 site: not shown, too few people. 1 site: one arm only."
    )
