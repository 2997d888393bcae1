"""What a design, an estimator or a check did, as a methods section says it."""

DESIGNS = {
    "unweighted": "the arms as they are",
    "ate_weights": "weights by the inverse probability of the arm a person was in",
    "att_weights": "weights of the second arm by the odds of the first",
    "atc_weights": "weights of the first arm by the odds of the second",
    "overlap_weights": "overlap weights, by which everybody counts by the probability of the other arm",
    "matching_weights": "matching weights",
    "entropy_balance": "entropy balancing of both arms to the means of everybody",
    "entropy_balance_att": "entropy balancing of the second arm to the means of the first",
    "cbps": "weights from a covariate-balancing propensity score",
    "cbps_att": "weights of the second arm from a covariate-balancing propensity score",
    "nearest_match": "matching of people of the first arm to the nearest of the second",
    "subclass": "subclasses of the propensity score at its quantiles in the first arm",
    "subclass_ate": "subclasses of the propensity score at its quantiles",
}

ESTIMATORS = {
    "unadjusted": "the arms as they are",
    "weighted": "weighted means",
    "outcome_regression": "predictions of a model of the outcome, standardised over the cohort",
    "aipw": "augmented weighting, which joins the weights with a model of the outcome in each arm",
    "tmle": "targeted maximum likelihood",
    "matched": "differences between matched people",
    "abadie_imbens": "matching with an estimate of its large-sample variance",
    "cox": "a weighted Cox model",
    "standardised_cox": "survival standardised from Cox models",
    "weighted_kaplan_meier": "weighted Kaplan-Meier curves",
    "rmst": "restricted mean times, the areas under weighted survival curves",
    "aalen_johansen": "weighted cumulative incidence, other ways out competing",
    "time_lost": "mean time lost, the areas under weighted cumulative incidence",
    "fine_gray": "a weighted Fine-Gray model, which describes and does not explain",
    "gee": "generalised estimating equations",
    "random_intercept": "a logistic model with a random intercept",
    "interval_survival": "weighted survival curves of times known within bands",
}

CHECKS = {
    "e_value": "E-values say how strong an unrecorded reason would have to be to explain a difference away",
    "by_site": "the first analysis was made in every site by itself, and the sites' estimates were pooled",
    "bootstrap": "design and estimate were made anew in bootstrap samples",
    "hidden_bias": "of matched people, Rosenbaum bounds say how unequal their chances of an arm would have to be",
    "leave_one_site_out": "every site was left out in turn",
    "missing_panel": "missing outcomes, if any, were counted as failure, left out, weighted for, imputed, and shifted",
    "negative_controls": "outcomes that no arm can change gave the systematic error, by which ratios were calibrated",
    "omitted_variable": "bounds say what a confounder as strong as the strongest measured one would leave",
    "placebo": "use before time zero, wherever it is known, was compared as a placebo outcome",
    "wild_bootstrap": "a wild cluster bootstrap gave a further p-value",
}
