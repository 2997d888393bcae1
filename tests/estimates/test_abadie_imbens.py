"""The Abadie-Imbens estimator against its definition, person by person."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.estimates.estimators.abadie_imbens import match_with_ties
from iop_outcomes.kernel.errors import EstimationError


def test_ties_are_averaged():
    # The treated person at 1 is as near to the controls at 0 and at 2: mean 3, difference 7. The one at 4 takes 2.
    found = match_with_ties([10, 8, 2, 4], [1, 1, 0, 0], [1.0, 4.0, 0.0, 2.0])
    assert found.n_pairs == 3
    assert found.value == pytest.approx(((10 - 3) + (8 - 4)) / 2)
    # Pair differences 8 and 6 (half each) and 4: around 5.5, 0.5 * 2.5^2 + 0.5 * 0.5^2 + 1.5^2 = 5.5.
    # The control at 2 serves 1/2 + 1 times: uses^2 - sum of squares = 1.5^2 - (1/4 + 1) = 1; that at 0: 1/4 - 1/4 = 0.
    # People differ by 7 and 4 from 5.5: 2 * 1.5^2 = 4.5.
    assert found.se == pytest.approx(np.sqrt(4.5 / 4 + 5.5 / 2 / 2 * 1 / 4))


def definition(outcome, arm, score, estimand, n_matches, tolerance):
    z = (score - score.mean()) / score.std(ddof=1)
    uses, squared = np.zeros(len(z)), np.zeros(len(z))
    differences, pair_differences, shares = [], [], []
    for i in np.flatnonzero(arm) if estimand == "ATT" else range(len(z)):
        others = np.flatnonzero(arm != arm[i])
        apart = (z[others] - z[i]) ** 2
        matched = others[apart <= np.sort(apart)[n_matches - 1] + tolerance]
        uses[matched] += 1 / len(matched)
        squared[matched] += 1 / len(matched) ** 2
        pairs = (outcome[i] - outcome[matched]) * (1 if arm[i] else -1)
        differences.append(pairs.mean())
        pair_differences.extend(pairs)
        shares.extend([1 / len(matched)] * len(matched))
    value, n = np.mean(differences), len(differences)
    noise = np.average((np.array(pair_differences) - value) ** 2, weights=shares) / 2
    repeated = uses**2 - squared + (2 * uses if estimand == "ATE" else 0)
    return value, np.sqrt((np.sum((np.array(differences) - value) ** 2) + noise * repeated.sum()) / n**2)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(8, 40),
    n_matches=st.integers(1, 3),
    estimand=st.sampled_from(["ATT", "ATE"]),
    discrete=st.booleans(),
)
def test_the_fast_sums_are_the_definition(seed, n, n_matches, estimand, discrete):
    random = np.random.default_rng(seed)
    score = random.integers(0, 5, n).astype(float) if discrete else random.normal(size=n)
    score[:2] = 0.0, 1.0
    arm, outcome = np.arange(n) % 2 == 0, random.normal(100, 1, n)
    found = match_with_ties(outcome, arm, score, estimand=estimand, n_matches=n_matches)
    value, se = definition(outcome, arm, score, estimand, n_matches, 1e-5)
    assert found.value == pytest.approx(value, abs=1e-10)
    assert found.se == pytest.approx(se, rel=1e-8)


def test_swapping_the_arms_turns_the_ate_over():
    random = np.random.default_rng(2)
    arm, outcome, score = np.arange(50) % 2, random.normal(size=50), random.normal(size=50)
    there, back = (match_with_ties(outcome, a, score, estimand="ATE") for a in (arm, 1 - arm))
    assert (there.value, there.se) == pytest.approx((-back.value, back.se))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_matches": 3}, "3 matches were asked for"),
        ({"estimand": "ATO"}, "no estimand 'ATO'"),
        ({"score": [np.nan, 0, 1, 2]}, "score of 1 person is missing"),
        ({"treated": [1, 1, 1, 1]}, "nobody of 4 rows"),
    ],
)
def test_impossible_requests_are_answered_by_name(change, message):
    request = {"outcome": [1, 2, 3, 4], "treated": [1, 1, 0, 0], "score": [0, 1, 2, 3]} | change
    with pytest.raises(EstimationError, match=message):
        match_with_ties(**request)
