"""From an estimate to a plain answer: better, worse, no difference shown, cannot tell, withheld or refused."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.study import Study
from iop_outcomes.study.names import TIME_IN_CARE
from iop_outcomes.tables import estimate as estimate_table
from iop_outcomes.tables.estimate import ADJUSTED, is_contrast

BETTER, WORSE, DIFFERENT = "better", "worse", "different"
NO_DIFFERENCE, CANNOT_TELL = "no difference shown", "cannot tell"
WITHHELD, REFUSED = "withheld", "refused"


@dataclass(frozen=True)
class Verdict:
    """What one analysis says.

    Attributes
    ----------
    analysis, measure : str
        The analysis and the measure judged.
    kind : str
        One of the constants of this module.
    sentence : str
        The same in a sentence that needs no statistician.
    small : bool
        Is the difference shown, and smaller than the smallest that matters?
    reason : str
        Why it is withheld, refused or to be read with caution.
    """

    analysis: str
    measure: str
    kind: str
    sentence: str
    small: bool = False
    reason: str = ""


def judge(table: pd.DataFrame, study: Study, analysis: str) -> Verdict:
    """Judge the first contrast and measure of an analysis.

    An interval without the value of no difference (0, or 1 for ratios) is better or worse; one within the smallest
    difference that matters on both sides shows no difference; with any other one cannot tell.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns of ``release.tables.estimates.frame``, from there or as released.
    study : Study
        Gives the outcome's words, direction and margin.
    analysis : str
        Name of the analysis.

    Returns
    -------
    Verdict
    """
    chosen = _judged(table, analysis)
    if chosen.empty:
        return Verdict(analysis, "", REFUSED, "Cannot be answered: the analysis was not made.")
    row = chosen.iloc[0]
    outcome = words.describe_outcome(study, str(row["outcome"]))
    kind = _kind(row, outcome)
    small = kind in (BETTER, WORSE, DIFFERENT) and _is_small(row)
    sentence = _sentence(row, outcome, kind, small, table)
    return Verdict(analysis, str(row["measure"]), kind, sentence, small, str(row["reason"] or ""))


def _judged(table: pd.DataFrame, analysis: str) -> pd.DataFrame:
    """Return the contrasts of an analysis under its design, in the order of the table: the first is judged."""
    return table[(table["analysis"] == analysis) & is_contrast(table, ADJUSTED)]


def claims(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the ``claim`` table: what these data say about each claim of the study.

    A claim is supported by an interval wholly on its side of no difference, not supported by one wholly on the other
    side or without a difference that matters on its side, inconclusive otherwise, and not testable where its analysis
    is withheld or refused.

    Parameters
    ----------
    table : pandas.DataFrame
        As for :func:`judge`.
    study : Study
        Its ``claims``.
    """
    rows = []
    for claim in study.claims:
        verdict = judge(table, study, claim.analysis)
        rows.append(
            {
                "claim": claim.claim,
                "analysis": claim.analysis,
                "verdict": _claim_verdict(table, verdict, claim.direction),
                "explanation": verdict.sentence,
            }
        )
    return pd.DataFrame(rows, columns=["claim", "analysis", "verdict", "explanation"])


def _claim_verdict(table: pd.DataFrame, verdict: Verdict, direction: str) -> str:
    if verdict.kind in (WITHHELD, REFUSED):
        return "not testable"
    low, high, margin = _interval(_judged(table, verdict.analysis).iloc[0])
    if np.isnan(low) or np.isnan(high):
        return "inconclusive"
    if direction == "lower":
        low, high = -high, -low
    if low > 0:
        return "supported"
    return "not supported" if high < 0 or high <= margin else "inconclusive"


def _interval(row: pd.Series) -> tuple[float, float, float]:
    """Return low, high and margin on a scale on which 0 is no difference; ratios on that of their logarithm."""
    low, high, margin = (float(row[c]) for c in ("ci_low", "ci_high", "margin"))
    if row["unit"] == "ratio":
        return float(np.log(low)), float(np.log(high)), float(np.log1p(margin))
    return low, high, margin


def _kind(row: pd.Series, outcome: words.Outcome) -> str:
    if not np.isfinite(row["value"]):
        return WITHHELD if row["status"] == estimate_table.WITHHELD else REFUSED
    low, high, margin = _interval(row)
    if low > 0 or high < 0:
        if outcome.better == "neither":
            return DIFFERENT
        # A hazard is the rate at which time in care ends, so less of it is more of the outcome.
        more = (low > 0) != ("hazard" in str(row["measure"]))
        return BETTER if more == (outcome.better == "higher") else WORSE
    return NO_DIFFERENCE if -margin <= low and high <= margin else CANNOT_TELL


def _is_small(row: pd.Series) -> bool:
    low, high, margin = _interval(row)
    return max(abs(low), abs(high)) <= margin


def _sentence(row: pd.Series, outcome: words.Outcome, kind: str, small: bool, table: pd.DataFrame) -> str:
    reason = str(row["reason"] or "").strip().rstrip(".")
    if kind == WITHHELD:
        return f"Withheld: these data allow no fair comparison of {_topic(outcome)}. {words.sentences(reason)}."
    if kind == REFUSED:
        return f"These data cannot answer the question about {_topic(outcome)}: {_lower(reason)}."
    answer = _answer(row, outcome, kind, small, table)
    return f"{answer} {words.sentences(reason)}." if reason else answer


def _answer(row: pd.Series, outcome: words.Outcome, kind: str, small: bool, table: pd.DataFrame) -> str:
    finding = _finding(row, outcome)
    if np.isnan(_interval(row)[:2]).any():
        return f"These data cannot tell: {_lower(finding)}, and there is no interval to say how sure that is."
    evidence = f"({_evidence(row, table)})"
    margin = _margin(row)
    if kind == NO_DIFFERENCE:
        ruled_out = f"and differences larger than {margin} either way are ruled out"
        return f"No difference shown: {_lower(finding)} {evidence}, {ruled_out}."
    if kind == CANNOT_TELL:
        why = f"a difference of {margin} or more, which would matter, is within the interval" if margin else _NO_MARGIN
        return f"No difference shown, but these data cannot rule one out: {_lower(finding)} {evidence}; {why}."
    if small:
        return f"{finding} {evidence}; differences larger than {margin}, which would matter, are ruled out."
    return f"{finding} {evidence}."


_NO_MARGIN = "the study states no smallest difference that matters for this outcome"


def _topic(outcome: words.Outcome) -> str:
    return f"how likely people are to {_with_rule(outcome.deed, outcome)}" if outcome.deed else f"the {outcome.subject}"


def _with_rule(deed: str, outcome: words.Outcome) -> str:
    return f"{deed} ({outcome.rule})" if outcome.rule else deed


def _lower(text: str) -> str:
    """Return the text with a small first letter, unless its first word is written in capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _finding(row: pd.Series, outcome: words.Outcome) -> str:
    first, second = words.arm(row["arm"]), words.arm(row["against"])
    others = f"similar people in {second}"
    value, measure = float(row["value"]), str(row["measure"])
    if row["unit"] == "ratio":
        what = "leaving care" if "hazard" in measure else outcome.subject
        name = words.plain(measure)
        return f"The {name} of {what} was {words.number(value, 2)} for people assigned to {first} against {others}"
    size, equal = _size(value, row["unit"], outcome)
    if outcome.name == TIME_IN_CARE and row["unit"] == "days":
        within = "" if pd.isna(row["day"]) else f" within the first {row['day']:.0f} days"
        if equal:
            return f"People assigned to {first} stayed in care{within} as long as {others}"
        way = "longer" if value > 0 else "less long"
        return f"People assigned to {first} stayed in care {size} {way}{within} than {others}"
    deed = f"be in care on day {row['day']:.0f}" if outcome.name == TIME_IN_CARE else _with_rule(outcome.deed, outcome)
    if outcome.deed or outcome.name == TIME_IN_CARE:
        if equal:
            return f"People assigned to {first} were as likely to {deed} as {others}"
        return (
            f"People assigned to {first} were {size} {'more' if value > 0 else 'less'} likely to {deed} than {others}"
        )
    if equal:
        return f"Among people assigned to {first} the {outcome.subject} was the same as among {others}"
    way = "higher" if value > 0 else "lower"
    return f"Among people assigned to {first} the {outcome.subject} was {size} {way} than among {others}"


def _size(value: float, unit: str, outcome: words.Outcome) -> tuple[str, bool]:
    """Return the size of a difference with its unit, and whether it rounds to nothing."""
    size = words.number(abs(value) * (100 if unit == "share" else 1), 1)
    name = "percentage points" if unit == "share" or outcome.is_percent else unit
    return f"{size} {name}", size == "0.0"


def _evidence(row: pd.Series, table: pd.DataFrame) -> str:
    scale, decimals = (100, 1) if row["unit"] == "share" else (1, 2 if row["unit"] == "ratio" else 1)
    low, high = (words.number(float(row[c]) * scale, decimals) for c in ("ci_low", "ci_high"))
    text = f"95% CI {low} to {high}"
    same = (table["analysis"] == row["analysis"]) & (table["kind"] == row["kind"])
    of_arms = same & (table["role"] == estimate_table.ARM) & table["value"].notna() & (table["unit"] == "share")
    means = table[of_arms].set_index("arm")
    arms = (row["arm"], row["against"])
    if row["unit"] == "share" and set(arms) <= set(means.index):
        values = [words.percent(float(np.ravel(means.loc[arm, "value"])[0])) for arm in arms]
        text = f"{values[0]} against {values[1]}; {text}"
    return text


def _margin(row: pd.Series) -> str:
    margin = float(row["margin"])
    if np.isnan(margin):
        return ""
    if row["unit"] == "share":
        return f"{words.number(100 * margin, 1).removesuffix('.0')} points"
    if row["unit"] == "ratio":
        return f"{100 * margin:g}%"
    return f"{margin:g} {'points' if str(row['unit']).startswith('percent') else row['unit']}"
