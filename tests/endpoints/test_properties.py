"""What must hold for any words at all."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.endpoints import ENDPOINTS, WeekMatrix, Weeks, score, to_matrix
from iop_outcomes.endpoints.catalogue import SAME_RULE
from iop_outcomes.endpoints.primitives import longest_run

words = st.lists(st.text("-+*o", min_size=0, max_size=24), min_size=1, max_size=12)
scheduled_or_not = st.lists(st.text("-+*o_", min_size=0, max_size=24), min_size=1, max_size=12)
few = settings(max_examples=40, deadline=None)

WITHOUT_WEEK_NUMBERS = [
    "Ab_fiellin_2006",
    "Ab_kosten_1993",
    "Ab_ling_1998",
    "Ab_schottenfeldB_2008",
    "Ab_schottenfeld_2005",
    "Ab_ctnThirty_2011",
    "AbE_shufman_1994",
    "Rd_fiellin_2006",
    "Rd_fudala_2003",
    "Rd_lingA_1998",
    "Rd_mattickA_2003",
    "Rd_petitjean_2001",
    "Rd_strang_2010",
    "Rd_zaks_1972",
    "DrE_ctnNinetyFour_2023",
    "Rs_krupitsky_2004",
    "RsE_lee_2016",
]


@given(scheduled_or_not, st.randoms())
@few
def test_shuffling_rows_shuffles_answers(people, random):
    order = list(range(len(people)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(
        score([people[i] for i in order]), score(people).iloc[order].reset_index(drop=True), check_exact=True
    )


@given(words)
@few
def test_renaming_people_changes_nothing_but_the_names(people):
    names = [f"person {i}" for i in range(len(people))]
    named = score(pd.Series(people, index=names, dtype=object))
    assert list(named.index) == names
    np.testing.assert_array_equal(named.to_numpy(), score(people).to_numpy())


@given(words, st.integers(1, 20), st.integers(0, 10), st.integers(0, 5), st.integers(0, 5))
@few
def test_a_wider_window_never_shortens_the_longest_abstinence(people, first, more, earlier, later):
    matrix = WeekMatrix.from_codes(to_matrix(people))
    narrow = longest_run(matrix, "-", Weeks(first, first + more))
    wide = longest_run(matrix, "-", Weeks(max(first - earlier, 1), first + more + later))
    assert (wide >= narrow).all()


@given(words)
@few
def test_missing_as_use_never_raises_abstinence(people):
    as_use = [word.replace("o", "+") for word in people]
    names = [name for name in ENDPOINTS if name.startswith("Ab_")]
    before, after = score(people, names, mode="ctnote"), score(as_use, names, mode="ctnote")
    for column in before:
        risen = (before[column] > after[column]) if column.startswith("AbE") else (after[column] > before[column])
        assert not risen.any(), column


@given(words)
@few
def test_missing_as_use_never_raises_a_share_of_negative_weeks(people):
    names = [
        "Rd_fiellin_2006",
        "Rd_fudala_2003",
        "Rd_mattickB_2003",
        "Rd_shufman_1994",
        "Rd_soyka_2008",
        "Rd_zaks_1972",
    ]
    as_use = [word.replace("o", "+") for word in people]
    assert not (score(as_use, names, mode="ctnote") > score(people, names, mode="ctnote") + 1e-12).any(axis=None)


@given(scheduled_or_not)
@few
def test_unscheduled_weeks_change_nothing_where_week_numbers_do_not_matter(people):
    pd.testing.assert_frame_equal(
        score(people, WITHOUT_WEEK_NUMBERS), score([word.replace("_", "") for word in people], WITHOUT_WEEK_NUMBERS)
    )


@given(st.lists(st.text("-+*o", min_size=1, max_size=24), min_size=1, max_size=12))
@few
def test_same_rules_under_several_names_agree(people):
    published = score(people, mode="ctnote")
    for group in SAME_RULE:
        for columns in zip(*(ENDPOINTS[name].columns for name in group), strict=True):
            first, *others = (published[column].to_numpy() for column in columns)
            for other in others:
                np.testing.assert_allclose(other, first, atol=1e-12)
    np.testing.assert_array_equal(
        published["Rs_krupitsky_2004"], published["RsE_schottenfeld_2008"].fillna(0), "same rule, by its event"
    )


@given(st.lists(st.text("-+*", min_size=15, max_size=24), min_size=1, max_size=12))
@few
def test_the_modes_agree_on_complete_words(people):
    pd.testing.assert_frame_equal(score(people), score(people, mode="ctnote"), atol=1e-9)


@given(scheduled_or_not)
@few
def test_values_stay_in_range(people):
    for mode in ("ctnote", "corrected"):
        values = score(people, mode=mode)
        indices, counts = ["Rd_lingA_1976", "Rd_lingB_1976"], ["Rd_lingC_1998", "Rd_zaks_1972"]
        shares = values.filter(like="Rd_").drop(columns=indices + counts)
        assert not ((shares < 0) | (shares > 1)).any(axis=None)
        assert not ((values[indices] < -1e-9) | (values[indices] > 120 + 1e-9)).any(axis=None)
