"""Checks of an estimate: how much would have to be wrong for the answer to change.

Examples
--------
Of ten matched pairs that differ, the treated person alone did well in eight. If hidden bias could double the odds of
treatment within a pair, chance alone could give as much with probability 0.3.

>>> from iop_outcomes import robustness
>>> robustness.mcnemar_bounds(8, 2, [1, 2]).round(3)
   gamma  p_lower  p_upper
0    1.0    0.055    0.055
1    2.0    0.003    0.299
"""

from iop_outcomes.kernel import lazy

_HOMES = {
    **dict.fromkeys(
        ("pair_differences", "wilcoxon_bounds", "mcnemar_bounds", "hodges_lehmann_bounds", "tipping_gamma"), "rosenbaum"
    ),
    "missing_rules": "missing_by_rule",
    **dict.fromkeys(("shifted_differences", "tipping_shift"), "missing_shifts"),
    "impute": "imputation",
    "robustness_value": "omitted_variable",
    **dict.fromkeys(("systematic_error", "calibrate"), "negative_controls"),
}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
