"""Small counts, and whatever would give them away, do not leave."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attackers import attack, derivable
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.disclosure import (
    Released,
    ReleaseRules,
    Roles,
    chain,
    csv_bytes,
    levels,
    parts,
    pool,
    protect,
    release,
)

EXACT = ReleaseRules(min_cell=11, round_to=1)
RULES = ReleaseRules(min_cell=11, round_to=5)

FLOW = Roles(
    labels=("arm", "step"),
    counts=("n_before", "n_excluded", "n_after"),
    sums=(parts("n_before", "n_excluded", "n_after"), chain("n_after", "n_before", ("arm",), "step")),
    keep={"n_after": "is_last"},
)
LEVELS = Roles(labels=("level",), counts=("n", "n_all"), sums=(levels("n", "n_all", ()),), keep={"n_all": "is_total"})


def flow(before: int, excluded: list[int], arm: str = "iop") -> pd.DataFrame:
    """Return the steps of one arm."""
    left = before - np.cumsum(excluded)
    frame = pd.DataFrame({"arm": arm, "step": range(len(excluded)), "n_excluded": excluded, "n_after": left})
    frame["n_before"] = frame["n_after"] + frame["n_excluded"]
    return frame.astype({"n_before": float, "n_after": float, "n_excluded": float}).assign(
        is_last=frame["step"] == len(excluded) - 1
    )


def level_counts(*counts: int) -> pd.DataFrame:
    """Return levels of one covariate and their total."""
    frame = pd.DataFrame({"level": [f"level {i}" for i in range(len(counts))], "n": np.array(counts, dtype=float)})
    return frame.assign(n_all=frame["n"].sum(), is_total=True)


def shown(released: Released, column: str) -> list:
    """Return a column with "-" where something was suppressed."""
    hidden = released.suppressed[column]
    return ["-" if h else int(v) for v, h in zip(released.frame[column], hidden, strict=True)]


def test_the_usual_rules_are_eleven_and_five():
    assert (ReleaseRules().min_cell, ReleaseRules().round_to) == (11, 5)


def test_a_pool_is_large_enough_when_rounding_cannot_make_it_look_few():
    # Two rounded counts can be off by 4 together, so that a true difference of 15 may look like 11 and of 14 like 10.
    assert ReleaseRules(11, 5).clear == 15
    assert ReleaseRules(11, 1).clear == 11


def test_counts_of_1_to_10_are_suppressed_and_the_others_rounded_to_5():
    frame = pd.DataFrame({"site": list("abcdef"), "n": [0, 1, 10, 11, 17, 103]})
    released = protect(frame, Roles(labels=("site",), counts=("n",)), RULES)
    # 11 would round to 10, which looks like a number that must be hidden; so it becomes 15.
    assert shown(released, "n") == [0, "-", "-", 15, 15, 105]


def test_a_small_level_hides_another_one_since_the_total_is_known():
    # 200 = 120 + 75 + 5: with 120 and 75 shown, 5 would be the difference. The smaller of the two is hidden with it.
    released = protect(level_counts(120, 75, 5), LEVELS, EXACT)
    assert shown(released, "n") == [120, "-", "-"]
    assert shown(released, "n_all") == [200, 200, 200]


def test_two_small_levels_protect_each_other_only_if_together_they_say_little():
    # 8 and 9 sum to 17: the 8 could be as low as 1 or as high as 10, were the other 16 or 7.
    assert shown(protect(level_counts(100, 8, 9), LEVELS, EXACT), "n") == [100, "-", "-"]
    # 1 and 2 sum to 3: whoever knows that, knows that neither is more than 3. A third cell is hidden.
    assert shown(protect(level_counts(100, 50, 1, 2), LEVELS, EXACT), "n") == [100, "-", "-", "-"]


def test_an_excluded_few_hide_the_number_left_after_them():
    # 108 - 0 = 108, 108 - 5 = 103, 103 - 13 = 90: with 108 and 103 shown, 5 would be known.
    released = protect(flow(108, [0, 5, 13]), FLOW, EXACT)
    assert shown(released, "n_excluded") == [0, "-", "-"]
    assert shown(released, "n_after") == [108, "-", 90]
    assert shown(released, "n_before") == [108, 108, "-"]


def test_a_share_falls_with_its_complement():
    frame = pd.DataFrame({"arm": ["iop", "outpatient"], "n": [40, 200], "n_events": [35, 120]})
    roles = Roles(labels=("arm",), counts=("n", "n_events"), shares={"share": ("n_events", "n")})
    released = protect(frame, roles, RULES)
    # 35 of 40 have the event, so 5 do not; 120 of 200 is 0.6.
    assert released.frame["share"].isna().tolist() == [True, False]
    assert released.frame["share"].iloc[1] == 0.6
    assert shown(released, "n_events") == ["-", 120]


def test_shares_come_from_the_rounded_counts():
    frame = pd.DataFrame({"n": [103], "n_events": [52]})
    released = protect(frame, Roles(counts=("n", "n_events"), shares={"share": ("n_events", "n")}), RULES)
    assert released.frame["share"].iloc[0] == round(50 / 105, 3)


def test_values_fall_with_the_counts_they_rest_on():
    frame = pd.DataFrame({"arm": ["iop", "outpatient"], "n": [7, 200], "mean": [1.23456, 2.34567]})
    roles = Roles(labels=("arm",), counts=("n",), values={"mean": ("n",)}, decimals={"mean": 2})
    released = protect(frame, roles, RULES)
    assert released.frame["mean"].isna().tolist() == [True, False]
    assert released.frame["mean"].iloc[1] == 2.35


def test_a_spreadsheet_takes_no_text_for_a_formula():
    levels_ = ["=1+1", "@SUM(A1)", "+cmd|'/c'!A1", "-2+3", "-9", "+", "a=b", "\ttab"]
    frame = pd.DataFrame({"level": levels_, "n": 50.0})
    lines = csv_bytes(protect(frame, Roles(labels=("level",), counts=("n",)), RULES)).decode().splitlines()[1:]
    assert [line.rsplit(",", 1)[0] for line in lines] == [
        "'=1+1", "'@SUM(A1)", "'+cmd|'/c'!A1", "'-2+3", "-9", "+", "a=b", "'\ttab",
    ]  # fmt: skip


def test_no_subtraction_of_rounded_numbers_looks_like_a_small_count():
    # 100 - 12 = 88. Rounded: 100 and 90, whose difference 10 looks like a count that should have been hidden.
    frame = pd.DataFrame({"n": [100.0], "with_it": [88.0], "without_it": [12.0]})
    roles = Roles(counts=("n", "with_it", "without_it"), sums=(parts("n", "with_it", "without_it"),))
    released = protect(frame, roles, RULES)
    assert shown(released, "without_it") == ["-"]
    assert released.suppressed[["n", "with_it"]].any(axis=None)


def test_the_attacker_finds_what_is_left_open():
    frame = level_counts(120, 75, 5)
    only_small = pd.DataFrame({"n": [False, False, True], "n_all": [False] * 3})
    found = derivable(frame, only_small, LEVELS, EXACT)
    assert found[["row", "column", "low", "high"]].values.tolist() == [[2, "n", 5.0, 5.0]]
    assert derivable(frame, only_small.assign(n=[False, True, True]), LEVELS, EXACT).empty


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), min_size=2, max_size=6), min_size=1, max_size=3))
def test_no_small_level_can_be_worked_out(groups):
    frames = [level_counts(*counts).assign(arm=str(i)) for i, counts in enumerate(groups)]
    frame = pd.concat(frames, ignore_index=True)
    roles = Roles(
        labels=("level", "arm"),
        counts=("n", "n_all"),
        sums=(levels("n", "n_all", ("arm",)),),
        keep={"n_all": "is_total"},
    )
    released = protect(frame, roles, EXACT)
    bounds = attack(frame, released.suppressed, roles, EXACT)
    assert (bounds["low"] <= 1 + 1e-6).all()
    assert (bounds["high"] >= 10 - 1e-6).all()
    assert len(bounds) == EXACT.small(frame["n"]).sum() + EXACT.small(frame["n_all"]).sum()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.lists(st.integers(0, 40), min_size=1, max_size=6), st.sampled_from([EXACT, RULES]))
def test_no_number_excluded_can_be_worked_out(left, excluded, rules):
    frame = flow(left + sum(excluded), excluded)
    released = protect(frame, FLOW, rules)
    # A plain attacker: known cells that share an equation with exactly one hidden cell give it away.
    known = {
        (row, column): released.frame[column].iloc[row]
        for column in FLOW.counts
        for row in range(len(frame))
        if not released.suppressed[column].iloc[row]
    }
    for row in range(len(frame)):
        if {(row, "n_before"), (row, "n_after")} <= set(known):
            assert not rules.small(known[row, "n_before"] - known[row, "n_after"])
    assert not rules.small(list(known.values())).any()


def test_order_of_rows_changes_nothing():
    frame = pd.concat([flow(544, [44, 10, 290], "outpatient"), flow(108, [0, 5, 13])], ignore_index=True)
    once = protect(frame, FLOW, RULES).frame
    turned = protect(frame.iloc[::-1], FLOW, RULES).frame.iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(once, turned)


def test_a_table_of_single_people_is_refused():
    frame = pd.DataFrame({"member_id": ["m1"], "n": [20]})
    with pytest.raises(DisclosureError, match="'member_id' is about single people"):
        protect(frame, Roles(labels=("member_id",), counts=("n",)), RULES)


def test_a_column_without_a_role_is_refused():
    with pytest.raises(DisclosureError, match="'n_hidden' has no role"):
        protect(pd.DataFrame({"n": [20], "n_hidden": [3]}), Roles(counts=("n",)), RULES)


def test_nothing_but_what_was_protected_can_be_written_or_made(tmp_path):
    frame = pd.DataFrame({"n": [20]})
    with pytest.raises(DisclosureError, match="has not passed disclosure control"):
        release(frame, tmp_path / "table.csv")
    with pytest.raises(DisclosureError, match="only through"):
        Released(frame, frame.isna(), RULES)
    assert not (tmp_path / "table.csv").exists()


def test_csv_says_suppressed_and_has_the_same_bytes_each_time(tmp_path):
    frame = pd.DataFrame({"site": ["a", "b"], "n": [5, 203], "mean": [1.5, -0.0004]})
    roles = Roles(labels=("site",), counts=("n",), values={"mean": ("n",)})
    release(protect(frame, roles, RULES), tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_bytes() == b"site,n,mean\na,suppressed,suppressed\nb,205,0\n"
    assert csv_bytes(protect(frame, roles, RULES)) == (tmp_path / "one.csv").read_bytes()


def test_neighbours_are_pooled_until_none_is_small():
    # 3 + 9 = 12 is enough; the 4 at the end joins the 40 before it; zeros need no company.
    assert pool([0, 0, 3, 9, 40, 4], EXACT).tolist() == [0, 1, 2, 2, 3, 3]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_a_pool_is_empty_or_large_enough_unless_all_are_too_few(counts):
    pools = pool(counts, RULES)
    sizes = np.bincount(pools, weights=counts)
    assert (np.diff(pools) >= 0).all()
    if sum(counts) >= RULES.clear:
        assert ((sizes == 0) | (sizes >= RULES.clear)).all()
