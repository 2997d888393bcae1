"""How closely what decides who is compared goes with what came later: length of stay, attendance, how care ended.

A name says little of when a thing was known. A tier of doses, a flag "engaged" or a form that only those have who came
back are found here, by how closely they go with staying and attending. What is found is one number for each arm,
covariate and rule. That of the arm is kept to its length of stay, and is told only where it is suspicious. Beside them
stands how each arm was looked at and recorded; of results, whether there is any of a kind.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.cohort.association import ranked, strength
from iop_outcomes.cohort.build import apply_rule, candidates_of, stay_of, without_later
from iop_outcomes.cohort.discharged import discharges_by_arm
from iop_outcomes.cohort.door import set_aside_by_arm
from iop_outcomes.cohort.due import due_by_arm, waiting_by_arm
from iop_outcomes.cohort.early import early_by_arm
from iop_outcomes.cohort.looked_at import looked_at
from iop_outcomes.cohort.measured import measures_by_arm
from iop_outcomes.cohort.recording import words_by_arm
from iop_outcomes.cohort.surveillance import tests_by_arm
from iop_outcomes.cohort.twice import people_twice
from iop_outcomes.study import Cohort
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.canonical import CAME
from iop_outcomes.tables.lookup import Held, rows_of
from iop_outcomes.tables.parts import parts_of
from iop_outcomes.tables.questionnaires import questionnaires

STAY, CAME_TO, COMPLETED = "the length of stay", "the sessions attended", "completing treatment"
ARM, COVARIATE, RULE = "arm", "covariate", "rule"


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Hold what decides the comparison against what came later: the stage ``hindsight``."""
    members, cohort, rules = made["cohort"], study.cohort, study.outcome_rules
    taken = {name: table for name, table in made.items() if name != "assessment"}
    filled_in = questionnaires(made["assessment"])
    made = taken if filled_in is None else taken | {"assessment": filled_in}
    assigned = candidates_of(made, cohort)
    own = rows_of(assigned.reset_index(), str(assigned.index.name), members["member_id"])
    stay, began = stay_of(own, cohort.follow_up_days).to_numpy(float), own["began_day"].to_numpy(float)
    twice = people_twice(members, own, study.covariate_names, made)
    # As large as the source, and of no more use.
    del own
    recorded = [
        words_by_arm(members, made),
        measures_by_arm(members, made, rules.targets()),
        looked_at(members, made, stay),
        discharges_by_arm(members, made),
        due_by_arm(members, made, assigned, stay),
        waiting_by_arm(members, began),
        early_by_arm(members, made.get("session"), began, stay),
        set_aside_by_arm(made, cohort),
        twice,
    ]
    return {
        "hindsight": ties(made, cohort, study.covariate_names, assigned),
        "surveillance": tests_by_arm(members, made, cohort, rules.thinning, assigned),
        "recording": pd.concat([table for table in recorded if len(table)] or recorded[:1], ignore_index=True),
    }


def ties(
    records: Mapping[str, pd.DataFrame],
    cohort: Cohort,
    covariates: Sequence[str],
    assigned: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the ``hindsight`` table: of each arm, covariate and eligibility rule the closest tie to what came later.

    Everybody assigned to an arm counts, whether the rules keep them or not, since after a rule nothing is left that
    could show what it selects by.

    Parameters
    ----------
    records : mapping of str to DataFrame
        Canonical tables.
    cohort : Cohort
    covariates : sequence of str
        Columns of ``baseline``, ``person`` and ``episode``; those of sites are known beforehand.
    assigned : DataFrame, optional
        Of :func:`candidates_of`, if it is at hand.
    """
    candidates = candidates_of(records, cohort) if assigned is None else assigned
    candidates = candidates[candidates["time_zero_day"].notna()]
    later = {what: ranked(values) for what, values in _later(candidates, records, cohort.follow_up_days).items()}
    arm, rows = ranked(candidates["arm"].astype("str")), []
    for role, name, values in _deciding(candidates.assign(arm=arm), without_later(records), cohort, covariates):
        # Hours and sessions are what the arms are made of; how long people stay is not.
        seen = {STAY: later[STAY]} if role == ARM and STAY in later else {} if role == ARM else later
        within = None if role == ARM else arm
        found = {what: strength(values, after, within) for what, after in seen.items()}
        found = {what: size for what, size in found.items() if np.isfinite(size)}
        if found:
            what = max(found, key=lambda key: found[key])
            rows.append((role, name, what, found[what]))
    return pd.DataFrame(rows, columns=["role", "name", "later", "strength"])


def _deciding(
    candidates: pd.DataFrame, known: Mapping[str, pd.DataFrame], cohort: Cohort, covariates: Sequence[str]
) -> Iterator[tuple[str, str, pd.Series]]:
    yield ARM, ARM, candidates["arm"]
    for name in covariates:
        if name in candidates:
            yield COVARIATE, name, candidates[name]
            if candidates[name].isna().any():
                yield COVARIATE, f"{name} (recorded or not)", candidates[name].notna()
    for name, settings in cohort.rules:
        label, passed = apply_rule(name, settings, candidates, known)
        yield RULE, label, passed


def _later(candidates: pd.DataFrame, records: Mapping[str, pd.DataFrame], days: int) -> dict[str, pd.Series]:
    """Return what came later, as far as it is on record, within the follow-up."""
    zero, stay = candidates["time_zero_day"], stay_of(candidates, days)
    found = {STAY: stay} if stay.notna().any() else {}
    session = records.get("session")
    if session is not None and len(session):
        held, n = Held(candidates.index), np.zeros(len(candidates))
        for part in parts_of(session):
            came = part[part["status"].isin(CAME).to_numpy()]
            at = held.positions(came["episode_id"])
            day = came["day"].to_numpy() - zero.to_numpy(float)[at]
            n += np.bincount(at[(at >= 0) & (day > 0) & (day < days)], minlength=len(n))
        found[CAME_TO] = pd.Series(n, index=candidates.index)
    if "discharge_reason" in candidates and candidates["discharge_reason"].notna().any():
        reason = candidates["discharge_reason"]
        found[COMPLETED] = (reason == "completed").astype(float).where(reason.notna())
    return {what: values.astype(float) for what, values in found.items()}
