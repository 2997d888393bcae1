"""Metrics on the use calendar share four settings, declared once."""

import pytest

from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.pages.timelines import read

ON_CALENDAR = ("percent_days_abstinent", "point_prevalence_abstinence", "time_to_relapse", "composite_abstinence")


@pytest.mark.parametrize("name", ON_CALENDAR)
def test_they_take_their_own_settings_and_the_shared_ones(name):
    settings = METRICS[name].check({"window_days": 84, "substance": "opioid", "detection_days": {"opioid": 4}})
    assert {"evidence", "controlled", "min_known_share"} <= settings.keys()
    assert settings["detection_days"] == {"opioid": 4}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"evidense": "either"}, "did you mean 'evidence'"),
        ({"evidence": "hair"}, "'self_report', 'tests', 'either' or 'corrected'"),
        ({"detection_days": {"opioid": 0}}, "greater than or equal to 1"),
        ({"min_known_share": 1.5}, "less than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_answered_in_a_sentence(settings, sentence):
    with pytest.raises(StudyFileError, match=sentence):
        METRICS["percent_days_abstinent"].check(settings)


def test_reports_count_by_default_and_both_in_the_composite():
    assert METRICS["percent_days_abstinent"].check()["evidence"] == "self_report"
    assert METRICS["composite_abstinence"].check()["evidence"] == "either"


def test_the_function_stays_callable_with_a_history():
    metric = METRICS["percent_days_abstinent"]
    drawn = read("use  --+-").history
    assert metric(drawn)["value"].iloc[0] == metric(drawn, **metric.check())["value"].iloc[0] == 75
    assert metric.function.__doc__.startswith("100 times the days known to be abstinent")
