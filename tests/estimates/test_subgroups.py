"""The difference by level of a modifier, and whether levels differ: by hand, and where they do and do not."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import StudyError

ESTIMATORS = ("weighted", "aipw", "outcome_regression", "tmle")


def by_hand() -> pd.DataFrame:
    """Return men of whom 60 of 80 and 40 of 80 do well, and women of whom 20 of 80 and 40 of 80 do."""
    well = [60, 40, 20, 40]
    groups = [("m", 1), ("m", 0), ("w", 1), ("w", 0)]
    rows = [(sex, arm, int(i < n)) for (sex, arm), n in zip(groups, well, strict=True) for i in range(80)]
    return pd.DataFrame(rows, columns=["sex", "arm", "well"])


def people(n: int, seed: int, *, differs: float = 0.0, n_sites: int = 0) -> pd.DataFrame:
    """Return people whose arm goes with x, and in whom it does as much good in either level unless told."""
    draw = np.random.default_rng(seed)
    x, level = draw.normal(size=n), draw.choice(["a", "b"], n)
    arm = (draw.random(n) < 1 / (1 + np.exp(-0.7 * x))).astype(int)
    logit = -0.3 + 0.6 * x + arm * (0.4 + differs * (level == "b"))
    made = {"x": x, "level": level, "arm": arm, "well": (draw.random(n) < 1 / (1 + np.exp(-logit))).astype(int)}
    return pd.DataFrame(made | ({"site": draw.integers(0, n_sites, n)} if n_sites else {}))


def asked(data, **settings):
    given = {"outcome": "well", "arm": "arm", "covariates": ["x"], "modifiers": ["level"], **settings}
    return iop.subgroups(data, **given)


def differences(found):
    rows = found.rows[found.rows["role"] == "contrast"]
    return rows.set_index("population")


def test_two_levels_by_hand():
    """Men 60/80 - 40/80, women 20/80 - 40/80; variances p(1-p)/80, and (0.25 + 0.25)² / their sum is Wald's."""
    settings = {"covariates": [], "modifiers": ["sex"], "design": "unweighted", "small_sample": False}
    found = asked(by_hand(), **settings, measure=["risk_difference", "risk_ratio"])
    rows = differences(found)
    assert rows.loc["sex = m", "value"].tolist() == pytest.approx([0.25, 1.5])
    assert rows.loc["sex = w", "value"].tolist() == pytest.approx([-0.25, 0.5])
    variance = (0.75 * 0.25 + 0.5 * 0.5) / 80
    assert rows.loc["sex = m", "se"].iloc[0] == pytest.approx(np.sqrt(variance))
    test = found.interactions.iloc[0]
    assert (test["wald"], test["df"]) == (pytest.approx(0.5**2 / (2 * variance)), 1)
    # ln 1.5 - ln 0.5 = ln 3, with variances (1 - p) / (80 p) of the logarithm of each share.
    of_ratio = sum((1 - p) / (80 * p) for p in (0.75, 0.5, 0.25, 0.5))
    assert found.interactions.iloc[1]["wald"] == pytest.approx(np.log(3) ** 2 / of_ratio)
    assert found.sizes["n_first"].tolist() == [80, 80]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_estimator_answers_for_a_level_as_for_a_population(estimator):
    """With one level that is everybody but a few, the level's answer is close to that of all."""
    data = people(2000, 1)
    data["level"] = np.where(np.arange(2000) < 60, "few", "all")
    given = {"outcome": "well", "arm": "arm", "covariates": ["x"], "estimand": "ATE", "estimator": estimator}
    everybody = iop.estimate(data, **given).iloc[0]
    level = differences(iop.subgroups(data, **given, modifiers=["level"])).loc["level = all"]
    assert level["value"] == pytest.approx(everybody["value"], abs=0.3 * everybody["se"])
    assert level["se"] == pytest.approx(everybody["se"], rel=0.05)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_level_is_untouched_by_the_outcomes_of_the_others(estimator):
    data = people(800, 2)
    turned = data.assign(well=data["well"].where(data["level"] == "a", 1 - data["well"]))
    settings = {"estimator": estimator, "estimand": "ATE"}
    one, other = (differences(asked(frame, **settings)).loc["level = a"] for frame in (data, turned))
    assert one["value"] == pytest.approx(other["value"], rel=1e-9)
    assert one["se"] == pytest.approx(other["se"], rel=1e-9)


def test_levels_of_a_modifier_add_up_to_everybody():
    """Weighted means of a level, put together by the weights they stand for, are those of all."""
    data = people(900, 3)
    weights = iop.weigh(data, arm="arm", covariates=["x"])["weight"]
    settings = {"estimator": "weighted", "count_estimation": False}
    rows = asked(data, **settings).rows
    for arm in (1, 0):
        means = rows[(rows["role"] == "arm") & (rows["arm"] == str(arm))].set_index("population")["value"]
        own = weights[data["arm"] == arm].groupby("level = " + data["level"]).sum()
        whole = np.average(data["well"], weights=weights * (data["arm"] == arm))
        assert np.average(means[own.index], weights=own) == pytest.approx(whole)


@pytest.mark.slow
@pytest.mark.parametrize("n_sites", [0, 12])
def test_levels_that_do_not_differ_are_found_to_in_one_of_twenty(n_sites):
    cluster = "site" if n_sites else None
    tests = [asked(people(400, seed, n_sites=n_sites), cluster=cluster).interactions for seed in range(60)]
    share = np.mean([test["p_value"].iloc[0] < 0.05 for test in tests])
    assert share < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_levels_that_differ_are_found():
    found = asked(people(4000, 4, differs=1.2)).interactions.iloc[0]
    assert found["p_value"] < 0.001


@pytest.mark.slow
def test_p_values_are_adjusted_over_modifiers_of_one_measure():
    data = people(500, 5).assign(sex=lambda d: np.where(d.index % 2, "m", "w"), third=lambda d: d.index % 3)
    found = asked(data, modifiers=["level", "sex", "third"], measure=["risk_difference", "risk_ratio"]).interactions
    for _, tests in found.groupby("measure"):
        np.testing.assert_allclose(tests["p_holm"], iop.adjust_p_values(tests["p_value"], "holm"))
        np.testing.assert_allclose(tests["p_bh"], iop.adjust_p_values(tests["p_value"], "BH"))
    assert found["df"].tolist() == [1, 1, 1, 1, 2, 2]


def test_a_level_with_one_arm_keeps_its_row_and_is_not_tested():
    data = people(300, 6)
    data.loc[data.index < 20, ["level", "arm"]] = ["one arm", 1]
    found = asked(data)
    row = differences(found).loc["level = one arm"]
    assert row["status"] == "refused" and "arm" in row["reason"]
    assert found.interactions["levels"].item() == "a, b" and found.interactions["df"].item() == 1


def test_sites_that_are_all_alike_or_too_few_give_no_test():
    data = people(300, 7).assign(site=lambda d: d.index % 2)
    data["level"] = pd.cut(data["x"], 4, labels=list("abcd")).astype(str)
    found = asked(data, cluster="site", covariates=[], design="unweighted").interactions.iloc[0]
    assert np.isnan(found["p_value"]) and "clusters are too few" in found["reason"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"modifiers": []}, "there is none"),
        ({"modifiers": ["x"]}, "'x' has 300 levels; a modifier has 2 to 20"),
        ({"modifiers": ["well"]}, "'well' is the outcome itself"),
        ({"modifiers": ["arm"]}, "'arm' is the arm itself"),
        ({"modifiers": ["nothing"]}, "no column 'nothing'"),
    ],
)
def test_what_is_no_modifier_is_refused(settings, said):
    with pytest.raises(StudyError, match=said):
        asked(people(300, 8), **settings)


def test_people_without_the_modifier_are_counted():
    data = people(300, 9)
    data.loc[:4, "level"] = None
    with pytest.raises(StudyError, match="'level' is missing for 5 people"):
        asked(data)
