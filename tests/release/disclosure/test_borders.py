"""Disclosure control at its borders: each example would come out otherwise were a sign or a border another."""

import numpy as np
import pandas as pd
import pytest

from attackers import attack, derivable
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.disclosure import (
    ReleaseRules,
    Roles,
    chain,
    csv_bytes,
    levels,
    parts,
    pool,
    protect,
    same,
)

EXACT = ReleaseRules(min_cell=11, round_to=1)
RULES = ReleaseRules(min_cell=11, round_to=5)

COUNTS = Roles(counts=("n", "with_it", "without_it"), sums=(parts("n", "with_it", "without_it"),))


def one_row(**counts: float) -> pd.DataFrame:
    """Return a table of one row."""
    return pd.DataFrame({name: [float(count)] for name, count in counts.items()})


def cells(released, *columns: str) -> list:
    """Return the first row, with "-" where a count was suppressed."""
    hidden = released.suppressed.iloc[0]
    return ["-" if hidden[column] else int(released.frame[column].iloc[0]) for column in columns]


def told(**counts_and_hidden: tuple[float, bool]) -> list[str]:
    """Return the columns about which an attacker learns more than that they are small."""
    frame = one_row(**{name: count for name, (count, _) in counts_and_hidden.items()})
    hidden = pd.DataFrame({name: [is_hidden] for name, (_, is_hidden) in counts_and_hidden.items()})
    return derivable(frame, hidden, COUNTS, EXACT)["column"].tolist()


# The attacker


def test_knowing_that_a_small_count_is_at_least_one_is_no_news_and_at_least_two_is():
    # 4 = 1 + 3 and only the 1 is seen: n is at least 1. 4 = 2 + 2 and only one 2 is seen: n is at least 2.
    assert told(n=(4, True), with_it=(1, False), without_it=(3, True)) == ["with_it"]
    assert told(n=(4, True), with_it=(2, False), without_it=(2, True)) == ["n", "with_it"]


def test_knowing_that_a_small_count_is_at_most_ten_is_no_news_and_at_most_nine_is():
    # A part is at least 1, so that of 11 either may be 10, and of 10 neither; the 10 itself is seen.
    assert told(n=(11, False), with_it=(4, True), without_it=(7, True)) == []
    assert told(n=(10, False), with_it=(4, True), without_it=(6, True)) == ["n", "with_it", "without_it"]


def test_a_hidden_count_in_no_sum_can_be_anything_that_is_small():
    frame, alone = pd.DataFrame({"n": [5.0, 60.0]}), Roles(counts=("n",))
    found = attack(frame, pd.DataFrame({"n": [True, False]}), alone, EXACT)
    assert found.values.tolist() == [[0, "n", 1.0, 10.0]]


# Pools


@pytest.mark.parametrize(
    ("counts", "pools"),
    [
        ([15, 15], [0, 1]),  # 11 + 5 - 1 is just enough
        ([14, 15], [0, 0]),
        ([1, 40], [0, 0]),  # a single person is no pool
        ([0, 40], [0, 1]),
        ([5, 5], [0, 0]),  # too few together, and there is nobody else
    ],
)
def test_a_pool_of_neighbours_is_empty_or_clear(counts, pools):
    assert pool(counts, RULES).tolist() == pools


# Shares and values

SHARE = Roles(counts=("n", "n_events"), shares={"share": ("n_events", "n")})


def test_a_share_is_called_suppressed_only_where_there_was_one():
    # 35 of 40: hidden, since 5 have it not. Of 5 people nothing is known: nothing was there to hide. 120 of 200: shown.
    frame = pd.DataFrame({"n": [40, 5, 200], "n_events": [35, np.nan, 120]})
    released = protect(frame, SHARE, RULES)
    assert released.suppressed["share"].tolist() == [True, False, False]
    assert released.frame["share"].isna().tolist() == [True, True, False]


def test_where_nothing_is_small_the_share_of_one_person_is_shown_and_of_nobody_there_is_none():
    released = protect(pd.DataFrame({"n": [1, 0], "n_events": [1, 0]}), SHARE, ReleaseRules(1, 1))
    assert released.frame["share"].fillna(-1).tolist() == [1.0, -1]
    assert not released.suppressed["share"].any()


def test_a_share_of_rounded_counts_is_at_most_one():
    # 218 of 220: both become 220.
    assert protect(one_row(n=220, n_events=218), SHARE, ReleaseRules(1, 5)).frame["share"].tolist() == [1.0]


def test_a_value_falls_with_any_of_the_counts_it_rests_on():
    frame = one_row(n=40, n_events=5).assign(mean=2.0)
    released = protect(frame, Roles(counts=("n", "n_events"), values={"mean": ("n", "n_events")}), RULES)
    assert released.suppressed["mean"].tolist() == [True]


def test_a_value_that_rounds_to_nothing_has_no_sign():
    released = protect(one_row(n=40).assign(mean=-0.0004), Roles(counts=("n",), values={"mean": ("n",)}), RULES)
    assert not np.signbit(released.frame["mean"]).any()
    assert csv_bytes(released) == b"n,mean\n40,0\n"


def test_a_column_that_roles_speak_of_and_that_is_not_there_is_named():
    with pytest.raises(DisclosureError, match="the column 'with_it' is missing from a table about to be released"):
        protect(one_row(n=40), COUNTS, RULES)


# Sums


def test_the_equations_of_each_kind_of_sum():
    frame = pd.DataFrame({"arm": ["iop", "iop"], "day": [9, 2], "n": [3.0, 4.0], "n_all": [9.0, 9.0], "rest": [2.0, 0]})
    assert list(parts("n_all", "n", "rest")(frame))[1] == {(1, "n_all"): 1, (1, "n"): -1, (1, "rest"): -1}
    assert list(same("n_all", ("arm",))(frame)) == [{(0, "n_all"): 1, (1, "n_all"): -1}]
    # 9 = 3 + 4 + 2 of an unlisted level, which stand on the first row.
    assert list(levels("n", "n_all", ("arm",), rest="rest")(frame)) == [
        {(0, "n_all"): 1, (0, "rest"): -1, (0, "n"): -1, (1, "n"): -1},
        {(0, "n_all"): 1, (1, "n_all"): -1},
    ]
    # Day 2 comes before day 9, though it stands below it.
    assert list(chain("n", "n_all", ("arm",), "day")(frame)) == [{(1, "n"): 1, (0, "n_all"): -1}]


def test_a_sum_that_does_not_hold_tells_nobody_anything():
    # 120 + 75 + 5 = 200, but 201 are in the arm: one has no level, and who subtracts would be wrong.
    frame = pd.DataFrame({"n": [120.0, 75.0, 5.0], "n_all": 201.0})
    released = protect(frame, Roles(counts=("n", "n_all"), sums=(levels("n", "n_all", ()),)), EXACT)
    assert released.suppressed["n"].tolist() == [False, False, True]


def test_an_unlisted_level_guards_the_listed_ones():
    # 200 = 120 + 75 + 5 unlisted: with the three that are listed shown, the 5 would be known.
    frame = pd.DataFrame({"n": [120.0, 75.0], "n_all": 200.0, "rest": [5.0, np.nan], "is_total": True})
    roles = Roles(
        counts=("n", "n_all"),
        hidden_counts=("rest",),
        sums=(levels("n", "n_all", (), rest="rest"),),
        keep={"n_all": "is_total"},
    )
    released = protect(frame, roles, EXACT)
    assert released.suppressed["n"].tolist() == [False, True]
    assert "rest" not in released.frame


# Suppression


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ((100, 50, 8, 3), [2, 3]),  # together 11: either may be 10 and the other 1
        ((100, 50, 8, 2), [1, 2, 3]),  # together 10: a hidden one is never 0, so that neither is 10
    ],
)
def test_two_small_levels_are_enough_if_either_might_be_ten(counts, hidden):
    frame = pd.DataFrame({"n": np.array(counts, dtype=float), "n_all": float(sum(counts)), "is_total": True})
    roles = Roles(counts=("n", "n_all"), sums=(levels("n", "n_all", ()),), keep={"n_all": "is_total"})
    assert np.flatnonzero(protect(frame, roles, EXACT).suppressed["n"]).tolist() == hidden


def test_a_small_count_might_be_one_as_far_as_anybody_can_tell():
    # 5 + 98 = 3 + 100. With 98 and 100 shown the 5 is at least 2, since nobody is fewer than none: one more is hidden.
    def crossed(frame):
        yield {(0, "a"): 1.0, (0, "b"): 1.0, (0, "c"): -1.0, (0, "d"): -1.0}

    roles = Roles(counts=("a", "b", "c", "d"), sums=(crossed,))
    released = protect(one_row(a=5, b=98, c=3, d=100), roles, EXACT)
    assert cells(released, "a", "b", "c", "d") == ["-", "-", "-", 100]


def test_where_only_one_and_two_are_small_a_one_is_guarded_like_any_other():
    frame = pd.DataFrame({"n": [100.0, 50.0, 1.0], "n_all": 151.0, "is_total": True})
    roles = Roles(counts=("n", "n_all"), sums=(levels("n", "n_all", ()),), keep={"n_all": "is_total"})
    assert protect(frame, roles, ReleaseRules(3, 1)).suppressed["n"].tolist() == [False, True, True]


def test_a_count_that_other_tables_show_is_not_hidden_to_guard_another():
    # 108 - 5 = 103: to hide the 103 would be cheaper, but whoever reads the other table knows it.
    def released(keep):
        roles = Roles(counts=("n", "with_it", "without_it"), sums=COUNTS.sums, keep=keep)
        frame = one_row(n=108, with_it=103, without_it=5).assign(**dict.fromkeys(keep.values(), True))
        return protect(frame, roles, EXACT)

    assert cells(released({}), "n", "with_it", "without_it") == [108, "-", "-"]
    assert cells(released({"with_it": "elsewhere"}), "n", "with_it", "without_it") == ["-", 103, "-"]


def test_where_every_other_count_is_shown_elsewhere_one_is_hidden_all_the_same():
    roles = Roles(counts=COUNTS.counts, sums=COUNTS.sums, keep={"n": "elsewhere", "with_it": "elsewhere"})
    released = protect(one_row(n=108, with_it=103, without_it=5).assign(elsewhere=True), roles, EXACT)
    assert cells(released, "n", "with_it", "without_it") == [108, "-", "-"]
