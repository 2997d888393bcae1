"""What was found, in a sentence without its interval: who did what how much more, compared with whom."""

import pandas as pd

from iop_outcomes.conclude.families import is_crude
from iop_outcomes.release import words
from iop_outcomes.release.words import numbers
from iop_outcomes.study import Study
from iop_outcomes.study.names import TIME_IN_CARE

#: With so few covariates, those who are alike in them are not called similar.
FEW = 2


def finding(row: pd.Series, unit: str, study: Study) -> str:
    """Return the finding of a row of the ``estimate`` table, as a clause that begins with a capital letter.

    Parameters
    ----------
    row : pandas.Series
        A contrast that may be shown.
    unit : str
        Of its measure.
    study : Study
        Words of outcome and arms, covariates, and whether the comparison is crude.
    """
    outcome = words.describe_outcome(study, str(row["outcome"]))
    first, others = words.arm(row["arm"]), compared_with(row, study)
    value, measure = float(row["value"]), str(row["measure"])
    if unit == "ratio":
        return _ratio(value, measure, outcome, first, others)
    amount, equal = numbers.size(value, unit)
    if outcome.name == TIME_IN_CARE and unit == "days":
        within = "" if pd.isna(row["day"]) else f" within the first {row['day']:.0f} days"
        if equal:
            return f"People assigned to {first} stayed in care{within} as long as {others}"
        way = "longer" if value > 0 else "less long"
        return f"People assigned to {first} stayed in care {amount} {way}{within} than {others}"
    deed = _deed(row, outcome)
    if deed:
        if equal:
            return f"People assigned to {first} were as likely to {deed} as {others}"
        way = "more" if value > 0 else "less"
        return f"People assigned to {first} were {amount} {way} likely to {deed} than {others}"
    if equal:
        return f"Among people assigned to {first} the {outcome.subject} was the same as among {others}"
    way = "higher" if value > 0 else "lower"
    return f"Among people assigned to {first} the {outcome.subject} was {amount} {way} than among {others}"


def compared_with(row: pd.Series, study: Study) -> str:
    """Return the people of the second arm, called similar only where the comparison has made them so."""
    second = words.arm(row["against"])
    analysis = study.analyses[str(row["analysis"])]
    if analysis.randomised:
        return f"people assigned by chance to {second}"
    if is_crude(study, analysis):
        return f"people in {second}"
    if len(study.covariate_names) <= FEW:
        return f"people in {second} alike in {words.joined([words.plain(name) for name in study.covariate_names])}"
    return f"similar people in {second}"


def topic(outcome: words.Outcome) -> str:
    """Return what a question about an outcome is about."""
    return f"how likely people are to {outcome.deed}{outcome.details}" if outcome.deed else f"the {outcome.subject}"


def lower(text: str) -> str:
    """Return the text with a small first letter, unless its first word is written in capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _deed(row: pd.Series, outcome: words.Outcome) -> str:
    if outcome.name == TIME_IN_CARE:
        return f"be in care on day {row['day']:.0f}"
    return f"{outcome.deed}{outcome.details}" if outcome.deed else ""


def _ratio(value: float, measure: str, outcome: words.Outcome, first: str, others: str) -> str:
    number = words.number(value, 2)
    if "hazard" in measure or measure == "subdistribution_ratio":
        return f"People assigned to {first} left care, completed or not, at {number} times the rate of {others}"
    if outcome.deed and measure == "risk_ratio":
        return (
            f"People assigned to {first} were {number} times as likely to {outcome.deed}{outcome.details} as {others}"
        )
    name = words.plain(measure)
    return f"The {name} of {outcome.subject} was {number} for people assigned to {first} against {others}"
