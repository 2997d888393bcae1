"""More than two arms in one call: one population for every contrast, and two arms by themselves where asked for."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.kernel.errors import StudyError
from three_arms import ARMS, COVARIATES, three_arms

ASKED = {"arm": "arm", "covariates": COVARIATES}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return three_arms()


def estimates(data, first="iop", second="outpatient", **settings) -> pd.DataFrame:
    asked = {"outcome": "completed", "contrast": (first, second), "estimator": "weighted"} | settings
    return iop_outcomes.estimate(data, **ASKED, **asked)


def of_arm(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[(rows["role"] == "arm") & (rows["arm"] == name)].iloc[0]


@pytest.mark.parametrize("estimand", ["ATE", "ATO", "ATM"])
@pytest.mark.parametrize("estimator", ["weighted", "aipw", "outcome_regression"])
def test_an_arm_has_one_mean_whichever_it_is_compared_with(data, estimand, estimator):
    settings = {"estimand": estimand, "estimator": estimator}
    one, other = (of_arm(estimates(data, "iop", second, **settings), "iop") for second in ARMS[1:])
    assert one["value"] == pytest.approx(other["value"], rel=1e-9)
    assert one["se"] == pytest.approx(other["se"], rel=1e-6)


@pytest.mark.parametrize("estimator", ["weighted", "aipw", "outcome_regression"])
def test_three_contrasts_of_one_population_add_up(data, estimator):
    def difference(first, second):
        return estimates(data, first, second, estimator=estimator)["value"].iloc[0]

    whole = difference("iop", "residential")
    assert difference("iop", "outpatient") + difference("outpatient", "residential") == pytest.approx(whole, rel=1e-9)
    assert difference("residential", "iop") == pytest.approx(-whole, rel=1e-9)


def test_naming_two_arms_leaves_the_others_out(data):
    two = data[data["arm"] != "residential"]
    alone, left = estimates(data, arms=("iop", "outpatient")), estimates(two)
    pd.testing.assert_frame_equal(alone, left)
    assert alone["value"].iloc[0] != pytest.approx(estimates(data)["value"].iloc[0], rel=1e-3)


def test_weighted_means_by_hand(data):
    scores = iop_outcomes.weigh(data, estimand="ATO", **ASKED)
    e = scores[[f"score[{name}]" for name in ARMS]]
    np.testing.assert_allclose(e.sum(axis=1), 1)
    own = e.to_numpy()[np.arange(len(data)), data["arm"].map({name: i for i, name in enumerate(ARMS)})]
    np.testing.assert_allclose(scores["score"], own)
    np.testing.assert_allclose(scores["weight"], 1 / (1 / e).sum(axis=1) / own)
    means = [
        np.average(own["completed"], weights=scores.loc[own.index, "weight"])
        for own in (data[data["arm"] == "iop"], data[data["arm"] == "outpatient"])
    ]
    assert estimates(data)["value"].iloc[0] == pytest.approx(means[0] - means[1])


def test_one_design_serves_every_contrast_as_a_table(data):
    for estimand in ("ATE", "ATT", "ATO"):
        target = {"target": "residential"} if estimand == "ATT" else {}
        shuffled = data.sample(frac=1, random_state=3)
        table = iop_outcomes.weigh(shuffled, estimand=estimand, **ASKED, **target)
        for pair in (("iop", "outpatient"), ("residential", "iop")):
            given = estimates(data, *pair, design=table, estimator="aipw").drop(columns="design")
            named = estimates(data, *pair, estimand=estimand, estimator="aipw", design_settings=target)
            pd.testing.assert_frame_equal(given, named.drop(columns="design"), rtol=1e-6)


def test_an_att_speaks_for_the_people_of_one_arm(data):
    """Residential people keep their weight; every other arm is made like them, and its mean is the same in all."""
    made = iop_outcomes.weigh(data, estimand="ATT", target="residential", **ASKED)
    assert (made.loc[made["arm"] == "residential", "weight"] == 1).all()
    settings = {"estimand": "ATT", "design_settings": {"target": "residential"}}
    plain = data.loc[data["arm"] == "residential", "completed"].mean()
    assert of_arm(estimates(data, "residential", "iop", **settings), "residential")["value"] == pytest.approx(plain)
    by_contrast = estimates(data, "residential", "iop", estimand="ATT")["value"].iloc[0]
    assert estimates(data, "residential", "iop", **settings)["value"].iloc[0] == pytest.approx(by_contrast)


def test_outcomes_of_the_third_arm_are_not_needed_for_weighted_means(data):
    unknown = data["completed"].where(data["arm"] != "residential")
    pd.testing.assert_frame_equal(estimates(data.assign(completed=unknown)), estimates(data))


def test_a_third_arm_without_events_stops_no_outcome_model(data):
    never = data["completed"].where(data["arm"] != "residential", 0)
    rows = estimates(data.assign(completed=never), estimator="aipw")
    per_arm = estimates(data, estimator="aipw", outcome_model="per_arm")
    assert rows["value"].iloc[0] == pytest.approx(per_arm["value"].iloc[0], abs=0.01)
    beside = estimates(data.assign(completed=never), "iop", "residential", estimator="aipw")
    assert of_arm(beside, "residential")["value"] == 0
    assert "score interval" in beside["se_method"].iloc[0]


@pytest.mark.parametrize("estimator", ["weighted", "aipw", "outcome_regression"])
@pytest.mark.parametrize(("origin", "unit"), [(2024.0, 1.0), (1e9, 1.0), (0.0, 1e-4), (1e6, 365.25)])
def test_neither_origin_nor_unit_of_a_number_matters(data, estimator, origin, unit):
    expected = estimates(data, estimator=estimator)[["value", "se"]].iloc[0]
    moved = estimates(data.assign(age=data["age"] * unit + origin), estimator=estimator)
    np.testing.assert_allclose(moved[["value", "se"]].iloc[0].astype(float), expected.astype(float), rtol=1e-6)
    assert "estimated propensity score counted" in estimates(data, estimator="weighted")["se_method"].iloc[0]


def test_missing_outcomes_are_weighted_for_in_both_arms(data):
    some = data["completed"].where(np.arange(len(data)) % 5 > 0)
    rows = estimates(data.assign(completed=some), estimator="aipw")
    n_missing = int(some[data["arm"] != "residential"].isna().sum())
    assert f"{n_missing} missing outcomes weighted for" in rows["se_method"].iloc[0]
    assert rows["n"].iloc[0] == int(some[data["arm"] != "residential"].notna().sum())


def test_clusters_are_those_of_everybody(data):
    rows = estimates(data, cluster="site", estimator="aipw")
    assert "cluster-robust (12 clusters)" in rows["se_method"].iloc[0]


@pytest.mark.parametrize(
    ("estimator", "settings"), [("rmst", {"until_day": 60}), ("weighted_kaplan_meier", {"day": 30}), ("cox", {})]
)
def test_times_to_an_event_take_the_weights_of_all_arms(data, estimator, settings):
    asked = {"time": "days", "event": "left", "estimator": estimator, "contrast": ("iop", "outpatient"), **settings}
    rows = iop_outcomes.survival(data, **ASKED, **asked)
    weights = iop_outcomes.weigh(data, **ASKED)
    two = data[data["arm"] != "residential"]
    given = iop_outcomes.survival(two, design=weights.loc[two.index, ["weight"]], estimand="ATO", **ASKED, **asked)
    np.testing.assert_allclose(rows["value"], given["value"])
    np.testing.assert_allclose(rows["se"].dropna(), given["se"].dropna())


def test_balance_is_of_every_pair_and_of_each_arm_with_everybody(data):
    found = iop_outcomes.balance(data, estimand="ATE", **ASKED)
    pairs = ["iop v outpatient", "iop v residential", "outpatient v residential"]
    assert list(found["contrast"].unique()) == pairs + [f"{name} v everybody" for name in ARMS]
    after = found[(found["stage"] == "after") & (found["covariate"] == "age")].set_index("contrast")
    assert after.loc["iop v everybody", "mean_reference"] == pytest.approx(data["age"].mean())
    one = iop_outcomes.balance(data, estimand="ATE", contrast=("residential", "iop"), **ASKED)
    reverse = found[found["contrast"] == "iop v residential"]
    np.testing.assert_allclose(one["smd"], -reverse["smd"])


def test_matching_compares_two_arms_by_themselves(data):
    two = data[data["arm"] != "residential"]
    contrast = {"contrast": ("iop", "outpatient")}
    matched = iop_outcomes.match(data, **ASKED, **contrast)
    pd.testing.assert_frame_equal(matched, iop_outcomes.match(two, **ASKED))
    by_table = estimates(data, design=matched, estimator="matched")
    assert by_table["value"].iloc[0] == estimates(two, design="nearest_match", estimator="matched")["value"].iloc[0]


def test_the_order_of_rows_and_the_names_of_arms_do_not_matter(data):
    expected = estimates(data, estimator="aipw")[["value", "se"]]
    shuffled = estimates(data.sample(frac=1, random_state=1), estimator="aipw")[["value", "se"]]
    np.testing.assert_allclose(shuffled, expected, rtol=1e-7)
    names = {"iop": 3, "outpatient": 1, "residential": 2}
    renamed = estimates(data.assign(arm=data["arm"].map(names)), 3, 1, estimator="aipw")[["value", "se"]]
    np.testing.assert_allclose(renamed, expected, rtol=1e-7)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"estimator": "tmle", "estimand": "ATE"}, r"'tmle' compares two arms .* makes 3 comparable .* two by arms"),
        ({"estimator": "gee"}, "'gee' compares two arms by themselves"),
        ({"estimator": "aipw", "folds": 2}, "not cross-fitted where 3 arms"),
        ({"design": "cbps"}, "makes two arms comparable and there are 3"),
        ({"arms": ("iop",)}, "arms are two or more different arms"),
        ({"arms": "iop"}, "arms are two or more different arms"),
        ({"arms": ("iop", "inpatient")}, "nobody is in arm 'inpatient'"),
        ({"arms": ("iop", "residential")}, "nobody is in arm 'outpatient'"),
        ({"design": "att_weights", "arms": ARMS[:2], "design_settings": {"target": "outpatient"}}, "for those of 'out"),
    ],
)
def test_what_three_arms_cannot_have_is_refused_by_name(data, settings, says):
    with pytest.raises(StudyError, match=says):
        estimates(data, **settings)


def test_a_table_that_lacks_some_of_the_third_arm_is_refused(data):
    table = iop_outcomes.weigh(data, **ASKED).drop(index=data.index[data["arm"] == "residential"][:3])
    with pytest.raises(StudyError, match="does not hold each of the 400 members"):
        estimates(data, design=table)
