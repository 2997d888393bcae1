"""What active participation does, where attendance itself is an outcome.

People who come more are not people like those who come less: who relapses stops coming. Comparing them by how much they
came answers no question about treatment. The calls here start everybody on every strategy and follow them as long as
they do what it asks (``iop_outcomes.clone_censor_weight``), weight each week for what led to its hours
(``iop_outcomes.marginal_structural_model``), begin follow-up after the attendance that forms the groups
(``landmark``), and show beside these what the comparison by attendance would have said (``by_attendance``). Who changes
the level of care is held, week by week, against who might have (``iop_outcomes.sequential_trials``).

Examples
--------
Four people. With the first week as grace all count for both strategies in it; of the five weeks in which somebody might
still leave the full one two are kept, so that staying has probability 0.4, and who stays weighs 2.5, then 6.25.

>>> import pandas as pd
>>> import iop_outcomes as iop
>>> weeks = pd.DataFrame({"person_id": [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4], "week": [0, 1, 2] * 3 + [0, 1]})
>>> weeks["hours"] = [9, 9, 9, 9, 3, 9, 2, 3, 4, 0, 1]
>>> weeks["event"] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
>>> rules = {"full": {"least_hours": 6, "grace_weeks": 1}, "less": {"below_hours": 6, "grace_weeks": 1}}
>>> found = iop.clone_censor_weight(weeks, strategies=rules, covariates=[], week_powers=0)
>>> found.weights.loc[found.weights["strategy"] == "full", ["week", "n_uncensored", "n_deviating", "mean_weight"]]
   week  n_uncensored  n_deviating  mean_weight
0     0             4            0         1.00
1     1             1            3         2.50
2     2             1            0         6.25
"""

from iop_outcomes.kernel import lazy

_HOMES = {
    "by_attendance": "naive",
    "landmark": "landmarks",
    **dict.fromkeys(("clone_starts", "starting_in_time"), "starting"),
}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
