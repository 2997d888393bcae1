"""Rows of the ``estimate`` contract from the means of both arms."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.estimates.measures import ArmMeans, Estimate, arm_mean, contrast
from iop_outcomes.estimates.sample import Sample
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
    words = [arms.method, *_warnings(sample)]
    if sample.n_missing:
        words.append(f"{counted(sample.n_missing, 'missing outcome')} {missing or 'left out'}")
    method = "; ".join(words)
    by_arm = (sample.first, sample.second)
    ess = [effective_sample_size(sample.weight[arm & sample.observed]) for arm in by_arm]
    between = contrast(arms, sample.measure, names=comparison.arms)
    rows = [_row(between, comparison.contrast, sample, sample.first | sample.second)]
    rows[0]["ess"] = sum(ess)
    for position, (arm, name) in enumerate(zip(by_arm, comparison.arms, strict=True)):
        rows.append({**_row(arm_mean(arms, position), name, sample, arm), "ess": ess[position]})
    return pd.DataFrame(rows).assign(day=np.nan, se_method=method)[list(COLUMNS)]


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


def _warnings(sample):
    said = []
    clusters = None if sample.cluster is None else sample.cluster.astype("category").cat.codes.to_numpy()
    for arm, name in zip((sample.first, sample.second), sample.comparison.arms, strict=True):
        values = sample.outcome[arm & sample.observed]
        if values.min() == values.max():
            said.append(f"the outcome is the same for all in arm '{name}', whose variance counts as zero")
        if clusters is not None and np.ptp(clusters[arm & sample.observed]) == 0:
            said.append(f"arm '{name}' lies in one cluster, so that its variance cannot be seen")
    return said
