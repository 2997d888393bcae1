"""From dated records to weekly words.

day          0 . . . . . 6  7 . . . . .13 14 . . . .20 21 . . . .27
week         1              2             3            4
"""

import pandas as pd
import pytest

from iop_outcomes.endpoints import score
from iop_outcomes.endpoints.words import on_panel, same_span, visit_days, weekly_matrix, weekly_use_matrix, words_of
from iop_outcomes.kernel.errors import ContractError, StudyFileError

FOUR_WEEKS = same_span(["ann"], first_day=0, last_day=27)


def results(*rows):
    return pd.DataFrame(rows, columns=["person", "day", "result"])


def word(table, spans=FOUR_WEEKS, **settings):
    return words_of(weekly_matrix(table, spans, **settings)).iloc[0]


def test_one_symbol_per_week():
    tests = results(
        ("ann", 0, "negative"),
        ("ann", 6, "negative"),  # week 1: negative only
        ("ann", 7, "positive"),
        ("ann", 13, "negative"),  # week 2: a positive day and a negative day
        ("ann", 27, "positive"),  # week 4; nothing in week 3
    )
    assert word(tests) == "-*o+"


def test_a_day_with_two_results_is_one_day_and_positive_if_any_is():
    tests = results(("ann", 3, "negative"), ("ann", 3, "positive"), ("ann", 10, "negative"), ("ann", 10, "negative"))
    assert word(tests) == "+-oo"


def test_days_outside_the_span_and_people_without_one_are_not_read():
    tests = results(("ann", -1, "positive"), ("ann", 28, "positive"), ("bob", 3, "positive"))
    assert word(tests) == "oooo"


def test_order_of_rows_does_not_matter():
    tests = results(("ann", 0, "negative"), ("ann", 8, "positive"), ("ann", 9, "negative"))
    assert word(tests) == word(tests.iloc[::-1])


def test_a_protocol_grid_makes_unseen_weeks_missed_or_not_due():
    tests = results(("ann", 0, "negative"), ("ann", 10, "positive"))
    assert word(tests) == "-+oo"
    assert word(tests, schedule=[1, 3]) == "-+o_"  # a result in a week that was not due still counts
    each = pd.DataFrame({"person": ["ann", "ann", "bob"], "week": [1, 4, 2]})
    assert word(tests, schedule=each) == "-+_o"


def test_another_anchor_and_another_week():
    """Week 1 starts the day after randomisation on day 2 and lasts 5 days: days 3-7, 8-12; baseline is days -2 to 2."""
    spans = same_span(["ann"], first_day=-2, last_day=12, week_one_day=3)
    tests = results(("ann", 2, "positive"), ("ann", 3, "negative"), ("ann", 8, "positive"))
    table = weekly_matrix(tests, spans, week_length=5)
    assert list(table.columns) == [0, 1, 2]
    assert words_of(table).tolist() == ["+-+"]
    assert words_of(table, first_week=1).tolist() == ["-+"]
    assert words_of(table, last_week=0).tolist() == ["+"]


def test_weeks_before_week_one_are_not_due():
    spans = same_span(["ann"], first_day=-14, last_day=13, week_one_day=0)
    assert word(results(("ann", -14, "negative")), spans) == "-_oo"


def test_people_are_followed_for_different_times():
    spans = pd.DataFrame({"first_day": 0, "last_day": [27, 8], "week_one_day": 0}, index=["ann", "bob"])
    table = weekly_matrix(results(("bob", 8, "negative"), ("bob", 20, "negative")), spans)
    assert words_of(table).to_dict() == {"ann": "oooo", "bob": "o-"}
    assert score(table, ["Ab_fiellin_2006", "Rd_fiellin_2006"]).to_numpy().tolist() == [[0, 0], [1, 0.5]]


def test_the_table_is_scored_from_week_one():
    spans = same_span(["ann"], first_day=-14, last_day=13, week_one_day=0)
    table = weekly_matrix(results(("ann", -10, "negative"), ("ann", 3, "negative")), spans)
    assert score(table, "Ab_fiellin_2006").loc["ann", "Ab_fiellin_2006"] == 1


def test_self_report_counts_days_of_use():
    days = pd.DataFrame({"person": "ann", "day": [0, 1, 1, 8, 22]})
    assert words_of(weekly_use_matrix(days, FOUR_WEEKS)).tolist() == ["+*-*"]


def test_self_report_weeks_never_asked_about_are_missing():
    """Asked until day 14, the first day of week 3; the use on day 22 was found otherwise and stays."""
    days = pd.DataFrame({"person": "ann", "day": [0, 22]})
    asked = pd.Series({"ann": 14})
    five_weeks = same_span(["ann", "bob"], first_day=0, last_day=34)
    words = words_of(weekly_use_matrix(days, five_weeks, asked_until=asked))
    assert words.to_dict() == {"ann": "*--*o", "bob": "ooooo"}


def test_the_prescribed_agent_is_not_use():
    records = pd.DataFrame({"person": ["ann", "ann", "bob"], "substance": ["opioid", "methadone", "methadone"]})
    panels = {"methadone arm": ["opioid"], "other": ["opioid", "methadone"]}
    kept = on_panel(records, pd.Series({"ann": "methadone arm", "bob": "other"}), panels)
    assert kept.to_numpy().tolist() == [["ann", "opioid"], ["bob", "methadone"]]
    with pytest.raises(StudyFileError, match="there is no panel 'othr'; did you mean 'other'"):
        on_panel(records, pd.Series({"ann": "othr"}), panels)


def test_a_visit_is_missed_on_the_last_day_of_an_interval_without_one():
    """Anchored on day 2: intervals (2, 9], (9, 16], (16, 23]; (23, 30] is cut by the span and asks nothing."""
    attended = pd.DataFrame({"person": "ann", "day": [9, 9, 1, 24, 40]})
    anchor = pd.DataFrame({"anchor_day": [2], "expected_on_anchor": [False]}, index=["ann"])
    days = visit_days(attended, FOUR_WEEKS, anchor)
    assert list(zip(days["day"], days["state"], strict=True)) == [
        (1, "Present"),
        (9, "Present"),
        (16, "Missing"),
        (23, "Missing"),
        (24, "Present"),
    ]


@pytest.mark.parametrize(("came_on", "states"), [([], ["Missing"] * 4), ([0], ["Present"] + ["Missing"] * 3)])
def test_the_anchor_day_itself_can_be_missed(came_on, states):
    anchor = pd.DataFrame({"anchor_day": [0], "expected_on_anchor": [True]}, index=["ann"])
    days = visit_days(pd.DataFrame({"person": "ann", "day": came_on}), FOUR_WEEKS, anchor)
    assert days["day"].tolist() == [0, 7, 14, 21]
    assert days["state"].tolist() == states


def test_nobody_and_nothing():
    nobody = same_span([], first_day=0, last_day=27)
    assert weekly_matrix(results(), nobody).shape == (0, 0)
    assert word(results()) == "oooo"


@pytest.mark.parametrize(
    ("table", "spans", "sentence"),
    [
        (
            results(("ann", 1, "inconclusive")),
            FOUR_WEEKS,
            "1 row has a result that is neither 'negative' nor 'positive'",
        ),
        (results(("ann", None, "negative")), FOUR_WEEKS, "1 value of 'day' is not a whole study day"),
        (results(("ann", 1.5, "negative")), FOUR_WEEKS, "1 value of 'day' is not a whole study day"),
        (results().drop(columns="day"), FOUR_WEEKS, "results: column 'day' is missing"),
        (results(), FOUR_WEEKS.drop(columns="week_one_day"), "spans: column 'week_one_day' is missing"),
        (results(), same_span(["ann", "ann"], 0, 27), "1 row for people already named"),
        (results(), same_span(["ann"], 5, 4), "1 person has a last_day before the first_day"),
    ],
)
def test_wrong_tables_are_answered_in_one_sentence(table, spans, sentence):
    with pytest.raises(ContractError, match=sentence):
        weekly_matrix(table, spans)


def test_a_week_needs_days():
    with pytest.raises(ContractError, match="0 days is no week"):
        weekly_matrix(results(), FOUR_WEEKS, week_length=0)
