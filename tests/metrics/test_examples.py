"""Every metric's worked timeline gives the value that stands below it in the documentation."""

import numpy as np
import pytest

from iop_outcomes import tables
from iop_outcomes.dataset.metric_values import as_table
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.pages.timelines import Example, read, sections_of

EXAMPLES = {
    metric.name: [part for part in sections_of(metric.function) if isinstance(part, Example)] for metric in METRICS
}
CASES = [
    pytest.param(metric, example, answer, id=f"{metric.name}: {answer.text}")
    for metric in METRICS
    for example in EXAMPLES[metric.name]
    for answer in example.answers
]


@pytest.mark.parametrize(("metric", "example", "answer"), CASES)
def test_the_worked_timeline_gives_its_value(metric, example, answer):
    result = metric(example.history, **metric.check(answer.settings))
    got = as_table(metric.name, result, example.history).iloc[0]
    assert got["value"] == pytest.approx(answer.value, nan_ok=True)
    if np.isnan(answer.value):
        assert got["missing_reason"] == answer.reason


@pytest.mark.parametrize("name", METRICS.names())
def test_every_metric_has_a_worked_timeline_with_an_answer(name):
    assert any(example.answers for example in EXAMPLES[name])


@pytest.mark.parametrize("name", METRICS.names())
def test_timelines_keep_the_contracts_of_their_tables(name):
    for example in EXAMPLES[name]:
        drawn = {table: frame for table, frame in example.history.records.items() if len(frame)}
        assert not [broken for table, frame in drawn.items() for broken in tables.violations(frame, table)]


def test_a_timeline_draws_sessions_tests_and_reports():
    drawn = read("day      0      7\nsession  A..N...P\nuse      -+.....-\nvalue    1.5/3  window_days=8")
    assert drawn.history.table("session")["status"].tolist() == ["attended", "no_show", "partial"]
    assert drawn.history.table("use_report")["days_used"].tolist() == [0, 1, 0]
    assert drawn.history.follow_up_days[0] == 8
    assert drawn.answers[0].value == 0.5
    assert drawn.answers[0].settings == {"window_days": 8}


def test_a_wrong_ruler_or_symbol_is_a_bug():
    with pytest.raises(ValueError, match="the ruler's 7 stands above 6"):
        read("day      0     7\nsession  A..N...P")
    with pytest.raises(ValueError, match="unknown symbol 'q'"):
        _ = read("session  A..q").history
