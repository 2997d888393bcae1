"""What was known of each member by time zero: all that a design ever gets to see."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import StudyError, did_you_mean
from iop_outcomes.study import before_time_zero as timing
from iop_outcomes.study.view import StudyView

#: Level of a categorical covariate that was not recorded.
MISSING = "missing"

Records = Mapping[str, pd.DataFrame]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Put what was known by time zero into one row per member: the stage ``covariates``."""
    names = [*study.covariates, *study.describe_by]
    return {"covariates": build_covariates(made["cohort"], made, names, study.cluster)}


def build_covariates(
    cohort: pd.DataFrame, records: Records, names: Sequence[str], cluster: str | None = "site"
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

    Raises
    ------
    StudyError
        A covariate is in no table, or was recorded for nobody.
    """
    members = cohort.sort_values("member_id").set_index("member_id")
    known = _known_at_time_zero(members, records)
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


def _known_at_time_zero(members: pd.DataFrame, records: Records) -> dict[str, pd.Series]:
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
        for name in columns or frame.columns:
            if name in frame and name not in known:
                known[name] = pd.Series(frame[name].reindex(linked[table]).array, index=members.index)
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
