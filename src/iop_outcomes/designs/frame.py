"""A comparison from one data frame: the arms, the covariates and a design, without a study file."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.diagnostics import preference_score
from iop_outcomes.kernel.errors import DesignError, EstimationError, counted, did_you_mean
from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.kernel.values import known_covariate, refuse_unlike_labels

#: Design method that answers for an estimand when only the estimand is named.
DESIGN_OF = {
    "ATO": "overlap_weights",
    "ATE": "ate_weights",
    "ATT": "att_weights",
    "ATC": "atc_weights",
    "ATM": "matching_weights",
}
#: Arms that need no naming: the first is the one whose effect is asked for.
KNOWN_ARMS = (("iop", "outpatient"), (1, 0))

Design = str | pd.DataFrame | None


def compare_frame(
    data: pd.DataFrame,
    *,
    arm: str,
    covariates: Sequence[str],
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    seed: int = 0,
    design: Design = None,
    estimand: str | None = None,
    settings: Mapping[str, object] | None = None,
) -> tuple[Comparison, NDArray[np.intp]]:
    """Return the comparison of two arms of a frame, and the positions of its members in the frame.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    arm, cluster : str
        Columns.
    covariates : sequence of str
        Columns.
    contrast : (first, second), optional
        Needed unless the arms are those of ``KNOWN_ARMS``.
    seed : int
    design : str or DataFrame, optional
        Name of a design method, or a table with the frame's index and a column ``weight``.
    estimand : str, optional
        A key of ``DESIGN_OF``.
    settings : mapping, optional
        Settings of the design method.

    Raises
    ------
    StudyError
        A column, an arm, the design or the estimand does not exist or does not fit.
    """
    covariates = listed(covariates)
    refuse_unknown(data, [arm, *covariates, *([] if cluster is None else [cluster])])
    refuse_as_covariates(covariates, arm, "the arm")
    first, second = _arms_of(data[arm], arm, contrast)
    rows = np.flatnonzero(data[arm].isin([first, second]).to_numpy())
    index = pd.RangeIndex(len(rows), name="member_id")
    chosen = data.iloc[rows].set_axis(index)
    treated = (chosen[arm] == first).to_numpy(bool)
    known = pd.DataFrame({name: known_covariate(chosen, name) for name in covariates}, index=index)
    labels = None if cluster is None else chosen[cluster]
    if isinstance(design, pd.DataFrame):
        name, estimand = "given", _estimand_of(design, estimand)
        members = _given(design, data.index[rows], index)
    else:
        name, estimand = _method_of(design, estimand)
        method = DESIGN_METHODS[name]
        checked = method.check(settings or {}, f"design '{name}'")
        members = method(known, treated, None if labels is None else labels.to_numpy(), seed, **checked)
    members = members.assign(treated=treated)
    members["preference_score"] = (
        preference_score(members["score"], treated) if members["score"].notna().any() else np.nan
    )
    arms = (str(first), str(second))
    made = Comparison(name, name, estimand, arms, members, known, labels, dict(settings or {}))
    return made, rows


def _method_of(design: str | None, estimand: str | None) -> tuple[str, str]:
    if design is None:
        if estimand is not None and estimand not in DESIGN_OF:
            raise DesignError(f"there is no estimand '{estimand}'; {did_you_mean(estimand, DESIGN_OF)}")
        design = DESIGN_OF[estimand or "ATO"]
    answers_for = DESIGN_METHODS[design].estimand
    if estimand not in (None, answers_for):
        raise DesignError(
            f"the design '{design}' answers for the {answers_for}, not the {estimand}; "
            "change the estimand or the design"
        )
    return design, answers_for


def _estimand_of(design: pd.DataFrame, estimand: str | None) -> str:
    known = design.attrs.get("estimand", estimand)
    if known is None:
        raise DesignError("this design table does not say for whom it answers; name the estimand")
    if estimand not in (None, known):
        raise DesignError(f"this design table answers for the {known}, not the {estimand}; leave the estimand out")
    return known


def _given(design: pd.DataFrame, wanted: pd.Index, index: pd.Index) -> pd.DataFrame:
    if list(design.columns).count("weight") != 1:
        raise DesignError("a design table needs one column 'weight'; make it with weigh or match")
    if not design.index.is_unique or not wanted.isin(design.index).all():
        raise DesignError(
            f"the design table has {counted(len(design), 'row')} and does not hold each of the {len(wanted):,} members "
            "once by its index; make it from the same data"
        )
    own = design.reindex(wanted).set_axis(index)
    bad = int((~(own["weight"] >= 0) | np.isinf(own["weight"])).sum())
    if bad:
        raise DesignError(
            f"the design table: {counted(bad, 'weight is', 'weights are')} missing, infinite or below zero; "
            "0 is for members who are not used"
        )
    return own.assign(**{name: np.nan for name in ("score", "matched_set") if name not in own.columns})


def _arms_of(column: pd.Series, name: str, contrast) -> tuple[object, object]:
    refuse_unlike_labels(column, name)
    missing = int(column.isna().sum())
    if missing:
        raise EstimationError(f"'{name}': {counted(missing, 'row has', 'rows have')} no arm; leave them out first")
    found = list(column.unique())
    if len(found) < 2:
        everybody = f"everybody is in arm '{found[0]}'" if found else "there are no rows"
        raise EstimationError(f"'{name}': {everybody}, so that nothing can be compared")
    if contrast is None:
        contrast = next((arms for arms in KNOWN_ARMS if set(found) == set(arms)), None)
    if contrast is None:
        raise EstimationError(
            f"'{name}': it holds {counted(len(found), 'arm')}; say by contrast=(first, second) which to compare"
        )
    if not isinstance(contrast, tuple | list) or len(contrast) != 2 or contrast[0] == contrast[1]:
        raise EstimationError(f"'{name}': a contrast needs two different arms")
    for one in contrast:
        if one not in found:
            raise EstimationError(f"'{name}': nobody is in arm '{one}'; {did_you_mean(str(one), map(str, found))}")
    return contrast[0], contrast[1]


def refuse_as_covariates(covariates: Sequence[str], name: str, role: str) -> None:
    """Raise if a column that has another role is also among the covariates."""
    if name in covariates:
        raise EstimationError(f"covariates: '{name}' is {role}; covariates are what was known before")


def refuse_unknown(data: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise if the data are no frame, or lack one of these columns or hold it twice."""
    if not isinstance(data, pd.DataFrame):
        raise EstimationError(f"data: it is a {type(data).__name__} and must be a pandas DataFrame, one row per person")
    columns = list(data.columns)
    for name in names:
        found = columns.count(name)
        if found == 0:
            raise EstimationError(f"the data have no column '{name}'; {did_you_mean(name, map(str, columns))}")
        if found > 1:
            raise EstimationError(
                f"the data have {found} columns called '{name}', and only one can be meant; rename or drop the others"
            )


def listed(covariates: Iterable[str]) -> list[str]:
    """Return the names of covariates as a list, or refuse what is none, or names one twice."""
    if isinstance(covariates, str) or not isinstance(covariates, Iterable):
        raise EstimationError(
            f"covariates: give a list of columns, also when it is one or none, and not {covariates!r}"
        )
    covariates = list(covariates)
    repeated = [name for position, name in enumerate(covariates) if name in covariates[:position]]
    if repeated:
        raise EstimationError(f"covariates: '{repeated[0]}' is named more than once; name each covariate once")
    return covariates
