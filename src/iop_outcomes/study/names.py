"""What a study file must get right beyond its keys: names that exist, and parts that fit together."""

from typing import TYPE_CHECKING

from iop_outcomes.history.intercurrent import ENDINGS
from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.registry import CHECKS, DESIGN_METHODS, ELIGIBILITY, ESTIMATORS, METRICS, SOURCES, TARGET
from iop_outcomes.study import before_time_zero as timing
from iop_outcomes.study.merge import check_merge
from iop_outcomes.study.release_rules import check_print_figures, check_release
from iop_outcomes.tables.canonical import EPISODE

if TYPE_CHECKING:
    from iop_outcomes.study import Analysis, Study

#: Outcomes that are no metric: time in care, for survival estimators, the urine result of every week, and the time
#: until care ended in one way, with which every other way competes.
TIME_IN_CARE = "time_in_care"
WEEKLY_URINE = "weekly_urine"
TIME_TO = {f"time_to_{ending}": ending for ending in ENDINGS}
IN_TIME = (TIME_IN_CARE, *TIME_TO)
_OTHER_OUTCOMES = {TIME_IN_CARE: "time_to_event", WEEKLY_URINE: "repeated", **dict.fromkeys(TIME_TO, "competing")}


def cross_check(study: "Study") -> None:
    """Look up every name of a study, and refuse what does not fit together.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    _check_source(study)
    _check_cohort(study)
    timing.check_covariates([*study.covariate_names, *study.describe_by], METRICS.names(), study.measured_by_assignment)
    check_merge(study)
    if not study.adjust_for_calendar and "period" in study.covariate_names:
        raise StudyFileError("adjust_for_calendar: it is false, and 'period' is among the covariates; take one out")
    for name in study.metrics:
        _, settings = study.metric(name)
        timing.check_window(f"metrics.{name}", settings, study.cohort.follow_up_days)
    for name in study.designs:
        _check_design(study, name)
    for name in study.analyses:
        _check_analysis(study, name)
    for name, settings in study.checks():
        CHECKS[name].check(settings, f"sensitivity.{name}")
    for number, claim in enumerate(study.claims, start=1):
        if claim.analysis not in study.analyses:
            hint = did_you_mean(claim.analysis, study.analyses)
            raise StudyFileError(f"claims, number {number}: there is no analysis '{claim.analysis}'; {hint}")
    for name in study.gate.override:
        if name not in study.analyses:
            raise StudyFileError(f"gate.override: there is no analysis '{name}'; {did_you_mean(name, study.analyses)}")
    check_release(study.release, study.describe_by)
    check_print_figures(study)


def _check_source(study: "Study") -> None:
    SOURCES[study.source.kind].check(study.source.settings, f"source, kind '{study.source.kind}'")
    timing.check_mapping(study.source.settings, study.measured_by_assignment)


def _check_cohort(study: "Study") -> None:
    for arm, selection in study.cohort.arms.items():
        timing.check_arm(arm, selection)
        for column, value in selection.items():
            _check_codes(f"cohort.arms.{arm}.{column}", column, [value] if isinstance(value, str) else value)
    for name, settings in study.cohort.rules:
        rule = ELIGIBILITY[name]
        rule.check(settings, f"cohort.eligibility.{name}")
        timing.check_rule(name, rule.needs, settings, METRICS.names(), study.measured_by_assignment)


def _check_design(study: "Study", name: str) -> None:
    design, place = study.designs[name], f"designs.{name}"
    method, arms = DESIGN_METHODS[design.method], tuple(study.cohort.arms)
    settings = method.check(design.settings, place)
    if len(arms) < 2:
        raise StudyFileError(
            f"{place}: a design compares arms and the study has only '{arms[0]}'; add another to cohort.arms, or leave "
            "the design out"
        )
    listed = arms if isinstance(design.arms, str) else tuple(design.arms)
    for arm in listed:
        if arm not in arms:
            raise StudyFileError(f"{place}.arms: there is no arm '{arm}'; {did_you_mean(arm, arms)}")
    if len(set(listed)) < len(listed) or (len(listed) < 2 and not isinstance(design.arms, str)):
        raise StudyFileError(f"{place}.arms: list two or more different arms, or say all or pairwise")
    if method.several_arms == "refused" and design.arms != "pairwise" and len(listed) > 2:
        raise StudyFileError(
            f"{place}: the method '{method.name}' makes two arms comparable and there are {len(listed)}; "
            "add arms: pairwise, or list the two"
        )
    together, target = study.arms_together(name), settings.get(TARGET)
    if target is not None and together and target not in together:
        raise StudyFileError(f"{place}.{TARGET}: there is no arm '{target}'; {did_you_mean(str(target), together)}")


def _check_arms(study: "Study", name: str) -> None:
    """Refuse a contrast outside the arms of its design, and an estimator that cannot use several arms at once."""
    analysis, place = study.analyses[name], f"analyses.{name}"
    design, contrast = study.designs[analysis.design], study.contrast(analysis)
    for arm in contrast:
        if not isinstance(design.arms, str) and arm not in design.arms:
            raise StudyFileError(
                f"{place}: the design '{analysis.design}' is for {', '.join(design.arms)} and not for '{arm}'; "
                "change the contrast or the arms of the design"
            )
    together, estimator = study.arms_together(analysis.design), ESTIMATORS[analysis.estimator]
    if together and estimator.several_arms == "refused":
        raise StudyFileError(
            f"{place}: the estimator '{estimator.name}' compares two arms by themselves and the design "
            f"'{analysis.design}' makes {len(together)} comparable at once; give that design arms: pairwise, or a list "
            "of two"
        )


def _check_codes(place: str, column: str, values: list[str]) -> None:
    """Refuse an arm of a code that no episode can have."""
    allowed = next((c.allowed for c in EPISODE.columns if c.name == column), ())
    for value in values:
        if allowed and value not in allowed:
            raise StudyFileError(f"{place}: there is no code '{value}'; known: {', '.join(allowed)}")


def _check_analysis(study: "Study", name: str) -> None:
    analysis, place = study.analyses[name], f"analyses.{name}"
    if analysis.design not in study.designs:
        hint = did_you_mean(analysis.design, study.designs)
        raise StudyFileError(f"{place}: there is no design '{analysis.design}' in this study; {hint}")
    estimator = ESTIMATORS[analysis.estimator]
    method = DESIGN_METHODS[study.designs[analysis.design].method]
    kind = _outcome_kind(study, analysis, place)
    if kind not in estimator.kinds:
        raise StudyFileError(
            f"{place}: the estimator '{estimator.name}' is for {' or '.join(estimator.kinds)} outcomes and "
            f"'{analysis.outcome}' is {kind}"
        )
    estimand = analysis.estimand or method.estimand
    if estimand != method.estimand:
        raise StudyFileError(
            f"{place}: the design '{analysis.design}' ({method.name}) answers for the {method.estimand}, "
            f"not the {estimand}; change the estimand or the design"
        )
    if estimand not in estimator.estimands:
        raise StudyFileError(
            f"{place}: the estimator '{estimator.name}' cannot estimate the {estimand}; it can "
            f"{', '.join(estimator.estimands)}"
        )
    for measure in analysis.measures:
        if measure and measure not in estimator.measures:
            raise StudyFileError(
                f"{place}: the estimator '{estimator.name}' gives no '{measure}'; "
                f"{did_you_mean(measure, estimator.measures)}"
            )
    for arm in analysis.contrast or ():
        if arm not in study.cohort.arms:
            raise StudyFileError(f"{place}: there is no arm '{arm}'; {did_you_mean(arm, study.cohort.arms)}")
    first, second = study.contrast(analysis)
    if first == second:
        raise StudyFileError(f"{place}: a contrast needs two different arms")
    _check_arms(study, name)
    estimator.check(analysis.settings, f"{place}.settings")


def _outcome_kind(study: "Study", analysis: "Analysis", place: str) -> str:
    if analysis.outcome in _OTHER_OUTCOMES:
        return _OTHER_OUTCOMES[analysis.outcome]
    if analysis.outcome not in study.metrics:
        hint = did_you_mean(analysis.outcome, [*study.metrics, *_OTHER_OUTCOMES])
        raise StudyFileError(f"{place}: there is no outcome '{analysis.outcome}' among this study's metrics; {hint}")
    return study.metric(analysis.outcome)[0].kind_of_value
