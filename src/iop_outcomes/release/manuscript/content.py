"""What a manuscript holds, before it is written in any format: paragraphs, numbered tables, legends of figures."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.conclude.judging import Judged
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import Drawn
from iop_outcomes.release.figures.differences import interval
from iop_outcomes.release.manuscript.methods import methods
from iop_outcomes.release.manuscript.references import Reference, used
from iop_outcomes.release.page import checks, costs, found, who
from iop_outcomes.release.page.definitions import definitions
from iop_outcomes.release.page.html import HIDDEN, HtmlTable
from iop_outcomes.release.tables import verdict as verdicts
from iop_outcomes.release.words.badge import badge_of
from iop_outcomes.release.words.doubts import doubt
from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import ADJUSTED, ARM, CONTRAST, FLAGGED, SHOWN, by_analysis, is_contrast

#: What tells of which contrast of an analysis a verdict speaks.
_SPEAKS_OF = ("arm", "against", "design", "measure")


@dataclass(frozen=True)
class Manuscript:
    """The parts of a paper that a study can write by itself.

    Attributes
    ----------
    title : str
    methods : dict of str to str
        Paragraphs by their heading.
    results : list of str
        Sentences of the verdicts and of costs, and nothing else.
    tables : dict of str to HtmlTable
        Tables by the name of their file, in order.
    legends : list of tuple of str
        File, title and caption of every figure that was drawn.
    references : list of Reference
        Exactly what the methods cite.
    """

    title: str
    methods: dict[str, str]
    results: list[str]
    tables: dict[str, HtmlTable]
    legends: list[tuple[str, str, str]]
    references: list[Reference]


def manuscript(
    study: Study,
    released: Mapping[str, Released],
    drawn: Mapping[str, Drawn],
    run: Mapping[str, object],
    judged: Sequence[Judged] | None = None,
) -> Manuscript:
    """Return the paper's parts of a study.

    Parameters
    ----------
    study : Study
    released : mapping of str to Released
        Protected tables by name.
    drawn : mapping of str to Drawn
        Figures by name.
    run : mapping
        Facts of the run: its ``versions`` are named in the methods.
    judged : sequence of Judged, optional
        The verdicts on what is released; found anew where they are left out.
    """
    made = {
        "flow": _flow(drawn),
        "table_1": who.baseline(released.get("balance"), study),
        "main_results": main_results(released, study),
        "outcomes": next(iter(found.outcomes(released.get("outcomes"), study).values()), [None])[0],
        "every_estimate": found.estimates(released.get("estimate"), study),
        "sensitivity": checks.sensitivity(released.get("estimate"), study),
        "definitions": definitions(study),
    }
    tables = {name: table for name, table in made.items() if table is not None and table.rows}
    intervals = released["estimate"].frame["se_method"].dropna().astype("str") if "estimate" in released else ()
    place = f"Table {[*tables, 'definitions'].index('definitions') + 1}"
    paragraphs = methods(study, run, place, intervals, _speaks_for(released))
    return Manuscript(
        study.title or words.capital(words.plain(study.name)),
        paragraphs,
        _results(released, verdicts.judged(released, study) if judged is None else judged, study),
        tables,
        [(f"figures/{one.name}.svg", one.title, one.caption) for one in drawn.values() if not one.reason],
        used(paragraphs.values()),
    )


def main_results(released: Mapping[str, Released], study: Study) -> HtmlTable | None:
    """Return a row for every answer of the study: both arms, the difference, and the verdict.

    An analysis that is withheld or refused has its row, without numbers.
    """
    if "estimate" not in released or "verdict" not in released:
        return None
    estimate, verdict = released["estimate"].frame, released["verdict"].frame
    rows, own = [], by_analysis(estimate[estimate["kind"] == ADJUSTED])
    for said in verdict.to_dict("records"):
        mine = own.get(str(said["analysis"]), estimate.iloc[:0])
        codes = str(said["reasons"]).split("; ")
        contrast = _contrast(mine, said)
        arms = [_mean(mine, str(arm)) for arm in (said["arm"], said["against"])]
        shown = contrast is not None and contrast["status"] in (SHOWN, FLAGGED)
        number = interval(contrast) if shown else "not shown"
        p = said["p_adjusted"] if pd.notna(said["p_adjusted"]) else said["p_value"]
        names = f"{words.arm(said['arm'])} v {words.arm(said['against'])}"
        outcome = words.describe_outcome(study, str(said["outcome"])).label
        measure = "" if contrast is None else words.capital(found.measure_of(contrast))
        place = words.capital(str(said["place"]))
        rows.append((outcome, place, names, *arms, measure, number, _p(p), badge_of(str(said["verdict"]), codes)))
    columns = ("Outcome", "Place", "Arms", "First arm", "Second arm", "Measure", "Estimate (95% CI)", "p", "Verdict")
    note = (
        "Means of the arms are those of the design. The p-values of secondary outcomes are adjusted by Holm's method. "
        "Further looks at an outcome check its answer and are none of their own."
    )
    return HtmlTable("Main results", columns, rows, note, (3, 4, 6, 7), file="verdict")


def _speaks_for(released: Mapping[str, Released]) -> dict[str, str]:
    """Return for whom each design speaks, as its estimates say: matching may leave people out."""
    if "estimate" not in released:
        return {}
    frame = released["estimate"].frame
    adjusted = frame[is_contrast(frame, ADJUSTED)].astype({"design": "str", "estimand": "str"})
    return {design: " or ".join(dict.fromkeys(own)) for design, own in adjusted.groupby("design")["estimand"]}


def _contrast(rows: pd.DataFrame, said: Mapping[Hashable, object]) -> pd.Series | None:
    """Return the first contrast of an analysis that a verdict speaks of."""
    sought = (CONTRAST, *(said[name] for name in _SPEAKS_OF))
    for place, names in enumerate(zip(rows["role"], *(rows[name] for name in _SPEAKS_OF), strict=True)):
        if names == sought:
            return rows.iloc[place]
    return None


def _mean(rows: pd.DataFrame, arm: str) -> str:
    """Return the mean of an arm; nothing where it is hidden, or where the analysis has several, as of more arms."""
    of_arms = zip(*(rows[name] for name in ("role", "arm", "value", "unit")), strict=True)
    means = {(value, unit) for role, whose, value, unit in of_arms if (role, whose) == (ARM, arm)}
    if len(means) != 1 or any(pd.isna(value) for value, _ in means):
        return ""
    ((value, unit),) = means
    return words.percent(value, 1) if unit == "share" else words.number(value)


def _p(p: float) -> str:
    return "" if pd.isna(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def _flow(drawn: Mapping[str, Drawn]) -> HtmlTable | None:
    """Return who was left out by which rule, as the figure of the flow shows it."""
    flow = drawn.get("attrition_flow")
    if flow is None or not len(flow.data):
        return None
    frame = flow.data.frame
    cells = ("n_before", "n_excluded", "n_after")
    rows = [
        (str(row["rule"]), words.heading(str(row["arm"])), *(words.people(row[cell]) or HIDDEN for cell in cells))
        for _, row in frame.iterrows()
    ]
    columns = ("Rule", "Arm", "Before", "Left out", "After")
    return HtmlTable("Who was left out, and why", columns, rows, flow.caption, (2, 3, 4), file="attrition_flow")


def _results(released: Mapping[str, Released], judged: Sequence[Judged], study: Study) -> list[str]:
    """Return the sentences of the verdicts, after the first the doubt beside it on the page, and those of costs."""
    if "verdict" not in released:
        return ["No analysis of this study has an answer that may be given."]
    said = [sentence for sentence in released["verdict"].frame["sentence"].astype("str") if sentence]
    doubted = doubt(judged[0], released["estimate"].frame, study)
    spent = [
        f"Costs to {whose[0].lower()}{whose[1:]}: {told}"
        for whose, told in costs.verdicts(released.get("cost_verdict"))
    ]
    return list(dict.fromkeys([*said[:1], *([doubted] if doubted else []), *said[1:], *spent]))
