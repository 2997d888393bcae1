"""Rows of the ``estimate`` contract from the means of both arms."""

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.estimates.lone_clusters import clusters_by_arm, without_intervals_of_lone_clusters
from iop_outcomes.estimates.measures import DIFFERENCES, ROUNDING, ArmMeans, Estimate, arm_mean, contrast
from iop_outcomes.estimates.sample import Sample
from iop_outcomes.estimates.score_interval import difference_limits, effective_sizes, quantile_of, wilson
from iop_outcomes.kernel.errors import counted

COLUMNS = (
    "measure",
    "contrast",
    "day",
    "value",
    "se",
    "se_scale",
    "ci_low",
    "ci_high",
    "n",
    "n_events",
    "ess",
    "se_method",
    "reason",
)


def estimate_rows(sample: Sample, arms: ArmMeans, *, missing: str = "") -> pd.DataFrame:
    """Return one row for the contrast and one for the mean of each arm.

    Parameters
    ----------
    sample : Sample
    arms : ArmMeans
    missing : str
        How missing outcomes were handled, in words; said only if there are any.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``; ``se`` is on the scale ``se_scale``, the logarithm for ratios.
    """
    comparison = sample.comparison
    words = [arms.method]
    if sample.n_missing:
        words.append(f"{counted(sample.n_missing, 'missing outcome')} {missing or 'left out'}")
    by_arm, either = (sample.first, sample.second), sample.first | sample.second
    ess = [effective_sample_size(sample.weight[arm & sample.observed]) for arm in by_arm]
    arms, known = _exact_at_the_ends(arms), sample.observed[either]
    estimates = [contrast(arms, sample.measure, names=comparison.arms), arm_mean(arms, 0), arm_mean(arms, 1)]
    if sample.is_share and any(mean in (0.0, 1.0) for mean in arms.means):
        estimates = _by_score(estimates, arms, ess, clusters_by_arm(comparison, known))
        words.append("score interval (Newcombe), since an arm has no events or nothing but events")
    labelled = list(zip((comparison.contrast, *comparison.arms), estimates, strict=True))
    labelled = without_intervals_of_lone_clusters(labelled, comparison, known)
    places = zip((either, *by_arm), (sum(ess), *ess), strict=True)
    rows = [
        {**_row(estimate, name, sample, people), "ess": size}
        for (name, estimate), (people, size) in zip(labelled, places, strict=True)
    ]
    return pd.DataFrame(rows).assign(day=np.nan, se_method="; ".join(words))[list(COLUMNS)]


def _exact_at_the_ends(arms: ArmMeans) -> ArmMeans:
    """Return the means, those within rounding of 0 or 1 as 0 or 1: nobody, or everybody, of the arm has the event."""
    ends = np.round(arms.means)
    near = np.isin(ends, (0.0, 1.0)) & (np.abs(arms.means - ends) < ROUNDING)
    return replace(arms, means=np.where(near, ends, arms.means))


def _by_score(
    estimates: list[Estimate], arms: ArmMeans, people: list[float], clusters: list[int] | None
) -> list[Estimate]:
    """Return a difference of shares and both shares with score intervals; ratios stay as they are."""
    quantile = quantile_of(arms.covariance.degrees_of_freedom)
    sizes = effective_sizes(arms.means, np.diag(arms.covariance.values), people, clusters)
    limits = [wilson(mean, size, quantile) for mean, size in zip(arms.means, sizes, strict=True)]
    found = [
        replace(estimate, ci_low=low, ci_high=high, reason=None)
        for estimate, (low, high) in zip(estimates[1:], limits, strict=True)
    ]
    between = estimates[0]
    if between.measure in DIFFERENCES:
        low, high = difference_limits(arms.means, sizes, quantile)
        between = replace(between, ci_low=low, ci_high=high, reason=None)
    return [between, *found]


def _row(estimate: Estimate, name: str, sample: Sample, arm) -> dict[str, object]:
    used = sample.observed & arm
    return {
        "measure": estimate.measure,
        "contrast": name,
        "value": estimate.value,
        "se": estimate.se,
        "se_scale": estimate.se_scale,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "n": int(used.sum()),
        "n_events": float(sample.outcome[used].sum()) if sample.kind == "binary" else np.nan,
        "reason": estimate.reason,
    }
