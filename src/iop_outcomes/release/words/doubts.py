"""What stands beside the first answer: one line of doubt, and a few sentences on what the data leave open."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.evidence import MISSING_RULE, OTHER_DESIGN
from iop_outcomes.conclude.families import is_crude
from iop_outcomes.conclude.judging import Judged
from iop_outcomes.history.outcome_rules import death_in_words
from iop_outcomes.release import words
from iop_outcomes.release.words import advice, numbers
from iop_outcomes.release.words.verdict import looks_in_words, unit_of
from iop_outcomes.release.words.vocabulary import POPULATIONS
from iop_outcomes.study import Study
from iop_outcomes.tables.conclusion import BETTER, DIFFERENT, PRIMARY, REFUSED, SECONDARY, WITHHELD, WORSE


def doubt(judged: Judged, table: pd.DataFrame, study: Study) -> str:
    """Return the line that stands beside the first answer, empty where it shows no number.

    Parameters
    ----------
    judged : Judged
        The first answer.
    table : pandas.DataFrame
        The estimates as released, for the E-value.
    study : Study
    """
    if judged.decision.verdict in (WITHHELD, REFUSED) or not judged.evidence.interval.exists:
        return ""
    analysis = study.analyses[judged.name]
    if analysis.randomised:
        return (
            "The study says that people were assigned by chance. Who then came, stayed and was tested was not chance."
        )
    if is_crude(study, analysis):
        start = "People were not assigned by chance, and the arms were not made alike in anything."
    else:
        n = len(study.covariate_names)
        things = f"{n} recorded things" if n > 1 else "one recorded thing"
        start = f"People were not assigned by chance. The arms were made alike in {things}, and in nothing else."
    return f"{start} {_overturned(judged, table, study)}"


def _overturned(judged: Judged, table: pd.DataFrame, study: Study) -> str:
    """Return what would overturn the answer: a confounder of some strength, or else a bias of some size."""
    unit = unit_of(judged, study)
    if judged.decision.verdict not in (BETTER, WORSE, DIFFERENT):
        return "What nobody recorded could hide a difference as well as make one."
    mine = (table["analysis"].astype("str") == judged.name) & (table["measure"] == "e_value")
    limit = table.loc[mine, "ci_low"].to_numpy(float)
    if len(limit) and limit[0] > 1:
        return (
            "Something unrecorded that goes with both arm and outcome by a risk ratio of "
            f"{words.number(limit[0], 2)} each could move its interval to no difference."
        )
    nearest = judged.evidence.nearest
    amount = f"a factor of {np.exp(nearest):.2f}" if unit == "ratio" else numbers.size(nearest, unit)[0]
    return f"A bias of {amount} would move its interval to no difference."


def cautions(
    judged: list[Judged],
    study: Study,
    sizes: Mapping[str, tuple[str, str]],
    told: Mapping[str, str],
    warnings: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Return what to keep in mind with the first answer, as pairs of a topic and a sentence or two.

    Parameters
    ----------
    judged : list of Judged
        All analyses, the first answer first.
    study : Study
    sizes : mapping of str to (str, str)
        People of each arm before and after eligibility, as they may be shown.
    told : mapping of str to str
        Sentences made from the records: ``deaths``, ``observation``, ``lengths of ...``.
    warnings : collection of str
        Why checks of the comparison warn of a bias.
    """
    first, dead = judged[0], death_in_words(study.events.after_death)
    by_name = {one.name: one for one in judged}
    found = [
        ("Unrecorded reasons", _unrecorded(first, study)),
        ("Warnings", " ".join(words.sentences(advice.told(reason)) for reason in warnings)),
        ("Missing outcomes", _missing(first, by_name, study)),
        ("Other designs", " ".join(looks_in_words(first, by_name, study, OTHER_DESIGN))),
        ("Number of answers", _many(judged)),
        ("Left out", _left_out(first, sizes)),
        ("Deaths", f"{told['deaths']} {words.capital(dead)}." if "deaths" in told else ""),
        ("Observation", told.get("observation", "")),
        ("Cut short", next((said for fact, said in told.items() if fact.startswith("cut short")), "")),
        ("Length of programmes", next((said for fact, said in told.items() if fact.startswith("lengths")), "")),
    ]
    return [(topic, said) for topic, said in found if said]


def _unrecorded(first: Judged, study: Study) -> str:
    analysis = study.analyses[first.name]
    if analysis.randomised:
        return ""
    whom = POPULATIONS.get(str(first.row["estimand"]), "")
    speaks = f" The answer speaks of {whom}." if whom else ""
    if is_crude(study, analysis):
        return f"Nothing was adjusted for: whatever led people to one arm or the other is in the difference.{speaks}"
    names = words.joined([words.plain(name) for name in study.covariate_names])
    return f"Reasons for assignment other than {names} may be in the difference.{speaks}"


def _missing(first: Judged, by_name: Mapping[str, Judged], study: Study) -> str:
    outcome = words.describe_outcome(study, str(first.row["outcome"]))
    said = []
    if first.known:
        n, people = words.people(first.known.n), words.people(first.known.n_people)
        said.append("Known of everybody." if n == people else f"The outcome is known of {n} of {people} people.")
    if outcome.rule:
        said.append(f"The answer stands on the rule “{outcome.rule}”.")
    said += looks_in_words(first, by_name, study, MISSING_RULE)
    return " ".join(said)


def _many(judged: list[Judged]) -> str:
    n = sum(one.place in (PRIMARY, SECONDARY) for one in judged)
    if n == 1:
        return "One outcome was compared, and it is the answer."
    others = "the other one is" if n == 2 else f"the other {n - 1} are"
    return (
        f"{n} outcomes were compared. This one was named first and is the answer; {others} held to a stricter limit, "
        "since of many some differ by chance."
    )


def _left_out(first: Judged, sizes: Mapping[str, tuple[str, str]]) -> str:
    arms = [arm for arm in (str(first.row["arm"]), str(first.row["against"])) if arm in sizes]
    kept = [f"{sizes[arm][1]} of {sizes[arm][0]} in {words.arm(arm)}" for arm in arms]
    if arms and all(sizes[arm][0] == sizes[arm][1] for arm in arms):
        return f"Nobody of either arm by eligibility: {words.joined(kept)} were compared."
    return f"Eligible and compared: {words.joined(kept)}. Nothing here is about the others." if kept else ""
