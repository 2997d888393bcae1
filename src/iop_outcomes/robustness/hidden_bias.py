"""How much hidden bias within matched pairs an estimate would bear."""

from typing import Annotated

import numpy as np
from pydantic import Field

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.robustness.rosenbaum import pair_differences, tipping_gamma


@check(description="Rosenbaum's gamma: the hidden bias within pairs that would take the result away", refits=True)
def hidden_bias(refit: Refit, *, level: Annotated[float, Field(gt=0, lt=0.5)] = 0.025) -> list[dict[str, object]]:
    """Return the gamma at which the signed rank test of the pairs would no longer find a difference.

    At 1.5, one of a pair may have had odds of the first arm half as high again as the other, because of something
    nobody recorded, before chance could explain the result. 1 means that it may without any hidden bias.

    Parameters
    ----------
    refit : Refit
        Of an outcome that members have once, under a design of pairs.
    level : float
        One-sided; the default is that of a 95 % interval.

    Raises
    ------
    EstimationError
        The design makes no pairs, or members do not have the outcome once.

    References
    ----------
    Rosenbaum PR. Observational Studies. 2nd ed. Springer 2002, section 4.3.
    """
    outcome, data = refit.question.outcome, refit.question.data
    if outcome not in data.columns:
        raise EstimationError(f"hidden_bias: a person does not have '{outcome}' once; ask it of another outcome")
    members = refit.comparison.members
    if members["matched_set"].isna().all():
        raise EstimationError(
            f"hidden_bias: the design '{refit.comparison.design}' makes no pairs; use it with the method "
            "'nearest_match', or leave it out"
        )
    used = members[refit.comparison.weight > 0]
    differences = pair_differences(data.loc[used.index, outcome], used["treated"], used["matched_set"])
    way = "greater" if differences.mean() > 0 else "less"
    gamma = tipping_gamma(differences, alternative=way, level=level)
    return [
        {
            "measure": "tipping_gamma",
            "value": 1.0 if np.isnan(gamma) else gamma,
            "se_method": "Rosenbaum 2002, Wilcoxon's signed rank test of the pairs",
        }
    ]
