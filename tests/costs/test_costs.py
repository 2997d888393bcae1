"""Costs, and costs beside effects: by hand, by property, and in words where a ratio would mislead."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes import costs
from iop_outcomes.errors import StudyError
from iop_outcomes.stats import fit_glm, fit_robust_glm, model_matrix

COLUMNS = {"cost": "cost", "arm": "arm", "covariates": ["x"]}


def people(n: int = 3000, seed: int = 1, *, ratio: float = 1.5) -> pd.DataFrame:
    """Return people whose costs the first arm multiplies, and whose arm goes with what makes them costly."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    arm = (draw.random(n) < 1 / (1 + np.exp(-0.8 * x))).astype(int)
    cost = draw.gamma(2.0, 500 * np.exp(0.4 * x) * ratio**arm)
    well = (draw.random(n) < 1 / (1 + np.exp(-(0.3 * x + 0.5 * arm)))).astype(int)
    return pd.DataFrame({"x": x, "arm": arm, "cost": cost, "well": well, "site": draw.integers(0, 20, n)})


def truth(ratio: float = 1.5) -> float:
    """Return the difference of means in everybody: E exp(0.4 x) = exp(0.08)."""
    return 1000 * np.exp(0.08) * (ratio - 1)


@pytest.mark.parametrize("method", ["gamma", "aipw"])
def test_the_difference_of_means_is_found_where_arms_are_not_alike(method):
    found = costs.cost_difference(people(), method=method, **COLUMNS)
    row = found.iloc[0]
    assert abs(row["value"] - truth()) < 3 * row["se"]
    crude = people().groupby("arm")["cost"].mean()
    assert abs(crude[1] - crude[0] - truth()) > 5 * row["se"]
    assert found["value"].iloc[1] == pytest.approx(found["value"].iloc[2] / found["value"].iloc[3])
    assert found["arm"].tolist() == ["1", "1", "1", "0"]


def test_without_covariates_it_is_the_difference_of_means_by_hand():
    """Costs 1, 3 and 2, 6: means 2 and 4; HC0 variances 1/2 and 4/2."""
    data = pd.DataFrame({"arm": [0, 0, 1, 1], "cost": [1.0, 3, 2, 6]})
    found = costs.cost_difference(
        data, cost="cost", arm="arm", covariates=[], method="gamma", count_sampling=False, small_sample=False
    )
    assert found["value"].tolist() == pytest.approx([2, 2, 4, 2])
    assert found["se"].tolist()[:1] == pytest.approx([np.sqrt(2.5)])


def test_the_currency_changes_every_number_alike():
    data = people(800)
    one, other = (costs.cost_difference(data.assign(cost=data["cost"] * unit), **COLUMNS) for unit in (1, 100))
    of_money = [0, 2, 3]
    np.testing.assert_allclose(other["value"].iloc[of_money], 100 * one["value"].iloc[of_money], rtol=1e-6)
    np.testing.assert_allclose(other["se"].iloc[of_money], 100 * one["se"].iloc[of_money], rtol=1e-6)


def test_people_who_cost_nothing_count_as_zero():
    data = people(2000)
    data.loc[data["x"] > 1, "cost"] = 0.0
    value = costs.cost_difference(data, **COLUMNS)["value"].iloc[0]
    plain = iop.estimate(data, outcome="cost", arm="arm", covariates=["x"], estimand="ATE", estimator="weighted")
    assert value == pytest.approx(plain["value"].iloc[0], abs=2 * plain["se"].iloc[0])


def test_gamma_regression_solves_its_equation():
    data = people(500)
    matrix = model_matrix(data[["arm", "x"]])
    fit = fit_glm(data["cost"], matrix, family="gamma", tolerance=1e-9)
    residuals = data["cost"] / fit.fitted - 1
    np.testing.assert_allclose(matrix.transpose_matvec(residuals.to_numpy()), 0, atol=1e-5)
    assert fit.dispersion == pytest.approx((residuals**2).sum() / (500 - 3))
    # Two parts of a gamma with shape 2: the variance of y / mean is a half.
    assert fit.dispersion == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cost": [None] + [1.0] * 49}, "cost: missing for 1 person"),
        ({"cost": -1.0}, "cost: below zero for 50 people"),
    ],
)
def test_costs_that_are_none_are_refused(change, said):
    with pytest.raises(StudyError, match=said):
        costs.cost_difference(people(50).assign(**change), **COLUMNS)
    with pytest.raises(StudyError, match="there is no method 'gama'; did you mean 'gamma'"):
        costs.cost_difference(people(50), method="gama", **COLUMNS)


def test_net_benefit_regression_by_hand():
    """Without covariates it is the difference of mean net benefits; at no price it is minus that of costs."""
    data = people(400)
    found = costs.net_benefit_regression(data, effect="well", **COLUMNS | {"covariates": []}, willingness=[0, 2000])
    means = data.assign(net=2000 * data["well"] - data["cost"]).groupby("arm")[["cost", "net"]].mean()
    assert found["net_benefit"].tolist() == pytest.approx(
        [means["cost"][0] - means["cost"][1], means["net"][1] - means["net"][0]]
    )
    net = 2000 * data["well"] - data["cost"]
    own = fit_robust_glm(net, model_matrix(data[["arm"]]), family="gaussian")
    assert found["se"].iloc[1] == pytest.approx(own.se[1])


def test_net_benefit_by_site_has_fewer_degrees_of_freedom():
    given = {"effect": "well", **COLUMNS, "willingness": 1000}
    alone = costs.net_benefit_regression(people(400), **given).iloc[0]
    sites = costs.net_benefit_regression(people(400), **given, cluster="site").iloc[0]
    assert alone["net_benefit"] == sites["net_benefit"]
    half = (sites["ci_high"] - sites["ci_low"]) / 2 / sites["se"]
    assert half == pytest.approx(2.093, abs=1e-3)  # t with 19


def one_draw(effect: float, cost: float) -> costs.cost_effectiveness:
    return costs.cost_effectiveness(
        effect_first=[effect], effect_second=[0.0], cost_first=[cost], cost_second=[0.0], willingness=[0, 100]
    )


@pytest.mark.parametrize(
    ("effect", "cost", "words", "icer", "saved"),
    [
        (0.1, 2501, "costs more and does more", 25010, np.nan),  # REFERENCE E: 10 points for $2,501
        (-0.1, -500, "costs less and does less", np.nan, 5000),
        (0.1, -500, "dominates: costs no more and does no less", np.nan, np.nan),
        (0.1, 0, "dominates: costs no more and does no less", np.nan, np.nan),
        (-0.1, 500, "is dominated: costs no less and does no more", np.nan, np.nan),
        (0.0, 500, "is dominated: costs no less and does no more", np.nan, np.nan),
        (0.0, 0, "costs and does the same", np.nan, np.nan),
    ],
)
def test_a_ratio_stands_only_where_it_means_something(effect, cost, words, icer, saved):
    found = one_draw(effect, cost).summary
    assert found["words"] == words
    assert found["icer"] == pytest.approx(icer, nan_ok=True)
    assert found["saved_per_unit_lost"] == pytest.approx(saved, nan_ok=True)
    assert not found["icer"] < 0


@pytest.mark.parametrize(
    ("effects", "spent", "words"),
    [
        ([1, 1, 1, -1], [5, 5, 5, 5], "chance could explain which of the two does more"),
        ([1, 1, 1, 1], [5, 5, 5, -5], "chance could explain which of the two costs less"),
        ([1, -1, 1, -1], [-5, 5, 5, 5], "chance could explain which of the two costs less and which does more"),
        ([0, 0, 0, 0], [5, -5, 5, 5], "chance could explain which of the two costs less"),
        ([-1, -1, -1, -2], [5, 5, 5, 6], "is dominated: costs no less and does no more"),
    ],
)
def test_no_side_is_told_that_chance_could_explain(effects, spent, words):
    found = costs.cost_effectiveness(
        effect_first=effects, effect_second=[0] * 4, cost_first=spent, cost_second=[0] * 4, willingness=[0]
    )
    assert found.summary["words"] == words


def test_acceptability_and_information_by_hand():
    """At 100 a unit the draws gain 5, -5, 20: two of three; perfect information would avoid the loss of 5 in one."""
    found = costs.cost_effectiveness(
        effect_first=[0.1, 0.0, 0.3],
        effect_second=[0.0, 0.0, 0.0],
        cost_first=[5, 5, 10],
        cost_second=[0, 0, 0],
        willingness=100,
    )
    row = found.by_willingness.iloc[0]
    assert row["net_benefit"] == pytest.approx(20 / 3)
    assert row["acceptability"] == pytest.approx(2 / 3)
    assert row["evpi"] == pytest.approx(5 / 3)
    assert found.quadrants.to_dict() == pytest.approx({"NE": 2 / 3, "SE": 0, "NW": 0, "SW": 0})


def test_the_joint_bootstrap_keeps_what_cost_and_effect_have_in_common():
    data = people(400)
    data["well"] = (data["cost"] > data["cost"].median()).astype(int)
    given = {"effect": "well", **COLUMNS, "n_draws": 60}
    draws = costs.cost_and_effect_draws(data, **given, seed=3)
    assert draws[["effect_first", "cost_first"]].corr().iloc[0, 1] > 0.4
    pd.testing.assert_frame_equal(draws, costs.cost_and_effect_draws(data, **given, seed=3))
    assert not draws.equals(costs.cost_and_effect_draws(data, **given, seed=4))
    found = iop.estimate(data, outcome="cost", arm="arm", covariates=["x"], estimator="weighted").iloc[0]
    own = draws["cost_first"] - draws["cost_second"]
    assert own.mean() == pytest.approx(found["value"], abs=found["se"])
    assert own.std() == pytest.approx(found["se"], rel=0.35)
    assert costs.cost_effectiveness(**draws, willingness=[0]).summary["words"] == "costs more and does more"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: one_draw(np.nan, 1.0), "draws are missing"),
        (
            lambda: costs.cost_effectiveness(
                effect_first=[1, 2], effect_second=[1], cost_first=[1], cost_second=[1], willingness=0
            ),
            "the same number of draws",
        ),
        (
            lambda: costs.cost_effectiveness(
                effect_first=[1], effect_second=[1], cost_first=[1], cost_second=[1], willingness=[-5]
            ),
            "each zero or above",
        ),
    ],
)
def test_draws_that_cannot_be_compared_are_refused(call, said):
    with pytest.raises(StudyError, match=said):
        call()
