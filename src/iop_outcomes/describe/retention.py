"""Retention by arm under censoring: a share still in care is not a proportion when not everybody was watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.endings import IN_CARE, STATES, care_states
from iop_outcomes.history.history import History

#: Days at which retention is reported.
DAYS = (30, 60, 90, 180)

#: A standard error below this is that of sums which cancel but for rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class _Arm:
    """One arm: days in care, how it ended (0 censored, else position in ``STATES`` + 1), sites if they are clusters."""

    name: str
    days: np.ndarray
    cause: np.ndarray
    cluster: np.ndarray | None


def retention_by_arm(
    history: History, days: Sequence[int] = DAYS, cluster: Literal["site"] | None = "site"
) -> pd.DataFrame:
    """Return the share of each arm still in care, by Kaplan-Meier: death and the end of observation censor.

    Nobody's weights are used: this describes the arms and compares nothing.

    Parameters
    ----------
    history : History
        Members and their records.
    days : sequence of int
        Days since time zero. Retained on day k is whose care did not end before it.
    cluster : {"site"} or None
        Are members of one site alike, where there are several sites? As the study's ``cluster``, which every interval
        of a run follows.

    Returns
    -------
    pandas.DataFrame
        ``arm``, ``day``, ``n``, ``n_at_risk`` (in care and observed on the day before), ``n_ended`` (by then),
        ``retained``, ``se``, ``ci_low``, ``ci_high`` (95%, log-log). Standard errors are Greenwood's, or by site, with
        the factor G/(G - 1) and the t quantile with G - 1 degrees of freedom for G sites. Where nobody was observed
        for so long there is no value; where the people or sites of an arm do not differ, or it lies in one of several
        sites, nothing tells how sure the share is, and there is no interval.

    References
    ----------
    Kaplan & Meier 1958, JASA 53:457.
    """
    from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier

    rows = []
    for arm in _arms(history, cluster):
        # Death is no end of care, so that it censors.
        event = (arm.cause > 0) & (arm.cause != STATES.index("death") + 1)
        robust = {} if arm.cluster is None else {"variance": "robust", "cluster": arm.cluster}
        curve = kaplan_meier(arm.days, event, **robust).at(np.asarray(days) - 1)
        curve = _with_interval(curve.rename(columns={"survival": "retained"}), "retained", arm)
        rows.append(_rows(arm, days, event, event, curve, "retained"))
    return pd.concat(rows, ignore_index=True)


def states_by_arm(
    history: History, days: Sequence[int] = DAYS, cluster: Literal["site"] | None = "site"
) -> pd.DataFrame:
    """Return the share of each arm whose care had ended in each way, by Aalen-Johansen.

    Every way to end, death too, competes with the others; only the end of observation censors. The shares of one day
    and those still in care sum to 1.

    Parameters
    ----------
    history, days, cluster
        As for ``retention_by_arm``.

    Returns
    -------
    pandas.DataFrame
        As ``retention_by_arm``, with ``state`` and the ``share`` that had left in this way before the day; the state
        ``in_care`` is what is left, without a standard error.

    References
    ----------
    Aalen & Johansen 1978, Scand J Stat 5:141.
    """
    from iop_outcomes.stats.survival.competing import cumulative_incidence

    rows = []
    for arm in _arms(history, cluster):
        present, code = np.unique(arm.cause[arm.cause > 0], return_inverse=True)
        event = np.zeros(len(arm.cause), dtype=int)
        event[arm.cause > 0] = code + 1
        curves = cumulative_incidence(arm.days, event, cluster=arm.cluster)
        in_care = np.ones(len(days))
        for number, cause in enumerate(present, start=1):
            curve = curves.at(np.asarray(days) - 1, cause=number).rename(columns={"incidence": "share"})
            curve = _with_interval(curve, "share", arm)
            in_care -= curve["share"].to_numpy()
            rows.append(_rows(arm, days, event == number, event > 0, curve, "share", STATES[cause - 1]))
        rest = pd.DataFrame({"share": in_care, "se": np.nan, "ci_low": np.nan, "ci_high": np.nan})
        rows.append(_rows(arm, days, event > 0, event > 0, rest, "share", IN_CARE))
    return pd.concat(rows, ignore_index=True)


def _arms(history: History, cluster: str | None) -> list[_Arm]:
    ends = care_states(history)
    known = ends["days"].notna().to_numpy()
    # "in_care" is the first category, so that its code is that of censoring.
    cause = ends["state"].cat.codes.to_numpy().astype(int)
    site = pd.factorize(history.members["site_id"].fillna(""))[0]
    by_site = cluster is not None and len(np.unique(site)) > 1
    arms = history.members["arm"].astype("category")
    found = []
    for name in arms.cat.categories:
        own = known & (arms == name).to_numpy()
        if own.any():
            found.append(_Arm(name, ends["days"].to_numpy()[own], cause[own], site[own] if by_site else None))
    return found


def _with_interval(curve: pd.DataFrame, value: str, arm: _Arm) -> pd.DataFrame:
    """Return a curve with the interval its clusters allow, and none where its standard error says nothing."""
    from iop_outcomes.stats.survival.kaplan_meier import survival_interval

    if arm.cluster is not None:
        n_sites = len(np.unique(arm.cluster))
        curve["se"] *= np.sqrt(n_sites / (n_sites - 1)) if n_sites > 1 else np.nan
        degrees_of_freedom = max(n_sites - 1.0, 1.0)
        limits = survival_interval(curve[value], curve["se"], degrees_of_freedom=degrees_of_freedom)
        curve["ci_low"], curve["ci_high"] = limits
    certain = ~(curve["se"] > ROUNDING)
    curve.loc[certain, ["se", "ci_low", "ci_high"]] = np.nan
    return curve


def _rows(
    arm: _Arm,
    days: Sequence[int],
    event: np.ndarray,
    any_event: np.ndarray,
    curve: pd.DataFrame,
    value: str,
    state: str | None = None,
) -> pd.DataFrame:
    day = np.asarray(days)
    n_at_risk = (arm.days >= day[:, None] - 1).sum(axis=1)
    n_ended = (event & (arm.days < day[:, None])).sum(axis=1)
    place = {"arm": arm.name, "day": day} | ({} if state is None else {"state": state})
    frame = pd.DataFrame(place | {"n": len(event), "n_at_risk": n_at_risk, "n_ended": n_ended})
    numbers = [value, "se", "ci_low", "ci_high"]
    frame[numbers] = curve[numbers].to_numpy()
    # Past the last day anybody was watched the curve would only repeat itself, unless nobody was left to watch.
    open_end = not any_event[arm.days == arm.days.max()].all()
    frame.loc[(n_at_risk == 0) & open_end, numbers] = np.nan
    return frame
