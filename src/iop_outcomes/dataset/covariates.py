"""What was known of each member by time zero: all that a design ever gets to see."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import StudyError, did_you_mean
from iop_outcomes.study import before_time_zero as timing
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.canonical import MEASURED_DAY

#: Calendar time, as far as it is kept.
PERIOD = "period"
#: Levels of a category that is only held against the other arm, and what the rarer ones are called together.
LEVELS, RARE = 12, "any other"

#: Level of a categorical covariate that was not recorded.
MISSING = "missing"

Records = Mapping[str, pd.DataFrame]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Put what was known by time zero into one row per member: the stage ``covariates``."""
    names = [*study.covariate_names, *study.describe_by]
    if study.adjusts_for_calendar and _keeps_time(made):
        names.append(PERIOD)
    grace = study.cohort.assignment.grace_days
    covariates = build_covariates(made["cohort"], made, names, study.cluster, grace)
    return {"covariates": covariates, "facts": other_facts(made["cohort"], made, study.covariate_names, grace)}


def _keeps_time(records: Records) -> bool:
    """Say whether the source keeps calendar time."""
    episode = records["episode"]
    return PERIOD in episode and bool(episode[PERIOD].notna().any())


def build_covariates(
    cohort: pd.DataFrame, records: Records, names: Sequence[str], cluster: str | None = "site", grace_days: int = 0
) -> pd.DataFrame:
    """Return the ``covariates`` table: arm, cluster and complete baseline covariates.

    A category that was not recorded becomes the level ``missing``; a number that was not recorded becomes the median of
    the others, and ``<name>_missing`` says so.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Table of that contract.
    records : mapping
        Canonical tables.
    names : sequence of str
        Covariates the study asks for.
    cluster : {'site', None}
        Unit whose members are alike.
    grace_days : int
        Days after time zero by which a baseline may have been measured.

    Raises
    ------
    StudyError
        A covariate is in no table, or was recorded for nobody.
    """
    members = cohort.sort_values("member_id").set_index("member_id")
    known = _known_at_time_zero(members, records, grace_days)
    columns: dict[str, pd.Series] = {"arm": members["arm"]}
    if cluster is not None:
        columns["cluster"] = members["site_id"].fillna("unknown").astype("category")
    for name in dict.fromkeys(names):
        if name not in known:
            raise StudyError(f"covariates: this source has no baseline column '{name}'; {did_you_mean(name, known)}")
        if known[name].isna().all():
            raise StudyError(f"covariates: '{name}' is recorded for no member of the cohort; leave it out")
        columns.update(_complete(name, known[name]))
    return pd.DataFrame(columns, index=members.index).reset_index()


def other_facts(cohort: pd.DataFrame, records: Records, adjusted: Sequence[str], grace_days: int = 0) -> pd.DataFrame:
    """Return the ``facts`` table: what is on record of the members from before time zero and is no covariate.

    What an arm prescribes is part of the treatment, and sites are judged by themselves: neither is among them. The
    period stays, adjusted for or not. Of a category the commonest ``LEVELS`` are told apart.

    Parameters
    ----------
    cohort, records, grace_days
        As for :func:`build_covariates`.
    adjusted : sequence of str
        Covariates of the study.
    """
    members = cohort.sort_values("member_id").set_index("member_id")
    known = _known_at_time_zero(members, records, grace_days)
    of_sites = timing.covariate_homes()["site"]
    wanted = [n for n in known if n == PERIOD or n not in (*adjusted, *timing.PRESCRIBED, *of_sites)]
    columns: dict[str, pd.Series] = {}
    for name in [n for n in wanted if known[n].notna().any()]:
        columns |= {c: _commonest(v) for c, v in _complete(name, known[name]).items() if len(v.unique()) > 1}
    return pd.DataFrame(columns, index=members.index).reset_index()


def _commonest(values: pd.Series) -> pd.Series:
    """Return a category with its rarer levels as one; numbers as they are."""
    if not isinstance(values.dtype, pd.CategoricalDtype) or values.nunique() <= LEVELS:
        return values
    text = values.astype("str")
    return text.where(text.isin(text.value_counts().index[: LEVELS - 1]), RARE).astype("category")


def _known_at_time_zero(members: pd.DataFrame, records: Records, grace_days: int) -> dict[str, pd.Series]:
    """Return every column that may be a covariate, aligned with the members; baseline columns come first."""
    episode = records["episode"].set_index("episode_id")
    linked = {
        "baseline": members.index,
        "person": members["person_id"],
        "episode": members.index,
        "site": members["site_id"],
    }
    known: dict[str, pd.Series] = {}
    for table, columns in timing.covariate_homes().items():
        frame = episode if table == "episode" else records.get(table)
        if frame is None or not len(frame):
            continue
        frame = frame if table == "episode" else frame.set_index(frame.columns[0])
        own = frame.reindex(linked[table]).set_axis(members.index)
        if MEASURED_DAY in own:
            in_time = timing.known_by(own.pop(MEASURED_DAY), members["time_zero_day"], grace_days)
            own = own.where(in_time)
        known = {name: own[name] for name in columns or own.columns if name in own} | known
    return known


def _complete(name: str, values: pd.Series) -> dict[str, pd.Series]:
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if not numeric:
        text = values.astype("str").where(values.notna(), MISSING)
        return {name: text.astype("category")}
    numbers = values.astype(float)
    absent = numbers.isna()
    complete = {name: numbers.fillna(np.nanmedian(numbers))}
    if absent.any():
        complete[f"{name}_missing"] = absent.astype(float)
    return complete
