"""Rounding by a key, and the steps of means: what is shown tells no count more closely than its rounding does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.study.release_rules import Release

KEYS = [bytes([number]) * 32 for number in range(200)]
COUNTS = np.arange(11, 400)


@given(st.binary(min_size=16, max_size=32), st.sampled_from([2, 3, 5, 10, 50]))
def test_a_count_goes_to_a_multiple_beside_it_and_keeps_its_order(key, round_to):
    shown = ReleaseRules(11, round_to, key).rounded(COUNTS)
    assert (shown % round_to == 0).all()
    clear = round_to * np.ceil(11 / round_to)
    assert (np.abs(shown - COUNTS)[clear <= COUNTS] < round_to).all()
    assert (np.diff(shown) >= 0).all()
    assert shown.min() >= 11


def test_over_keys_rounding_adds_nothing():
    # 123 goes to 125 under three keys of five, to 120 under two. Over 200 keys the mean is near 123.
    shown = np.array([ReleaseRules(11, 5, key).rounded(123) for key in KEYS])
    assert set(shown) == {120, 125}
    assert abs(shown.mean() - 123) < 0.7


def test_the_same_count_is_rounded_alike_wherever_it_stands():
    rules = ReleaseRules(11, 5, KEYS[1])
    assert rules.rounded([123, 57, 123])[[0, 2]].tolist() == [rules.rounded(123)] * 2


def test_without_a_key_counts_go_to_the_nearest():
    assert ReleaseRules(11, 5).rounded([122, 123]).tolist() == [120, 125]
    assert ReleaseRules(11, 10).rounded([125]).tolist() == [130]


def test_a_pool_is_clear_of_two_roundings_by_a_key():
    # Each may be off by 4, so that a true difference of 19 may look like 11, and of 18 like 10.
    assert ReleaseRules(11, 5, KEYS[0]).clear == 19
    assert ReleaseRules(11, 5).clear == 15


def test_the_key_of_a_study_is_in_no_file_and_no_text():
    release = Release().keyed(KEYS[3])
    assert release.rules("balance").key == KEYS[3]
    assert "key" not in str(release.model_dump()) + repr(release.rules())


@pytest.mark.parametrize(
    ("people", "spread", "step"),
    [(40, 1, 0.2), (100, 1, 0.05), (760, 1, 0.01), (2730, 1, 0.002), (100_000, 1, 0.001), (760, 9.1, 0.1)],
)
def test_the_step_of_a_mean_times_its_people_is_a_rounding(people, spread, step):
    assert ReleaseRules(11, 5).step(people, spread) == pytest.approx(step)


def test_a_mean_in_steps_leaves_as_many_counts_as_rounding_does():
    # 281 of 760 is 0.3697: shown as 0.37, which 278 to 285 of 760 are as well.
    rules = ReleaseRules(11, 5)
    shares = pd.Series(np.arange(761) / 760)
    assert (rules.stepped(shares, 760) == 0.37).sum() >= 5
    assert rules.stepped([np.nan], 760).tolist() == pytest.approx([np.nan], nan_ok=True)


def test_an_interval_may_only_become_wider():
    rules = ReleaseRules(11, 5)
    assert rules.stepped([0.058], 100, way=np.floor).tolist() == [0.05]
    assert rules.stepped([0.051], 100, way=np.ceil).tolist() == [0.1]


def test_a_share_near_the_end_of_its_step_tells_how_few_it_is_not_of():
    # 141 of 515 is 0.274, shown as 0.25 in steps of 0.05: of at least 141 / 0.275 = 513 people, so that at most 3 of
    # the 516 of the arm are not known. 130 of 515 is shown as 0.25 as well, and may be of 473 to 578.
    rules = ReleaseRules(11, 5)
    assert rules.tells_few([0.25, 0.25], [141, 130], 515, 1).tolist() == [True, False]
    # As near the other end: of at most 116 / 0.225 = 515.6 people, so that at least 5 of 520 are not known.
    assert rules.tells_few(0.25, 116, 512, 8)
    # Of many unknown nothing has to be kept, and of none there is nothing to keep.
    assert rules.tells_few([0.25, 0.25], [141, 141], 515, [11, 0]).tolist() == [False, False]
