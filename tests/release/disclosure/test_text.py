"""Sentences leave the building too."""

import pytest

from iop_outcomes.release.disclosure import ReleaseRules, sentence

RULES = ReleaseRules(min_cell=11, round_to=5)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("3 members have no outcome", "fewer than 11 members have no outcome"),
        ("site 'A' has 7 eligible people", "site 'A' has fewer than 11 eligible people"),
        ("the precision of 9 of 108 members", "the precision of fewer than 11 of 110 members"),
        ("1,203 missing outcomes left out", "1,205 missing outcomes left out"),
        ("cluster-robust (9 clusters)", "cluster-robust (9 clusters)"),
        ("within 7 days of admission", "within 7 days of admission"),
        ("a difference of 3.5 points", "a difference of 3.5 points"),
        ("fewer than 11 people in one arm", "fewer than 11 people in one arm"),
        # "fewer than 11 member has" would tell that there is one.
        ("1 member has no outcome", "fewer than 11 members have no outcome"),
        ("1 missing outcome left out", "fewer than 11 missing outcomes left out"),
        ("1 person is at 3 sites", "fewer than 11 people are at 3 sites"),
        ("1 of 90 members", "fewer than 11 of 90 members"),
        ("0 records were rejected", "0 records were rejected"),
    ],
)
def test_counts_of_people_are_blotted_out_or_rounded(before, after):
    assert sentence(before, RULES) == after
