"""Worlds in which nothing differs but when people were looked at.

Before, an arm whose questionnaires are filled in ten weeks later had six points fewer symptoms, surely, and an arm that
fills them in only while people are in care had fewer too.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.cohort.looked_at import looked_at
from iop_outcomes.designs.judge.looked_at import judge_looked_at
from iop_outcomes.tables.parts import Parts
from iop_outcomes.tables.questionnaires import questionnaires
from null_clinic import checks, clinic, run

ARMS = ("iop", "outpatient")
MEMBERS = pd.DataFrame(
    {
        "member_id": ["e1", "e2", "e3"],
        "person_id": ["p1", "p2", "p3"],
        "arm": ["iop", "outpatient", "outpatient"],
        "time_zero_day": [0, 10, 0],
        "follow_up_end_day": [100, 100, 100],
    }
)


def days_seen(records: dict[str, pd.DataFrame], stay: list[float]) -> dict[tuple[str, str], tuple[int, int]]:
    found = looked_at(MEMBERS, records, np.array(stay))
    own = found[found["what"] == "day seen"]
    return {(row.arm, row.level): (row.n, row.n_all) for row in own.itertuples()}


def test_of_everybody_the_mean_day_counts_and_those_who_stayed_as_long_are_together():
    forms = pd.DataFrame(
        [
            ("p1", 0, "PHQ9"),  # the baseline
            ("p1", 30, "PHQ9"),
            ("p1", 60, "PHQ9"),
            ("p1", 60, "GAD7"),  # the same day: one look
            ("p2", 50, "PHQ9"),  # day 40 of the treatment
            ("p3", 20, "PHQ9"),
            ("p3", 101, "PHQ9"),  # beyond the follow-up
        ],
        columns=["person_id", "day", "instrument"],
    )
    assert days_seen({"assessment": forms}, [84, 90, 83]) == {
        ("iop", "questionnaires, stay 3"): (45, 1),
        ("outpatient", "questionnaires, stay 3"): (40, 1),
        ("outpatient", "questionnaires, stay 2"): (20, 1),
    }


def test_a_report_is_of_its_days_and_a_missed_test_is_no_look():
    reports = pd.DataFrame({"person_id": ["p1"], "day": [30], "window_days": [11]})  # days 30 to 40
    tests = pd.DataFrame(
        [("p1", 14, "missing"), ("p1", 21, "negative"), ("p3", 28, "missing")], columns=["person_id", "day", "result"]
    )
    assert days_seen({"use_report": reports, "drug_test": tests}, [np.nan, 90, 20]) == {
        ("iop", "reports of use, stay 3"): (35, 1),
        ("iop", "tests, stay 3"): (21, 1),
    }


def test_a_national_code_list_is_no_questionnaire():
    forms = pd.DataFrame({"person_id": ["p1", "p1"], "day": [84, 30], "instrument": ["TEDS", "PHQ9"]})
    forms["instrument"] = forms["instrument"].astype("category")
    assert questionnaires(forms)["day"].tolist() == [30]
    assert questionnaires(forms[:1]) is None
    assert questionnaires(Parts(lambda: iter([forms[:1], forms[1:]]), 2))["day"].tolist() == [30]
    assert questionnaires(None) is None


def seen(level: str, **days: list[float]) -> list[tuple]:
    """Return rows of the recording of people who were looked at on these days on average."""
    squares = {arm: [day**2 for day in of] for arm, of in days.items()}
    both = {"day seen": days, "day seen, squared": squares}
    return [(arm, what, level, sum(of), len(of)) for what, by_arm in both.items() for arm, of in by_arm.items()]


def judged(*rows: tuple) -> list[tuple]:
    return judge_looked_at(pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"]), ARMS)


@pytest.mark.parametrize(
    ("earlier", "later", "status"),
    [(40, 44, "PASS"), (40, 45, "WARN"), (20, 23, "PASS"), (40, 50, "WARN"), (40, 51, "FAIL"), (20, 27, "WARN")],
)
def test_a_tenth_later_is_worth_a_warning_and_a_quarter_too_much(earlier, later, status):
    rows = seen("tests, stay 2", iop=[later] * 60, outpatient=[earlier] * 60)
    assert [(row[0], row[3]) for row in judged(*rows)] == [("tested_when", status)]


@pytest.mark.parametrize(("n", "status"), [(20, "PASS"), (200, "FAIL")])
def test_what_chance_explains_is_no_other_day(n, status):
    # Days spread by 40, so that of 20 people a mean is known to 9 days and of 200 to 3.
    rows = seen("tests, stay 5", iop=[30, 110] * (n // 2), outpatient=[10, 90] * (n // 2))
    assert judged(*rows)[0][3] == status


def test_an_arm_that_keeps_people_longer_is_not_looked_at_later_for_that():
    early = seen("tests, stay 0", iop=[10] * 40, outpatient=[10] * 200)
    late = seen("tests, stay 4", iop=[60] * 200, outpatient=[60] * 40)
    assert judged(*early, *late)[0][1:4] == (1.0, 1.1, "PASS")


def test_of_nineteen_people_no_mean_day_is_compared():
    assert judged(*seen("tests, stay 2", iop=[90] * 19, outpatient=[40] * 19)) == []


def filled_in(tables: dict[str, pd.DataFrame], days: dict[str, list[int]], in_care_only: str = "") -> pd.DataFrame:
    """Return nine answers on the days of each level of care; symptoms fall with time, and rise on leaving."""
    draw, rows = np.random.default_rng(5), []
    for one in tables["episode"].itertuples():
        for day in days[one.level_of_care]:
            after = day > one.discharge_day
            if not (after and one.level_of_care == in_care_only):
                likely = min(0.6 * np.exp(-day / 90) + 0.3 * after, 1)
                rows += [(one.person_id, day, "PHQ9", str(k + 1), draw.binomial(3, likely)) for k in range(9)]
    return pd.DataFrame(rows, columns=["person_id", "day", "instrument", "item", "value"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "in_care_only", "check"),
    [
        ({"2.1": [110], "1": [35]}, "", "filled_in_when"),
        ({"2.1": [20, 50, 80], "1": [20, 50, 80]}, "2.1", "filled_in_after_care"),
        ({"2.1": [20, 50, 80], "1": [20, 50, 80]}, "", None),
    ],
)
def test_questionnaires_of_other_days_are_not_compared_and_all_else_is(tmp_path, days, in_care_only, check):
    tables = clinic(800)
    tables["assessment"] = filled_in(tables, days, in_care_only)
    made = run(
        tmp_path,
        tables,
        metrics={"symptom_score": {"to_day": 120}},
        analyses={"symptoms": {"design": "overlap", "estimator": "weighted", "outcome": "symptom_score"}},
    )
    rows = made["estimate"].query("role == 'contrast' and kind == 'adjusted'")
    shown = dict(zip(rows["analysis"].astype(str), rows["status"].astype(str), strict=True))
    assert shown == {"primary": "shown", "symptoms": "withheld" if check else "shown"}
    assert check is None or checks(made).loc[check, "status"] == "FAIL"
