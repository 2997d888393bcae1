"""How many are abstinent, by definition and missing rule.

p1  ----oooo----ooo    four weeks in a row twice, never positive, weeks missed
p2  +++++++++++++++    never abstinent
"""

from iop_outcomes.describe.definitions import abstinence_shares
from small import history

RESULT = {"-": "negative", "+": "positive", "o": "missing"}


def shares(*words: str):
    tests = [
        {"person_id": f"p{i}", "day": 7 * week, "substance": "opioid", "result": RESULT[symbol]}
        for i, word in enumerate(words, start=1)
        for week, symbol in enumerate(word)
    ]
    members = history(*[{} for _ in words], drug_test=tests, follow_up_days=7 * len(words[0]))
    table = abstinence_shares(members, members.records["capability"])
    return table.assign(key=table["endpoint"].str.split(":").str[0]).set_index(["key", "missing_rule"])


def test_the_same_people_are_abstinent_or_not_by_the_rule_for_missed_tests():
    table = shares("----oooo----ooo", "+" * 15)
    never_positive = table.loc["Mokri 2016", "n_events"]
    assert never_positive.to_dict() == {
        "as published": 0,  # missed = positive, by the paper
        "missed tests count as use": 0,
        "missed tests are left out": 1,
    }
    assert (table.loc["Ling 1998", "n_events"] == 1).all()
    assert (table["n_events"] <= table["n"]).all()


def test_counting_missed_tests_as_use_never_makes_more_people_abstinent():
    table = shares("--o-o--oo---o--", "o" * 15, "-" * 15, "-+-o-+--o-o----")["n_events"].unstack()
    assert (table["missed tests count as use"] <= table["missed tests are left out"]).all()
