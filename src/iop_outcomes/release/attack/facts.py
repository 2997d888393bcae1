"""What each table tells a stranger: sums that hold, shares of counts, and which cells count the same people."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from iop_outcomes.release.attack.reading import Table
from iop_outcomes.release.attack.unknowns import Unknowns
from iop_outcomes.release.disclosure.writing import SUPPRESSED

Teller = Callable[[Table], Unknowns]


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
    return known


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
    """People are those whose outcome is known and those whose is not; with it and without it."""
    known, frame = Unknowns(), table.frame
    levels: dict[tuple[str, str], dict[str, None]] = {}
    for row in frame.index:
        arm, outcome, group, level = (frame[c][row] for c in ("arm", "outcome", "group", "level"))
        whom = f"{arm}, {group} {level}" if level else arm
        people = table.learn(known, row, "n_people", whom)
        if level:
            levels.setdefault((arm, group), {})[people] = None
        whose = f"{whom}, {outcome}" if level else f"{arm}, {outcome}"
        seen = table.learn(known, row, "n", f"{whose} known")
        known.adds_up(people, seen, _left(known, table, row, f"{whose} not known", "n"))
        if frame["unit"][row] == "share" and frame["sd"][row] == "" and not np.isnan(table.number(row, "value")):
            _with_and_without(table, known, row, "value", whose, seen, 0.01)
    for (arm, _), parts in levels.items():
        known.adds_up(known.know(arm), *parts)
    return known


def _estimates(table: Table) -> Unknowns:
    known, frame = Unknowns(), table.frame
    arms = (frame["role"] == "arm") & (frame["population"] == "everybody")
    for row in frame.index[arms]:
        arm, outcome = frame["arm"][row], frame["outcome"][row]
        whose = f"{arm}, {outcome}"
        seen = table.learn(known, row, "n", f"{whose} known")
        known.adds_up(known.know(arm), seen, _left(known, table, row, f"{whose} not known", "n"))
        if frame["n_events"][row] == "":
            continue
        events = table.learn(known, row, "n_events", f"{whose} with")
        known.adds_up(seen, events, _left(known, table, row, f"{whose} without"))
        if frame["kind"][row] == "naive" and frame["measure"][row] == "mean" and frame["unit"][row] == "share":
            _share(table, known, row, "value", events, seen)
    return known


def _subgroups(table: Table) -> Unknowns:
    """Levels add up to the arm; what is known, and who has the outcome, to those of everybody in it."""
    known, frame = Unknowns(), table.frame
    sums: dict[tuple[str, str], dict[str, None]] = {}
    for row in frame.index[frame["role"] == "arm"]:
        arm, outcome, modifier, level = (frame[c][row] for c in ("arm", "outcome", "modifier", "level"))
        whose = f"{arm}, {modifier} {level}"
        people = table.learn(known, row, "n_people", whose)
        seen = table.learn(known, row, "n", f"{whose}, {outcome} known")
        known.adds_up(people, seen, _left(known, table, row, f"{whose}, {outcome} not known", "n"))
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
        _share(table, known, row, "share", events, seen)
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
        known.adds_up(known.know(str(arm)), there[0])
        for row, one, other in zip(rows.index[1:], there, there[1:], strict=False):
            known.adds_up(one, other, _left(known, table, row, f"{arm}, left before day {frame['day'][row]}"))
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
    if over and table.frame[over].iloc[row] == SUPPRESSED:
        known.somebody.add(name)
    return known.guess(name, f"{table.name}, row {row + 1}, {name.rpartition(', ')[2]}")


def _place(table: Table, row: int, column: str) -> str:
    return f"{table.name}, row {row + 1}, {column}"


def _with_and_without(
    table: Table, known: Unknowns, row: int, column: str, whose: str, seen: str, finest: float
) -> None:
    events = known.guess(f"{whose} with", _place(table, row, column))
    known.adds_up(seen, events, _left(known, table, row, f"{whose} without"))
    _share(table, known, row, column, events, seen, finest)


def _share(
    table: Table, known: Unknowns, row: int, column: str, part: str, whole: str, finest: float = 0.001, beside=()
) -> None:
    """Learn from a share, where one is shown, in what proportion a part is to its whole.

    Where the whole is hidden its step is not known: the coarsest that the share, and those beside it, are multiples of.
    """
    share, (low, high) = table.number(row, column), known.bounds[whole]
    if np.isnan(share):
        return
    if np.isfinite(high):
        step = table.step(low + table.rules.round_to - 1, finest)
    else:
        step = _coarsest([share, *(table.number(other, column) for other in beside)])
    known.share(part, whole, share, step)


def _coarsest(shares: list[float]) -> float:
    """Return the coarsest step of 1, 2 or 5 times a power of ten of which all shares are multiples.

    Examples
    --------
    >>> _coarsest([0.34, 0.5]), _coarsest([0.35, 0.5]), _coarsest([0.341])
    (0.02, 0.05, 0.001)
    """
    steps = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
    shown = np.array([share for share in shares if not np.isnan(share)])
    fits = (step for step in steps if (np.abs(shown / step - np.round(shown / step)) < 1e-6).all())
    return next(fits, 0.001)


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
}
