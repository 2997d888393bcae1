"""One outcome, one answer: which analysis answers, and which are further looks at the same outcome."""

from iop_outcomes.conclude.evidence import MISSING_RULE, OTHER_DESIGN
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.study import Analysis, Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.measure import measure_of

#: Estimators that hold covariates alike themselves, under a design that does not.
ADJUSTING = ("aipw", "tmle", "outcome_regression", "standardised_cox", "gee", "random_intercept", "abadie_imbens")
#: The design method that leaves the arms as they are, and the estimator that does.
AS_THEY_ARE, UNADJUSTED = "unweighted", "unadjusted"
#: Arms, metric or outcome, and the settings but for the missing rule.
_Question = tuple[tuple[str, str], str, tuple[tuple[str, str], ...]]


def answers(study: Study) -> dict[str, str]:
    """Return by analysis the one that answers for its outcome: the first of the study that asks the same question.

    Two analyses ask the same question if their arms and metric are the same and the settings of the metric differ in
    nothing but the rule for what is missing.
    """
    first: dict[_Question, str] = {}
    for name, analysis in study.analyses.items():
        # What only predicts answers nothing.
        if not all(measure_of(measure).predicts for measure in _measures(analysis)):
            first.setdefault(_question(study, analysis), name)
    return {name: first.get(_question(study, analysis), name) for name, analysis in study.analyses.items()}


def changed(study: Study, analysis: str, answer: str) -> str:
    """Return what a further look changes against the analysis that answers: the missing rule, or the design."""
    rules = [outcome_of(study, study.analyses[name].outcome).settings.get("missing") for name in (analysis, answer)]
    return OTHER_DESIGN if rules[0] == rules[1] else MISSING_RULE


def is_crude(study: Study, analysis: Analysis) -> bool:
    """Return whether an analysis compares the arms as they are, although nobody assigned them by chance."""
    if analysis.randomised:
        return False
    if not study.covariates or analysis.estimator == UNADJUSTED:
        return True
    adjusts = analysis.settings.get("adjust", analysis.estimator in ADJUSTING)
    return study.designs[analysis.design].method == AS_THEY_ARE and not adjusts


def _measures(analysis: Analysis) -> list[str]:
    """Return the measures asked for, or the estimator's own."""
    return [measure for measure in analysis.measures if measure] or list(ESTIMATORS[analysis.estimator].measures[:1])


def _question(study: Study, analysis: Analysis) -> _Question:
    outcome = outcome_of(study, analysis.outcome)
    settings = sorted((key, repr(value)) for key, value in outcome.settings.items() if key != "missing")
    is_metric = analysis.outcome in study.metrics
    return study.contrast(analysis), outcome.metric if is_metric else analysis.outcome, tuple(settings)
