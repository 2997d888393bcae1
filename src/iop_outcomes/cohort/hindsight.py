"""How closely what decides who is compared goes with what came later: length of stay, attendance, how care ended.

A name says little of when a thing was known. A tier of doses, a flag "engaged" or a form that only those have who came
back are found here, by how closely they go with staying and attending. Nothing else of the follow-up is read, no result
of a test and no report of use, and what is found is one number for each arm, covariate and rule. That of the arm is
kept to its length of stay, and is told only where it is suspicious.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from iop_outcomes.cohort.build import apply_rule, candidates_of, stay_of, without_later
from iop_outcomes.cohort.surveillance import tests_by_arm
from iop_outcomes.study import Cohort
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.canonical import CAME

STAY, CAME_TO, COMPLETED = "the length of stay", "the sessions attended", "completing treatment"
ARM, COVARIATE, RULE = "arm", "covariate", "rule"

Numbers, Codes = NDArray[np.float64], NDArray[np.intp]

#: Groups of about equal size that a number is cut into, so that a tie that is no straight line is seen too.
GROUPS = 10
#: Fewer people than this, in all or with one of two values, say little of how two things go together.
FEWEST = 20


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Hold what decides the comparison against what came later: the stage ``hindsight``."""
    return {
        "hindsight": ties(made, study.cohort, study.covariates),
        "surveillance": tests_by_arm(made["cohort"], made, study.cohort),
    }


def ties(records: Mapping[str, pd.DataFrame], cohort: Cohort, covariates: Sequence[str]) -> pd.DataFrame:
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
    """
    candidates = candidates_of(records, cohort)
    chosen = candidates["arm"].isin(list(cohort.arms)) & candidates["time_zero_day"].notna()
    candidates = candidates[chosen]
    later = _later(candidates, records, cohort.follow_up_days)
    rows = []
    for role, name, values in _deciding(candidates, without_later(records), cohort, covariates):
        # Hours and sessions are what the arms are made of; how long people stay is not.
        seen = {STAY: later[STAY]} if role == ARM and STAY in later else {} if role == ARM else later
        within = None if role == ARM else candidates["arm"]
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
        came = session[session["status"].isin(CAME) & session["episode_id"].isin(candidates.index)]
        day = came["day"].to_numpy() - zero.reindex(came["episode_id"]).to_numpy()
        kept = came["episode_id"][(day > 0) & (day < days)]
        found[CAME_TO] = kept.value_counts().reindex(candidates.index, fill_value=0)
    if "discharge_reason" in candidates and candidates["discharge_reason"].notna().any():
        reason = candidates["discharge_reason"]
        found[COMPLETED] = (reason == "completed").astype(float).where(reason.notna())
    return {what: values.astype(float) for what, values in found.items()}


def strength(values: pd.Series, later: pd.Series, within: pd.Series | None = None) -> float:
    """Return how closely values go with something that came later, 0 to 1; missing where too few people tell.

    Both are taken as ranks, within each arm if arms are given. Of numbers it is the larger of the rank correlation and
    the correlation ratio of tenths; of categories the correlation ratio; of two values the share by which one outranks
    the other, if larger, so that a flag that is a threshold of the later number is seen to be one.

    Parameters
    ----------
    values, later : Series
        Aligned; where either is missing the row says nothing.
    within : Series, optional
        Arm of each.
    """
    within = pd.Series(0, index=values.index) if within is None else within
    kept = (values.notna() & later.notna() & within.notna()).to_numpy()
    values, after = values[kept], later[kept].to_numpy(float)
    arm, own = pd.factorize(within[kept])[0], pd.factorize(values)[0]
    sizes = np.bincount(own)
    if len(after) < FEWEST or len(np.unique(after)) < 2 or len(sizes) < 2:
        return np.nan
    rank = _centred(_shares(after, arm), arm)
    if len(sizes) == 2 and sizes.min() >= FEWEST:
        return max(_ratio(rank, own), _outranks(rank, own == 0, after))
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return _ratio(rank, own)
    share = _shares(values.to_numpy(float), arm)
    tenths, share = np.ceil(share * GROUPS).astype(int), _centred(share, arm)
    spread = np.sqrt(float((share**2).sum() * (rank**2).sum()))
    return max(abs(float((share * rank).sum())) / spread if spread else 0.0, _ratio(rank, tenths))


def _shares(values: Numbers, group: Codes) -> Numbers:
    """Return ranks within groups, as shares of the group; equal values share theirs."""
    found = np.empty(len(values))
    for one in range(group.max() + 1):
        mine = group == one
        found[mine] = rankdata(values[mine]) / mine.sum()
    return found


def _centred(values: Numbers, group: Codes) -> Numbers:
    return values - (np.bincount(group, values) / np.bincount(group))[group]


def _ratio(rank: Numbers, group: Codes) -> float:
    """Return the correlation ratio of ranks by group, without the part that chance makes (epsilon squared)."""
    sizes, sums = np.bincount(group), np.bincount(group, rank)
    there = sizes > 0
    n, k = len(rank), int(there.sum())
    total = float(((rank - rank.mean()) ** 2).sum())
    between = float((sums[there] ** 2 / sizes[there]).sum())
    if n <= k or not total:
        return 0.0
    return float(np.sqrt(max(1 - (total - between) / (n - k) / (total / (n - 1)), 0.0)))


def _outranks(rank: Numbers, one: NDArray[np.bool_], later: Numbers) -> float:
    """Return by how much one of two values outranks the other: the rank-biserial correlation."""
    if len(np.unique(later)) == 2:
        # Ranks within arms would tell ties of different arms apart; of two values there is nothing to rank.
        rank = later
    n = int(one.sum())
    # Equal ranks of different arms may differ in their last bits.
    rank = rank.round(12)
    # Mann and Whitney's U, from the sum of ranks.
    larger = (rankdata(rank)[one].sum() - n * (n + 1) / 2) / (n * (len(one) - n))
    return abs(2 * float(larger) - 1)
