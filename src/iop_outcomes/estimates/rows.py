"""Rows of the ``estimate`` contract from the means of both arms."""

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.estimates.measures import ArmMeans, Estimate, arm_mean, contrast
from iop_outcomes.estimates.sample import Sample
from iop_outcomes.estimates.score_interval import SCORE_METHOD, need_score_limits, with_score_limits
from iop_outcomes.estimates.unseen_variance import (
    clusters_by_arm,
    without_intervals_of_constant_arms,
    without_intervals_of_lone_clusters,
)
from iop_outcomes.kernel.errors import counted

#: How far a fitted share may be from the 0 or 1 that it is the limit of.
ROUNDING_OF_FITS = 1e-6

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
    arms, known = _at_the_ends(sample, arms), sample.observed[either]
    between = contrast(arms, sample.measure, names=comparison.arms)
    own = [arm_mean(arms, position) for position in (0, 1)]
    if not sample.is_share:
        constant = [value is not None for value in sample.of_all]
        between, own = without_intervals_of_constant_arms(between, own, comparison.arms, constant)
    elif need_score_limits(own):
        between, own = with_score_limits(between, own, arms, ess, clusters_by_arm(comparison, known))
        words.append(SCORE_METHOD)
    labelled = list(zip((comparison.contrast, *comparison.arms), (between, *own), strict=True))
    labelled = without_intervals_of_lone_clusters(labelled, comparison, known)
    places = zip((either, *by_arm), (sum(ess), *ess), strict=True)
    rows = [
        {**_row(estimate, name, sample, people), "ess": size}
        for (name, estimate), (people, size) in zip(labelled, places, strict=True)
    ]
    return pd.DataFrame(rows).assign(day=np.nan, se_method="; ".join(words))[list(COLUMNS)]


def _at_the_ends(sample: Sample, arms: ArmMeans) -> ArmMeans:
    """Return the means, as 0 or 1 where nobody or everybody of the arm has the event and only rounding hides it."""
    if not sample.is_share:
        return arms
    means = [
        mean if value is None or abs(mean - value) > ROUNDING_OF_FITS else value
        for mean, value in zip(arms.means, sample.of_all, strict=True)
    ]
    return replace(arms, means=np.array(means))


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
