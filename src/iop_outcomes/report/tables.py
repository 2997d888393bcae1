"""Tables of the page, made from released tables only."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from iop_outcomes import words
from iop_outcomes.disclosure import Released
from iop_outcomes.figures.forest_plot import interval
from iop_outcomes.release_tables import estimates as estimate_rows
from iop_outcomes.release_tables.outcomes import EVERYBODY
from iop_outcomes.study import Study

HIDDEN = "hidden"
_UNITS = {"share": "percentage points", "ratio": "times"}
_STATUS = {"PASS": "Pass", "WARN": "Caution", "FAIL": "Fail", "NOT_EVALUATED": "Not judged"}
_CHECKS = {
    "max_smd": "Are the arms alike after weighting or matching?",
    "variance_ratio": "Do numbers spread alike in both arms?",
    "equipoise": "Could people have been in either arm?",
    "largest_weight": "Does no single person carry the result?",
    "one_arm_sites": "Do sites have both arms?",
    "positivity": "Is every kind of person in both arms?",
    "detectable_difference": "How small a difference could be found?",
    "comparison": "Could the arms be compared at all?",
}


@dataclass(frozen=True)
class HtmlTable:
    """A table of the page; the first cell of a row is its heading.

    Attributes
    ----------
    caption : str
    columns : tuple of str
    rows : list of tuple of str
    note : str
        Beneath the table.
    numbers : tuple of int
        Columns that hold numbers, aligned to the right.
    """

    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""
    numbers: tuple[int, ...] = ()


def cell(table: Released, row: int, column: str, text: str) -> str:
    """Return the text of a cell, or say that the number is hidden."""
    return HIDDEN if bool(table.suppressed[column].iloc[row]) else text


def counts(table: Released, row: int, column: str) -> str:
    """Return a count of a released table."""
    return cell(table, row, column, words.people(table.frame[column].iloc[row]))


def key_numbers(study: Study, released: dict[str, Released]) -> list[tuple[str, str]]:
    """Return a few labelled numbers for the top of the page."""
    table = released.get("estimate")
    if table is None:
        return []
    frame, first = table.frame, next(iter(study.analyses), "")
    mine = frame[(frame["analysis"] == first) & (frame["kind"] == estimate_rows.ADJUSTED)]
    numbers = []
    for row in mine[mine["arm"] != ""].itertuples():
        text = words.people(row.n) or HIDDEN
        numbers.append((f"{words.heading(row.arm)}: people in the primary analysis", text))
    contrast = mine[(mine["arm"] == "") & (mine["status"] == estimate_rows.SHOWN)]
    if len(contrast):
        row = contrast.iloc[0]
        unit = _UNITS.get(row["unit"], row["unit"])
        numbers.append((f"{words.capital(words.plain(row['measure']))}, {unit} (95% CI)", interval(row)))
    if "diagnostic" in released:
        status = released["diagnostic"].frame["status"]
        judged = status[status != "NOT_EVALUATED"]
        numbers.append(("Checks of the comparison passed", f"{(judged == 'PASS').sum()} of {len(judged)}"))
    return numbers


def intake(table: Released | None) -> HtmlTable | None:
    """Return rows read, accepted and rejected, by file."""
    if table is None:
        return None
    rows = []
    for position, row in enumerate(table.frame.itertuples()):
        numbers = (counts(table, position, c) for c in ("n_in", "n_accepted", "n_rejected"))
        rows.append((str(row.file), words.plain(row.table), *numbers))
    columns = ("File", "Fills the table", "Rows read", "Accepted", "Rejected")
    return HtmlTable("What was read: every row is accepted or rejected, none is lost", columns, rows, numbers=(2, 3, 4))


def flow_sentence(flow: Released | None, study: Study) -> str:
    """Return the sizes of the arms before and after eligibility, in a sentence."""
    if flow is None:
        return ""
    frame, parts = flow.frame, []
    for arm in study.cohort.arms:
        rows = frame[frame["arm"] == arm]
        if rows.empty:
            continue
        first, last = (
            words.people(rows[c].iloc[i]) or "a hidden number" for c, i in (("n_before", 0), ("n_after", -1))
        )
        parts.append(f"{first} assigned to {words.arm(arm)} before eligibility, {last} in the cohort")
    return words.capital("; ".join(parts)) + "." if parts else ""


def baseline(table: Released | None, study: Study) -> HtmlTable | None:
    """Return the baseline characteristics of the primary contrast, before and after weighting or matching."""
    if table is None or not study.analyses:
        return None
    frame = table.frame
    analysis = next(iter(study.analyses.values()))
    mine = (frame["contrast"] == " v ".join(study.contrast(analysis))) & (frame["design"] == analysis.design)
    if not mine.any():
        mine = (frame["contrast"] == frame["contrast"].iloc[0]) & (frame["design"] == frame["design"].iloc[0])
    chosen = table.where(mine)
    first, second = (words.heading(arm) for arm in chosen.frame["contrast"].iloc[0].split(" v "))
    rows = [_baseline_row(chosen, position) for position in range(len(chosen))]
    columns = (
        "Characteristic",
        f"{first}, before",
        f"{second}, before",
        "SMD before",
        f"{first}, after",
        f"{second}, after",
        "SMD after",
    )
    note = (
        "“Before”: people (share of the arm), or the mean of a number. “After”: with weights or in matched sets. SMD: "
        f"standardised mean difference; beyond {study.gate.max_smd:g} either way the arms count as unlike. "
        f"{_hidden_note(table)}"
    )
    return HtmlTable("Baseline characteristics by arm", columns, rows, note, numbers=tuple(range(1, 7)))


def _baseline_row(table: Released, position: int) -> tuple[str, ...]:
    row = table.frame.iloc[position]
    name = words.capital(words.plain(row["covariate"]))
    name = f"{name}: {words.plain(row['level'])}" if row["level"] else name
    cells = [name]
    for stage in ("before", "after"):
        for side in ("treated", "reference"):
            mean = row[f"mean_{side}_{stage}"]
            text = words.percent(mean) if row["level"] else words.number(mean)
            if row["level"] and stage == "before":
                text = f"{counts(table, position, f'n_{side}')} ({text})"
            cells.append(cell(table, position, f"mean_{side}_{stage}", text))
        cells.append(cell(table, position, f"smd_{stage}", words.number(row[f"smd_{stage}"], 2)))
    return tuple(cells)


def gate(table: Released | None) -> list[tuple[str, HtmlTable]]:
    """Return a table of checks per contrast and design, each row with its status and reason."""
    if table is None:
        return []
    found = []
    for name, rows in table.frame.groupby("analysis", sort=False):
        body = [(_check(str(r.check)), _STATUS[str(r.status)], words.capital(str(r.reason))) for r in rows.itertuples()]
        contrast, _, design = str(name).partition(", ")
        arms = " and ".join(words.arm(a) for a in contrast.split(" v "))
        caption = f"Can {arms} be compared under the design “{design}”?" if design else words.capital(words.plain(name))
        found.append((str(name), HtmlTable(caption, ("Check", "Result", "In words"), body)))
    return found


def _check(name: str) -> str:
    if name.startswith("ess_"):
        return f"Are there enough people left in {words.arm(name.removeprefix('ess_'))}?"
    return _CHECKS.get(name, words.capital(words.plain(name)))


def outcomes(table: Released | None, study: Study) -> list[HtmlTable]:
    """Return the outcomes by arm as they were seen: for everybody, then by each group of ``describe_by``."""
    if table is None:
        return []
    arms = [a for a in study.cohort.arms if (table.frame["arm"] == a).any()]
    columns = ("Outcome", *(words.heading(arm) for arm in arms))
    found = []
    for group in dict.fromkeys(table.frame["group"]):
        whole = group == EVERYBODY
        rows = list(_outcome_rows(table.where(table.frame["group"] == group), arms, whole))
        caption = "Outcomes by arm, without adjustment" + ("" if whole else f", by {words.plain(group)}")
        head = columns if whole else (columns[0], words.capital(words.plain(group)), *columns[1:])
        note = f"Share, or mean (standard deviation), and the people it is known of. {_hidden_note(table)}"
        found.append(HtmlTable(caption, head, rows, note, numbers=tuple(range(len(head) - len(arms), len(head)))))
    return found


def _outcome_rows(table: Released, arms: list[str], whole: bool) -> Iterator[tuple[str, ...]]:
    frame = table.frame
    for (_, level), rows in frame.groupby(["outcome", "level"], sort=False):
        row = rows.iloc[0]
        name = words.capital(row["outcome_words"]) + ("" if row["unit"] == "share" else f", {row['unit']}")
        by_arm = {frame["arm"].iloc[i]: _outcome_cell(table, i) for i in rows.index}
        yield (name, *(() if whole else (words.plain(level),)), *(by_arm.get(arm, "") for arm in arms))


def _outcome_cell(table: Released, position: int) -> str:
    row = table.frame.iloc[position]
    if table.suppressed["value"].iloc[position]:
        return HIDDEN
    if pd.isna(row["value"]):
        return "nobody known"
    text = words.percent(row["value"]) if row["unit"] == "share" else words.number(row["value"])
    if pd.notna(row["sd"]):
        text += f" ({words.percent(row['sd']) if row['unit'] == 'share' else words.number(row['sd'])})"
    n = counts(table, position, "n")
    return f"{text}; n {n}" if n != HIDDEN else f"{text}; n up to {counts(table, position, 'n_people')}"


def estimates(table: Released | None, study: Study) -> HtmlTable | None:
    """Return every contrast with estimand, measure, interval and how the interval was made."""
    if table is None:
        return None
    rows = []
    frame = table.frame
    for row in frame[(frame["arm"] == "") & (frame["kind"] != estimate_rows.CHECK)].itertuples():
        row_ = pd.Series(row._asdict())
        arms = " v ".join(words.arm(arm) for arm in row.contrast.split(" v "))
        unit = _UNITS.get(row.unit, row.unit)
        day = "" if pd.isna(row.day) else f", day {row.day:.0f}"
        outcome = words.describe_outcome(study, str(row.outcome)).noun
        shown = row.status == estimate_rows.SHOWN
        rows.append(
            (
                f"{words.capital(outcome)} ({words.plain(row.analysis)})",
                arms,
                words.plain(row.design),
                words.plain(row.estimator),
                str(row.estimand),
                f"{words.plain(row.measure)}{day}, {unit}",
                interval(row_) if shown else words.capital(row.status),
                _how(row) if shown else words.capital(str(row.reason)),
            )
        )
    columns = ("Outcome", "Arms", "Design", "Estimator", "For whom", "Measure", "Estimate (95% CI)", "Interval made by")
    note = (
        "For whom: ATE, everybody in the cohort; ATT, people like those of the first arm; ATO, people who might have "
        "been in either arm. Rows without a design are the naive comparison, which is no answer to the question."
    )
    return HtmlTable("Every estimate", columns, rows, note)


def _how(row) -> str:
    method = str(row.se_method) if pd.notna(row.se_method) else ""
    return "; ".join(part for part in (method, str(row.reason)) if part)


def sensitivity(table: Released | None, study: Study) -> HtmlTable | None:
    """Return what the sensitivity checks found, in words where a check has them."""
    if table is None:
        return None
    frame = table.frame[(table.frame["kind"] == estimate_rows.CHECK) & (table.frame["status"] == estimate_rows.SHOWN)]
    rows = []
    for row in frame.itertuples():
        outcome = words.describe_outcome(study, str(row.outcome)).noun
        rows.append(
            (f"{words.capital(outcome)} ({words.plain(row.analysis)})", words.plain(row.measure), _check_result(row))
        )
    return HtmlTable("Sensitivity checks", ("Analysis", "Check", "Result"), rows) if rows else None


def _check_result(row) -> str:
    value, limit = words.number(row.value, 2), words.number(row.ci_low, 2)
    if row.measure == "e_value":
        return (
            f"To explain the estimate away, something that nobody recorded would have to go with both the arm and the "
            f"outcome by a risk ratio of {value} each; {limit} would do to move the interval to no difference."
        )
    ends = f" ({limit} to {words.number(row.ci_high, 2)})" if pd.notna(row.ci_high) else ""
    return f"{value}{ends}"


def not_shown(table: Released | None, study: Study) -> list[tuple[str, str]]:
    """Return the analyses that are withheld or refused, with the reason."""
    if table is None:
        return []
    frame = table.frame[(table.frame["arm"] == "") & (table.frame["kind"] == estimate_rows.ADJUSTED)]
    hidden = frame[frame["status"] != estimate_rows.SHOWN].drop_duplicates(["analysis", "contrast"])
    return [
        (f"{words.capital(words.plain(r.analysis))}, {r.status}", words.capital(str(r.reason)))
        for r in hidden.itertuples()
    ]


def claims(table: Released | None) -> HtmlTable | None:
    """Return the claims of the field and what these data say of them."""
    if table is None:
        return None
    rows = [(str(r.claim), words.capital(str(r.verdict)), str(r.explanation)) for r in table.frame.itertuples()]
    return HtmlTable("Claims of the field, held against these data", ("Claim", "Verdict", "Why"), rows)


def refusals(table: Released | None) -> HtmlTable | None:
    """Return what the study asked for and the data cannot give."""
    if table is None:
        return None
    rows = [(words.plain(r.name), words.plain(r.kind), words.capital(str(r.reason))) for r in table.frame.itertuples()]
    return HtmlTable("Asked for and refused", ("What", "Kind", "Why"), rows)


def capability(table: Released | None) -> HtmlTable | None:
    """Return what the source has and lacks; columns of a table that is absent are left out."""
    if table is None:
        return None
    frame = table.frame
    available = dict(zip(frame["name"], frame["available"], strict=True))
    rows = []
    for row in frame.itertuples():
        parent = str(row.name).partition(".")[0]
        if parent != row.name and not available.get(parent, True):
            continue
        rows.append(
            (str(row.name).replace(".", ", "), "yes" if row.available else "no", words.capital(str(row.reason)))
        )
    return HtmlTable("What this source can give", ("Table, column", "There", "Why not"), rows)


def truth(table: Released | None, study: Study) -> HtmlTable | None:
    """Return what is true in a simulated study."""
    if table is None:
        return None
    rows = []
    for row in table.frame.itertuples():
        outcome = words.describe_outcome(study, str(row.outcome))
        scale, decimals = (100, 1) if outcome.is_share else (1, 2)
        numbers = (words.number(v * scale, decimals) for v in (row.mean_treated, row.mean_reference, row.difference))
        rows.append((words.capital(outcome.noun), str(row.estimand), *numbers, words.number(row.ratio, 2)))
    first, second = (words.heading(arm) for arm in list(study.cohort.arms)[:2])
    columns = ("Outcome", "For whom", f"All in {first}", f"All in {second}", "True difference", "True ratio")
    note = "Shares in percent. The simulator keeps both potential outcomes of everybody, so the truth is known."
    return HtmlTable("True values of this simulated study", columns, rows, note, numbers=(2, 3, 4, 5))


def _hidden_note(table: Released) -> str:
    rules = table.rules
    rounded = f" Counts are rounded to {rules.round_to}." if rules.round_to > 1 else ""
    return f"“Hidden”: fewer than {rules.min_cell} people, or a number that would give such a count away.{rounded}"
