"""What a study asked, so that only answers to the same question are pooled."""

from typing import Any

from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.study.view import plain


def questions(study: Study) -> dict[str, dict[str, Any]]:
    """Return by analysis what its answer must have in common with that of another site.

    Covariates, design and estimator may differ, since what is recorded differs; whom the answer speaks of may not.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of str to dict
        ``outcome``, ``settings``, ``arms``, ``time_zero``, ``follow_up_days``, ``made_up``: plain values.
    """
    return {name: _question(study, name) for name in study.analyses}


def _question(study: Study, name: str) -> dict[str, Any]:
    analysis = study.analyses[name]
    outcome = outcome_of(study, analysis.outcome)
    first, second = study.contrast(analysis)
    return {
        "outcome": outcome.metric,
        "settings": plain(outcome.settings),
        "arms": {arm: plain(study.cohort.arms[arm]) for arm in (first, second)},
        "time_zero": study.cohort.time_zero,
        "follow_up_days": study.cohort.follow_up_days,
        "made_up": outcome.is_made_up,
    }
