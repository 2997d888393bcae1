"""How much an answer depends on the definition: who is abstinent by every published rule, and what is made of gaps."""

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.endpoints import last_week_needed, score
from iop_outcomes.endpoints.matrix import MISSING, POSITIVE, UNSCHEDULED
from iop_outcomes.history.death import died_within
from iop_outcomes.history.due import due_weeks, weeks_without_schedule
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import Panel
from iop_outcomes.history.urine_weeks import urine_weeks_or_none
from iop_outcomes.history.windows import observed_weeks

#: Published endpoints that say of a person whether they were abstinent, with the value that means yes. The event of a
#: time to first use is the use.
ENDPOINTS = {
    "Ab_ctnNinetyFour_2023": ("CTN-0094 2023: last four of 15 weeks, one gap allowed", 1),
    "Ab_ctnThirty_2011": ("Weiss 2011: last week and two of the three before", 1),
    "Ab_kosten_1993": ("Kosten 1993: three weeks in a row", 1),
    "Ab_krupitskyA_2011": ("Krupitsky 2011: all of weeks 5 to 15", 1),
    "Ab_ling_1998": ("Ling 1998: four weeks in a row", 1),
    "Ab_lofwall_2018": ("Lofwall 2018: most of weeks 5 to 15", 1),
    "Ab_schwartz_2006": ("Schwartz 2006: week 15", 1),
    "AbE_mokri_2016": ("Mokri 2016: never positive", 0),
    "AbE_shufman_1994": ("Shufman 1994: never positive, missed is negative", 0),
}

#: What is made of a week whose test was due and missed.
RULES = {
    "as published": MISSING,
    "missed tests count as use": POSITIVE,
    "missed tests are left out": UNSCHEDULED,
}


def abstinence_shares(history: History, capability: pd.DataFrame, substance: Panel = None) -> pd.DataFrame:
    """Return the ``abstinence_share`` table: by arm, how many are abstinent by each definition and missing rule.

    Parameters
    ----------
    history : History
        Members and their records.
    capability : pandas.DataFrame
        Table of that contract; empty without drug tests.
    substance : str or list of str, optional
        Target substances; the study's when left out.

    Returns
    -------
    pandas.DataFrame
        Members a definition cannot tell of, under its rule, are not in ``n``. A definition that looks at weeks in which
        no test was due any more in an arm has no row of that arm.

    References
    ----------
    Each endpoint's own, in docs/endpoints.md.
    """
    weeks = urine_weeks_or_none(history, capability, substance)
    if weeks is None:
        return tables.empty("abstinence_share")
    arm = history.members["arm"].to_numpy()
    left_out = weeks.no_target
    if history.rules.after_death == "no_value":
        left_out = left_out | died_within(history, 7 * weeks.found.shape[1])
    beyond = {column: _beyond(history, column, substance)[0] for column in ENDPOINTS}
    parts = []
    for rule, meaning in RULES.items():
        scores = score(np.where(weeks.judged == MISSING, meaning, weeks.judged), list(ENDPOINTS))
        for column, (label, yes) in ENDPOINTS.items():
            value = scores[column].to_numpy()
            known = ~np.isnan(value) & ~left_out & ~beyond[column]
            counts = pd.DataFrame({"arm": arm[known], "n_events": value[known] == yes}).groupby("arm", observed=True)
            part = counts["n_events"].agg(n="size", n_events="sum").reset_index()
            parts.append(part.assign(endpoint=label, missing_rule=rule))
    return pd.concat(parts, ignore_index=True)


def refused_endpoints(history: History) -> dict[str, str]:
    """Return the definitions that look at weeks in which no test was due any more, each with a sentence."""
    refused = {}
    for column, (label, _) in ENDPOINTS.items():
        beyond, last = _beyond(history, column)
        if beyond.any():
            arms = ", ".join(sorted(history.members["arm"][beyond].astype("str").unique()))
            needed = last_week_needed(column)
            name = label.partition(":")[0]
            refused[name] = f"{name} needs drug tests until week {needed}; none was due after week {last} in {arms}"
    return refused


def _beyond(history: History, column: str, substance: Panel = None) -> tuple[np.ndarray, int]:
    n_weeks = max(int(observed_weeks(history).max(initial=0)), 1)
    due = due_weeks(history, n_weeks, substance)
    return weeks_without_schedule(history, due, last_week_needed(column))
