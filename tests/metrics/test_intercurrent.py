"""Events by arm and strategy, by hand; and what the rules for events make of how care ended."""

import pandas as pd
import pytest

from iop_outcomes.describe.intercurrent import EVENTS, intercurrent_events, strategies
from iop_outcomes.history.endings import STATES
from iop_outcomes.history.history import History
from iop_outcomes.history.intercurrent import ENDING_OF_STATE, EventRules
from small import history


def six() -> History:
    """Six people of one arm: completed, dropped out, sent away, jailed, died in care, and in care to the end."""
    members = history(
        {"discharge_day": 20, "discharge_reason": "completed"},
        {"discharge_day": 30, "discharge_reason": "dropout"},
        {"discharge_day": 30, "discharge_reason": "terminated"},
        {"discharge_day": 40, "discharge_reason": "incarcerated"},
        {"discharge_day": 50, "discharge_reason": "death"},
        {"last_contact_day": 99},
        controlled_period=[
            {"person_id": "p2", "start_day": 60, "end_day": 70, "reason": "jail"},
            # In hospital, and in jail after the follow-up.
            {"person_id": "p1", "start_day": 60, "end_day": 70, "reason": "inpatient"},
            {"person_id": "p3", "start_day": 400, "end_day": 410, "reason": "jail"},
        ],
        follow_up_days=100,
    )
    members.members.loc["e5", ["follow_up_end_day", "end_reason"]] = [50, "death"]
    return members


def test_every_member_is_counted_once_by_what_ended_care():
    table = intercurrent_events(six(), EventRules()).set_index("event")
    ended = {"dropout": 2, "completion": 1, "transfer": 0, "jail": 1, "death": 1, "administrative_end": 1}
    assert table["n_ended"].to_dict() == ended | {"ended_on_an_unknown_day": 0}
    assert table["n_ended"].sum() == table["n_people"].iloc[0] == 6


def test_jail_after_dropout_is_counted_while_followed():
    table = intercurrent_events(six(), EventRules()).set_index("event")
    assert table.loc["jail", ["n_ended", "n_while", "n_after"]].tolist() == [1, 2, 1]
    assert table.loc["death", ["n_ended", "n_while", "n_after"]].tolist() == [1, 1, 0]
    assert table["n_while"].notna().sum() == 2


def test_every_recorded_way_to_end_care_is_one_of_the_events():
    assert set(ENDING_OF_STATE) == set(STATES)
    assert all(strategies(event, EventRules()) for event in EVENTS)


@pytest.mark.parametrize(
    ("strategy", "ended_by", "retained"),
    [
        ("competing", "completion", "competing"),
        ("composite", "dropout", "composite"),
        ("hypothetical", None, "excluded"),
    ],
)
def test_a_study_declares_what_completing_means(strategy, ended_by, retained):
    rules = EventRules(completion={"care": strategy})
    state = pd.Series(["completed", "terminated", "in_care", None])
    assert rules.ended_by(state).tolist() == [ended_by, "dropout", None, None]
    told = strategies("completion", rules)
    assert (told["dropout"], told["retention"], told["abstinence"]) == (strategy, retained, "treatment policy")


def test_death_has_one_rule_for_abstinence():
    assert strategies("death", EventRules())["abstinence"] == "composite"
    assert strategies("death", EventRules(death={"use": "excluded"}))["abstinence"] == "excluded"


def test_the_rules_are_said_in_words():
    rules = EventRules(transfer={"care": "composite"})
    assert rules.in_words() == (
        "Completion, jail or death is a way of its own to end care, after which nobody drops out. "
        "Transfer counts as dropout"
    )
