"""Which levels to merge so that a release hides none: by exact counts before a run, by what is shown after it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.release.disclosure import ReleaseRules, merging
from iop_outcomes.release.disclosure.merging import MISSING

RULES = ReleaseRules(min_cell=11, round_to=5)
HIDDEN = np.nan


def people(**levels: int | float | tuple[float, ...]) -> pd.DataFrame:
    """Return people by level, in one arm or in several."""
    rows = {name.replace("_", " "): n if isinstance(n, tuple) else (n,) for name, n in levels.items()}
    return pd.DataFrame.from_dict(rows, orient="index", dtype=float)


AGES = people(**{"25-34": 60, "55 and over": 4, "18-24": 30, "35-54": 40})
FEW_UNKNOWN = people(female=40, male=60, missing=4)


@pytest.mark.parametrize(
    ("counts", "hidden", "said"),
    [
        # What is hidden for its sake is merged with it, though others are fewer.
        (people(female=40, male=60, other=6), ["female"], "merge 'female' and 'other'"),
        (people(female=40, male=30, other=6), ["female"], "merge 'female' and 'other'"),
        (people(opioids=60, cannabis=20, other=3), [], "merge 'cannabis' and 'other'"),
        # Two small ones that are enough together leave the third alone; of 4 and 5 they are not.
        (people(opioids=60, cannabis=7, other=6), ["opioids"], "merge 'cannabis' and 'other'"),
        (people(opioids=60, alcohol=70, cannabis=4, other=5), ["opioids"], "merge 'cannabis', 'opioids' and 'other'"),
        # Small in one arm is small.
        (people(opioids=(60, 50), cannabis=(20, 30), other=(0, 3)), [], "merge 'cannabis' and 'other'"),
        # Bands lie side by side, whatever is hidden for their sake.
        (AGES, ["18-24"], "merge '35-54' and '55 and over'"),
        (AGES.assign(arm=[4, 60, 30, 40]), [], "merge '25-34', '35-54' and '55 and over'"),
        (people(female=40, other=6), ["female"], "no merging leaves more than one level; leave it out"),
        # Nobody is made to be of a kind that was not recorded.
        (FEW_UNKNOWN, ["female"], "nothing is merged with 'missing': find out what was not recorded, or leave it out"),
        (people(female=40, male=60, missing=20, other=4), ["missing"], "merge 'female' and 'other'"),
    ],
)
def test_what_to_merge_by_exact_counts(counts, hidden, said):
    assert str(merging(counts, RULES, hidden)) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (people(female=HIDDEN, male=60, other=HIDDEN), "merge 'female' and 'other'"),
        (people(female=(HIDDEN, 50), male=(60, 60), other=(HIDDEN, 0)), "merge 'female' and 'other'"),
        # Each arm hides others: two of them need not be enough for both.
        (people(a=(HIDDEN, 40), b=(HIDDEN, HIDDEN), c=(60, HIDDEN), d=(60, 60)), "merge 'a', 'b' and 'c'"),
        (
            people(female=HIDDEN, male=60, other=60, missing=HIDDEN),
            "merge 'female' and 'male'; where 'missing' is of few itself no merging helps: find out what was not "
            "recorded, or leave it out",
        ),
        (people(yes=HIDDEN), "no merging leaves more than one level; leave it out"),
    ],
)
def test_what_to_merge_by_what_is_shown(counts, said):
    assert str(merging(counts, RULES)) == said


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=6), st.booleans())
def test_after_the_merge_no_arm_has_a_level_of_few(cells, are_bands):
    names = [
        f"{10 * place}-{10 * place + 9}" if are_bands else f"level {'abcdef'[place]}" for place in range(len(cells))
    ]
    counts = pd.DataFrame(cells, index=names, columns=["iop", "outpatient"], dtype=float)
    done = merging(counts, RULES)
    small = counts[RULES.small(counts).any(axis=1)]
    if not done.groups:
        return
    home = {level: group[0] for group in done.groups for level in group}
    merged = counts.groupby([home.get(name, name) for name in names]).sum()
    assert len(merged) > 1
    assert not RULES.small(merged).any()
    assert set(small.index) <= set(home)


@given(st.permutations(["female", "male", "other", MISSING]))
def test_the_order_of_the_levels_decides_nothing(order):
    counts = people(female=40, male=60, other=6, missing=3)
    assert merging(counts.loc[order], RULES) == merging(counts, RULES)
