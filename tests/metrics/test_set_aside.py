"""What was answered by rule is counted."""

from iop_outcomes.describe.set_aside import records_set_aside
from small import history


def counts(**records) -> dict[str, int]:
    found = records_set_aside(history({}, follow_up_days=30, **records))
    return {f"{row.table}: {row.rule.partition(':')[0]}": row.n for row in found.itertuples()}


def report(day: int, used: float | None, window: int = 1, source: str = "tlfb") -> dict:
    row = {"person_id": "p1", "day": day, "window_days": window, "substance": "any", "days_used": used}
    return row | {"source": source}


def test_reports():
    rows = [report(0, 1), report(0, 0, source="diary"), report(1, None), report(2, 9, window=7), report(40, 0)]
    assert counts(use_report=rows) == {
        "use_report: no number of days with use, or more than the days asked about": 2,
        "use_report: one day and substance reported both with and without use": 1,
        "use_report: begins after the end of follow-up": 1,
    }


def test_drug_tests():
    rows = [
        {"person_id": "p1", "day": 0, "substance": "cocaine", "result": "positive", "prescribed": False},
        {"person_id": "p1", "day": 0, "substance": "opioid", "result": "negative", "prescribed": False},
        {"person_id": "p1", "day": 1, "substance": "opioid", "result": "invalid", "prescribed": False},
        {"person_id": "p1", "day": 2, "substance": "methadone", "result": "positive", "prescribed": True},
    ]
    assert counts(drug_test=rows) == {
        "drug_test: invalid result": 1,
        "drug_test: positive for a prescribed substance": 1,
        "drug_test: positive and negative results on one day": 1,
    }


def test_assessments():
    rows = [
        {"person_id": "p1", "day": 0, "instrument": "PHQ9", "item": "1", "value": 4},
        {"person_id": "p1", "day": 0, "instrument": "PHQ9", "item": "2", "value": 3},
        {"person_id": "p1", "day": 0, "instrument": "BAM_L", "item": "4", "value": 20},
        {"person_id": "p1", "day": 0, "instrument": "ASI", "item": "1", "value": 20},
    ]
    assert counts(assessment=rows) == {
        "assessment: instrument that no metric scores": 1,
        "assessment: answer outside its instrument's range": 2,
    }


def test_records_in_order_leave_nothing_to_count():
    assert counts(use_report=[report(0, 1), report(1, 0)]) == {}
