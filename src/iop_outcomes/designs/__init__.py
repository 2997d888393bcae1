"""Making arms comparable, from covariates alone: nothing in here ever sees an outcome."""

from iop_outcomes.kernel import lazy

_HOMES = {
    "balance_within": "judge.balance",
    "table_one_smd": "judge.table_one",
    **dict.fromkeys(
        ("preference_score", "equipoise", "overlap_table", "overlap_coefficient", "minimum_detectable_difference"),
        "judge.diagnostics",
    ),
    **dict.fromkeys(("effective_sample_size", "weight_summary"), "scores.balancing_weights"),
}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
