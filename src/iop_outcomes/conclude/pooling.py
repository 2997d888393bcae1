"""Put estimates together over imputations of missing values, by Rubin's rules."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.imputations import pool_imputations
from iop_outcomes.tables.estimate import KEY


def pool_estimate_rows(
    completed: Sequence[pd.DataFrame], *, complete_degrees_of_freedom: float = np.inf
) -> pd.DataFrame:
    """Pool the answers that several completed data sets gave to one question, every row with its like.

    Parameters
    ----------
    completed : sequence of DataFrame
        From ``iop_outcomes.estimate`` or ``survival``: the same rows in every frame.
    complete_degrees_of_freedom : float
        As in :func:`pool_imputations`.

    Returns
    -------
    DataFrame
        The rows of the first frame with pooled ``value``, ``se``, ``ci_low``, ``ci_high``; ratios are pooled as
        logarithms (``se_scale`` says so). Numbers of people and events are means over the imputations. A row that has
        no estimate in some imputation has none, and a ``reason``.

    Raises
    ------
    EstimationError
        There are fewer than two frames, or they do not hold the same rows.

    References
    ----------
    Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987; as in :func:`pool_imputations`.
    """
    if len(completed) < 2:
        raise EstimationError(f"imputations: there is {counted(len(completed), 'answer')}; at least two are needed")
    first = completed[0].reset_index(drop=True)
    for frame in completed[1:]:
        if not _likeness(first).equals(_likeness(frame)):
            raise EstimationError("imputations: their estimates are not of the same rows; use one analysis for all")
    log = (first["se_scale"] == "log").to_numpy()
    values, errors = (np.array([frame[name].to_numpy(dtype=float) for frame in completed]) for name in ("value", "se"))
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(log, np.log(values), values)
    usable = np.isfinite(scaled).all(axis=0) & np.isfinite(errors).all(axis=0)
    pooled = first.copy()
    pooled[["value", "se", "ci_low", "ci_high"]] = np.nan
    if usable.any():
        found = pool_imputations(
            scaled[:, usable], errors[:, usable] ** 2, complete_degrees_of_freedom=complete_degrees_of_freedom
        )
        for name in ("value", "ci_low", "ci_high"):
            pooled.loc[usable, name] = np.where(log[usable], np.exp(found[name]), found[name])
        pooled.loc[usable, "se"] = found["se"].to_numpy()
    for name in ("n", "n_events", "ess"):
        if name in pooled:
            pooled[name] = np.mean([frame[name].to_numpy(dtype=float) for frame in completed], axis=0)
    pooled["se_method"] = [
        f"{method}; Rubin's rules over {len(completed)} imputations" for method in first["se_method"]
    ]
    lacking = "no estimate in at least one imputation, so that none can be pooled"
    pooled["reason"] = pooled["reason"].where(usable, pooled["reason"].fillna(lacking))
    return pooled


def _likeness(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what tells one row of an answer from the others, as text."""
    return rows[[name for name in KEY if name in rows]].astype(str).reset_index(drop=True)
