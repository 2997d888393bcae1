"""What the default mode does otherwise than the published program, and why."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.endpoints import ENDPOINTS, catalogue, score
from iop_outcomes.kernel.errors import StudyFileError

NEVER_SEEN = "o" * 20


def one(word, column, **settings):
    return score([word], [column], **settings).loc[0, column]


@pytest.mark.parametrize(
    "column",
    ["Rd_shufman_1994", "Rd_soyka_2008", "Rd_strain_1993", "Rd_strain_1994", "Rd_strain_1996", "Rd_strain_1999"],
)
def test_somebody_never_seen_is_missing_not_perfect(column):
    assert one(NEVER_SEEN, column, mode="ctnote") == 1
    assert np.isnan(one(NEVER_SEEN, column))


@pytest.mark.parametrize("column", ["Rd_fudala_2003", "Rd_lingA_1998", "Rd_mattickA_2003", "Rd_zaks_1972"])
def test_a_share_of_nothing_is_missing_not_zero(column):
    assert one(NEVER_SEEN, column, mode="ctnote") == 0
    assert np.isnan(one(NEVER_SEEN, column))


def test_missing_as_negative_does_not_make_a_never_seen_person_abstinent():
    assert score([NEVER_SEEN], "Ab_shufman_1994", mode="ctnote").to_numpy().tolist() == [[20, 0]]
    assert score([NEVER_SEEN], "Ab_shufman_1994").isna().all(axis=None)


def test_seen_but_not_in_the_weeks_looked_at():
    """Dropped out after week 4 using every week: weeks 6-15 hold no positive screen because nobody looked."""
    word = "++++" + "o" * 16
    assert one(word, "Rd_strain_1993", mode="ctnote") == 1
    assert np.isnan(one(word, "Rd_strain_1993"))


def test_missing_as_positive_keeps_a_never_seen_person_as_a_failure():
    """Intention to treat wants it; whoever does not says so and gets no value."""
    failed = score([NEVER_SEEN], ["Ab_fiellin_2006", "Rd_fiellin_2006", "RsE_lee_2016", "DrE_ctnNinetyFour_2023"])
    assert failed.to_numpy().tolist() == [[0, 0, 1, 1]]
    assert score([NEVER_SEEN], never_seen="missing").isna().all(axis=None)
    assert score(["o" * 19 + "+"], ["Ab_fiellin_2006"], never_seen="missing").to_numpy().tolist() == [[0]]


@pytest.mark.parametrize("column", ["Rd_strain_1994", "Rd_strain_1999"])
def test_endpoints_described_as_dropping_missing_weeks_drop_them(column):
    """+ - o o: one positive of four weeks, but one of two observed."""
    assert one("+-oo", column, mode="ctnote") == 0.75
    assert one("+-oo", column) == 0.5


def test_short_words_are_not_recycled_into_the_index():
    """Fourteen weeks, use in week 1 only. R repeats week 1 as week 15 at penalty 5: (1 + 5)/45 instead of 1/40."""
    word = "+" + "-" * 13
    assert one(word, "Rd_lingA_1976", mode="ctnote") == pytest.approx(120 - 120 * 6 / 45)
    assert one(word, "Rd_lingA_1976") == pytest.approx(120 - 120 * 1 / 40)


def test_a_window_past_the_end_of_the_word_is_missing():
    """Four weeks; the endpoints look from week 5, or from week 6, on."""
    past = ["Ab_krupitskyA_2011", "Ab_krupitskyB_2011", "Rd_haight_2019", "Rd_strain_1993"]
    assert score(["++++"], past, mode="ctnote").to_numpy().tolist() == [[1, 0, 0, 1]]
    assert score(["++++"], past).isna().all(axis=None)


UNSCHEDULED = [
    # word            column                    answer because
    ("-_-_-_-", "Ab_schottenfeldB_2008", 4, "four tests in a row, two weeks apart"),
    ("-_-_-_-", "Ab_ling_1998", 1, "four consecutive scheduled weeks"),
    ("-_-_-_-", "Rd_fiellin_2006", 1, "4 of 4 scheduled weeks"),
    ("-_-_-_-", "AbE_mokri_2016", 0, "an unscheduled week is not a missed one, so not a positive one"),
    ("-_-_-_-", "AbT_mokri_2016", 7, "no use up to the last scheduled week, which is week 7"),
    ("-_+_-_-", "AbT_mokri_2016", 3, "times are study weeks, not numbers of tests"),
    ("-_o_o_o_o", "DrT_ctnNinetyFour_2023", 3, "four consecutive scheduled weeks missed, from week 3"),
    ("-_o___o-", "DrE_ctnNinetyFour_2023", 0, "only two scheduled weeks were missed"),
    ("----_-_-_-_-", "Ab_krupitskyB_2011", 4, "weeks keep their number: 5-15 hold weeks 6, 8, 10, 12"),
    ("----_-_-_-_-", "Ab_krupitskyA_2011", 1, "all four are negative"),
    ("----_-_o_-_-", "Rd_haight_2019", 3 / 4, "3 of the 4 scheduled weeks in 5-15"),
    ("--_-o-o_-", "Rd_mattickA_2003", 5 / 7, "5 negative of 7 scheduled weeks to week 9"),
    ("--------_____--", "Ab_ctnThirty_2011", 1, "last scheduled week and the three before it"),
    ("-----------____", "Ab_ctnNinetyFour_2023", np.nan, "nobody was expected in weeks 12-15"),
    ("-----------_-_-", "Ab_ctnNinetyFour_2023", 1, "both scheduled weeks of 12-15 are negative"),
    ("--------------_", "Ab_schwartz_2006", np.nan, "nobody was expected in week 15"),
    ("-------_+_-_-_-", "Ab_lofwall_2018", 0, "week 9 stands for 9 and 10: 5 of 7"),
    ("-------___-_-_-", "Ab_lofwall_2018", 1, "week 9 was not due, so 5 of 5 remain"),
    ("---+___-___o", "Rd_woody_2008", 1 / 3, "weeks 4 and 12 are not negative"),
    ("---+___-____", "Rd_woody_2008", 1 / 2, "week 12 was not due"),
    ("---_______-____", "Rd_lingA_1976", 120, "no use in four scheduled weeks"),
    ("---_______+____", "Rd_lingA_1976", 120 - 120 * 4 / 7, "week 11 weighs 4, weeks 1-3 weigh 1 each"),
    ("__________", "Ab_fiellin_2006", np.nan, "nothing was ever due"),
]


@pytest.mark.parametrize(
    ("word", "column", "answer", "because"), UNSCHEDULED, ids=[f"{c}-{w}" for w, c, *_ in UNSCHEDULED]
)
def test_unscheduled_weeks_are_not_missed_ones(word, column, answer, because):
    assert one(word, column) == pytest.approx(answer, abs=1e-12, nan_ok=True), because


def test_the_published_program_reads_an_unscheduled_week_as_one_more_symbol():
    published = score(["-_-_-_-"], ["Ab_ling_1998", "Rd_fiellin_2006", "Ab_schottenfeldB_2008"], mode="ctnote")
    assert published.to_numpy().tolist() == [[0, 4 / 7, 1]]


def test_words_with_and_without_unscheduled_weeks_do_not_touch_each_other():
    words = ["-_-_-_-", "--------", "-o-o-o-", "_"]
    together = score(words)
    apart = pd.concat([score([word]) for word in words], ignore_index=True)
    pd.testing.assert_frame_equal(together, apart)


def test_every_correction_is_in_the_catalogue():
    corrections = catalogue().set_index("name")["correction"]
    assert corrections.str.contains("unscheduled weeks are left out").all()
    assert "repeats it from its start" in corrections["Rd_lingA_1976"]
    assert "dropped, as the endpoint is described" in corrections["Rd_strain_1994"]
    assert "not seen once" in corrections["Rd_shufman_1994"]
    changed = {name for name, endpoint in ENDPOINTS.items() if endpoint.corrected_rule}
    assert changed == {"Rd_lingA_1976", "Rd_strain_1994", "Rd_strain_1999"}


def test_an_unknown_mode_names_the_nearest():
    with pytest.raises(StudyFileError, match="did you mean 'corrected'"):
        score(["-"], mode="correct")
