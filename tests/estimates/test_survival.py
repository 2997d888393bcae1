"""Time in care of two arms: ten people by hand, what weights and clusters do, and what is refused."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from estimates.asking import asked
from iop_outcomes import tables
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.estimators.survival import rmst, weighted_kaplan_meier
from iop_outcomes.estimates.estimators.survival_cox import cox, standardised_cox
from iop_outcomes.estimates.estimators.survival_interval import interval_survival, stay_bounds
from iop_outcomes.estimates.survival_curves import survival_curves
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_proportional import proportional_hazards_test
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.stats.survival.rmst import restricted_mean

IOP = ([30, 60, 90, 90, 90], [1, 1, 0, 0, 0])
OUTPATIENT = ([10, 30, 60, 90, 90], [1, 1, 1, 0, 0])


def comparison(treated, weight=None, score=None, cluster=None, covariates=None, estimand="ATE"):
    index = pd.Index([f"m{i:04d}" for i in range(len(treated))], name="member_id")
    members = pd.DataFrame(
        {
            "treated": np.asarray(treated, dtype=bool),
            "score": np.full(len(treated), np.nan) if score is None else score,
            "weight": np.ones(len(treated)) if weight is None else np.asarray(weight, dtype=float),
            "matched_set": None,
        },
        index=index,
    )
    frame = pd.DataFrame({"age": np.arange(len(treated), dtype=float)}) if covariates is None else covariates
    labels = None if cluster is None else pd.Series(cluster, index=index)
    return Comparison("everybody", "none", estimand, ("iop", "outpatient"), members, frame.set_axis(index), labels, {})


def outcomes(time, event, index):
    return pd.DataFrame({"retention_days": np.asarray(time, dtype=float), "retention_ended": event}, index=index)


@pytest.fixture
def ten():
    made = comparison([True] * 5 + [False] * 5)
    return outcomes(IOP[0] + OUTPATIENT[0], IOP[1] + OUTPATIENT[1], made.members.index), made


def cohort(n=400, seed=1):
    """Members of 20 sites whose arm and time in care depend on age, with a fitted score and weights for everybody."""
    rng = np.random.default_rng(seed)
    age = rng.normal(0, 1, n)
    treated = rng.random(n) < 1 / (1 + np.exp(-0.7 * age))
    x = np.column_stack([np.ones(n), age])
    b = np.zeros(2)
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ b))
        b += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (treated - p))
    p = 1 / (1 + np.exp(-x @ b))
    time = np.ceil(rng.exponential(60 * np.exp(0.4 * treated + 0.4 * age)))
    made = comparison(
        treated, np.where(treated, 1 / p, 1 / (1 - p)), p, rng.integers(0, 20, n), pd.DataFrame({"age": age})
    )
    return outcomes(np.minimum(time, 120), time < 120, made.members.index), made


def test_share_in_care_after_day_60(ten):
    """3 of 5 and 2 of 5: difference 0.2. Variances 0.6 x 0.4 / 5 each, together x 10/9 for the small sample."""
    rows = asked(weighted_kaplan_meier, *ten, day=60)
    assert_allclose(rows["value"], [0.2, 0.6, 0.4])
    assert_allclose(rows["se"] ** 2, np.array([0.096, 0.048, 0.048]) * 10 / 9)
    assert list(rows["measure"]) == ["survival_difference", "survival", "survival"]
    assert list(rows["n"]) == [10, 5, 5]
    assert list(rows["n_events"]) == [5, 2, 3]
    assert (rows["day"] == 60).all()


def test_mean_days_in_care_up_to_day_90(ten):
    """(30 + 60 + 3 x 90)/5 = 72 and (10 + 30 + 60 + 2 x 90)/5 = 56."""
    rows = asked(rmst, *ten, until_day=90)
    assert_allclose(rows["value"], [16, 72, 56])
    assert_allclose(rows["day"], 90)
    ratio = asked(rmst, *ten, measure="rmst_ratio", until_day=90)
    assert_allclose(ratio["value"], [72 / 56, 72, 56])
    assert ratio["se_scale"].iloc[0] == "log"


def test_swapping_the_arms_flips_signs_and_inverts_ratios():
    data, made = cohort()
    members = made.members.assign(treated=~made.treated, score=1 - made.score)
    swapped = Comparison("everybody", "none", "ATE", ("outpatient", "iop"), members, made.covariates, made.cluster, {})
    for estimator, measure, inverse, settings in (
        (weighted_kaplan_meier, "survival_difference", False, {}),
        (rmst, "rmst_difference", False, {"until_day": 120}),
        (rmst, "rmst_ratio", True, {"until_day": 120}),
        (cox, "hazard_ratio", True, {}),
        (standardised_cox, "survival_difference", False, {}),
    ):
        one, other = (asked(estimator, data, each, measure=measure, **settings).iloc[0] for each in (made, swapped))
        assert_allclose(other["value"], 1 / one["value"] if inverse else -one["value"], rtol=1e-6)
        assert_allclose(other["se"], one["se"], rtol=1e-5)
        assert_allclose(other["ci_low"], 1 / one["ci_high"] if inverse else -one["ci_high"], rtol=1e-5)


def test_members_without_weight_or_follow_up_are_not_used(ten):
    data, made = ten
    more = comparison([True] * 6 + [False] * 6, [1] * 5 + [0] + [1] * 6)
    time, event = [*IOP[0], 5, *OUTPATIENT[0], np.nan], [*IOP[1], 1, *OUTPATIENT[1], 0]
    for estimator, settings in ((weighted_kaplan_meier, {"day": 60}), (rmst, {"until_day": 90}), (cox, {})):
        rows = asked(estimator, outcomes(time, event, more.members.index), more, **settings)
        alone = asked(estimator, data, made, **settings)
        assert_allclose(rows[["value", "se", "n"]].astype(float), alone[["value", "se", "n"]].astype(float))
        assert rows["se_method"].str.contains("1 member without known follow-up left out").all()


def test_counting_the_estimated_score_by_bootstrap():
    """With weights for everybody the estimated score takes variance away, as resampling with new scores shows."""
    data, made = cohort(n=600)
    x = model_matrix(made.covariates).dense()
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(200):
        rows = rng.integers(0, 600, 600)
        b = np.zeros(2)
        for _ in range(8):
            p = 1 / (1 + np.exp(-x[rows] @ b))
            b += np.linalg.solve((x[rows] * (p * (1 - p))[:, None]).T @ x[rows], x[rows].T @ (made.treated[rows] - p))
        p = 1 / (1 + np.exp(-x[rows] @ b))
        means = []
        for arm, weight in ((made.treated[rows], 1 / p), (~made.treated[rows], 1 / (1 - p))):
            time, event = (data[c].to_numpy(dtype=float)[rows][arm] for c in ("retention_days", "retention_ended"))
            means.append(restricted_mean(kaplan_meier(time, event, weight[arm]), 90).value)
        drawn.append(means[0] - means[1])
    alone = Comparison("e", "none", "ATE", made.arms, made.members, made.covariates, None, {})
    counted, fixed = (asked(rmst, data, alone, until_day=90, count_estimation=flag).iloc[0] for flag in (True, False))
    assert "estimated propensity score counted" in counted["se_method"]
    assert "weights taken as fixed" in fixed["se_method"]
    assert counted["se"] < fixed["se"]
    assert_allclose(counted["se"], np.std(drawn), rtol=0.12)


def test_clusters_are_the_units():
    """Everybody twice in one cluster: the same as once, but for the count of units."""
    data, made = cohort(n=100)
    twice = np.tile(np.arange(100), 2)
    members = made.members.iloc[twice].set_axis([f"t{i:04d}" for i in range(200)])
    doubled = Comparison(
        "e", "none", "ATE", made.arms, members, made.covariates.iloc[twice].set_axis(members.index), None, {}
    )
    doubled = Comparison(**{**doubled.__dict__, "cluster": pd.Series(twice, index=members.index)})
    alone = Comparison(**{**made.__dict__, "cluster": None})
    repeated = data.iloc[twice].set_axis(members.index)
    for estimator, settings in ((weighted_kaplan_meier, {}), (rmst, {"until_day": 120})):
        one, both = (asked(estimator, *each, **settings).iloc[0] for each in ((data, alone), (repeated, doubled)))
        assert_allclose(both["value"], one["value"], rtol=1e-9)
        assert_allclose(both["se"], one["se"], rtol=1e-6)
        assert "cluster-robust (100 clusters)" in both["se_method"]
        # The interval of clusters is that of t with 99 degrees of freedom.
        assert both["ci_high"] - both["value"] > one["ci_high"] - one["value"]


def test_hazard_ratio_of_the_simulated_cohort():
    """Hazards differ by exp(-0.4) given age; without adjustment the ages of the arms mix in."""
    data, made = cohort(n=4000)
    adjusted = asked(cox, data, made, adjust=True).iloc[0]
    assert adjusted["ci_low"] < np.exp(-0.4) < adjusted["ci_high"]
    assert adjusted["measure"] == "hazard_ratio"
    assert "proportional hazards p = " in adjusted["se_method"]
    crude = Comparison(**{**made.__dict__, "members": made.members.assign(weight=1.0)})
    assert asked(cox, data, crude).iloc[0]["value"] < adjusted["value"]


def test_standardised_cox_agrees_with_weighting():
    """Two ways to the same estimand, both right here."""
    data, made = cohort(n=4000)
    one, other = asked(standardised_cox, data, made, day=60), asked(weighted_kaplan_meier, data, made, day=60)
    assert_allclose(one["value"], other["value"], atol=3 * other["se"].max())
    assert one["se"].iloc[0] < other["se"].iloc[0]


def test_curves_by_day(ten):
    data, made = ten
    curve = survival_curves(data, made, days=[0, 30, 60, 90]).set_index(["arm", "day"])
    assert_allclose(curve.loc["iop", "survival"], [1, 0.8, 0.6, 0.6])
    assert list(curve.loc["outpatient", "n_at_risk"]) == [5, 4, 3, 2]
    assert list(curve.loc["outpatient", "n_events"]) == [0, 2, 1, 0]
    assert curve.loc[("iop", 0), ["ci_low", "ci_high"]].isna().all()
    assert (curve["ci_low"].dropna() > 0).all()
    assert len(survival_curves(data, made)) == 2 * 91
    tables.check(survival_curves(data, made).assign(analysis="time_in_care"), "curve")


def test_curves_count_members_and_not_weights():
    data, made = cohort()
    curve = survival_curves(data, made, days=[0, 60])
    assert list(curve["n_at_risk"][curve["day"] == 0]) == [made.treated.sum(), (~made.treated).sum()]
    one_site = Comparison(**{**made.__dict__, "cluster": pd.Series("s1", index=made.members.index)})
    assert survival_curves(data, one_site, days=[60])["ci_low"].isna().all()


def test_stays_in_classes_give_the_same_shares_as_days():
    """At days at which the classes of TEDS end nothing is lost by them: same value, same standard error."""
    data, made = cohort()
    days = data["retention_days"].to_numpy()
    ends = np.array([30, 45, 60, 90, 120])
    exact = days <= 30
    place = np.clip(np.searchsorted(ends, days), 1, 4)
    stays = data.assign(
        stay_days_low=np.where(exact, days, ends[place - 1] + 1),
        stay_days_high=np.where(exact, days, ends[place]),
        retention_ended=True,
    )
    columns = ["value", "se", "ci_low", "ci_high"]
    for day in (30, 60, 90):
        ours = asked(interval_survival, stays, made, day=day)
        assert_allclose(ours[columns], asked(weighted_kaplan_meier, stays, made, day=day)[columns], rtol=1e-7)
    mean = asked(interval_survival, stays, made, day=90, measure="rmst_difference")
    assert_allclose(mean["value"], asked(rmst, stays, made, until_day=90)["value"], atol=2)
    with pytest.raises(EstimationError, match="intervals that cross day 100; choose .* such as 90"):
        asked(interval_survival, stays, made, day=100)


def test_bounds_of_stays():
    lower, upper = stay_bounds(np.array([5.0, 31, 366]), np.array([5.0, 45, np.nan]))
    assert_allclose(lower, [5, 30, 365])
    assert_allclose(upper, [5, 45, np.inf])


def test_what_is_refused_by_name(ten):
    data, made = ten
    with pytest.raises(EstimationError, match="no column 'retention_days'"):
        asked(rmst, data.drop(columns="retention_days"), made)
    with pytest.raises(EstimationError, match="nobody in arm 'iop' whom the design uses has known days"):
        asked(rmst, data.assign(retention_days=np.where(made.treated, np.nan, data["retention_days"])), made)
    with pytest.raises(EstimationError, match="nobody in arm 'iop' is followed to day 120"):
        asked(weighted_kaplan_meier, data, made, day=120)
    with pytest.raises(
        EstimationError, match="nobody in arm 'iop' is followed to day 120; set until_day to at most 90"
    ):
        asked(rmst, data, made, until_day=120)
    with pytest.raises(EstimationError, match="nobody in arm 'iop' has the event"):
        asked(cox, data.assign(retention_ended=~made.treated), made)
    with pytest.raises(EstimationError, match="did you mean 'rmst_ratio'"):
        asked(rmst, data, made, measure="rmst_rato", until_day=90)
    with pytest.raises(EstimationError, match="gives a hazard_ratio and no 'rmst_ratio'"):
        asked(cox, data, made, measure="rmst_ratio")
    with pytest.raises(EstimationError, match="in arm 'outpatient'"):
        asked(rmst, data, comparison([True] * 10))
    with pytest.raises(EstimationError, match="no column 'stay_days_low'"):
        asked(interval_survival, data, made)


def test_nobody_leaves_care():
    """No event anywhere: the difference is 0, and it is said why there is no interval."""
    made = comparison([True] * 3 + [False] * 3)
    rows = asked(rmst, outcomes([90] * 6, [0] * 6, made.members.index), made, until_day=90)
    assert_allclose(rows["value"], [0, 90, 90])
    assert rows["se"].isna().all()
    assert rows["reason"].str.contains("does not vary").all()


def p_value_of(rows) -> float:
    """Return the p-value of the test of proportional hazards that stands in the row of the contrast."""
    return float(re.search("proportional hazards p = ([0-9.e-]+)", rows["se_method"].iloc[0])[1])


def test_no_factor_of_the_weights_changes_the_test_of_proportional_hazards():
    data, made = cohort(n=600, seed=3)
    alone = replace(made, cluster=None)
    for each in (made, alone):
        one, ten, hundred = (
            asked(cox, data, replace(each, members=each.members.assign(weight=factor * each.weight)))
            for factor in (1.0, 10.0, 100.0)
        )
        assert p_value_of(one) == p_value_of(ten) == p_value_of(hundred)
        assert_allclose(hundred["value"], one["value"])


def test_the_test_of_proportional_hazards_takes_the_clusters_of_the_run():
    data, made = cohort(n=600, seed=3)
    fit = fit_cox(
        model_matrix(pd.DataFrame({"treated": made.treated.astype(float)})),
        data["retention_days"],
        data["retention_ended"],
        weights=made.weight,
    )
    for cluster in (made.cluster, None):
        expected = proportional_hazards_test(fit, cluster=cluster)["p_value"].iloc[0]
        assert_allclose(p_value_of(asked(cox, data, replace(made, cluster=cluster))), expected, rtol=0.06)


def test_the_horizon_of_restricted_means_looks_at_no_event(ten):
    """Whoever of an arm has the event last: it is followed to day 90 and no further."""
    data, made = ten
    for event in (0, 1):
        changed = data.assign(retention_ended=event)
        with pytest.raises(EstimationError, match="set until_day, at most 90, to which both arms are followed"):
            asked(rmst, changed, made)
        with pytest.raises(EstimationError, match="nobody in arm 'iop' is followed to day 91; .* at most 90"):
            asked(rmst, changed, made, until_day=91)
        assert (asked(rmst, changed, made, until_day=90)["day"] == 90).all()
    shorter = data.assign(retention_days=np.where(made.treated, data["retention_days"], data["retention_days"] / 2))
    with pytest.raises(EstimationError, match="nobody in arm 'outpatient' is followed to day 60; .* at most 45"):
        asked(rmst, shorter, made, until_day=60)


def test_the_horizon_of_coded_stays_is_the_last_day_in_any_record():
    """Stays of 10 to 30 days, and of more than 30: nothing is known after day 31."""
    made = comparison([True, True, False, False])
    stays = pd.DataFrame({"stay_days_low": [10.0, 31] * 2, "stay_days_high": [30.0, np.nan] * 2}, made.members.index)
    with pytest.raises(EstimationError, match="stays in arm 'iop' are known to day 31 and not to day 365"):
        asked(interval_survival, stays, made, measure="rmst_difference", day=365)
    # Ten to thirty days, spread evenly from day 9: mean 19.5; the others the whole 30.
    rows = asked(interval_survival, stays, made, measure="rmst_difference", day=30)
    assert_allclose(rows["value"], [0, 24.75, 24.75])


def test_an_arm_without_survivors_has_no_interval_and_says_so():
    data, made = cohort(n=100)
    gone = outcomes(np.where(made.treated, 30, data["retention_days"]), np.ones(100), made.members.index)
    contrast, iop, _ = (row for _, row in asked(weighted_kaplan_meier, gone, made, day=60).iterrows())
    assert iop["value"] == 0
    assert iop[["se", "ci_low", "ci_high"]].isna().all()
    assert isinstance(iop["reason"], str)
    assert contrast["se"] > 0


def test_estimators_are_found_by_name():
    for name in ("weighted_kaplan_meier", "rmst", "cox", "standardised_cox", "interval_survival"):
        assert "time_to_event" in ESTIMATORS[name].kinds


@pytest.mark.parametrize(("estimator", "settings"), [(standardised_cox, {"day": 40}), (cox, {"adjust": True})])
def test_a_category_whose_levels_are_numbers_stays_a_category_in_a_cox_model(estimator, settings):
    """Levels 1, 2 and 3 of a code are no amounts: the same answer comes of a, b and c."""
    rng = np.random.default_rng(5)
    code, treated = rng.integers(1, 4, 300), rng.integers(0, 2, 300)
    time = np.ceil(rng.exponential(np.array([60, 15, 90])[code - 1]))

    def value(labels):
        # The covariate's own name is that of nothing in the model.
        made = comparison(treated, covariates=pd.DataFrame({"treated": pd.Categorical(labels)}))
        return asked(estimator, outcomes(time, 1, made.members.index), made, **settings)["value"].iloc[0]

    assert value(code) == pytest.approx(value(np.array(["a", "b", "c"])[code - 1]), rel=1e-12)
