"""Which members an estimator works on where a design makes more than two arms comparable at once."""

import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import ESTIMATORS, Estimator


def data_for(plugin: Estimator, data: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Return the rows of the members that an estimator works on, or refuse a design that it cannot use.

    Parameters
    ----------
    plugin : Estimator
    data : DataFrame
        Indexed by ``member_id``, with a row for everybody in the comparison's design.
    comparison : Comparison

    Raises
    ------
    EstimationError
        The design makes more than two arms comparable at once, which the estimator cannot use.
    """
    if comparison.together is None:
        return data.reindex(comparison.members.index)
    if plugin.several_arms == "refused":
        raise EstimationError(refusal(plugin, len(comparison.together.arms)))
    wanted = comparison.together.members if plugin.several_arms == "everybody" else comparison.members
    return data.reindex(wanted.index)


def refusal(plugin: Estimator, n_arms: int) -> str:
    """Return why an estimator cannot use a design that makes several arms comparable at once."""
    able = ", ".join(each.name for each in ESTIMATORS if each.several_arms != "refused")
    return (
        f"the estimator '{plugin.name}' compares two arms by themselves and this design makes {n_arms} comparable at "
        f"once; restrict the design to two by arms, or use one of {able}"
    )
