"""What happened and what difference it made: outcomes, estimates, checks, claims."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.conclude.judging import Judged
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures.differences import interval
from iop_outcomes.release.page.html import HIDDEN, HtmlTable, count, hidden_note
from iop_outcomes.release.page.levels import to_merge
from iop_outcomes.release.tables.outcomes import EVERYBODY
from iop_outcomes.release.words.advice import INSTEAD, advised, told
from iop_outcomes.study import Study
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.estimate import ADJUSTED, NAIVE, has_interval, is_contrast, may_be_shown

_UNITS = {"share": "percentage points", "ratio": ""}
#: A row of a table, made by pandas or plain.
Row = pd.Series | Mapping[Hashable, Any]
#: Letters of a reason that stands in its row; a longer one stands beneath the table.
_SHORT = 80


def key_numbers(study: Study, released: Mapping[str, Released], sizes: Mapping[str, tuple[str, str]]):
    """Return a few labelled numbers for the top of the page, as pairs of label and number."""
    analysis = next(iter(study.analyses.values()), None)
    arms = study.contrast(analysis) if analysis else ()
    numbers = [(f"People in {words.arm(arm)}", sizes[arm][1]) for arm in arms if arm in sizes]
    if "estimate" in released and analysis:
        frame = released["estimate"].frame
        mine = (frame["analysis"] == next(iter(study.analyses))) & is_contrast(frame, ADJUSTED)
        for _, row in frame[mine & may_be_shown(frame)].iterrows():
            sure = " (95% CI)" if has_interval(row) else ""
            numbers.append((f"{words.capital(measure_of(row))}{sure}", interval(row)))
    if "diagnostic" in released and analysis:
        frame = released["diagnostic"].frame
        status = frame.loc[of_arms(frame, arms, analysis.design), "status"]
        judged = status[status != "NOT_EVALUATED"]
        numbers.append(("Checks of this comparison passed", f"{(judged == 'PASS').sum()} of {len(judged)}"))
    return numbers


def outcomes(table: Released | None, study: Study) -> dict[str, list[HtmlTable]]:
    """Return the outcomes by arm as they were seen: for everybody, then a table per level of each ``describe_by``."""
    found: dict[str, list[HtmlTable]] = {}
    if table is None:
        return found
    for (group, level), rows in table.frame.groupby(["group", "level"], sort=False):
        mine = table.where(table.frame.index.isin(rows.index))
        arms = [arm for arm in study.cohort.arms if (mine.frame["arm"] == arm).any()]
        whose = "" if group == EVERYBODY else f"; {words.plain(group)}: {words.plain(level)}"
        note = f"Share, or mean (standard deviation), and the people it is known of. {hidden_note(table)}"
        made = HtmlTable(
            f"Outcomes by arm, without adjustment{whose}",
            ("Outcome", *map(words.heading, arms)),
            list(_outcome_rows(mine, arms)),
            note if group == EVERYBODY else "" if words.plain(group) in found else _to_merge(table, str(group)),
            tuple(range(1, len(arms) + 1)),
            file="outcomes",
        )
        found.setdefault(words.plain(group), []).append(made)
    return found


def _to_merge(table: Released, group: str) -> str:
    """Return what would show the levels that are hidden of a column by which outcomes are described."""
    mine = table.frame[table.frame["group"] == group].astype({"level": "str", "arm": "str"})
    people = mine.groupby(["level", "arm"], sort=False)["n_people"].max().unstack("arm")
    nobody = mine.groupby(["level", "arm"]).size().unstack("arm").reindex_like(people).isna()
    return to_merge({group: people.mask(nobody, 0.0)}, table.rules).strip()


def _outcome_rows(table: Released, arms: list[str]) -> Iterator[tuple[str, ...]]:
    frame = table.frame
    for _, rows in frame.groupby("outcome", sort=False):
        row = rows.iloc[0]
        name = row["outcome_words"] + ("" if row["unit"] == "share" else f", {row['unit']}")
        by_arm = {frame["arm"].iloc[i]: _outcome_cell(table, i) for i in rows.index}
        yield (name, *(by_arm.get(arm, "") for arm in arms))


def _outcome_cell(table: Released, position: int) -> str:
    row = table.frame.iloc[position]
    if table.suppressed["value"].iloc[position]:
        return HIDDEN
    if pd.isna(row["value"]):
        return "nobody known"
    show = words.percent if row["unit"] == "share" else words.number
    text = show(row["value"]) + (f" ({show(row['sd'])})" if pd.notna(row["sd"]) else "")
    n = count(table, position, "n")
    return f"{text}; n {n}" if n != HIDDEN else f"{text}; n up to {count(table, position, 'n_people')}"


def estimates(table: Released | None, study: Study) -> HtmlTable | None:
    """Return every contrast with estimand, measure, interval and how the interval was made."""
    if table is None:
        return None
    rows: list[tuple[str, ...]] = []
    methods: dict[str, int] = {}

    def noted(said: str) -> str:
        return str(methods.setdefault(said, len(methods) + 1))

    # Plain rows are made many times as fast as those that pandas makes.
    for row in table.frame[is_contrast(table.frame)].to_dict("records"):
        arms = f"{words.arm(row['arm'])} v {words.arm(row['against'])}"
        design = "" if row["kind"] == NAIVE else f", design “{words.plain(row['design'])}”"
        how = f"{words.plain(row['estimator'])}{design}"
        if np.isfinite(float(row["value"])):
            method = "; ".join(str(part) for part in (row["se_method"], row["reason"]) if pd.notna(part) and part)
            last = (interval(row), noted(method))
        else:
            why = words.sentences(told(str(row["reason"])))
            # The same reason beside every measure of a withheld analysis would be pages of it.
            last = (words.capital(row["status"]), why if len(why) <= _SHORT else noted(why))
        found = (analysis_of(row, study), words.capital(measure_of(row)), last[0])
        rows.append((*found, arms, how, str(row["estimand"]), last[1]))
    columns = ("Analysis", "Measure", "Estimate (95% CI)", "Arms", "How", "For whom", "Interval made by, or why none")
    note = (
        "For whom: ATE, everybody in the cohort; ATT, people like those of the first arm; matched treated, those of "
        "the first arm who found a match; ATO, people who might have been in either arm; as seen, the cohort without "
        "weights. The unadjusted comparison stands beside each to show what adjustment did; it is no answer to the "
        "question. How intervals were made, or why there is none:"
    )
    made_by = [words.capital(method) for method in methods]
    return HtmlTable("Every estimate", columns, rows, note, (2,), made_by, file="estimate")


def analysis_of(row: Row, study: Study) -> str:
    """Return the analysis of a row in words: its outcome, and the name the study gives it."""
    return f"{words.describe_outcome(study, str(row['outcome'])).label} [{words.plain(row['analysis'])}]"


def measure_of(row: Row) -> str:
    """Return the measure of a row in words, with its day and unit."""
    day = "" if pd.isna(row["day"]) else f" to day {row['day']:.0f}"
    unit = _UNITS.get(row["unit"], row["unit"])
    return f"{words.plain(row['measure'])}{day}" + (f", {unit}" if unit else "")


def not_shown(table: Released | None, study: Study) -> list[tuple[str, str]]:
    """Return the analyses that are withheld or refused, with the reason: together where it is the same."""
    if table is None:
        return []
    frame = table.frame[is_contrast(table.frame, ADJUSTED)]
    hidden = frame[~may_be_shown(frame)].drop_duplicates(["analysis", "arm", "against"]).astype("object")
    alike: dict[tuple[str, str], list[str]] = {}
    for _, row in hidden.iterrows():
        why = words.sentences(advised(str(row["reason"])))
        alike.setdefault((str(row["status"]), why), []).append(analysis_of(row, study))
    return [(f"{'; '.join(dict.fromkeys(names))}, {status}", why) for (status, why), names in alike.items()]


def instead(every: Sequence[Judged], study: Study) -> list[tuple[str, str]]:
    """Return the analyses that get no verdict for the way they are asked, with what to ask instead."""
    return [
        (analysis_of(one.row, study), INSTEAD[one.decision.codes[0]])
        for one in every
        if one.decision.codes[0] in INSTEAD
    ]


def claims(table: Released | None) -> HtmlTable | None:
    """Return the claims that the study names and what these data say of them."""
    if table is None:
        return None
    rows = [(str(r.claim), words.capital(str(r.verdict)), str(r.explanation)) for r in table.frame.itertuples()]
    return HtmlTable(
        "Claims that the study names, held against these data", ("Claim", "Verdict", "Why"), rows, file="claim"
    )


def ledger(table: Released | None) -> HtmlTable | None:
    """Return the claims of the literature, what these data say of each, and what was known before."""
    if table is None:
        return None
    rows = [
        (str(r.claim), words.capital(str(r.verdict)), str(r.why), f"{words.capital(str(r.source))}. {r.evidence}")
        for r in table.frame.itertuples()
    ]
    columns = ("Claim", "Verdict", "Why", "Who says it, and what chance assignment found")
    note = (
        "Not supported: the data show less than matters, or the opposite. Not testable: these data cannot speak "
        "to it. No "
        "claim rests on groups formed by attendance."
    )
    return HtmlTable("Claims of the literature, held against these data", columns, rows, note, file="ledger")
