"""What specifications of few people may not tell: how many they are, as a share of three decimals would."""

import numpy as np

from argument_tables import study, tables
from iop_outcomes.release.tables import specifications

RULES = study().release.rules("specification")


def told(value: float, least_n: int) -> dict[str, float]:
    """Return what is released of two specifications of one difference, the interval 0.08 either way."""
    given = tables()
    table = given["specification"].assign(value=value, ci_low=value - 0.08, ci_high=value + 0.08, least_n=least_n)
    return specifications.frame(given | {"specification": table}, RULES).iloc[0].to_dict()


def test_a_number_is_no_finer_than_one_person_makes_it():
    # One of 113 people is 0.0088, so that steps are of 0.01; one of 800 is 0.00125, and steps are of 0.002.
    assert told(0.1534, 113)["value"] == 0.15
    assert told(0.1534, 800)["value"] == 0.154


def test_an_interval_becomes_wider_by_it():
    found = told(0.1534, 113)
    assert (found["ci_low"], found["ci_high"]) == (0.07, 0.24)


def test_the_median_is_told_no_more_finely_than_the_specifications():
    given = tables()
    row = {"analysis": "primary", "n_specifications": 2, "n_shown": 2, "n_withheld": 0, "n_refused": 0, "reason": None}
    table = given["specification"].assign(value=[0.1534, 0.1534], least_n=113)
    given |= {
        "specification": table,
        "specification_summary": given["specification"].iloc[:1].assign(**row, median=0.1534),
    }
    assert specifications.summary(given, specifications.frame(given, RULES))["median"].tolist() == [0.15]


def test_where_two_sites_give_no_median_none_is_made_up():
    """The page would have said what it amounts to, and was lost to a number of draws that is missing."""
    given = tables()
    row = {"analysis": "primary", "n_specifications": 2, "n_shown": 2, "n_withheld": 0, "n_refused": 0}
    table = given["specification_summary"] = given["specification"].iloc[:1].assign(**row, reason="two units")
    given["specification_summary"] = table.assign(median=np.nan, n_draws=np.nan)
    found = specifications.summary(given, specifications.frame(given, RULES))
    assert found["median"].isna().all() and found["reason"].tolist() == ["two units"]
