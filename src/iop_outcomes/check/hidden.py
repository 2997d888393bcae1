"""Levels that a release will hide, each with the neighbours that are hidden for its sake, and what to merge."""

from collections.abc import Iterator, Mapping

import pandas as pd

from iop_outcomes.dataset.covariates import build_covariates
from iop_outcomes.kernel.errors import StudyError, counted
from iop_outcomes.release.disclosure import Roles, levels, merging, protect
from iop_outcomes.release.disclosure.merging import quoted
from iop_outcomes.study import Study

Records = Mapping[str, pd.DataFrame]

#: So many small levels are named; of more it is said how many there are.
_MOST = 12
#: People of an arm by level; their sum is shown elsewhere.
_ROLES = Roles(
    labels=("arm", "level"),
    counts=("n",),
    hidden_counts=("n_arm",),
    sums=(levels("n", "n_arm", ("arm",)),),
    keep={"n_arm": "is_total"},
)


def hidden_levels(study: Study, members: pd.DataFrame, records: Records) -> list[str]:
    """Return a sentence for each category of which the release will hide levels, and which of them to merge.

    Parameters
    ----------
    study : Study
        Covariates, breakdowns, and rules of release.
    members : DataFrame
        The cohort.
    records : mapping
        Canonical tables.
    """
    covariates = _covariates(study, members, records)
    if covariates is None:
        return []
    names = [name for name in dict.fromkeys([*study.covariate_names, *study.describe_by]) if name in covariates]
    categories = [name for name in names if not pd.api.types.is_numeric_dtype(covariates[name])]
    return [said for name in categories for said in _of_category(name, covariates, study)]


def _covariates(study: Study, members: pd.DataFrame, records: Records) -> pd.DataFrame | None:
    """Return the covariates of the members; none where they cannot be had, of which another finding tells."""
    names, grace = [*study.covariate_names, *study.describe_by], study.cohort.assignment.grace_days
    try:
        return build_covariates(members, records, names, study.cluster, grace, study.merge)
    except StudyError:
        return None


def _of_category(name: str, covariates: pd.DataFrame, study: Study) -> Iterator[str]:
    rules = study.release.rules("balance", "love_plot", *(["outcomes"] if name in study.describe_by else []))
    counts = pd.crosstab(covariates["arm"].astype("str"), covariates[name].astype("str"))
    long = counts.rename_axis("arm").reset_index().melt("arm", var_name="level", value_name="n")
    long = long.assign(n_arm=long.groupby("arm")["n"].transform("sum"), is_total=True)
    hidden = protect(long.astype({"n": float, "n_arm": float}), _ROLES, rules).suppressed["n"].to_numpy(bool)
    few = rules.small(long["n"])
    small, others = (list(dict.fromkeys(long["level"][rows])) for rows in (few, hidden & ~few))
    if not small:
        return
    if len(small) > _MOST:
        # Free text, or an id, is no level, and is told to nobody.
        of = f"{len(small):,} of {counted(len(counts.columns), 'level')}"
        yield f"{name}: {of} of 1 to {rules.min_cell - 1} people in an arm; group them"
        return
    beside = [level for level in others if level not in small]
    sake = f", and {quoted(beside)} to hide {'it' if len(small) == 1 else 'them'}" if beside else ""
    by_level = long.pivot(index="level", columns="arm", values="n").astype(float)
    shown = long.assign(n=long["n"].mask(hidden)).pivot(index="level", columns="arm", values="n")
    known, told = merging(by_level, rules, [*small, *beside]), merging(shown, rules)
    more = "" if known.groups == told.groups else f" (the report, which may not tell which are small: {told})"
    # A release says which levels are hidden and never which of them are small; whoever has the records may know.
    yield f"{name}: {quoted(small)}, of 1 to {rules.min_cell - 1} people in an arm{sake}; {known}{more}"
