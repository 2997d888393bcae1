"""A bootstrap of one call on a data frame, design and estimate alike; what was checked once is not checked again."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.by_frame import compare_frame, compare_framed
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.frame import Given, contrast_of, take_frame
from iop_outcomes.estimates.bootstrap import bootstrap
from iop_outcomes.tables.estimate import is_contrast


class Drawn:
    """Comparisons of rows that were drawn from a data frame.

    Parameters
    ----------
    data : DataFrame
        Everybody in the design.
    outcome : str
    estimand, design, settings, arm, covariates, cluster, contrast, arms, seed
        As in ``compare_frame``.
    """

    def __init__(
        self,
        data: pd.DataFrame,
        outcome: str,
        estimand: str | None,
        design: str | None,
        settings: Mapping[str, object] | None,
        *,
        arm: str,
        covariates: Sequence[Given],
        cluster: str | None,
        contrast: tuple[object, object] | None,
        arms: Sequence[object] | None,
        seed: int,
    ):
        self.data = data
        self.own = data[[name for name in data.columns if str(name).startswith(outcome)]]
        self.framed = take_frame(data, arm=arm, covariates=covariates, cluster=cluster, arms=arms)
        pair = contrast_of(self.framed.arms, arm, contrast)
        asked = partial(compare_frame, seed=seed, design=design, estimand=estimand, settings=settings)
        self.anew = partial(asked, arm=arm, covariates=covariates, cluster=cluster, contrast=contrast, arms=arms)
        self.again = partial(
            compare_framed,
            index=data.index,
            pair=pair,
            seed=seed,
            design=design,
            estimand=estimand,
            settings=settings,
        )

    def __call__(self, rows: NDArray[np.intp]) -> tuple[pd.DataFrame, Comparison]:
        """Return outcomes and comparison of some rows, given by positions that may repeat."""
        framed = self.framed.at(rows)
        if len(np.unique(framed.arm)) == len(framed.arms):
            made, kept = self.again(framed)
        else:
            # Where a draw lost an arm, it is said, or done without it, as for any frame.
            made, kept = self.anew(self.data.iloc[rows])
            kept = rows[kept]
        return self.own.iloc[kept].set_axis(made.population.members.index), made


def with_bootstrap(
    found: pd.DataFrame,
    again: Callable[[NDArray[np.intp], str], float],
    n_rows: int,
    cluster: pd.Series | None,
    n_replicates: int,
    seed: int,
) -> pd.DataFrame:
    """Return rows of estimates with the standard error and the interval of a bootstrap beside every contrast.

    Parameters
    ----------
    found : DataFrame
        Rows of the ``estimate`` contract.
    again : callable
        From positions of rows and the name of a measure to its value there.
    n_rows : int
    cluster : Series or None
    n_replicates, seed : int
    """
    found = found.assign(boot_se=np.nan, boot_ci_low=np.nan, boot_ci_high=np.nan)
    for position in np.flatnonzero(is_contrast(found)):
        measure, is_log = found["measure"].iloc[position], found["se_scale"].iloc[position] == "log"

        def one(rows: NDArray[np.intp], measure: str = measure, is_log: bool = is_log) -> float:
            value = again(rows, measure)
            # A replicate without events has no finite logarithm, and counts as one that gave no estimate.
            with np.errstate(divide="ignore"):
                return float(np.log(value)) if is_log else value

        result = bootstrap(one, n_rows, cluster=cluster, n_replicates=n_replicates, seed=seed)
        ends = np.array([result.ci_low, result.ci_high])
        found.loc[position, ["boot_se", "boot_ci_low", "boot_ci_high"]] = [
            result.se,
            *(np.exp(ends) if is_log else ends),
        ]
    return found
