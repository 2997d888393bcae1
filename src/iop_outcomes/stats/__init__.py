"""Fitted models and tests, without any study: arrays in, numbers out.

Nothing here knows of studies, arms or contracts. A model takes arrays and a ``model_matrix`` of covariates, and returns
a small result object, which ``coefficient_table`` turns into rows; ``designs`` and ``estimates`` give the numbers their
meaning.

Examples
--------
Ten people in two programs leave care (1), move away (2), or are still in care when the data end (0). Whoever has moved
away cannot leave any more, so that moving competes with leaving.

>>> import pandas as pd
>>> from iop_outcomes import stats
>>> days = [5, 8, 12, 20, 30, 3, 4, 9, 10, 30]
>>> ended = [1, 2, 1, 0, 0, 1, 1, 1, 2, 0]
>>> program = ["a"] * 5 + ["b"] * 5
>>> stats.cumulative_incidence(days[:5], ended[:5]).at([10, 30], cause=1)[["time", "incidence"]].round(3)
   time  incidence
0  10.0        0.2
1  30.0        0.4
>>> round(stats.gray_test(days, ended, program, cause=1).p_value, 3)
0.422

The hazard of leaving as a ratio, by Cox's model.

>>> left = [cause == 1 for cause in ended]
>>> fit = stats.fit_cox(stats.model_matrix(pd.DataFrame({"program": program})), days, left)
>>> stats.coefficient_table(fit.names, fit.coefficients, fit.covariance, exponentiate=True)[["name", "value"]].round(3)
         name  value
0  program[b]  2.191
"""

from iop_outcomes.kernel import lazy

_HOMES = {
    "model_matrix": "linear.matrix",
    "coefficient_table": "coefficients",
    "fit_glm": "linear.glm",
    "fit_robust_glm": "linear.robust_glm",
    "fit_multinomial": "linear.multinomial",
    "kaplan_meier": "survival.kaplan_meier",
    "logrank_test": "survival.logrank",
    **dict.fromkeys(("restricted_mean", "restricted_mean_contrasts", "restricted_mean_jackknife_se"), "survival.rmst"),
    "restricted_mean_regression": "survival.rmst_regression",
    "cumulative_incidence": "survival.competing",
    "gray_test": "survival.gray_test",
    "fit_fine_gray": "survival.fine_gray",
    "fit_cox": "survival.cox",
    "fit_cox_exact": "survival.cox_exact",
    **dict.fromkeys(("cox_covariance", "cox_score_test"), "survival.cox_robust"),
    **dict.fromkeys(("baseline_hazard", "standardised_survival"), "survival.cox_curves"),
    "proportional_hazards_test": "survival.cox_proportional",
    "concordance": "survival.concordance",
    "fit_weibull": "survival.parametric_survival",
    "fit_discrete_time": "survival.discrete_time",
    "interval_censored": "survival.interval_censored",
    "fit_gee": "repeated.gee",
    "fit_random_intercept": "repeated.random_intercept",
    "fit_linear_mixed": "repeated.linear_mixed",
}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
