"""Who was compared: rows read, arms, baseline characteristics."""

from collections.abc import Mapping

import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, merging
from iop_outcomes.release.figures import Drawn
from iop_outcomes.release.figures.primary import primary_design
from iop_outcomes.release.page.html import HtmlTable, cell, count, hidden_note
from iop_outcomes.study import Study
from iop_outcomes.tables.comparison import of_arms


def intake(table: Released | None) -> HtmlTable | None:
    """Return rows read, accepted and rejected, by table."""
    if table is None:
        return None
    rows = []
    for position, row in enumerate(table.frame.itertuples()):
        numbers = (count(table, position, c) for c in ("n_in", "n_accepted", "n_rejected"))
        rows.append((words.capital(words.plain(row.table)), *numbers))
    columns = ("Table", "Rows read", "Accepted", "Rejected")
    caption = "What was read: every row is accepted or rejected, none is lost"
    return HtmlTable(caption, columns, rows, numbers=(1, 2, 3), file="intake")


def flow_sentences(drawn: Mapping[str, Drawn], intake: Released | None, study: Study) -> list[str]:
    """Return rows read, and the sizes of the arms before and after eligibility, in sentences."""
    sentences = [_read(intake)] if intake is not None else []
    arms = arm_sizes(drawn, study)
    for place, when in enumerate(("Before eligibility", "In the cohort")):
        counts = [f"{sizes[place]} in {words.arm(arm)}" for arm, sizes in arms.items() if sizes[0] != "0"]
        sentences += [f"{when}: {words.joined(counts)}."] if counts else []
    empty = [words.arm(arm) for arm, sizes in arms.items() if sizes[0] == "0"]
    sentences += [f"Nobody was assigned to {words.joined(empty, 'or')}."] if empty else []
    return [sentence for sentence in sentences if sentence]


def arm_sizes(drawn: Mapping[str, Drawn], study: Study) -> dict[str, tuple[str, str]]:
    """Return the episodes of each arm before and after eligibility, as they may be shown."""
    flow = drawn["attrition_flow"].data if "attrition_flow" in drawn else ()
    sizes = {}
    for arm in study.cohort.arms:
        rows = flow.frame[flow.frame["arm"] == arm] if len(flow) else ()
        if len(rows):
            ends = (rows["n_before"].iloc[0], rows["n_after"].iloc[-1])
            sizes[arm] = tuple(words.people(n) or "a hidden number" for n in ends)
    return sizes


def _read(intake: Released) -> str:
    sentences = []
    for position in (intake.frame["table"] == "episode").to_numpy().nonzero()[0]:
        read, accepted, rejected = (count(intake, position, c) for c in ("n_in", "n_accepted", "n_rejected"))
        sentences.append(f"{read} rows of episodes read: {accepted} accepted, {rejected} rejected.")
    return " ".join(sentences)


def baseline(table: Released | None, study: Study) -> HtmlTable | None:
    """Return the baseline characteristics of the primary arms, before and after weighting or matching."""
    if table is None or not study.analyses:
        return None
    arms, design = primary_design(table.frame, study)
    chosen = table.where(of_arms(table.frame, arms, design))
    first, second = map(words.heading, arms)
    columns = ["Characteristic"]
    for stage in ("before", "after"):
        columns += [f"{first}, {stage}", f"{second}, {stage}", f"SMD {stage}"]
    note = (
        "“Before”: people (share of the arm), or the mean (SD) of a number. “After”: with weights or in matched sets. "
        f"SMD: standardised mean difference; beyond {study.gate.max_smd:g} either way the arms count as unlike. "
        "Of squares of numbers, and of products, it alone is told. "
        f"{_filling(chosen)}"
        f"{hidden_note(table)}{_to_merge(chosen)}"
    )
    rows = [_characteristic(chosen, position) for position in range(len(chosen))]
    return HtmlTable(
        "Baseline characteristics by arm", tuple(columns), rows, note, tuple(range(1, 7)), file="balance", most=60
    )


def _to_merge(table: Released) -> str:
    """Name the levels that are hidden, and which to merge; which of them is small is not told."""
    sides = ["n_treated", "n_reference"]
    frame = table.frame.assign(is_hidden=table.suppressed[sides].any(axis=1))
    said = []
    for covariate, rows in frame[frame["level"] != ""].groupby("covariate", sort=False):
        if rows["is_hidden"].any():
            names = words.joined([f"'{level}'" for level in rows["level"][rows["is_hidden"]]])
            said.append(
                f"{words.plain(str(covariate))} {names} ({merging(rows.set_index('level')[sides], table.rules)})"
            )
    if not said:
        return ""
    return f" Levels that are hidden, for themselves or to hide another, and what would show them: {'; '.join(said)}."


def _filling(table: Released) -> str:
    """Say how numbers that were not recorded were filled in, where some were."""
    flags = [str(c).removesuffix("_missing") for c in table.frame["covariate"] if str(c).endswith("_missing")]
    filled = words.joined([words.plain(name) for name in flags if name in set(table.frame["covariate"])])
    if not filled:
        return ""
    return (
        f"Not recorded of everybody: {filled}; means and SDs are of those recorded, while the design, and so the SMD, "
        "takes the median of the others and a mark for the rest. "
    )


def _characteristic(table: Released, position: int) -> tuple[str, ...]:
    row = table.frame.iloc[position]
    name = words.capital(words.plain(row["covariate"]))
    cells = [f"{name}: {words.plain(row['level'])}" if row["level"] else name]
    for stage in ("before", "after"):
        cells += [_mean(table, position, side, stage) for side in ("treated", "reference")]
        cells.append(cell(table, position, f"smd_{stage}", words.number(row[f"smd_{stage}"], 2)))
    return tuple(cells)


def _mean(table: Released, position: int, side: str, stage: str) -> str:
    row = table.frame.iloc[position]
    mean = row[f"mean_{side}_{stage}"]
    if not row["level"] or pd.isna(mean):
        spread = words.number(row[f"sd_{side}_{stage}"])
        text = f"{words.number(mean)} ({spread})" if spread else words.number(mean)
        return cell(table, position, f"mean_{side}_{stage}", text)
    text = words.percent(mean)
    return f"{count(table, position, f'n_{side}')} ({text})" if stage == "before" else text
