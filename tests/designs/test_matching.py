"""Matching, read as examples: who is matched with whom, what happens to the others, and which inputs are refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.designs.pairs.mahalanobis import mahalanobis_coordinates
from iop_outcomes.designs.pairs.matching import nearest_match
from iop_outcomes.kernel.errors import DesignError

#   person    0     1     2     3     4     5     6     7     8     9
ARM = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
SCORE = [0.90, 0.50, 0.48, 0.85, 0.52, 0.47, 0.40, 0.30, 0.20, 0.10]


def pairs(matches):
    return list(zip(matches.pairs["treated"], matches.pairs["control"], strict=True))


def test_the_highest_score_chooses_first_and_nobody_is_taken_twice():
    # 0.90 takes 0.85 (0.05 away); 0.50 takes 0.52 (0.02) rather than 0.47 (0.03); 0.48 takes 0.47.
    matches = nearest_match(ARM, SCORE)
    assert pairs(matches) == [(0, 3), (1, 4), (2, 5)]
    assert matches.matched_set.tolist() == [1, 2, 3, 1, 2, 3, 0, 0, 0, 0]
    assert matches.weights.tolist() == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]
    assert matches.shortfall.empty


def test_who_chooses_first_matters():
    # Both treated want 0.60. In the data's order person 0 gets it; by score person 1 does.
    arm, score = [1, 1, 0, 0], [0.58, 0.62, 0.60, 0.20]
    assert pairs(nearest_match(arm, score, order="data")) == [(0, 2), (1, 3)]
    assert pairs(nearest_match(arm, score, order="largest")) == [(0, 3), (1, 2)]
    assert pairs(nearest_match(arm, score, order="smallest")) == [(0, 2), (1, 3)]


def test_a_caliper_leaves_people_unmatched_and_says_so():
    matches = nearest_match(ARM, SCORE, caliper=0.04, caliper_in_sd=False)
    assert pairs(matches) == [(1, 4), (2, 5)]  # the nearest to 0.90 is 0.05 away
    assert matches.shortfall.to_dict("records") == [
        {"stratum": "all", "reason": "no control within the caliper", "n_people": 1, "n_controls_missing": 1}
    ]


def test_a_caliper_in_standard_deviations_is_that_of_all_people():
    matches = nearest_match(ARM, SCORE, caliper=0.2)
    assert matches.caliper_width == pytest.approx(0.2 * np.std(SCORE, ddof=1))


def test_several_controls_each():
    # First round: 3, 4, 5 as above. Second round: 0.90 takes 0.40, the nearest left; 0.50 takes 0.30; 0.48 takes 0.20.
    matches = nearest_match(ARM, SCORE, ratio=2)
    assert pairs(matches) == [(0, 3), (0, 6), (1, 4), (1, 7), (2, 5), (2, 8)]
    assert matches.weights[[0, 3, 6, 9]].tolist() == [1, 1, 1, 0]


def test_a_ratio_beyond_the_supply_is_counted():
    # Seven controls, three treated: everybody gets two, the first chooser gets a third.
    matches = nearest_match(ARM, SCORE, ratio=3)
    assert matches.pairs.groupby("treated").size().tolist() == [3, 2, 2]
    assert matches.shortfall.to_dict("records") == [
        {"stratum": "all", "reason": "fewer controls than the ratio", "n_people": 2, "n_controls_missing": 2}
    ]
    # A control of the set of three stands for 1/3 of a person, one of a set of two for 1/2. The seven weights sum to
    # 3 x 1/3 + 4 x 1/2 = 3 and are scaled to sum to 7.
    assert matches.weights[3] == pytest.approx(1 / 3 * 7 / 3)
    assert matches.weights[4] == pytest.approx(1 / 2 * 7 / 3)


def test_with_replacement_a_control_serves_several():
    # 0.62 and 0.58 both take 0.60 first; second come 0.70 (0.08 from 0.62) and 0.52 (0.06 from 0.58).
    arm, score = [1, 1, 0, 0, 0], [0.62, 0.58, 0.60, 0.70, 0.52]
    matches = nearest_match(arm, score, ratio=2, replace=True)
    assert pairs(matches) == [(0, 2), (0, 3), (1, 2), (1, 4)]
    assert matches.pairs["rank"].tolist() == [1, 2, 1, 2]
    # Shares 1/2 + 1/2, 1/2, 1/2 sum to 2 and are scaled to 3, the number of controls used.
    assert matches.weights.tolist() == pytest.approx([1, 1, 1.5, 0.75, 0.75])
    assert matches.matched_set is None


def test_exact_matching_keeps_to_the_site_and_names_what_is_lacking():
    site = ["A", "B", "C", "A", "A", "A", "B", "B", "B", "B"]
    matches = nearest_match(ARM, SCORE, exact=site)
    assert pairs(matches) == [(0, 3), (1, 6)]
    assert matches.shortfall.to_dict("records") == [
        {"stratum": "C", "reason": "no control in the stratum", "n_people": 1, "n_controls_missing": 1}
    ]


def test_exact_matching_on_two_columns():
    exact = pd.DataFrame({"site": list("AABAABBBBB"), "sex": list("fmmfmfmmmm")})
    assert pairs(nearest_match(ARM, SCORE, exact=exact)) == [(0, 3), (1, 4), (2, 6)]


def test_somebody_whose_controls_were_all_taken_is_told_apart_from_somebody_without_any():
    matches = nearest_match([1, 1, 0, 0], [0.50, 0.51, 0.505, 0.9], caliper=0.05, caliper_in_sd=False)
    assert pairs(matches) == [(1, 2)]
    assert matches.shortfall["reason"].tolist() == ["every control in reach was taken by others"]


def test_equally_near_controls_are_taken_by_their_place():
    # Both 0.25 away: left and right of the treated person in sorted order, each one step; left goes first.
    assert pairs(nearest_match([1, 0, 0], [0.5, 0.75, 0.25])) == [(0, 2)]
    # Equal scores: of two to the right the nearer in the data, and one step to the right beats two to the left.
    assert pairs(nearest_match([1, 0, 0], [0.5, 0.5, 0.5])) == [(0, 1)]
    assert pairs(nearest_match([0, 1, 0], [0.5, 0.5, 0.5])) == [(1, 0)]


def test_mahalanobis_distance_counts_correlated_covariates_once():
    # x and z are almost the same number, w is another: a step in x and z together is one step, not two.
    random = np.random.default_rng(3)
    x = random.normal(size=200)
    frame = pd.DataFrame({"x": x, "z": x + 0.01 * random.normal(size=200), "w": random.normal(size=200)})
    arm = np.arange(200) % 2 == 0
    coordinates = mahalanobis_coordinates(frame, arm)
    within = frame - frame.groupby(arm).transform("mean")
    inverse = np.linalg.inv(within.T @ within / 198)
    step = (frame.iloc[0] - frame.iloc[1]).to_numpy()
    assert np.sum((coordinates[0] - coordinates[1]) ** 2) == pytest.approx(step @ inverse @ step)


def test_mahalanobis_distance_with_a_category_does_not_depend_on_how_it_is_coded():
    frame = pd.DataFrame({"age": [20, 30, 40, 50, 60, 35, 45, 25], "sex": list("fmfmmffm")})
    arm = [1, 0, 1, 0, 1, 0, 1, 0]
    as_number = frame.assign(sex=(frame["sex"] == "m") * 7.0)
    ours, other = (mahalanobis_coordinates(f, arm) for f in (frame, as_number))
    assert np.linalg.norm(ours[0] - ours, axis=1) == pytest.approx(np.linalg.norm(other[0] - other, axis=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"treated": [1] * 10}, "nobody of 10 people is in the second arm"),
        ({"treated": [0] * 10}, "nobody of 10 people is in the first arm"),
        ({"treated": [1, 2] + [0] * 8}, "the arm of 1 person is neither 0 nor 1"),
        ({"distance": [np.nan, *SCORE[1:]]}, "the distance of 1 person is missing or infinite"),
        ({"distance": [np.inf, -np.inf, *SCORE[2:]]}, "the distance of 2 people is missing or infinite"),
        ({"ratio": 0}, "ratio is 0"),
        ({"caliper": -0.2}, "caliper is -0.2"),
        ({"order": "random"}, "order is 'random'; allowed are largest, smallest, data"),
        ({"exact": [None] + ["A"] * 9}, "the label to match exactly on is missing for 1 person"),
        ({"exact": list("AAABBBBBBB")}, "none of 3 treated people found a control: no control in the stratum \\(3\\)"),
        ({"caliper": 1e-9}, "none of 3 treated people found a control: no control within the caliper \\(3\\)"),
        ({"distance": np.ones((10, 2)), "caliper": 0.2}, "need a score"),
    ],
)
def test_impossible_requests_are_answered_by_name(change, message):
    request = {"treated": ARM, "distance": SCORE} | change
    with pytest.raises(DesignError, match=message):
        nearest_match(**request)


def walk(arm, distance, stratum, order, ratio, width, replace):
    """MatchIt's definition, person by person: walk outward from the chooser in sorted order, left first."""
    n = len(arm)
    line = sorted(range(n), key=lambda i: (stratum[i], distance[i], i))
    place = {person: k for k, person in enumerate(line)}
    free, taken = {i for i in range(n) if not arm[i]}, {i: [] for i in order}

    def choose(person, wanted):
        stands = [place[c] for c in taken[person]] + [place[person]]
        candidates = []
        for control in free - set(taken[person]):
            apart = abs(distance[control] - distance[person])
            if stratum[control] == stratum[person] and apart <= width:
                right = place[control] > place[person]
                steps = place[control] - max(stands) if right else min(stands) - place[control]
                candidates.append((apart, steps, right, control))
        return [control for *_, control in sorted(candidates)[:wanted]]

    for _ in range(1 if replace else ratio):
        for person in order:
            chosen = choose(person, ratio if replace else 1)
            taken[person] += chosen
            if not replace:
                free -= set(chosen)
    return {(person, control) for person, controls in taken.items() for control in controls}


people = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 2)), min_size=2, max_size=14)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    people=people.filter(lambda rows: 0 < sum(arm for arm, *_ in rows) < len(rows)),
    ratio=st.integers(1, 3),
    width=st.sampled_from([0.5, 1.0, 2.5, np.inf]),
    order=st.sampled_from(["largest", "smallest", "data"]),
    replace=st.booleans(),
)
def test_the_fast_search_is_the_definition(people, ratio, width, order, replace):
    arm, score, site = (np.array(column) for column in zip(*people, strict=True))
    sign = {"largest": -1, "smallest": 1, "data": 0}[order]
    choosers = sorted(np.flatnonzero(arm), key=lambda i: sign * score[i])
    expected = walk(arm, score, site, choosers, ratio, width, replace)
    caliper = None if np.isinf(width) else width
    try:
        matches = nearest_match(
            arm, score, caliper=caliper, caliper_in_sd=False, ratio=ratio, replace=replace, exact=site, order=order
        )
    except DesignError as error:
        assert "found a control" in str(error) and not expected
        return
    assert set(pairs(matches)) == expected
    got = sum(len(group) for _, group in matches.pairs.groupby("treated"))
    assert arm.sum() * ratio == got + matches.shortfall["n_controls_missing"].sum()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(4, 60),
    ratio=st.integers(1, 3),
    replace=st.booleans(),
    caliper=st.sampled_from([None, 0.5]),
)
def test_the_tree_finds_what_comparing_everybody_finds(seed, n, ratio, replace, caliper):
    random = np.random.default_rng(seed)
    coordinates = random.integers(0, 3, size=(n, 2)).astype(float) if seed % 2 else random.normal(size=(n, 3))
    arm = np.arange(n) % 3 == 0
    score = random.normal(size=n)
    request = {"ratio": ratio, "replace": replace, "caliper": caliper, "caliper_score": score, "order": "data"}
    try:
        matches = nearest_match(arm, coordinates, **request)
    except DesignError:
        return
    width = np.inf if caliper is None else caliper * score.std(ddof=1)
    place = np.argsort(np.argsort(coordinates[:, 0], kind="stable"))
    free, expected = ~arm, set()
    for _ in range(1 if replace else ratio):
        for person in np.flatnonzero(arm):
            apart = ((coordinates - coordinates[person]) ** 2).sum(axis=1)
            steps = place - place[person]
            possible = [c for c in np.flatnonzero(free) if abs(score[c] - score[person]) <= width]
            # Of equals the one met last on the walk to the left, and if there is none there the last to the right.
            possible.sort(key=lambda c: (apart[c], steps[c] > 0, -abs(steps[c])))
            for control in possible[: ratio if replace else 1]:
                expected.add((person, control))
                free[control] = replace
    assert set(pairs(matches)) == expected


def test_shuffling_people_changes_nothing_but_their_places():
    random = np.random.default_rng(11)
    arm, score = random.random(300) < 0.4, random.normal(size=300)
    shuffled = random.permutation(300)
    plain = nearest_match(arm, score, caliper=0.1)
    moved = nearest_match(arm[shuffled], score[shuffled], caliper=0.1)
    assert {(shuffled[t], shuffled[c]) for t, c in pairs(moved)} == set(pairs(plain))
    assert moved.weights == pytest.approx(plain.weights[shuffled])
