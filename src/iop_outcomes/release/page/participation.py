"""What coming more does: the section on strategies of attending."""

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HIDDEN, HtmlTable, count, hidden_note
from iop_outcomes.release.words.finding import lower
from iop_outcomes.study import Study
from iop_outcomes.study.participation import Strategy
from iop_outcomes.tables.attending import (
    AS_STARTED,
    BY_ATTENDANCE,
    CLONES,
    CLONES_TRUNCATED,
    EVER_CHANGED,
    LANDMARK,
    MARGINAL,
    PER_PROTOCOL,
)
from iop_outcomes.tables.estimate import FLAGGED

_WAYS = {
    CLONES: "Strategies followed, weighted for who stayed",
    CLONES_TRUNCATED: "The same with the largest weights cut",
    LANDMARK: "Landmark: groups by then, outcome from then on",
    MARGINAL: "Weekly hours, weighted for what led to them",
    BY_ATTENDANCE: "Biased, for comparison only: groups formed by attendance afterwards",
}


def strategies(study: Study) -> list[str]:
    """Return each strategy in a sentence."""
    asked = study.participation
    return [] if asked is None else [f"“{words.plain(n)}”: {_rule(rule)}." for n, rule in asked.strategies.items()]


def _rule(rule: Strategy) -> str:
    hours = [f"at least {rule.least_hours:g}"] if rule.least_hours is not None else []
    hours += [f"fewer than {rule.below_hours:g}"] if rule.below_hours is not None else []
    said = f"{' and '.join(hours)} hours a week"
    if rule.last_week is not None:
        said += f" up to week {rule.last_week + 1}"
    if rule.grace_weeks:
        said += f", from week {rule.grace_weeks + 1} on"
    if rule.lapses_allowed:
        said += f"; {rule.lapses_allowed} {'week' if rule.lapses_allowed == 1 else 'weeks'} may break it"
    said += "; weeks in jail or hospital, and after treatment was completed, ask for nothing"
    return said + ("; nor do weeks after a step up to more care" if rule.step_up_allowed else "")


def ways(table: Released | None, study: Study) -> HtmlTable | None:
    """Return the same question asked in every way, and what is to be said of it."""
    if table is None:
        return None
    rows = []
    for place, (_, row) in enumerate(table.frame.iterrows()):
        number = ""
        if np.isfinite(row["value"]):
            value, low, high = (words.number(100 * row[name], 1) for name in ("value", "ci_low", "ci_high"))
            number = f"{value} ({low} to {high})"
        elif bool(table.suppressed["value"].iloc[place]):
            number = HIDDEN
        else:
            number = words.capital(str(row["status"]))
        shares = " against ".join(words.percent(row[f"share_{one}"]) or "not shown" for one in ("first", "second"))
        people = " and ".join(count(table, place, f"n_{one}") or "none" for one in ("first", "second"))
        said = _with_caution(row)
        how = _WAYS[str(row["way"])]
        how += f": {row['strategy']} against {row['against']}" if str(row["way"]) == MARGINAL else ""
        rows.append((how, number, shares if np.isfinite(row["value"]) else "", people, said))
    columns = ("How", "Difference, percentage points (95% CI)", "Shares", "People at the end", "In words")
    note = f"Intervals of followed strategies are percentiles of a bootstrap. {_hours_note(study)}{hidden_note(table)}"
    return HtmlTable("The same question, asked in several ways", columns, rows, note, (1,), file="participation")


def _hours_note(study: Study) -> str:
    return "Of hours, people at the end are those who came about as much. " if study.asks_hours else ""


_CHANGES = {
    AS_STARTED: "Trials nested in weeks: changed then, or did not",
    PER_PROTOCOL: "The same, as long as those who did not change still had not",
    EVER_CHANGED: "Biased, for comparison only: ever changed, or never",
}


def _with_caution(row: pd.Series) -> str:
    """Return the reason of a row, called a caution where the number stands all the same."""
    reason = words.sentences(str(row["reason"]))
    return f"With caution: {lower(reason)}" if str(row["status"]) == FLAGGED and reason else reason


def changes(table: Released | None) -> HtmlTable | None:
    """Return what stepping up or down did, in every way that it is asked."""
    if table is None:
        return None
    rows = []
    for place, (_, row) in enumerate(table.frame.iterrows()):
        number = words.capital(str(row["status"]))
        if np.isfinite(row["value"]):
            value, low, high = (words.number(100 * row[name], 1) for name in ("value", "ci_low", "ci_high"))
            number = f"{value} ({low} to {high})"
        elif bool(table.suppressed["value"].iloc[place]):
            number = HIDDEN
        people = " and ".join(filter(None, (count(table, place, f"n_{one}") for one in ("changed", "stayed"))))
        said = _with_caution(row)
        rows.append((words.capital(words.plain(str(row["change"]))), _CHANGES[str(row["way"])], number, people, said))
    columns = ("Change", "How", "Difference, percentage points (95% CI)", "People changed and not", "In words")
    note = f"Of a positive test. Whoever changed late counts among those who had not, until then. {hidden_note(table)}"
    return HtmlTable("Stepping up or down within care", columns, rows, note, (2,), file="level_change")


def changed(table: Released | None) -> list[tuple[str, str]]:
    """Return the answer on each change of the level of care in whole sentences."""
    if table is None:
        return []
    return [(words.capital(words.plain(str(row["change"]))), str(row["sentence"])) for _, row in table.frame.iterrows()]


def verdict(table: Released | None) -> str:
    """Return the answer in whole sentences, empty where there is none."""
    return "" if table is None else str(table.frame["sentence"].iloc[0])


def gap(table: Released | None) -> str:
    """Return how far the comparison by attendance lies from the strategies; a claim is only what chance leaves over."""
    if table is None:
        return ""
    by_way = table.frame.set_index("way")["value"]
    if not {CLONES, BY_ATTENDANCE} <= set(by_way.index):
        return ""
    apart = by_way[BY_ATTENDANCE] - by_way[CLONES]
    if pd.isna(apart):
        return ""
    naive = table.frame[table.frame["way"] == BY_ATTENDANCE].iloc[0]
    did = "given" if naive["ci_low"] <= 0 <= naive["ci_high"] else "claimed"
    return (
        f"Forming groups by how much people came would have {did} {words.number(100 * by_way[BY_ATTENDANCE], 1)} "
        f"percentage points, which lies {words.number(abs(100 * apart), 1)} from what following the strategies gives."
    )
