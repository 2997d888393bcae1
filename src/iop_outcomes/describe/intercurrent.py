"""What happened to the members after time zero, and what every outcome makes of it: events by arm and strategy."""

import numpy as np
import pandas as pd

from iop_outcomes.history.endings import IN_CARE, care_states
from iop_outcomes.history.history import History
from iop_outcomes.history.intercurrent import DEATH, DROPOUT, ENDING_OF_STATE, ENDINGS, JAIL, EventRules

#: Nothing ended care: observation did, by the calendar or at the end of follow-up.
ADMINISTRATIVE_END = "administrative_end"
NOT_DATED = "ended_on_an_unknown_day"
EVENTS = (*ENDINGS, ADMINISTRATIVE_END, NOT_DATED)


def intercurrent_events(history: History, rules: EventRules) -> pd.DataFrame:
    """Return how many members of each arm had each event, and its strategy for every kind of outcome.

    Parameters
    ----------
    history : History
        Members and their records.
    rules : EventRules
        The section ``events`` of the study.

    Returns
    -------
    pandas.DataFrame
        Rows of the contract ``intercurrent``: by arm and event ``n_ended`` (care ended in this way; they add up to
        ``n_people``), ``n_while`` (it happened at any time while followed, for death and jail), ``n_after`` (of them,
        to whom it happened though care ended otherwise), and the strategies.

    References
    ----------
    ICH E9 (R1) addendum on estimands, 2019, A.3.2.
    """
    state = care_states(history)["state"].astype(object)
    ended = state.map(ENDING_OF_STATE).mask(state == IN_CARE, ADMINISTRATIVE_END)
    ended = ended.where(ended.notna(), NOT_DATED)
    at_any_time = {DEATH: (history.members["end_reason"] == "death").to_numpy(bool), JAIL: _jailed(history)}
    rows = []
    for arm, own in history.members.groupby("arm", observed=True).indices.items():
        for event in EVENTS:
            here = (ended == event).to_numpy()[own]
            counts = {"n_ended": here.sum(), "n_people": len(own), "n_while": np.nan, "n_after": np.nan}
            if event in at_any_time:
                while_followed = at_any_time[event][own] | here
                counts |= {"n_while": while_followed.sum(), "n_after": (while_followed & ~here).sum()}
            rows.append({"arm": arm, "event": event} | counts | strategies(event, rules))
    return pd.DataFrame(rows)


def strategies(event: str, rules: EventRules) -> dict[str, str]:
    """Return the strategy of an event for every kind of outcome, in the words of ICH E9 (R1).

    ``competing`` is said of a way to end care that is counted by itself, and censoring is ``hypothetical``.
    """
    if event == DROPOUT:
        return {"dropout": "the event", "time_in_care": "the event", "retention": "the event", "abstinence": _POLICY}
    if event not in ENDINGS:
        return {"dropout": _IF, "time_in_care": _IF, "retention": "missing", "abstinence": "missing rule"}
    retention = "composite"
    if event == "completion":
        names = {"retained": "competing", "left": "composite", "no_value": "excluded"}
        retention = names[rules.after_completion]
    return {
        "dropout": rules.care_of(event),
        "time_in_care": _IF if event == DEATH else "composite",
        "retention": retention,
        "abstinence": {DEATH: rules.death.use, JAIL: "while not in jail"}.get(event, _POLICY),
    }


_POLICY, _IF = "treatment policy", "hypothetical"


def _jailed(history: History) -> np.ndarray:
    """Return who was in jail on a day of the follow-up."""
    jailed = np.zeros(history.n, dtype=bool)
    if not len(history.records.get("controlled_period", ())):
        return jailed
    periods = history.table("controlled_period")
    owner = periods["member"].to_numpy()
    last = history.members["follow_up_end_day"].to_numpy()[owner]
    start = periods["start_day"].fillna(0).to_numpy(float)
    # A period whose end nobody wrote down is of its first day.
    end = periods["end_day"].fillna(periods["start_day"]).fillna(0).to_numpy(float)
    there = (periods["reason"].astype("str") == JAIL).to_numpy() & (start <= last) & (end >= 0)
    jailed[owner[there]] = True
    return jailed
