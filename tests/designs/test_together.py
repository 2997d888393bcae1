"""One design for more than two arms: weights by hand, what two arms become, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.scores.generalised import generalised_tilt, generalised_weights
from iop_outcomes.designs.together import pair_of, score_column, target_of, weigh_together
from iop_outcomes.designs.weighting import NOTES
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.kernel.registry import DESIGN_METHODS
from three_arms import ARMS, COVARIATES, three_arms

SCORES = np.array([[0.2, 0.3, 0.5], [0.6, 0.25, 0.15]])
ARM = np.array([1, 0])


@pytest.mark.parametrize(
    ("estimand", "target", "population"),
    [
        ("ATE", None, [1, 1]),
        ("ATT", 2, [0.5, 0.15]),
        ("ATO", None, [1 / (5 + 10 / 3 + 2), 1 / (5 / 3 + 4 + 20 / 3)]),
        ("ATM", None, [0.2, 0.15]),
    ],
)
def test_weights_are_the_population_over_the_score_of_the_own_arm(estimand, target, population):
    """The first person has a score of 0.3 for the own arm, the second of 0.6."""
    h, _ = generalised_tilt(SCORES, estimand, target)
    weights, _ = generalised_weights(SCORES, ARM, estimand, target)
    np.testing.assert_allclose(h, population)
    np.testing.assert_allclose(weights, np.array(population) / [0.3, 0.6])


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO", "ATM"])
def test_slopes_are_those_of_the_weights_along_each_linear_predictor(estimand):
    step = 1e-6
    _, slopes = generalised_weights(SCORES, ARM, estimand, 2)
    for place in (0, 1):
        ends = []
        for sign in (1, -1):
            odds = SCORES / SCORES[:, :1]
            odds[:, place + 1] *= np.exp(sign * step)
            ends.append(generalised_weights(odds / odds.sum(axis=1, keepdims=True), ARM, estimand, 2)[0])
        np.testing.assert_allclose(slopes[:, place], (ends[0] - ends[1]) / (2 * step), rtol=1e-6, atol=1e-9)


def weighed(method: str, frame: pd.DataFrame, arms=ARMS, target=None, cluster=None, **settings) -> pd.DataFrame:
    plugin = DESIGN_METHODS[method]
    arm = pd.Categorical(frame["arm"], categories=list(arms)).codes.astype(int)
    return weigh_together(frame[COVARIATES], arm, arms, cluster, plugin, plugin.check(settings), target)


@pytest.mark.parametrize("method", ["unweighted", "overlap_weights", "matching_weights", "ate_weights", "att_weights"])
def test_two_arms_at_once_are_the_two_arms_by_themselves(method):
    frame = three_arms().query("arm != 'residential'").reset_index(drop=True)
    plugin = DESIGN_METHODS[method]
    target = target_of(plugin, {}, ARMS[:2], ARMS[:2])
    at_once = pair_of(weighed(method, frame, ARMS[:2], target), ARMS[:2], *ARMS[:2])
    alone = plugin(frame[COVARIATES], (frame["arm"] == "iop").to_numpy(), None, 0, **plugin.check({}))
    np.testing.assert_allclose(at_once["weight"], alone["weight"], rtol=1e-6)
    np.testing.assert_allclose(at_once["score"], alone["score"], rtol=1e-6)


def test_the_score_of_a_pair_is_that_of_the_first_arm_for_someone_in_one_of_the_two():
    frame = three_arms()
    everybody = weighed("overlap_weights", frame)
    pair = pair_of(everybody, ARMS, "residential", "iop")
    assert set(frame.loc[pair.index[pair["treated"]], "arm"]) == {"residential"}
    one, other = (everybody.loc[pair.index, score_column(name)] for name in ("residential", "iop"))
    np.testing.assert_allclose(pair["score"], one / (one + other))
    np.testing.assert_allclose(pair["weight"], everybody.loc[pair.index, "weight"])


def test_weights_may_be_stabilised_trimmed_and_truncated():
    frame = three_arms()
    plain = weighed("ate_weights", frame)
    shares = frame["arm"].map(frame["arm"].value_counts(normalize=True))
    np.testing.assert_allclose(weighed("ate_weights", frame, stabilise=True)["weight"], plain["weight"] * shares)
    scores = plain[[score_column(name) for name in ARMS]]
    trimmed = weighed("ate_weights", frame, trim=0.1)
    assert ((trimmed["weight"] == 0) == (scores.min(axis=1) < 0.1)).all()
    assert 0 < (trimmed["weight"] == 0).mean() == trimmed.attrs[NOTES][0][1]
    cut = weighed("ate_weights", frame, truncate=0.9)
    assert cut["weight"].max() < plain["weight"].max()
    assert (cut["weight"] <= plain["weight"]).all()


def test_sites_that_lack_an_arm_are_left_out_where_sites_have_intercepts():
    frame = three_arms(1_000)
    # Before anything is fitted: site 3 has no residential care.
    frame = frame[(frame["site"] != 3) | (frame["arm"] != "residential")].reset_index(drop=True)
    made = weighed("overlap_weights", frame, cluster=frame["site"], by_site="intercepts")
    left_out = frame["site"] == 3
    assert (made.loc[left_out, "weight"] == 0).all()
    assert made.loc[left_out, score_column("iop")].isna().all()
    assert (made.loc[~left_out, "weight"] > 0).all()
    assert any("1 site that lack an arm left out" in sentence for _, _, sentence in made.attrs[NOTES])


@pytest.mark.parametrize(
    ("method", "settings", "says"),
    [
        ("cbps", {}, "makes two arms comparable and there are 3; restrict it to two by arms"),
        ("entropy_balance", {}, "makes two arms comparable"),
        ("overlap_weights", {"model": "boosted"}, "multinomial logistic regression and not 'boosted'"),
        ("overlap_weights", {"by_site": "separately"}, "cannot have models of their own"),
        ("overlap_weights", {"by_site": "intercepts"}, "needs sites"),
        ("ate_weights", {"trim": "crump"}, "Crump's bounds are for two arms"),
        ("ate_weights", {"trim": 0.33}, "do not overlap there"),
    ],
)
def test_what_several_arms_cannot_have_is_refused_by_name(method, settings, says):
    with pytest.raises(DesignError, match=says):
        weighed(method, three_arms(), **settings)


def test_covariates_that_decide_an_arm_are_named_with_the_way_out():
    frame = three_arms()
    frame["referral"] = np.where(frame["arm"] == "residential", "hospital", frame["referral"])
    with pytest.raises(DesignError, match=r"3 arms at once.*'iop'.*'hospital' of referral.*two by arms"):
        weighed("overlap_weights", frame)


@pytest.mark.parametrize(
    ("method", "settings", "contrast", "target"),
    [
        ("overlap_weights", {}, None, None),
        ("att_weights", {}, ("outpatient", "residential"), 1),
        ("atc_weights", {}, ("outpatient", "residential"), 2),
        ("att_weights", {"target": "iop"}, ("outpatient", "residential"), 0),
    ],
)
def test_an_att_speaks_for_the_arm_that_is_named_or_the_first_of_the_contrast(method, settings, contrast, target):
    assert target_of(DESIGN_METHODS[method], settings, ARMS, contrast) == target


def test_an_att_of_nobody_named_and_one_of_an_unknown_arm_are_refused():
    with pytest.raises(DesignError, match="name it by target, or by the contrast"):
        target_of(DESIGN_METHODS["att_weights"], {}, ARMS)
    with pytest.raises(DesignError, match=r"no arm 'resident'; did you mean 'residential'\?"):
        target_of(DESIGN_METHODS["att_weights"], {"target": "resident"}, ARMS)
