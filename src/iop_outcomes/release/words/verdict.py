"""A verdict in words: a sentence, a line of a list, and a badge, all from the codes of the rules that decided."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.evidence import MISSING_RULE, Look
from iop_outcomes.conclude.judging import Judged
from iop_outcomes.release import words
from iop_outcomes.release.words import numbers
from iop_outcomes.release.words.advice import told
from iop_outcomes.release.words.badge import badge_of, opening_of
from iop_outcomes.release.words.finding import finding, lower, topic
from iop_outcomes.release.words.missing import rules_in_words, shifts_of
from iop_outcomes.release.words.vocabulary import POPULATIONS
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.conclusion import REFUSED, WITHHELD
from iop_outcomes.tables.estimate import has_interval

#: How much was shown, after the interval; {margin} is the smallest difference that matters.
_SIZES = {
    "more_than_matters": "the whole interval is more than the {margin} that matter",
    "may_be_less_than_matters": "it may be less than the {margin} that matter",
    "less_than_matters": "the whole interval is less than the {margin} that matter",
    "size_not_judged": "the study does not say how much would matter",
}
#: Why no difference is shown, after the interval.
_WHY = {
    "no_interval": "there is no interval to say how sure that is",
    "gate_failed": "the comparison failed a check",
    "only_those_who_stayed": (
        "observation ends on the day people leave care, so that this is known only of those who stayed"
    ),
    "known_of_leavers": (
        "many more of one arm were still in care when their observation ended, so that this is known of those who left "
        "and not of those who stayed"
    ),
    "placebo_failed": (
        "the same comparison finds a difference in use before time zero, which the arm cannot have made, so that the "
        "arms were unlike in something that nobody adjusted for"
    ),
    "systematic_error": (
        "outcomes that the arm cannot change differ between the arms, so that the comparison is off by more than it "
        "may be"
    ),
    "calibrated_leaves_open": (
        "outcomes that the arm cannot change show how far the comparison is off, and with that counted in chance could "
        "explain it"
    ),
    "predicts_only": "this measure describes and predicts, and is no effect",
    "unlike_lengths": (
        "completed treatment lasts unlike in the arms, so that people of one leave and complete sooner by plan, or by "
        "what is called completed"
    ),
    "unlike_plans": (
        "one arm plans far more sessions than the other, or begins later, so that this would differ though people "
        "came, and stayed, alike"
    ),
    "measures_contradict": "another measure of the same analysis lies on the other side",
    "missing_rules_contradict": "under another rule for missing outcomes it is the other way round",
    "missing_rules_leave_open": "under another rule for missing outcomes chance could explain it",
    "designs_contradict": "under another design it is the other way round",
    "no_answer_of_its_own": "the analysis that answers for this outcome does not show it",
    "one_of_many": "it is one of several further answers, and adjusted for their number chance could explain it",
    "crude_difference": "the arms were compared as they are, so that why they differ is open",
    "crude": "the arms were compared as they are, which could hide a difference",
    "no_margin": "chance could explain it, and the study does not say how much would matter",
    "beyond_margin": (
        "no difference and a difference of {margin} or more, which would matter, are both within the interval"
    ),
    "margin_too_coarse": (
        "the {margin} that matter are too coarse a measure for an outcome as rare, or as common, as this"
    ),
    "missing_could_hide": "no other rule for missing outcomes was tried, and what is missing could hide a difference",
    "others_find_a_difference": (
        "chance leaves no room for a difference of {margin} or more either way, but there is one {elsewhere}"
    ),
    "within_margin": "chance leaves no room for a difference of {margin} or more either way",
}
#: What else is to be said of a difference that is shown.
_REMARKS = {
    "missing_rules_agree": "The other rule for missing outcomes agrees.",
    "missing_rules_leave_room": "Under another rule for missing outcomes a difference that matters is possible.",
    "missing_not_examined": "No other rule for missing outcomes was tried.",
    "gate_warns": "A check warns that the arms may be unlike for another reason.",
    "designs_leave_open": "Under another design chance could explain it.",
}
#: More further looks at one outcome than these are counted and not told one by one.
_FEW = 4
#: Known of fewer than this share of people is said in the sentence.
_NEARLY_ALL = 0.995


def badge(judged: Judged) -> str:
    """Return the verdict in a few words, with how much was shown."""
    return badge_of(judged.decision.verdict, judged.decision.codes)


def sentence(judged: Judged, table: pd.DataFrame, study: Study) -> str:
    """Return the verdict in whole sentences that need no statistician and no badge beside them.

    Parameters
    ----------
    judged : Judged
        From ``conclude.judging.judge_study``.
    table : pandas.DataFrame
        The estimates it was judged on, for the arms' own values.
    study : Study
        Words and covariates.
    """
    said = beside_badge(judged, table, study)
    opening = opening_of(judged.decision.verdict, judged.decision.codes)
    return f"{opening}: {lower(said)}" if opening else said


def beside_badge(judged: Judged, table: pd.DataFrame, study: Study) -> str:
    """Return what ``sentence`` does, without what the badge beside it says already."""
    row, verdict = judged.row, judged.decision.verdict
    if verdict in (WITHHELD, REFUSED):
        return _nothing_shown(judged, study)
    unit, reason = unit_of(judged, study), _reason(row)
    evidence = f" ({_evidence(row, unit, table)})" if has_interval(row) else ""
    found = f"{finding(row, unit, study)}{evidence}; {_clause(judged, unit, study)}."
    return " ".join([found, *_afterwards(judged), *([f"{reason}."] if reason else [])])


def _nothing_shown(judged: Judged, study: Study) -> str:
    """Return what no comparison can be shown of, and why."""
    row, reason = judged.row, _reason(judged.row)
    about = f"{topic(words.describe_outcome(study, str(row['outcome'])))}{_other_arms(row, study)}"
    what = "allow no fair comparison" if judged.decision.verdict == WITHHELD else "give no estimate"
    return f"These data {what} of {about}." + (f" {reason}." if reason else "")


def brief(judged: Judged, table: pd.DataFrame, study: Study) -> str:
    """Return the verdict as a line of a list: the outcome, the numbers, and what they amount to."""
    row, verdict = judged.row, judged.decision.verdict
    if verdict in (WITHHELD, REFUSED):
        return _nothing_shown(judged, study)
    outcome, unit = words.describe_outcome(study, str(row["outcome"])), unit_of(judged, study)
    label = words.capital(f"{outcome.noun}{_day(row) or outcome.details}{_other_arms(row, study)}")
    values = numbers.arms_values(row, table)
    numbers_said = f"{values}; {_difference(row, unit)}" if values else _difference(row, unit)
    # The badge says how much was shown; the line says how much it was held against.
    shows = judged.decision.codes[0] not in _WHY and "size_not_judged" not in judged.decision.codes
    clause = f"{_margin(judged, unit)} would matter" if shows else _clause(judged, unit, study)
    return " ".join([f"{label}: {numbers_said}; {clause}.", *_afterwards(judged)])


def looks_in_words(judged: Judged, others: Mapping[str, Judged], study: Study, changes: str | None = None) -> list[str]:
    """Return what the further looks at an outcome found, or those that change one thing.

    Those of one panel that say the same are one sentence, and many others are counted by what they say.
    """
    looks = [look for look in judged.evidence.looks if changes in (None, look.changes)]
    panel: dict[str, list[str]] = {}
    for look in looks:
        if look.analysis not in others:
            panel.setdefault(_agreement(judged, look), []).append(look.analysis)
    rules = {agrees: words.joined(rules_in_words(found, judged.row, study)) for agrees, found in panel.items()}
    said = [f"{words.capital(text)}: {agrees}." for agrees, text in rules.items()]
    own = [look for look in looks if look.analysis in others]
    if len(own) > _FEW:
        return [*said, _counted([_agreement(judged, look) for look in own])]
    return [*said, *(look_in_words(judged, look, others, study) for look in own)]


def _counted(agreements: list[str]) -> str:
    counts = ", ".join(f"{agrees} ({n})" for agrees, n in Counter(agreements).items())
    return f"Of {len(agreements)} further looks, in the table of every estimate: {counts}."


def look_in_words(judged: Judged, look: Look, others: Mapping[str, Judged], study: Study) -> str:
    """Return what a further look at an outcome changes, for whom it holds, what it found, and whether it agrees."""
    agrees, other = _agreement(judged, look), others[look.analysis]
    row, outcome = other.row, words.describe_outcome(study, str(other.row["outcome"]))
    what = outcome.rule or outcome.noun
    if look.changes != MISSING_RULE:
        what = f"Design “{words.plain(row['design'])}” with estimator “{words.plain(row['estimator'])}”"
    whom = POPULATIONS.get(str(row["estimand"]), "")
    whom = f", for {whom}" if whom and row["estimand"] != judged.row["estimand"] else ""
    return f"{words.capital(what)}{whom}: {_difference(row, unit_of(other, study))}, {agrees}."


def _agreement(judged: Judged, look: Look) -> str:
    """Return whether a look says what the answer says, in words."""
    side = judged.evidence.side
    if not side:
        return "shows a difference" if look.interval.side else "shows none either"
    if look.interval.value * side < 0:
        return "the other way round"
    return "on the same side" if look.interval.side == side else "chance could explain it"


def unit_of(judged: Judged, study: Study) -> str:
    """Return the unit of the measure that was judged."""
    return outcome_of(study, str(judged.row["outcome"])).unit_of(str(judged.row["measure"]))


def _reason(row: pd.Series) -> str:
    reason = row["reason"]
    known = not (reason is None or reason is pd.NA or reason != reason)
    return words.sentences(told(str(reason).strip().rstrip("."))).rstrip(".") if known else ""


def _other_arms(row: pd.Series, study: Study) -> str:
    """Return the arms of an analysis where they are not those of the study's first, whose words could be the same."""
    arms = (str(row["arm"]), str(row["against"]))
    if not study.analyses or arms == tuple(study.contrast(next(iter(study.analyses.values())))):
        return ""
    return f", {words.arm(arms[0])} against {words.arm(arms[1])}"


def _day(row: pd.Series) -> str:
    return "" if pd.isna(row["day"]) else f" to day {row['day']:.0f}"


def _difference(row: pd.Series, unit: str) -> str:
    value = numbers.scaled(row["value"], unit)
    sign = "+" if unit != "ratio" and not value.startswith("\N{MINUS SIGN}") and float(row["value"]) > 0 else ""
    name = f"{words.plain(row['measure'])} {value}" if unit == "ratio" else f"{sign}{value} {numbers.unit_words(unit)}"
    return f"{name} ({numbers.interval(row, unit)})" if has_interval(row) else f"{name} (no interval)"


def _evidence(row: pd.Series, unit: str, table: pd.DataFrame) -> str:
    values = numbers.arms_values(row, table)
    return f"{values}; 95% CI {numbers.interval(row, unit)}" if values else f"95% CI {numbers.interval(row, unit)}"


def _clause(judged: Judged, unit: str, study: Study) -> str:
    """Return what the interval amounts to: how much was shown, or why nothing was."""
    codes = judged.decision.codes
    template = _WHY.get(codes[0]) or next(_SIZES[code] for code in codes if code in _SIZES)
    elsewhere = _elsewhere(judged, study) if "{elsewhere}" in template else ""
    return template.format(margin=_margin(judged, unit), elsewhere=elsewhere)


def _elsewhere(judged: Judged, study: Study) -> str:
    """Return by what else there is a difference: an assumption about what nobody saw is no measurement of one."""
    found = {look.analysis: look.changes for look in judged.evidence.looks if look.interval.side}
    shifts = set(shifts_of(study).values())
    said = {
        "by another measure": any(other.side for other in judged.evidence.others),
        "under another rule for missing outcomes": any(
            changes == MISSING_RULE and name not in shifts for name, changes in found.items()
        ),
        "under another design or estimator": any(changes != MISSING_RULE for changes in found.values()),
        "if what is missing differs from what is known as far as the study still believes": bool(set(found) & shifts),
    }
    return words.joined([where for where, there in said.items() if there])


def _margin(judged: Judged, unit: str) -> str:
    """Return the smallest difference that matters with its unit, empty where nobody has stated it."""
    own = judged.evidence.margin
    return "" if np.isnan(own) else numbers.margin(float(np.exp(own)) if unit == "ratio" else own, unit)


def _afterwards(judged: Judged) -> list[str]:
    """Return of how many people the outcome is known, and what other rules and designs say."""
    said, known = [], judged.known
    if known and known.share < _NEARLY_ALL:
        n, people = words.people(known.n), words.people(known.n_people)
        said.append(f"Known of {n} of {people} people ({words.percent(known.share)}).")
    return said + [_REMARKS[code] for code in judged.decision.codes if code in _REMARKS]
