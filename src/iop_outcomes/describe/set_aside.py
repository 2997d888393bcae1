"""Records that metrics could not take as they stand: which rule answered them, and how many there were."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.history.assessments import plain
from iop_outcomes.history.evidence import usable
from iop_outcomes.history.history import History
from iop_outcomes.history.panel import target_tests
from iop_outcomes.kernel.errors import Refusal
from iop_outcomes.metrics.bam import HIGHEST_ANSWER as BAM_HIGHEST
from iop_outcomes.metrics.bam import INSTRUMENT as BAM
from iop_outcomes.metrics.mental_health import HIGHEST_ANSWER, SCALES
from iop_outcomes.tables import answered
from iop_outcomes.tables.follow_up import ALL_NOT_TAKEN, NOT_TAKEN

#: Largest answer of the instruments that are scored; TEDS is read by item.
RANGES = {
    **{plain(name): HIGHEST_ANSWER for name in SCALES},
    **{plain(BAM[form]): highest for form, highest in BAM_HIGHEST.items()},
    "TEDS": None,
}


def records_set_aside(history: History) -> pd.DataFrame:
    """Count what was answered by rule in the records of the members.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``rule`` (in words), ``n`` (rows, or days where the rule says so); rules nothing fell under are left
        out.
    """
    counts = [*_episodes(history), *_reports(history), *_tests(history), *_assessments(history)]
    frame = pd.DataFrame(counts, columns=["table", "rule", "n"])
    return frame[frame["n"] > 0].reset_index(drop=True)


def rows_not_taken(rejected: pd.DataFrame) -> pd.DataFrame:
    """Count the raw rows that were not taken by the rule they break, the first of several, and in all.

    Parameters
    ----------
    rejected : DataFrame
        Table of that contract.

    Returns
    -------
    pandas.DataFrame
        ``table``, ``rule``, ``n``; the rules of a table add up to its row of all.
    """
    once = rejected.astype({"file": "str", "table": "str", "rule": "str"}).sort_values(
        ["file", "table", "line", "rule"]
    )
    once = once.drop_duplicates(["file", "table", "line"])
    by_rule = once.assign(rule=NOT_TAKEN + once["rule"]).groupby(["table", "rule"]).size()
    every = once.assign(rule=ALL_NOT_TAKEN).groupby(["table", "rule"]).size()
    return pd.concat([every, by_rule]).rename("n").reset_index().sort_values("table", kind="stable", ignore_index=True)


def _episodes(history: History) -> Iterator[tuple[str, str, int]]:
    for rule, n in history.mended.items():
        yield "episode", rule, n
    end = history.members.get("discharge_day")
    if end is not None:
        late = end.to_numpy() >= history.follow_up_days
        yield "episode", answered.LATE_DISCHARGE, _count(late)


def _after_follow_up(history: History, table: str) -> np.ndarray:
    records = history.table(table)
    return records["day"].to_numpy() >= history.follow_up_days[records["member"].to_numpy()]


def _reports(history: History) -> Iterator[tuple[str, str, int]]:
    if not len(history.records.get("use_report", ())):
        return
    reports = history.table("use_report")
    says = usable(reports)
    yield "use_report", answered.NO_DAYS_USED, _count(~says)
    single = reports[says & (reports["window_days"] == 1).to_numpy()]
    used = (single["days_used"] > 0).groupby([single["member"], single["day"], single["substance"]], observed=True)
    yield "use_report", answered.BOTH_REPORTED, _count(used.any() & ~used.all())
    yield "use_report", answered.LATE_REPORT, _count(_after_follow_up(history, "use_report"))


def _tests(history: History) -> Iterator[tuple[str, str, int]]:
    if not len(history.records.get("drug_test", ())):
        return
    tests = history.table("drug_test")
    yield "drug_test", answered.LATE_TEST, _count(_after_follow_up(history, "drug_test"))
    yield "drug_test", answered.INVALID, _count(tests["result"] == "invalid")
    if "prescribed" in tests:
        prescribed = tests["prescribed"].fillna(False).astype(bool)
        yield "drug_test", answered.PRESCRIBED, _count(prescribed & (tests["result"] == "positive"))
    try:
        targets = target_tests(history)
    except Refusal:
        return
    if "prescribed" in tests:
        tests = tests[~tests["prescribed"].fillna(False).to_numpy(bool)]
    all_due = target_tests(history.under(replace(history.rules, thinning=None)))
    yield "drug_test", answered.NO_TARGET, len(tests) - len(all_due)
    yield "drug_test", answered.THINNED, len(all_due) - len(targets)
    found = targets[targets["result"].isin(("positive", "negative"))]
    positive = (found["result"] == "positive").groupby([found["member"], found["day"]])
    yield "drug_test", answered.BOTH_RESULTS, _count(positive.any() & ~positive.all())


def _assessments(history: History) -> Iterator[tuple[str, str, int]]:
    if not len(history.records.get("assessment", ())):
        return
    table = history.table("assessment")
    code = table["instrument"].cat.codes.to_numpy()
    names = [plain(name) for name in table["instrument"].cat.categories]
    known = np.array([*(name in RANGES for name in names), False])
    yield "assessment", answered.NOT_SCORED, _count(~known[code])
    highest = np.array([*(RANGES.get(name) or np.inf for name in names), np.inf])[code]
    items = table["item"].cat.categories.astype("str").str.casefold()
    total = np.append(items == "total", False)[table["item"].cat.codes.to_numpy()]
    value = table["value"].to_numpy(float)
    yield (
        "assessment",
        answered.OUT_OF_RANGE,
        _count(known[code] & ~total & ((value < 0) | (value > highest))),
    )


def _count(chosen) -> int:
    return int(np.count_nonzero(np.asarray(chosen)))
