"""What care costs, and what is bought with it: differences of cost, and cost beside effect.

Examples
--------
Of four draws of cost and effect in both arms, the first arm costs more and does more in all.

>>> from iop_outcomes import costs
>>> draws = {"effect_first": [0.6, 0.7, 0.6, 0.6], "effect_second": [0.5, 0.5, 0.5, 0.5]}
>>> draws |= {"cost_first": [900, 950, 980, 970], "cost_second": [400, 450, 480, 470]}
>>> found = costs.cost_effectiveness(**draws, willingness=[0, 5000, 10000])
>>> f"{found.summary['icer']:.0f}", found.summary["words"]
('4000', 'costs more and does more')
>>> found.by_willingness[["willingness", "net_benefit", "acceptability"]]
   willingness  net_benefit  acceptability
0          0.0       -500.0           0.00
1       5000.0        125.0           0.25
2      10000.0        750.0           1.00
"""

from iop_outcomes.kernel import lazy

_HOMES = {
    "cost_difference": "difference",
    "net_benefit_regression": "net_benefit",
    "cost_effectiveness": "effectiveness",
    "cost_and_effect_draws": "joint",
}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
