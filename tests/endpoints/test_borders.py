"""Both sides of the border of each published rule: a word that just meets it, and one that just does not."""

import pytest

from iop_outcomes.endpoints import last_week_needed, score

BORDERS = [
    # endpoint, meets it, does not, why
    ("Ab_ctnNinetyFour_2023", "+++++++++++---o", "+++++++++++--oo", "one of the last four weeks may be missed"),
    ("Ab_ctnNinetyFour_2023", "+++++++++++----", "+++++++++++---*", "no positive or mixed week"),
    ("Ab_ctnNinetyFour_2023", "+++++++++++----", "++++++++++----", "observed to week 15"),
    ("Ab_ctnThirty_2011", "+++++++++++-+--", "+++++++++++++--", "two of the three weeks before the last"),
    ("Ab_ctnThirty_2011", "+++++++++++o---", "+++++++++++---o", "the last week itself is negative"),
    ("Ab_kosten_1993", "--+---+", "--+--+-", "three negative weeks in a row"),
    ("Ab_ling_1998", "---+----", "---+---+", "four negative weeks in a row"),
    ("Ab_krupitskyA_2011", "++++-----------", "----+----------", "weeks 5 to 15, all negative"),
    ("RsE_ctnNinetyFour_2023", "--++oo--", "--++o-o-", "four weeks in a row of use or nothing known"),
    ("RsE_ctnFiftyOne_2018", "--++++--", "-++++---", "the same from week 3 on, day 21"),
    ("Rs_krupitsky_2004", "--+o+---", "--+o-+o-", "three in a row"),
    ("Rs_johnson_1992", "---++---", "--++----", "two in a row from week 4 on"),
    ("RsE_lee_2016", "--+--+--", "--+---+-", "two weeks with use within four"),
    ("DrE_ctnNinetyFour_2023", "---oooo-", "---ooo--", "four missed weeks in a row"),
    ("DrE_ctnNinetyFour_2023", "-oooo", "-ooo+", "a positive week was not missed"),
]


@pytest.mark.parametrize(("endpoint", "meets", "misses", "why"), BORDERS)
def test_both_sides_of_the_border(endpoint, meets, misses, why):
    assert score([meets, misses], [endpoint])[endpoint].tolist() == [1, 0], why


@pytest.mark.parametrize(
    ("endpoint", "week"),
    [("Ab_ctnNinetyFour_2023", 15), ("Ab_schwartz_2006", 15), ("Ab_kosten_1993", 0), ("Ab_ctnThirty_2011", 0)],
)
def test_the_last_week_an_endpoint_looks_at(endpoint, week):
    assert last_week_needed(endpoint) == week
