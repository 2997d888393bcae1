"""Levels that a release will hide, each with the neighbours that are hidden for its sake, and what to merge."""

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from iop_outcomes.dataset.covariates import MISSING, build_covariates
from iop_outcomes.kernel.errors import StudyError, counted
from iop_outcomes.release.disclosure import Roles, levels, protect
from iop_outcomes.study import Study

Records = Mapping[str, pd.DataFrame]

#: A band of a number: where it begins, or what it is below.
_BAND = re.compile(r"\s*(under |below |less than |up to |<)?\s*(?:over |above |>)?(\d+(?:\.\d+)?)\b")
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
        return build_covariates(members, records, names, study.cluster, grace)
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
    sake = f", and {_joined(beside)} to hide {'it' if len(small) == 1 else 'them'}" if beside else ""
    # A release says which levels are hidden and never which of them are small; whoever has the records may know.
    yield (
        f"{name}: {_joined(small)}, of 1 to {rules.min_cell - 1} people in an arm{sake}; "
        f"{_what_to_do(small, beside, counts)}"
    )


def _what_to_do(small: list[str], beside: list[str], counts: pd.DataFrame) -> str:
    """Say which levels to merge; with what was not recorded nothing can be."""
    merged = [level for level in [*small, *beside] if level != MISSING]
    if small == [MISSING]:
        return f"nothing is to be merged with '{MISSING}': look whether it can be found out"
    bands = _in_order([str(level) for level in counts if level != MISSING])
    if len(bands) > 2:
        beside_it = [f"'{level}' with '{_next(level, bands, counts)}'" for level in small if level != MISSING]
        return f"merge {', '.join(beside_it)}: bands that lie side by side"
    if len(merged) == 1:
        rest = counts.drop(columns=[level for level in (*merged, MISSING) if level in counts]).min(axis=0)
        merged += list(rest.sort_values(kind="stable").index[:1])
    return f"merge {_joined(merged)}" if len(merged) > 1 else "there is no level to merge it with; leave it out"


def _in_order(names: list[str]) -> list[str]:
    """Return bands of a number in their order, nothing where the levels are not all such."""
    starts = {name: found for name in names if (found := _BAND.match(name))}
    return (
        sorted(names, key=lambda name: float(starts[name][2]) - bool(starts[name][1]))
        if len(starts) == len(names)
        else []
    )


def _next(level: str, bands: list[str], counts: pd.DataFrame) -> str:
    """Return the band beside another of which the arms have fewer, so that the larger one stays by itself."""
    place = bands.index(level)
    return min(bands[max(place - 1, 0) : place] + bands[place + 1 : place + 2], key=lambda name: counts[name].sum())


def _joined(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
