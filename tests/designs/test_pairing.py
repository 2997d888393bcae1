"""Matching as a study asks for it: frames in, frames out, and notes on everybody who was left out."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.pairing import nearest_match, subclass, subclass_ate
from iop_outcomes.designs.weighting import NOTES
from iop_outcomes.kernel.errors import DesignError


@pytest.fixture
def people():
    """400 people at five sites, 150 or so in the first arm, younger people more often."""
    random = np.random.default_rng(8)
    age = random.normal(40, 10, 400)
    covariates = pd.DataFrame(
        {"age": age, "sex": pd.Categorical(random.choice(["f", "m"], 400))},
        index=pd.Index([f"p{i}" for i in range(400)], name="member_id"),
    )
    treated = random.random(400) < 1 / (1 + np.exp((age - 33) / 10))
    return covariates, treated, random.choice(list("ABCDE"), 400)


def test_pairs_have_one_of_each_arm_and_both_weigh_one(people):
    covariates, treated, site = people
    frame = nearest_match(covariates, treated, site, 1)
    assert frame.index.equals(covariates.index)
    paired = frame["matched_set"].notna().to_numpy()
    assert (frame["weight"] == paired).all()
    sets = pd.crosstab(frame.loc[paired, "matched_set"], treated[paired])
    assert (sets == 1).all(axis=None)
    # The caliper: 0.2 standard deviations of the logit.
    logit = np.log(frame["score"] / (1 - frame["score"]))
    apart = logit[paired].groupby(frame.loc[paired, "matched_set"]).agg(np.ptp)
    assert apart.max() <= 0.2 * logit.std(ddof=1)


def test_who_is_left_out_is_counted_by_reason(people):
    covariates, treated, site = people
    frame = nearest_match(covariates, treated, site, 1, caliper=0.01)
    unmatched = int((treated & (frame["weight"] == 0)).sum())
    shares = [share for check, share, _ in frame.attrs[NOTES] if check == "unmatched"]
    assert sum(shares) * treated.sum() == pytest.approx(unmatched)
    assert "no control within the caliper" in " ".join(sentence for *_, sentence in frame.attrs[NOTES])


def test_pairs_within_sites(people):
    covariates, treated, site = people
    frame = nearest_match(covariates, treated, site, 1, exact=["site", "sex"])
    labels = pd.DataFrame({"site": site, "sex": covariates["sex"].astype(str), "set": frame["matched_set"]}).dropna()
    assert len(labels.drop_duplicates()) == labels["set"].nunique()


def test_a_site_without_the_other_arm_is_named(people):
    covariates, treated, site = people
    treated = treated | (site == "C")
    frame = nearest_match(covariates, treated, site, 1, exact=["site"])
    assert any("no control in the stratum ('C')" in sentence for *_, sentence in frame.attrs[NOTES])
    assert (frame["weight"][site == "C"] == 0).all()


def test_mahalanobis_within_a_caliper_of_the_score(people):
    covariates, treated, site = people
    frame = nearest_match(covariates, treated, site, 1, distance="mahalanobis", ratio=2)
    sizes = frame["matched_set"].value_counts()
    assert sizes.max() == 3 and sizes.min() >= 2
    assert any(check == "short_of_matches" for check, *_ in frame.attrs[NOTES])


def test_with_replacement_nobody_has_a_set(people):
    covariates, treated, site = people
    frame = nearest_match(covariates, treated, site, 1, replace=True, ratio=2)
    assert frame["matched_set"].isna().all()
    assert frame["weight"][~treated].max() > 1


@pytest.mark.parametrize(("method", "estimand"), [(subclass, "ATT"), (subclass_ate, "ATE")])
def test_subclasses_are_sets(people, method, estimand):
    covariates, treated, site = people
    frame = method(covariates, treated, site, 1, subclasses=4)
    assert sorted(frame["matched_set"].unique()) == ["1", "2", "3", "4"]
    assert (frame["weight"][treated] == 1).all() == (estimand == "ATT")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"exact": ["sexx"]}, "there is no covariate 'sexx'; did you mean 'sex'"),
        ({"exact": ["site"], "cluster": None}, "'site' needs sites"),
    ],
)
def test_impossible_requests_are_answered_by_name(people, settings, message):
    covariates, treated, site = people
    cluster = settings.pop("cluster", site)
    with pytest.raises(DesignError, match=message):
        nearest_match(covariates, treated, cluster, 1, **settings)
