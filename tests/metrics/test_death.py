"""Death within a window: time after it is not abstinent, or the person has no value; never all abstinent."""

import numpy as np
import pytest

from iop_outcomes.describe.definitions import abstinence_shares
from iop_outcomes.history.outcome_rules import OutcomeRules
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.metrics import drinking, relapse, self_report, urine
from iop_outcomes.metrics.composite import composite_abstinence
from iop_outcomes.pages.timelines import read
from small import history

FOUR_WEEKS = read("urine  ----\ndied   31").history
THIRTY_DAYS = read(f"use   {'-' * 30}\ntest  -......-......-......-......-\ndied  29").history
SOBER = read(f"drinks  {'0' * 30}\ndied    29").history


@pytest.mark.parametrize("missing", ["observed", "positive"])
def test_four_negative_tests_and_death_in_week_five(missing):
    """Four of the twelve weeks are negative; week 5 is the one of the death."""
    share = urine.proportion_negative(FOUR_WEEKS, window_days=84, missing=missing).iloc[0]
    assert share["value"] == 4 / 12
    assert share["observed_share"] == 1
    assert urine.proportion_negative(FOUR_WEEKS, window_days=28, missing=missing)["value"].iloc[0] == 1


def test_weeks_after_death_count_as_far_as_tests_went_on():
    """Nobody is tested after week 8: four of eight."""
    members = one_died_one_stayed()
    assert urine.proportion_negative(members, window_days=84)["value"].tolist() == [4 / 8, 1]


@pytest.mark.parametrize(
    ("metric", "members", "settings", "value"),
    [
        (urine.abstinence_at_end, FOUR_WEEKS, {"window_days": 84}, 0),
        (urine.continuous_abstinence, FOUR_WEEKS, {"window_days": 84}, 0),
        (urine.longest_abstinence, FOUR_WEEKS, {"window_days": 84}, 4),
        (urine.urine_endpoint, FOUR_WEEKS, {"window_days": 105, "endpoint": "Ab_ctnNinetyFour_2023"}, 0),
        (urine.urine_endpoint, FOUR_WEEKS, {"window_days": 105, "endpoint": "AbE_shufman_1994"}, 1),
        (urine.urine_endpoint, FOUR_WEEKS, {"window_days": 105, "endpoint": "Rd_fudala_2003"}, 4 / 15),
        (self_report.percent_days_abstinent, THIRTY_DAYS, {"window_days": 60}, 50),
        (self_report.days_used, THIRTY_DAYS, {"window_days": 60, "last_days": 40}, 30),
        (self_report.point_prevalence_abstinence, THIRTY_DAYS, {"window_days": 60}, 0),
        (self_report.reported_continuous_abstinence, THIRTY_DAYS, {"window_days": 60}, 0),
        (self_report.prolonged_abstinence, THIRTY_DAYS, {"window_days": 60}, 0),
        (self_report.reported_longest_abstinence, THIRTY_DAYS, {"window_days": 60}, 30),
        (composite_abstinence, THIRTY_DAYS, {"window_days": 60}, 0),
        (relapse.time_to_first_use, THIRTY_DAYS, {"window_days": 60}, 30),
        (relapse.time_to_relapse, THIRTY_DAYS, {"window_days": 60}, 30),
        (relapse.time_to_relapse, THIRTY_DAYS, {"window_days": 31, "definition": "seven_days"}, 30),
        (drinking.heavy_drinking_days, SOBER, {"window_days": 60}, 50),
        (drinking.no_heavy_drinking_days, SOBER, {"window_days": 60}, 0),
    ],
)
def test_one_rule_for_every_metric_of_abstinence_and_use(metric, members, settings, value):
    assert metric(members, **settings)["value"].iloc[0] == pytest.approx(value)
    for excluded in (metric(members, **settings, after_death="no_value"), metric(_survivors(members), **settings)):
        assert np.isnan(excluded["value"].iloc[0])
        assert excluded["missing_reason"].iloc[0] == "died within the window"


def test_death_after_the_window_changes_nothing():
    for rule in ("not_abstinent", "no_value"):
        kept = self_report.percent_days_abstinent(THIRTY_DAYS, window_days=30, after_death=rule)
        assert kept["value"].iloc[0] == 100


def test_what_is_known_of_days_is_said_of_those_lived():
    assert self_report.known_days(THIRTY_DAYS, window_days=60)["value"].iloc[0] == 1


def test_every_metric_of_urine_tests_and_use_takes_the_rule():
    modules = ("urine", "self_report", "composite", "relapse", "drinking")
    mine = [plugin for plugin in METRICS if plugin.function.__module__.rpartition(".")[2] in modules]
    assert len(mine) >= 15
    assert not [plugin.name for plugin in mine if "after_death" not in plugin.settings_model.model_fields]


def test_the_table_of_definitions_follows_it():
    """Both were negative as long as they were tested; one of them died in week 5."""
    members = one_died_one_stayed()
    endpoint = "Mokri 2016: never positive"
    for group, n, abstinent in ((members, 2, 1), (_survivors(members), 1, 1)):
        table = abstinence_shares(group, members.records["capability"])
        never = table[(table["endpoint"] == endpoint) & (table["missing_rule"] == "as published")]
        assert never[["n", "n_events"]].to_numpy().tolist() == [[n, abstinent]]


def one_died_one_stayed():
    """Return one person tested until death in week 5, and one tested until week 8 and observed for 24."""
    tests = [
        {"person_id": person, "day": 7 * week, "substance": "opioid", "result": "negative"}
        for person, weeks in (("p1", 4), ("p2", 8))
        for week in range(weeks)
    ]
    members = history({}, {}, drug_test=tests, follow_up_days=168)
    members.members.loc["e1", ["follow_up_end_day", "end_reason"]] = [31, "death"]
    return members


def _survivors(members):
    return members.under(OutcomeRules(after_death="no_value"))
