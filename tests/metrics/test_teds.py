"""TEDS outcomes: by hand, and on real discharges where they are at hand."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.history.history import History
from iop_outcomes.metrics.teds import became_abstinent, remained_abstinent, self_help_attendance, stay_over
from small import history


def discharge(episode: dict | None = None, **items: float):
    answers = [
        {"person_id": "p1", "day": 0, "instrument": "TEDS", "item": item, "value": value}
        for item, value in items.items()
    ]
    return history(episode or {}, assessment=answers)


@pytest.mark.parametrize(
    ("before", "after", "became", "remained"),
    [
        (3, 1, 1, np.nan),
        (2, 2, 0, np.nan),
        (1, 1, np.nan, 1),
        (1, 3, np.nan, 0),
        (None, 1, np.nan, np.nan),  # use at admission not recorded: belongs to neither
        (2, None, np.nan, np.nan),
        (2, 9, np.nan, np.nan),  # no such code
    ],
)
def test_becoming_and_remaining_abstinent_are_two_outcomes(before, after, became, remained):
    items = {name: value for name, value in (("FREQ1", before), ("FREQ1_D", after)) if value is not None}
    person = discharge(**items) if items else discharge(FREQ2=1)
    got = [metric(person)["value"].iloc[0] for metric in (became_abstinent, remained_abstinent)]
    np.testing.assert_array_equal(got, [became, remained])


@pytest.mark.parametrize(
    ("items", "answer"),
    [
        ({"FREQ1": 3, "FREQ1_D": 1}, 1),  # no second substance on record
        ({"FREQ1": 3, "FREQ1_D": 1, "FREQ2": 2, "FREQ2_D": 1}, 1),
        ({"FREQ1": 3, "FREQ1_D": 1, "FREQ2": 2}, np.nan),  # the second was used at admission and not asked about later
        ({"FREQ1": 3, "FREQ2": 2, "FREQ2_D": 3}, 0),  # use of one is enough
        ({"FREQ1": 1, "FREQ1_D": 1, "FREQ3": 2, "FREQ3_D": 1}, 1),  # used only the third at admission
    ],
)
def test_all_substances(items, answer):
    np.testing.assert_array_equal(became_abstinent(discharge(**items), substances="all")["value"].iloc[0], answer)


def test_reasons_say_why_there_is_no_value():
    assert became_abstinent(discharge(FREQ1=2))["missing_reason"].iloc[0] == "use at discharge not recorded"
    assert became_abstinent(discharge(FREQ1=1))["missing_reason"].iloc[0] == "no use at admission"
    assert remained_abstinent(discharge(FREQ1=2))["missing_reason"].iloc[0] == "use at admission"
    assert became_abstinent(discharge(FREQ2=1))["missing_reason"].iloc[0] == "use at admission not recorded"


@pytest.mark.parametrize(
    ("low", "high", "over_30", "over_90"),
    [(12, 12, 0, 0), (31, 45, 1, 0), (61, 90, 1, 0), (91, 120, 1, 1), (366, None, 1, 1), (7, None, np.nan, np.nan)],
)
def test_a_stay_is_over_a_length_or_not_or_nobody_knows(low, high, over_30, over_90):
    person = discharge({"stay_days_low": low, "stay_days_high": high}, FREQ1=1)
    if high is None:
        person.members["stay_days_high"] = np.nan
    got = [stay_over(person, days=days)["value"].iloc[0] for days in (30, 90)]
    np.testing.assert_array_equal(got, [over_30, over_90])


def test_mutual_help_is_counted_in_bands():
    times = {code: discharge(FREQ_ATND_SELF_HELP_D=code) for code in range(1, 6)}
    any_time = [self_help_attendance(person)["value"].iloc[0] for person in times.values()]
    four_times = [self_help_attendance(person, at_least=4)["value"].iloc[0] for person in times.values()]
    assert any_time == [0, 1, 1, 1, 1]
    np.testing.assert_array_equal(four_times, [0, 0, 1, 1, np.nan])


@pytest.mark.oracle
def test_real_discharges_are_counted_as_in_the_raw_file():
    from iop_outcomes.kernel.registry import SOURCES
    from reference import reference_data

    path = reference_data("teds", "tedsd_2023_sample1000_recoded.csv")
    source = SOURCES["teds_d"]
    records = source(path.parent, 1, **source.check({"path": path.name, "empty_los": "seven_or_more"}))
    episode = records["episode"]
    cohort = pd.DataFrame(
        {
            "member_id": episode["episode_id"],
            "person_id": episode["person_id"],
            "arm": "iop",
            "time_zero_day": 0,
            "follow_up_end_day": 0,
            "end_reason": "end_of_follow_up",
        }
    )
    members = History.of(cohort, records)
    raw = pd.read_csv(path)
    used, denied = raw["FREQ1"].isin([2, 3]), raw["FREQ1"] == 1
    asked = raw["FREQ1_D"].isin([1, 2, 3])
    for metric, eligible in ((became_abstinent, used), (remained_abstinent, denied)):
        value = metric(members)["value"]
        assert value.notna().sum() == (eligible & asked).sum()
        assert value.sum() == (eligible & (raw["FREQ1_D"] == 1)).sum()
        assert metric(members, missing="use")["value"].notna().sum() == eligible.sum()
