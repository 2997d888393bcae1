"""Words as people give them: text or matrices, short, empty, absent or wrong."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.endpoints import score, to_matrix, to_words
from iop_outcomes.kernel.errors import ContractError

SOME = ["Ab_fiellin_2006", "Rd_fudala_2003", "AbT_mokri_2016"]


def test_words_become_codes_and_codes_words():
    words = ["-*+o_", "", "--"]
    codes = to_matrix(words)
    assert codes.tolist() == [[1, 2, 3, 4, 5], [0, 0, 0, 0, 0], [1, 1, 0, 0, 0]]
    assert to_words(codes).tolist() == words


def test_text_and_matrix_give_the_same_answers():
    words = ["--o-", "+", "-*+o--"]
    codes = to_matrix(words)
    as_text = score(words)
    pd.testing.assert_frame_equal(score(codes), as_text)
    pd.testing.assert_frame_equal(score(pd.DataFrame(codes)), as_text)
    padded = np.where(codes == 0, 4, codes)
    pd.testing.assert_frame_equal(score(padded, lengths=[4, 1, 6]), as_text)


def test_rows_keep_their_order_and_their_index():
    people = pd.Series({"b": "--", "a": "+-", "c": "oo"})
    values = score(people, ["Ab_fiellin_2006"])
    assert list(values.index) == ["b", "a", "c"]
    assert values["Ab_fiellin_2006"].tolist() == [2, 1, 0]


def test_people_in_different_blocks_do_not_touch_each_other():
    words = ["-" * (i % 30) + "+" * (i % 7) for i in range(20_000)]
    some = [0, 1, 8191, 8192, 8193, 16384, 19_999]
    whole = score(words, mode="ctnote").iloc[some].reset_index(drop=True)
    pd.testing.assert_frame_equal(whole, score([words[i] for i in some], mode="ctnote"))


def test_a_table_of_study_weeks_is_read_from_week_one():
    table = pd.DataFrame([[4, 4, 1, 3], [0, 5, 1, 1]], columns=pd.Index([-1, 0, 1, 2], name="week"))
    assert score(table, ["Ab_fiellin_2006"])["Ab_fiellin_2006"].tolist() == [1, 2]


def test_an_empty_word_is_missing_by_default_and_what_the_program_answers_otherwise():
    """R finds no week: counts and shares 0, one minus a share 1, times missing."""
    assert score([""]).isna().all(axis=None)
    published = score([""], mode="ctnote").iloc[0]
    assert published[["Ab_fiellin_2006", "Rd_fiellin_2006", "Rd_soyka_2008", "Rd_woody_2008"]].tolist() == [0, 0, 1, 0]
    assert published[published.index.str.contains("^(?:Ab|Rs|Dr)[TE]_")].isna().all()


@pytest.mark.parametrize("null", [None, np.nan, pd.NA])
@pytest.mark.parametrize("mode", ["ctnote", "corrected"])
def test_a_person_without_a_word_has_no_values(null, mode):
    values = score(["--", null, "+"], SOME, mode=mode)
    assert values.isna().all(axis=1).tolist() == [False, True, False]


def test_nobody_at_all():
    assert score([]).shape == (0, 62)
    assert score(np.zeros((0, 26), dtype=np.int8)).shape == (0, 62)
    assert score(np.zeros((3, 0), dtype=np.int8)).isna().all(axis=None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--", "-x-", "n+"], "2 people have a word with an unknown symbol; allowed are '-' negative"),
        (["-−"], "1 person has a word with an unknown symbol"),
        (["- -"], "1 person has a word with an unknown symbol"),
        (["-", 3], "1 person has a word that is not text"),
        ("----", "one text is one person's word"),
        (np.array([[1, 7]]), "1 person has a code that is not allowed"),
        (np.array([[1, 0, 1], [0, 1, 1]]), "2 people have a code that is not allowed"),
        (np.array([[0.5]]), "float64 values; allowed are integer codes"),
    ],
)
def test_wrong_words_are_answered_in_one_sentence(words, sentence):
    with pytest.raises(ContractError, match=sentence) as caught:
        score(words)
    assert "-x-" not in str(caught.value)


@pytest.mark.parametrize("lengths", [[1], [1, 3], [-1, 0]])
def test_lengths_must_fit_the_matrix(lengths):
    with pytest.raises(ContractError, match="lengths must be one number per person between 0 and 2 weeks"):
        score(np.ones((2, 2), dtype=np.int8), lengths=lengths)


def test_lengths_do_not_go_with_text():
    with pytest.raises(ContractError, match="carry their own length"):
        score(["--"], lengths=[2])
