"""Several tables are protected as one: the same people are one unknown wherever they are counted."""

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import Part, ReleaseRules, Roles, levels, parts, protect, protect_together

EXACT = ReleaseRules(min_cell=11, round_to=1)

KNOWN = Roles(
    labels=("arm", "outcome"),
    counts=("n_arm", "n"),
    hidden_counts=("n_missing",),
    sums=(parts("n_arm", "n", "n_missing"),),
    keep={"n_arm": "is_total"},
    who={"n_arm": "{arm}", "n": "{arm}, {outcome} known", "n_missing": "{arm}, {outcome} missing"},
)
BARE = Roles(labels=("arm", "outcome"), counts=("n",), who={"n": "{arm}, {outcome} known"})


def test_a_count_that_is_hidden_in_one_table_is_hidden_in_every_other():
    # 95 of 100 are known, so 5 are not: the 95 is hidden. The other table knows of no sum, and would show it.
    first = pd.DataFrame({"arm": "iop", "outcome": "died", "n_arm": [100.0], "n": [95.0], "n_missing": [5.0]})
    second = pd.DataFrame({"arm": "iop", "outcome": ["died", "left"], "n": [95.0, 95.0]})
    assert protect(second, BARE, EXACT).frame["n"].tolist() == [95, 95]
    both = protect_together([Part("a", first.assign(is_total=True), KNOWN, EXACT), Part("b", second, BARE, EXACT)])
    assert both["a"].suppressed["n"].tolist() == [True]
    # The same number of another outcome is another count.
    assert both["b"].suppressed["n"].tolist() == [True, False]


def test_two_counts_of_the_same_words_that_differ_are_two():
    # A design that leaves people out counts fewer under the same words; to take both for one would be a contradiction.
    first = pd.DataFrame({"arm": "iop", "outcome": "died", "n_arm": [100.0], "n": [95.0], "n_missing": [5.0]})
    second = pd.DataFrame({"arm": "iop", "outcome": ["died"], "n": [80.0]})
    both = protect_together([Part("a", first.assign(is_total=True), KNOWN, EXACT), Part("b", second, BARE, EXACT)])
    assert both["b"].suppressed["n"].tolist() == [False]


def test_words_hold_of_the_rows_that_a_flag_marks():
    roles = Roles(labels=("arm",), counts=("n",), who={"n": "{arm}|is_all"})
    frame = pd.DataFrame({"arm": ["iop", "iop"], "n": [9.0, 40.0], "is_all": [False, True]})
    assert roles.people(frame) == {"n": ["", "iop"]}
    assert list(protect(frame, roles, EXACT).frame) == ["arm", "n"]


def test_the_strictest_table_that_a_count_stands_in_decides():
    frame = pd.DataFrame({"arm": ["iop"], "outcome": ["died"], "n": [15.0]})
    strict = ReleaseRules(min_cell=20, round_to=1)
    both = protect_together([Part("a", frame, BARE, EXACT), Part("b", frame, BARE, strict)])
    assert both["a"].suppressed["n"].tolist() == [True]


def test_hidden_counts_are_at_least_one_so_that_two_ones_need_a_third():
    # 15 = 10 + 3 + 1 + 1 with cells of 3 and more shown: were only the ones hidden, they would be 2 together.
    total = Roles(counts=("n", "n_all"), sums=(levels("n", "n_all", ()),), keep={"n_all": "is_total"})
    frame = pd.DataFrame({"n": [10.0, 3.0, 1.0, 1.0], "n_all": 15.0, "is_total": True})
    hidden = protect(frame, total, ReleaseRules(min_cell=3, round_to=1)).suppressed["n"].to_numpy()
    assert np.flatnonzero(hidden).tolist() == [1, 2, 3]
