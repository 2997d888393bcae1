"""What was found, in a sentence without its interval: who did what how much more, compared with whom."""

import pandas as pd

from iop_outcomes.conclude.families import is_crude
from iop_outcomes.release import words
from iop_outcomes.release.words import numbers
from iop_outcomes.release.words.vocabulary import RATES
from iop_outcomes.study import Study
from iop_outcomes.study.names import TIME_IN_CARE, TIME_TO
from iop_outcomes.tables.measure import INCIDENCE, SUBDISTRIBUTION, TIME_LOST, measure_of

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
    value = float(row["value"])
    if unit == "ratio":
        return _ratio(row, outcome, first, others)
    amount, equal = numbers.size(value, unit)
    within = "" if pd.isna(row["day"]) else f" within the first {row['day']:.0f} days"
    if outcome.name in TIME_TO and unit == "days":
        way = "as much time" if equal else f"{amount} {'more' if value > 0 else 'less'}"
        than = "as" if equal else "than"
        return f"People assigned to {first} lost {way} to {outcome.noun}{within} {than} {others}"
    if outcome.name == TIME_IN_CARE and unit == "days":
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
    if outcome.name in TIME_TO:
        return f"{outcome.deed} by day {row['day']:.0f}"
    return f"{outcome.deed}{outcome.details}" if outcome.deed else ""


def _ratio(row: pd.Series, outcome: words.Outcome, first: str, others: str) -> str:
    number, measure = words.number(float(row["value"]), 2), str(row["measure"])
    if outcome.name in TIME_TO:
        return _ratio_of_event(row, outcome, first, others)
    if "hazard" in measure:
        return f"People assigned to {first} left care, completed or not, at {number} times the rate of {others}"
    if outcome.deed and measure == "risk_ratio":
        return (
            f"People assigned to {first} were {number} times as likely to {outcome.deed}{outcome.details} as {others}"
        )
    name = words.plain(measure)
    return f"The {name} of {outcome.subject} was {number} for people assigned to {first} against {others}"


def _ratio_of_event(row: pd.Series, outcome: words.Outcome, first: str, others: str) -> str:
    """Return a ratio of incidences, of times lost or of rates of one way in which care ended."""
    number, people = words.number(float(row["value"]), 2), f"people assigned to {first}"
    of = measure_of(row["measure"]).of
    if of == INCIDENCE:
        return f"{words.capital(people)} were {number} times as likely to {_deed(row, outcome)} as {others}"
    if of == TIME_LOST:
        return f"{words.capital(people)} lost {number} times as much time to {outcome.noun} as {others}"
    rate = f"rate of {RATES[outcome.name]} among those still in care"
    if of == SUBDISTRIBUTION:
        rate = f"subdistribution rate of {RATES[outcome.name]}"
    return f"For {people} the {rate} was {number} times that of {others}"
