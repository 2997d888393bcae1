"""Making arms comparable, from covariates alone: nothing in here ever sees an outcome."""
