"""What each table tells a stranger: sums that hold, shares of counts, and which cells count the same people."""

import re
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.release.attack.reading import Table
from iop_outcomes.release.attack.shares import Share
from iop_outcomes.release.attack.unknowns import Unknowns
from iop_outcomes.release.disclosure.writing import SUPPRESSED
from iop_outcomes.study.release_rules import ReleaseRules
from iop_outcomes.tables.follow_up import ALL_NOT_TAKEN, NOT_TAKEN

Teller = Callable[[Table], Unknowns]

_NUMBER = r"(?:fewer than (?P<few>\d+)|(?P<n>[\d,]+))"
_MISSING = re.compile(rf"{_NUMBER} missing outcomes?\b")
_DIED = re.compile(rf"{_NUMBER} people are on record as having died")


def _flow(table: Table) -> Unknowns:
    """Before is excluded and after, step by step; the last after is the arm, and all arms are the episodes."""
    known, frame = Unknowns(), table.frame
    first = []
    for arm, rows in frame.groupby("arm", sort=False):
        for row, step in zip(rows.index, rows["step"], strict=True):
            before, excluded, after = (
                table.learn(known, row, f"n_{what}", f"{arm}, {what} step {step}")
                for what in ("before", "excluded", "after")
            )
            known.adds_up(before, excluded, after)
            if row == rows.index[0]:
                first.append(before)
        steps = list(rows["step"])
        for one, other in pairwise(steps):
            known.adds_up(f"{arm}, after step {one}", f"{arm}, before step {other}")
        known.adds_up(f"{arm}, after step {steps[-1]}", known.know(str(arm)))
    if frame["n_episodes"].iloc[0] != "":
        everybody = table.learn(known, 0, "n_episodes", "episode, accepted")
        known.adds_up(everybody, *first, table.learn(known, 0, "n_elsewhere", "in no arm"))
    return known


def _intake(table: Table) -> Unknowns:
    known = Unknowns()
    for row, name in enumerate(table.frame["table"]):
        read, accepted, rejected = (
            table.learn(known, row, f"n_{what}", f"{name}, {what}") for what in ("in", "accepted", "rejected")
        )
        known.adds_up(read, accepted, rejected)
    _episodes(table, known)
    return known


def _episodes(table: Table, known: Unknowns) -> None:
    """Take as many episodes as there are people, where there are as many baselines; and see how many more or fewer."""
    rows = {name: row for row, name in enumerate(table.frame["table"])}
    exact = table.rules.round_to == 1 and {"person", "baseline", "episode"} <= set(rows)
    if not exact:
        return
    people, baselines, episodes = (table.number(rows[name], "n_accepted") for name in ("person", "baseline", "episode"))
    if people == baselines and np.isnan(episodes):
        known.adds_up("episode, accepted", "person, accepted")
    for name in ("person", "baseline"):
        pair = ("episode, accepted", f"{name}, accepted")
        more, fewer = pair if table.number(rows[name], "n_accepted") <= episodes else pair[::-1]
        apart = known.guess(f"{name} beside episodes", f"{table.name}, row {rows[name] + 1}, beside episodes")
        if not np.isnan(table.number(rows[name], "n_accepted") + episodes):
            known.adds_up(more, fewer, apart)


def _balance(table: Table) -> Unknowns:
    """Levels add up to the arm, with those of a level that is not listed; a level's mean is its share."""
    known, frame = Unknowns(), table.frame
    listed: dict[tuple[str, str], dict[str, None]] = {}
    for row in frame.index[frame["level"] != ""]:
        for side, arm in (("treated", frame["arm"][row]), ("reference", frame["against"][row])):
            covariate, level = frame["covariate"][row], frame["level"][row]
            people = table.learn(known, row, f"n_{side}", f"{arm}, {covariate} {level}")
            listed.setdefault((arm, covariate), {})[people] = None
            _share(table, known, row, f"mean_{side}_before", people, known.know(arm))
    for (arm, covariate), levels in listed.items():
        rest = known.guess(f"{arm}, {covariate} not listed", f"{table.name}, a level of {covariate} that is not listed")
        known.adds_up(arm, rest, *levels)
    return known


def _outcomes(table: Table) -> Unknowns:
    """People are those whose outcome is known and those whose is not, with it and without; levels add up to all."""
    known, frame = Unknowns(), table.frame
    levels: dict[tuple[str, str], dict[str, str]] = {}
    for row in frame.index:
        arm, outcome, group, level = (frame[c][row] for c in ("arm", "outcome", "group", "level"))
        whom = f"{arm}, {group} {level}" if level else arm
        people = table.learn(known, row, "n_people", whom)
        whose = f"{whom}, {outcome}"
        seen = table.learn(known, row, "n", f"{whose} known")
        over = "" if frame["n_people"][row] == SUPPRESSED else "n"
        known.adds_up(people, seen, _left(known, table, row, f"{whose} not known", over))
        if level:
            levels.setdefault((arm, group), {})[people] = arm
            levels.setdefault((arm, f"{group}, {outcome}"), {})[whose] = f"{arm}, {outcome}"
        if "sd" in frame and frame["unit"][row] == "share" and frame["sd"][row] == "":
            _with_and_without(table, known, row, "value", whose, seen, whom)
    for parts in levels.values():
        whole = next(iter(parts.values()))
        for count in (" known", " not known", " with", " without") if ", " in whole else ("",):
            names = [f"{part}{count}" for part in parts]
            if all(name in known.bounds for name in (f"{whole}{count}", *names)):
                known.adds_up(f"{whole}{count}", *names)
    return known


def _estimates(table: Table) -> Unknowns:
    known, frame = Unknowns(), table.frame
    arms = (frame["role"] == "arm") & (frame["population"] == "everybody")
    of_design, cells = list(_of_designs(frame)), table.cells
    for row in frame.index[arms]:
        arm = cells["arm"][row]
        everybody = f"{arm}, {cells['outcome'][row]}"
        whose = f"{everybody}{of_design[row]}"
        seen = table.learn(known, row, "n", f"{whose} known")
        known.adds_up(known.know(arm), seen, _left(known, table, row, f"{whose} not known", "n"))
        if cells["n_events"][row] == "":
            continue
        events = table.learn(known, row, "n_events", f"{whose} with")
        known.adds_up(seen, events, _left(known, table, row, f"{whose} without"))
        for count in (" known", " with", " without") if of_design[row] else ():
            known.adds_up(f"{everybody}{count}", f"{whose}{count}", _left(known, table, row, f"{whose}, not{count}"))
        counted = cells["kind"][row] == "naive" or "unweighted" in cells["se_method"][row]
        if counted and cells["measure"][row] == "mean" and cells["unit"][row] == "share":
            _share(table, known, row, "value", events, seen, arm=arm)
    for analysis, rows in frame[arms].groupby("analysis", sort=False):
        _missing_in_all(table, known, list(rows.index), str(analysis))
    return known


def _of_designs(frame: pd.DataFrame) -> pd.Series:
    """Return whom each row counts: those a design left, where it counts others than the row without it does."""
    place, counts = ["analysis", "role", "arm"], ["n", "n_events"]
    naive = frame[frame["kind"] == "naive"].drop_duplicates(place).set_index(place)[counts]
    without = naive.reindex(pd.MultiIndex.from_frame(frame[place])).set_index(frame.index)
    others = without["n"].notna() & (without != frame[counts]).any(axis=1)
    # A design that compares arms by pairs leaves other people of an arm beside one than beside another.
    of_arm = frame["role"] == "arm"
    of_pair = {name: " and ".join(sorted(set(rows["arm"]))) for name, rows in frame[of_arm].groupby("analysis")}
    numbers = frame[counts].mask(frame[counts].isin(["", SUPPRESSED]))
    same = [frame[name] for name in ("design", "arm", "outcome", "kind")]
    unlike = (numbers[of_arm].groupby([key[of_arm] for key in same]).transform("nunique") > 1).any(axis=1)
    unlike = unlike.reindex(frame.index, fill_value=False)
    pair = pd.Series([f" of {of_pair.get(name, '')}" for name in frame["analysis"]], frame.index).where(unlike, "")
    return (" in " + frame["design"] + pair).where(others, "")


def _missing_in_all(table: Table, known: Unknowns, rows: list[int], analysis: str) -> None:
    """Learn from how an interval was made of how many, of both arms together, the outcome is missing."""
    said = next((found for row in rows if (found := _MISSING.search(table.cells["se_method"][row]))), None)
    if said is None:
        return
    parts = {f"{table.cells['arm'][row]}, {table.cells['outcome'][row]} not known": 1.0 for row in rows}
    known.fact(parts, *table.said(said["few"], said["n"]))


def _intercurrent(table: Table) -> Unknowns:
    """Care of everybody ended in one way; to whom an event happened it ended care, or did not."""
    known, frame = Unknowns(), table.frame
    for arm, rows in frame.groupby("arm", sort=False):
        ways = []
        for row, event in zip(rows.index, rows["event"], strict=True):
            ended = table.learn(known, row, "n_ended", f"{arm}, care ended by {event}")
            ways.append(ended)
            if frame["n_while"][row] != "":
                ever = table.learn(known, row, "n_while", f"{arm}, {event}")
                known.adds_up(ever, ended, _left(known, table, row, f"{arm}, {event} after care", "n_while"))
        known.adds_up(known.know(str(arm)), *ways)
    return known


def _set_aside(table: Table) -> Unknowns:
    """Rows that were not taken, rule by rule, are all rows that were not taken."""
    known, frame = Unknowns(), table.frame
    for name, rows in frame.groupby("table", sort=False):
        counts = {rule: table.learn(known, row, "n", f"{name}, {rule}") for row, rule in rows["rule"].items()}
        by_rule = [count for rule, count in counts.items() if rule.startswith(NOT_TAKEN)]
        if ALL_NOT_TAKEN in counts:
            known.adds_up(counts[ALL_NOT_TAKEN], known.know(f"{name}, rejected"))
            known.adds_up(counts[ALL_NOT_TAKEN], *by_rule)
    return known


def of_sentences(page: str, rules: ReleaseRules, known: Unknowns) -> Unknowns:
    """Return what sentences of the report tell of all arms together."""
    told, said = Unknowns(), _DIED.search(page)
    arms = {name: 1.0 for name in known.bounds if name.endswith(", death")}
    if said and arms:
        told.fact(arms, *Table("report.html", pd.DataFrame(), rules).said(said["few"], said["n"]))
    return told


def _subgroups(table: Table) -> Unknowns:
    """Levels add up to the arm; what is known, and who has the outcome, to those of everybody in it."""
    known, frame = Unknowns(), table.frame
    sums: dict[tuple[str, str], dict[str, None]] = {}
    for row in frame.index[frame["role"] == "arm"]:
        arm, outcome, modifier, level = (frame[c][row] for c in ("arm", "outcome", "modifier", "level"))
        whose = f"{arm}, {modifier} {level}"
        people = table.learn(known, row, "n_people", whose)
        seen = table.learn(known, row, "n", f"{whose}, {outcome} known")
        over = "" if frame["n_people"][row] == SUPPRESSED else "n"
        known.adds_up(people, seen, _left(known, table, row, f"{whose}, {outcome} not known", over))
        sums.setdefault((arm, modifier), {})[people] = None
        sums.setdefault((f"{arm}, {outcome} known", modifier), {})[seen] = None
        if frame["n_events"][row] == "":
            continue
        events = table.learn(known, row, "n_events", f"{whose}, {outcome} with")
        without = _left(known, table, row, f"{whose}, {outcome} without")
        known.adds_up(seen, events, without)
    for (total, _), parts in sums.items():
        known.adds_up(known.know(total), *parts)
    return known


def _participation(table: Table) -> Unknowns:
    """Groups formed by attendance share everybody of the arms out."""
    known, frame = Unknowns(), table.frame
    for row in frame.index:
        way = frame["way"][row]
        first, second = (table.learn(known, row, f"n_{place}", f"{way}, {place}") for place in ("first", "second"))
        if way == "by_attendance" and "; " not in frame["arms"][row]:
            known.adds_up(known.know(frame["arms"][row]), first, second, _left(known, table, row, f"{way}, in neither"))
    return known


def _changes(table: Table) -> Unknowns:
    """Who ever changed their level of care and who never did share everybody of the arms out."""
    known, frame = Unknowns(), table.frame
    for row in frame.index:
        whose = f"{frame['change'][row]}, {frame['way'][row]}"
        both = [table.learn(known, row, f"n_{place}", f"{whose}, {place}") for place in ("changed", "stayed")]
        if frame["way"][row] == "ever_changed" and "; " not in frame["arms"][row]:
            known.adds_up(known.know(frame["arms"][row]), *both, _left(known, table, row, f"{whose}, in neither"))
    return known


def _hours(table: Table) -> Unknowns:
    """Nobody is near two numbers of hours; the others of the arm are near none of them."""
    known, frame = Unknowns(), table.frame
    near = [table.learn(known, row, "n_near", f"about {frame['hours'][row]} hours") for row in frame.index]
    if near and "; " not in frame["arms"].iloc[0]:
        elsewhere = _left(known, table, 0, "about other hours")
        known.adds_up(known.know(frame["arms"].iloc[0]), *near, elsewhere)
    return known


def _following(table: Table) -> Unknowns:
    """Who no longer follows a strategy has left it or has had the outcome."""
    known, frame = Unknowns(), table.frame
    for strategy, rows in frame.groupby("strategy", sort=False):
        there = [
            table.learn(known, row, "n_uncensored", f"{strategy}, week {frame['week'][row]}") for row in rows.index
        ]
        for row, one, other in zip(rows.index[1:], there, there[1:], strict=False):
            known.adds_up(one, other, _left(known, table, row, f"{strategy}, gone before week {frame['week'][row]}"))
    return known


def _definitions(table: Table) -> Unknowns:
    known, frame = Unknowns(), table.frame
    for row in frame.index:
        arm, whose = frame["arm"][row], " ".join(frame.loc[row, ["arm", "endpoint", "missing_rule"]])
        seen = table.learn(known, row, "n", f"{whose} known")
        known.adds_up(known.know(arm), seen, _left(known, table, row, f"{whose} not known", "n"))
        events = table.learn(known, row, "n_events", f"{whose} with")
        known.adds_up(seen, events, _left(known, table, row, f"{whose} without"))
        _share(table, known, row, "share", events, seen, arm=arm)
    return known


def _urine(table: Table) -> Unknowns:
    """Results of those who were due, who are part of the arm."""
    known, frame = Unknowns(), table.frame
    for (arm, week), rows in frame.groupby(["arm", "week"], sort=False):
        due = known.know(f"{arm}, due in week {week}")
        known.adds_up(known.know(str(arm)), due, _left(known, table, rows.index[0], f"{arm}, not due in week {week}"))
        results = []
        for row in rows.index:
            result = known.guess(f"{arm}, {frame['result'][row]} in week {week}", _place(table, row, "share"))
            _share(table, known, row, "share", result, due, beside=rows.index)
            results.append(result)
        known.adds_up(due, *results)
    return known


def _histogram(table: Table) -> Unknowns:
    known, frame = Unknowns(), table.frame
    for arm, rows in frame.groupby("arm", sort=False):
        bins = [table.learn(known, row, "n", f"{arm}, score from {frame['score_low'][row]}") for row in rows.index]
        known.adds_up(table.learn(known, rows.index[0], "n_arm", str(arm)), *bins)
    return known


def _at_risk(table: Table) -> Unknowns:
    """Who is no longer at risk has left."""
    known, frame = Unknowns(), table.frame
    counted = frame[frame["n_at_risk"] != ""]
    for arm, rows in counted.groupby("arm", sort=False):
        there = [
            table.learn(known, row, "n_at_risk", f"{arm}, at risk on day {frame['day'][row]}") for row in rows.index
        ]
        # A design may have left out some before the first day.
        known.adds_up(known.know(str(arm)), there[0], _left(known, table, rows.index[0], f"{arm}, not at risk at all"))
        for (start, row), (one, other) in zip(pairwise(rows.index), pairwise(there), strict=True):
            days = f"from day {frame['day'][start]} to before day {frame['day'][row]}"
            known.adds_up(one, other, _left(known, table, row, f"{arm}, left {days}"))
    return known


def _agreement(table: Table) -> Unknowns:
    known, frame = Unknowns(), table.frame
    cells = ("n_not_comparable", "n_both", "n_test_only", "n_report_only", "n_neither")
    for row in frame.index:
        tests, *parts = (table.learn(known, row, cell, f"{frame['arm'][row]}, {cell}") for cell in ("n_tests", *cells))
        known.adds_up(tests, *parts)
        for share, part, other in (("sensitivity", parts[1], parts[2]), ("specificity", parts[4], parts[3])):
            whole = known.know(f"{frame['arm'][row]}, {share} of")
            known.adds_up(whole, part, other)
            if not np.isnan(table.number(row, share)):
                known.share(part, whole, table.number(row, share), 0.01)
    return known


def _left(known: Unknowns, table: Table, row: int, name: str, over: str = "") -> str:
    """Return a count that nobody wrote down and that is left over from another of a row."""
    if over and table.cells[over][row] == SUPPRESSED:
        known.somebody.add(name)
    return known.guess(name, f"{table.name}, row {row + 1}, {name.rpartition(', ')[2]}")


def _place(table: Table, row: int, column: str) -> str:
    return f"{table.name}, row {row + 1}, {column}"


def _with_and_without(table: Table, known: Unknowns, row: int, column: str, whose: str, seen: str, arm: str) -> None:
    events = known.guess(f"{whose} with", _place(table, row, column))
    known.adds_up(seen, events, _left(known, table, row, f"{whose} without"))
    _share(table, known, row, column, events, seen, 0.01, arm=arm)


def _share(
    table: Table,
    known: Unknowns,
    row: int,
    column: str,
    part: str,
    whole: str,
    finest: float = 0.001,
    beside=(),
    arm="",
) -> None:
    """Learn from a share, where one is shown, in what proportion a part is to its whole."""
    share = table.number(row, column)
    if not np.isnan(share):
        others = tuple(table.number(other, column) for other in beside)
        known.shares.append(Share(known.know(part), known.know(whole), share, arm, finest, others, table.rules))


#: Tables with what they tell. Those of the same people in two forms are read twice, as a stranger would.
TELLERS: dict[str, Teller] = {
    "attrition_flow": _flow,
    "intake": _intake,
    "balance": _balance,
    "love_plot": _balance,
    "outcomes": _outcomes,
    "estimate": _estimates,
    "participation": _participation,
    "participation_ways": _participation,
    "participation_week": _following,
    "participation_hours": _hours,
    "hours_response": _hours,
    "level_change": _changes,
    "component": _outcomes,
    "session_mix": _outcomes,
    "participation_risks": _following,
    "subgroup": _subgroups,
    "subgroup_forest": _subgroups,
    "forest_plot": _estimates,
    "missing_panel": _estimates,
    "abstinence_definitions": _definitions,
    "urine_weeks": _urine,
    "overlap": _histogram,
    "retention_curves": _at_risk,
    "ways_out": _at_risk,
    "agreement": _agreement,
    "intercurrent": _intercurrent,
    "set_aside": _set_aside,
}
