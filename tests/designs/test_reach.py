"""What a design costs and of whom it speaks: few sites, scores near the ends, treated people without a match."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.designs.by_frame import compare_frame
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.few_sites import few_sites
from iop_outcomes.designs.judge.gate import NOT_EVALUATED, PASS, WARN
from iop_outcomes.designs.judge.reach import judge_reach
from iop_outcomes.designs.scores.balancing_weights import bound_of, bounded_score


def people(n=600, lean=1.0, n_sites=3, seed=2) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    age = random.normal(40, 10, n)
    arm = np.where(random.random(n) < 1 / (1 + np.exp(-lean * (age - 40) / 10)), "iop", "outpatient")
    site = random.choice([f"S{i}" for i in range(n_sites)], n)
    return pd.DataFrame({"age": age, "arm": arm, "site": site, "days": age / 10 + random.normal(size=n)})


def compared(frame: pd.DataFrame, design: str, cluster: str | None = "site", **settings) -> Comparison:
    asked = {"covariates": ["age"], "cluster": cluster, "contrast": None, "arms": None}
    return compare_frame(frame, arm="arm", design=design, settings=settings, **asked)[0]


def test_three_equal_sites_cost_a_quantile_of_two_degrees_of_freedom():
    check, value, threshold, status, reason = few_sites(compared(people(), "overlap_weights"))
    assert (check, value, threshold, status) == ("few_sites", 3.0, 10.0, WARN)
    assert "there are only 3 sites, worth 2.0 degrees of freedom by their weight" in reason
    assert "intervals reach 4.3 standard errors to either side and not 2.0" in reason
    assert "2.2 times as large to be seen as with many sites" in reason


def test_ten_sites_pass_one_site_has_no_interval_and_no_sites_are_not_judged():
    assert few_sites(compared(people(n_sites=10), "overlap_weights"))[3] == PASS
    *_, status, reason = few_sites(compared(people(n_sites=1), "overlap_weights"))
    assert status == WARN
    assert "all people are at one site" in reason
    assert few_sites(compared(people(), "overlap_weights", cluster=None))[3] == NOT_EVALUATED


def test_the_cost_is_that_of_the_estimate():
    frame = people(n_sites=7)
    *_, reason = few_sites(compared(frame, "overlap_weights"))
    asked = {"arm": "arm", "covariates": ["age"], "cluster": "site", "design": "overlap_weights"}
    row = iop_outcomes.estimate(frame, outcome="days", estimator="weighted", few_clusters="auto", **asked).iloc[0]
    reach = (row["ci_high"] - row["ci_low"]) / (2 * row["se"])
    assert f"reach {reach:.1f} standard errors" in reason


@pytest.mark.parametrize(("bound", "n", "expected"), [(None, 1_000, 0.0), (0.05, 10, 0.05), ("auto", 1_000, 0.022889)])
def test_the_bound_by_hand(bound, n, expected):
    # 5 / (31.6228 * 6.90776)
    assert bound_of(bound, n) == pytest.approx(expected, abs=1e-5)


def test_scores_are_bounded_where_the_estimand_has_large_weights():
    score = [0.001, 0.5, 0.999]
    assert bounded_score(score, "ATE", 0.01).tolist() == [0.01, 0.5, 0.99]
    assert bounded_score(score, "ATT", 0.01).tolist() == [0.001, 0.5, 0.99]
    assert bounded_score(score, "ATC", 0.01).tolist() == [0.01, 0.5, 0.999]
    assert bounded_score(score, "ATO", 0.01).tolist() == score


def test_scores_near_the_ends_are_said_by_arm_and_what_was_done():
    frame = people(n=3_000, lean=3.0)
    ((_, _, limit, status, reason),) = judge_reach(compared(frame, "ate_weights", bound="auto"))
    assert (status, limit) == (WARN, pytest.approx(bound_of("auto", 3_000)))
    assert "of iop and" in reason
    assert "their weights are made with 0.011" in reason
    ((*_, reason),) = judge_reach(compared(frame, "ate_weights", bound=None))
    assert "intervals may be too short; set bound: auto" in reason
    assert not list(judge_reach(compared(frame, "overlap_weights")))


def test_a_bound_moves_the_weights_beyond_it_and_no_other():
    frame = people(n=3_000, lean=3.0)
    free, bounded = (compared(frame, "ate_weights", bound=bound) for bound in (None, 0.02))
    moved = free.weight != bounded.weight
    assert (np.minimum(free.score, 1 - free.score)[moved] < 0.02).all()
    assert bounded.weight.max() == pytest.approx(50.0)
    assert free.weight.max() > 50


def test_treated_people_without_a_match_change_of_whom_the_answer_speaks():
    frame = people(n=900, lean=2.5)
    made = compared(frame, "nearest_match")
    assert made.speaks_for == "matched treated"
    ((check, value, _, status, reason),) = judge_reach(made)
    assert (check, status) == ("matched_treated", WARN)
    age, matched = frame.loc[frame["arm"] == "iop", "age"], frame.loc[made.treated & (made.weight > 0), "age"]
    assert value == pytest.approx(abs(matched.mean() - age.mean()) / age.std(), rel=1e-6)
    assert "they differ from all of iop most in age by -" in reason
    row = iop_outcomes.estimate(frame, outcome="days", arm="arm", covariates=["age"], design="nearest_match").iloc[0]
    assert row["estimand"] == "matched treated"


def test_where_everybody_is_matched_the_answer_is_the_att():
    # Twice as many to choose from, and no caliper.
    frame = people(n=900, lean=0.3).assign(arm=lambda f: np.where(f["arm"].eq("iop") & (f.index % 2 == 0), "iop", "op"))
    made = compare_frame(
        frame,
        arm="arm",
        design="nearest_match",
        settings={"caliper": None},
        covariates=["age"],
        cluster=None,
        contrast=("iop", "op"),
        arms=None,
    )[0]
    assert made.speaks_for == "ATT"
    assert not list(judge_reach(made))
