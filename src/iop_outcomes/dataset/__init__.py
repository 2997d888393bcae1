"""One row per member: covariates known at time zero, metric values, outcomes."""
