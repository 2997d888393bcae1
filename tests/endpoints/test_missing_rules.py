"""What each published endpoint makes of a missed week, on one word a clinician can read.

week    1 2 3 4 5 6 7 8 9 10
word    - - o - + * - o - -      6 negative, 1 positive, 1 mixed, 2 missed; last seen in week 10
"""

import numpy as np
import pytest

from iop_outcomes.endpoints import ENDPOINTS, score

WORD = "--o-+*-o--"

ANSWERS = [
    # Missed weeks are positive: the word reads - - + - + + - + - -
    ("Ab_fiellin_2006", 6, "negative weeks"),
    ("Ab_schottenfeldB_2008", 2, "longest negative run: weeks 1-2, or 9-10"),
    ("AbT_mokri_2016", 3, "first use: the missed week 3"),
    ("AbE_mokri_2016", 1, "use was seen"),
    ("Ab_ctnThirty_2011", 1, "week 10 negative; of weeks 7, 8, 9 one (8) is not"),
    ("Rd_petitjean_2001", 0.65, "1 - (1 positive + 2 missed + half a mixed) / 10"),
    ("Rd_woody_2008", 1 / 3, "week 4 negative, 8 missed, 12 past the end: 1 - 2/3"),
    ("Rs_krupitsky_2004", 0, "no three uses in a row: 3, then 5-6, then 8"),
    ("Rs_johnson_1992", 1, "two in a row after week 4: weeks 5-6"),
    ("RsT_lee_2016", 4, "weeks 1-4 hold one use, weeks 2-5 two (3 and 5); the event is dated week 2 + 2"),
    # Missed weeks stay in the denominator, which is the same thing in other words.
    ("Rd_fiellin_2006", 0.65, "(6 + half a mixed) / 10"),
    ("Rd_mattickA_2003", 0.65, "the same, as the person was seen to the end"),
    ("Rd_comer_2006", 0.5625, "weeks 1-8: (4 negative + half a mixed) / 8"),
    # Missed weeks end a run without being use.
    ("Ab_kosten_1993", 0, "no three negative weeks in a row"),
    # Missed weeks are not there: the word reads - - - + * - - -
    ("Ab_schottenfeld_2005", 3, "longest run bridges week 3, or week 8"),
    ("Rd_fudala_2003", 0.8125, "(6 + half a mixed) / 8 observed"),
    ("Rd_soyka_2008", 0.8125, "1 - (1 + half a mixed) / 8 observed"),
    ("Rd_kostenB_1993", 1, "0.8125 is at least 0.7"),
    ("Rd_zaks_1972", 6.5, "8 observed - (1 + half a mixed)"),
    # Missed weeks are negative: the word reads - - - - + + - - - -
    ("AbT_shufman_1994", 5, "first use: week 5"),
    ("Rd_shufman_1994", 0.85, "1 - (1 + half a mixed) / 10"),
    # Missed weeks are filled in from the person's other weeks.
    ("Rd_jaffe_1972", 0.85, "6 negative against 2: both missed weeks negative; (8 + half a mixed) / 10"),
    # Missed weeks are what is looked for.
    ("DrE_ctnNinetyFour_2023", 0, "no four missed weeks in a row"),
    ("DrT_ctnNinetyFour_2023", 7, "the last week in which such a run could begin: 10 - 3"),
    # Not defined for a word this short: the rule asks for week 15.
    ("Ab_ctnNinetyFour_2023", 0, "the word ends before week 15"),
    ("Ab_schwartz_2006", 0, "the word ends before week 15"),
]


@pytest.mark.parametrize(("column", "answer", "because"), ANSWERS, ids=[column for column, *_ in ANSWERS])
@pytest.mark.parametrize("mode", ["ctnote", "corrected"])
def test_one_word_under_each_missing_rule(column, answer, because, mode):
    assert score([WORD], [column], mode=mode).loc[0, column] == pytest.approx(answer, abs=1e-12), because


FIFTEEN = [
    # word of 15 weeks     endpoint                 answer  because
    ("-----------o---", "Ab_ctnNinetyFour_2023", 1, "weeks 12-15 are o---: one missed week is tolerated"),
    ("-----------o--o", "Ab_ctnNinetyFour_2023", 0, "weeks 12-15 are o--o: two are not"),
    ("-----------*---", "Ab_ctnNinetyFour_2023", 0, "a mixed week is a positive one"),
    ("++++-----------", "Ab_krupitskyA_2011", 1, "weeks 5-15 are clean; weeks 1-4 are not looked at"),
    ("++++----o------", "Ab_krupitskyA_2011", 0, "a missed week is use"),
    ("++++----o------", "Ab_krupitskyB_2011", 10, "of the 11 weeks 5-15 one is missed"),
    ("--------------o", "Ab_schwartz_2006", 0, "week 15 is missed"),
    (
        "-----+--+------",
        "Ab_lofwall_2018",
        0,
        "weeks 5-7 have 2 of 3, week 8 is as week 7, but week 9 stands for 9 and 10",
    ),
    ("-----+-+-------", "Ab_lofwall_2018", 1, "the use of week 8 is not looked at"),
    ("oooooo+++++++++", "Rd_strain_1993", 1 / 10, "weeks 6-15: week 6 missed, which is not positive, and 9 positive"),
    ("---------------", "Rd_lingA_1976", 120, "no use"),
    ("+++++++++++++++", "Rd_lingA_1976", 0, "use in every week: 120 - 120 * 45/45"),
    ("--------------+", "Rd_lingA_1976", 120 - 120 * 5 / 45, "use in week 15 weighs 5 of 45"),
    ("+--------------", "Rd_lingA_1976", 120 - 120 * 1 / 45, "use in week 1 weighs 1"),
    ("-o-------------", "Rd_lingA_1976", 120 - 120 * 0.22 / 45, "a missed week weighs 0.22 whenever it is"),
    ("---oooooooooooo", "Rd_lingA_1976", 0, "last seen in week 3, in induction"),
    ("--o-+o--o------", "Rd_eissenberg_1997", 1, "weeks 1-4 are four once week 3 is filled"),
    ("-oo-----------o", "Rd_eissenberg_1997", 0, "last seen in week 14, before week 15"),
    ("+--oooo--+-----", "RsT_ctnFiftyOne_2018", 4, "weeks 4-7 are four missed weeks in a row"),
    ("++++-----------", "RsE_ctnFiftyOne_2018", 0, "weeks 1-2 do not count, which leaves 2 uses"),
    ("++++-----------", "RsT_ctnFiftyOne_2018", 12, "no event: 15 - 3"),
]


@pytest.mark.parametrize(("word", "column", "answer", "because"), FIFTEEN, ids=[f"{c}-{w}" for w, c, *_ in FIFTEEN])
@pytest.mark.parametrize("mode", ["ctnote", "corrected"])
def test_words_of_fifteen_weeks(word, column, answer, because, mode):
    assert score([word], [column], mode=mode).loc[0, column] == pytest.approx(answer, abs=1e-9), because


def test_every_endpoint_says_what_a_missed_week_is():
    assert {endpoint.missing for endpoint in ENDPOINTS.values()} == {
        "positive",
        "negative",
        "ignored",
        "breaks the run",
        "not abstinent",
        "tolerated once",
        "the event itself",
        "imputed",
        "own weight",
        "positive while retained",
    }


def test_yes_and_no_are_one_and_zero():
    values = score(["---------------", "+++++++++++++++"], ["Ab_kosten_1993", "Rs_krupitsky_2004"], mode="ctnote")
    assert values.to_numpy().tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert (values.dtypes == np.float64).all()
