"""Do people assigned to an Intensive Outpatient Program do better than similar people in outpatient care?

For analysts: ``estimate``, ``survival``, ``weigh``, ``match`` and ``balance`` take a data frame with one row per person
and return tables, ``subgroups`` asks for whom. ``adjust_p_values`` counts how many answers were asked for, what begins
with ``pool`` makes one of several, ``e_value`` and ``omitted_variable`` doubt one. ``clone_censor_weight`` and
``marginal_structural_model`` ask what attending more would bring, ``sequential_trials`` what stepping up or down does.
The rooms ``stats``, ``designs``, ``robustness``, ``participation``, ``costs``,
``endpoints``, ``history``, ``metrics``, ``describe`` and ``operating`` hold further calls; ``docs/calls.md`` lists them
all. For whole studies: ``load_study`` reads a study file or a mapping, ``run_study`` makes every table of it,
``release_study`` writes what may be shared, ``release_tables`` returns it; ``draft_study`` begins one from files and
``check_study`` reads them to the end.

Examples
--------
Whether one person left is not known. Two guesses make two complete tables of people, and so two answers, which are
pooled; with missing outcomes there would be many.

>>> import pandas as pd
>>> import iop_outcomes as iop
>>> people = pd.DataFrame({"arm": [1, 1, 1, 0, 0, 0] * 20, "left": [0, 1, 0, 1, 1, 0] * 20})
>>> guessed = people.assign(left=people["left"].where(people.index != 1, 0))
>>> answers = [
...     iop.estimate(frame, outcome="left", arm="arm", covariates=[], design="unweighted", estimator="unadjusted")
...     for frame in (people, guessed)
... ]
>>> iop.pool_estimate_rows(answers)[["role", "arm", "value"]].round(3)
       role arm  value
0  contrast   1 -0.342
1       arm   1  0.325
2       arm   0  0.667
>>> iop.adjust_p_values([0.01, 0.04, 0.03], "holm").tolist()
[0.03, 0.06, 0.06]
"""

from iop_outcomes.kernel import lazy

_HOMES = {
    **dict.fromkeys(("balance", "estimate", "match", "survival", "weigh"), "analyst"),
    **dict.fromkeys(("load_study", "release_study"), "road"),
    "release_tables": "release.stage",
    "run_study": "in_memory",
    "check_study": "check.checking",
    "draft_study": "drafting.drafting",
    "subgroups": "estimates.subgroups_of_frame",
    "explore_heterogeneity": "estimates.heterogeneity_of_frame",
    "adjust_p_values": "stats.multiplicity",
    "pool_estimate_rows": "conclude.pooling",
    **dict.fromkeys(("pool_sites", "pool_without_each_site"), "conclude.sites"),
    "pool_imputations": "stats.imputations",
    "panel_agrees": "conclude.missing_panel",
    "omitted_variable": "robustness.omitted_variable",
    "clone_censor_weight": "participation.clone_censor_weight",
    "marginal_structural_model": "participation.marginal_structural",
    "sequential_trials": "participation.sequential",
    **dict.fromkeys(("e_value", "e_value_of_mean_difference"), "robustness.e_value"),
}
_ROOMS = (
    *("costs", "describe", "designs", "endpoints", "history", "metrics"),
    *("operating", "participation", "robustness", "stats"),
)
__all__ = [*_HOMES, *_ROOMS]
__getattr__, __dir__ = lazy.public(__name__, _HOMES, _ROOMS)
