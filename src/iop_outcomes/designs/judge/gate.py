"""The gate: what a design must reach before an outcome is shown, each check a row with its reason."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.diagnostics import NOT_CHANCE, equipoise, minimum_detectable_difference
from iop_outcomes.designs.judge.positivity import CLUSTER, one_arm_share, positivity_failures
from iop_outcomes.designs.judge.products import most_unlike_product
from iop_outcomes.designs.judge.second_moments import FIRST, SECOND, balance_of, made_of, standard_error
from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.designs.weighting import BY_SITE, NOTES
from iop_outcomes.kernel.errors import counted

PASS, WARN, FAIL, NOT_EVALUATED = "PASS", "WARN", "FAIL", "NOT_EVALUATED"
CHECKED = ["arm", "against", "design"]
FOUND = ["check", "value", "threshold", "status", "reason"]
VARIANCE_RATIO = (0.5, 2.0)
LARGEST_WEIGHT_SHARE = 0.1
NAMED_AT_MOST = 3
#: So many times the difference allowed is too far also for a product that nobody declared.
FAR_APART = 2.5
#: Below this a difference is what is left of arithmetic: the design makes the means equal.
MADE_EQUAL = 5e-4
#: Steps in which a sentence gives a share of people, and how many people a step is at least: a closer share of few
#: people would be a count of them.
SHARE_STEPS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5)
PEOPLE_IN_A_STEP = 10


def judge_design(comparison: Comparison, thresholds, *, balance_table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the checks of one design as rows of the ``diagnostic`` contract.

    Parameters
    ----------
    comparison : Comparison
    thresholds : GateThresholds
        Of a study: ``max_smd`` after weighting, ``min_equipoise`` (share of people with a preference score of 0.3 to
        0.7), ``min_ess`` of an arm, ``max_one_arm_share`` (of people in sites that have one arm only),
        ``max_detectable_difference`` of a share, if one is asked for.
    balance_table : DataFrame, optional
        Of :func:`iop_outcomes.designs.judge.balance.balance`, where it was already made.

    Returns
    -------
    DataFrame
        ``arm``, ``against``, ``design``, ``check``, ``value``, ``threshold``, ``status``, ``reason``. A FAIL
        withholds, a WARN is printed beside the result. Reasons carry no small counts, because they are printed.
    """
    if balance_table is None:
        balance_table = balance_of(comparison)
    after = balance_table[balance_table["stage"] == "after"]
    bent = after[after["moment"] == SECOND]
    after = after[after["moment"] == FIRST]
    rows = [
        largest_difference(after, thresholds.max_smd),
        _second_moments(comparison, bent, thresholds.max_smd),
        _products(comparison, thresholds.max_smd),
        _variance_ratio(after),
        _equipoise(comparison, thresholds.min_equipoise),
        *_effective_sizes(comparison, thresholds.min_ess),
        _largest_weight(comparison),
        _one_arm_sites(comparison, thresholds.max_one_arm_share),
        _positivity(comparison),
        _detectable(comparison, thresholds.max_detectable_difference),
        *_notes(comparison),
    ]
    return diagnostic_rows(rows, comparison.arms, comparison.design)


def diagnostic_rows(rows: Iterable[tuple], arms: tuple[str, str], design: str) -> pd.DataFrame:
    """Return rows of the ``diagnostic`` contract from checks of one design, each as in ``FOUND``."""
    told = dict(zip(CHECKED, (*arms, design), strict=True))
    return pd.DataFrame(list(rows), columns=FOUND).assign(**told)[CHECKED + FOUND]


def _step(n: int) -> float:
    return next((step for step in SHARE_STEPS if step * n >= PEOPLE_IN_A_STEP), SHARE_STEPS[-1])


def stepped(share: float, n: int) -> float:
    """Return a share of ``n`` people as a number, in the steps of :func:`share_of_people`."""
    return float(round(share / _step(n)) * _step(n))


def share_of_people(share: float, n: int) -> str:
    """Return a share of ``n`` people for a sentence, in steps of at least ten people."""
    step = _step(n)
    if 0 < share < step / 2:
        return f"less than {step:.0%}"
    about = "" if step == SHARE_STEPS[0] or not share else "about "
    return f"{about}{round(share / step) * step:.0%}"


def _at_most(check: str, value: float, threshold: float, say: Callable[[str], str], otherwise: str = FAIL):
    kept = bool(value <= threshold)
    return check, float(value), float(threshold), PASS if kept else otherwise, say("at most" if kept else "more than")


def _at_least(check: str, value: float, threshold: float, say: Callable[[str], str]):
    kept = bool(value >= threshold)
    return check, float(value), float(threshold), PASS if kept else FAIL, say("at least" if kept else "less than")


def named_level(row) -> str:
    """Return a row of a balance table as "covariate (level)", a number by its name alone."""
    return f"{row['covariate']} ({row['level']})" if row["level"] else str(row["covariate"])


def largest_difference(after: pd.DataFrame, threshold: float, who: str = "the arms", where: str = "both arms"):
    """Return the check of the largest standardised difference left, as (check, value, threshold, status, reason)."""
    if after.empty:
        said = f"there are no covariates, so that nobody can say how alike {who} are."
        return "max_smd", np.nan, float(threshold), NOT_EVALUATED, said
    size = after["smd"].abs()
    worst = after.loc[size.idxmax()]
    n_above = int((size > threshold).sum())
    if size.max() < MADE_EQUAL:
        said = f"the design makes the means of all covariates equal in {where}, so that this check could not fail."
        return "max_smd", float(size.max()), float(threshold), PASS, said
    how_far = f"{abs(worst['smd']):.3f}" if np.isfinite(worst["smd"]) else "infinitely many"
    others = f"; {counted(n_above - 1, 'other level is', 'other levels are')} above it too" if n_above > 1 else ""
    return _at_most(
        "max_smd",
        size.max(),
        threshold,
        lambda how: (
            f"after weighting {who} differ most in {named_level(worst)}, by {how_far} standard deviations, "
            f"{how} the {threshold:g} allowed{others}."
        ),
    )


def _second_moments(comparison: Comparison, bent: pd.DataFrame, threshold: float):
    check = "second_moments"
    if bent.empty:
        return check, np.nan, threshold, NOT_EVALUATED, "no covariate is a number, so that none has a square."
    size = bent["smd"].abs()
    value, worst = float(size.max()), str(bent.loc[size.idxmax(), "covariate"])
    if value <= threshold:
        reason = (
            f"squares of numbers, and products declared, differ by at most {value:.3f} standard deviations, within the "
            f"{threshold:g} allowed."
        )
        return check, value, threshold, PASS, reason
    fails = value > NOT_CHANCE * standard_error(comparison, worst, bent)
    bases = made_of(worst)
    remedy = (
        f"give {bases[0]} a curve under covariates, as {{spline: {bases[0]}, df: 4}}"
        if len(bases) == 1
        else "ask for a design that balances it"
    )
    others = int((size > threshold).sum()) - 1
    also = f" ({others} more above it)" if others else ""
    reason = (
        f"after weighting the arms differ in {worst} by {value:.3f} standard deviations, more than the {threshold:g} "
        f"allowed{also}: their means are alike and their extremes are not; {remedy}."
    )
    return check, value, threshold, FAIL if fails else WARN, reason


def _products(comparison: Comparison, threshold: float):
    check = "products"
    found = most_unlike_product(comparison.covariates, comparison.treated, comparison.weight)
    if found is None:
        return check, np.nan, threshold, NOT_EVALUATED, "there are no two covariates that could go together."
    value, (one, other) = abs(found.smd), found.names
    if value <= threshold or found.by_chance:
        reason = "no two covariates go together in one arm and not in the other, as far as chance can tell."
        return check, value, threshold, PASS, reason
    reason = (
        f"after weighting {one} and {other} go together otherwise in one arm than in the other: their product differs "
        f"by {value:.2f} standard deviations, more than the {threshold:g} allowed; declare it under covariates, as "
        f"{{product: [{one}, {other}]}}."
    )
    return check, value, threshold, FAIL if value > FAR_APART * threshold else WARN, reason


def _variance_ratio(after: pd.DataFrame):
    ratio = after["variance_ratio"].dropna()
    low, high = VARIANCE_RATIO
    if ratio.empty:
        return "variance_ratio", np.nan, high, NOT_EVALUATED, "no covariate is a number, so none has a variance ratio."
    worst = after.loc[np.abs(np.log(ratio.clip(lower=1e-300))).idxmax()]
    value = float(worst["variance_ratio"])
    inside = low <= value <= high
    reason = (
        f"the spread of {named_level(worst)} differs most between the arms, with a variance ratio of {value:.2f}, "
        f"{'inside' if inside else 'outside'} {low:g} to {high:g}."
    )
    return "variance_ratio", value, high, PASS if inside else WARN, reason


def _equipoise(comparison: Comparison, threshold: float):
    if np.isnan(comparison.score).all():
        reason = f"the method {comparison.method} has no propensity score, so that equipoise cannot be judged."
        return "equipoise", np.nan, threshold, NOT_EVALUATED, reason
    value = equipoise(comparison.score, comparison.treated)
    return _at_least(
        "equipoise",
        value,
        threshold,
        lambda how: (
            f"{share_of_people(value, len(comparison.treated))} of people might well have been in either arm, "
            f"{how} the {threshold:.0%} asked for."
        ),
    )


def _effective_sizes(comparison: Comparison, threshold: float):
    for name, arm in zip(comparison.arms, (comparison.treated, ~comparison.treated), strict=True):
        value = effective_sample_size(comparison.weight[arm])
        said = f"weighting leaves {name} with the precision of {value:,.0f} of {counted(int(arm.sum()), 'member')}"
        yield _at_least(
            f"ess_{name}", value, threshold, lambda how, said=said: f"{said}, {how} the {threshold:,.0f} asked for."
        )


def _largest_weight(comparison: Comparison):
    shares = [
        comparison.weight[arm].max() / max(comparison.weight[arm].sum(), np.finfo(float).tiny)
        for arm in (comparison.treated, ~comparison.treated)
    ]
    value, name = max(zip(shares, comparison.arms, strict=True), key=lambda pair: pair[0])
    return _at_most(
        "largest_weight",
        value,
        LARGEST_WEIGHT_SHARE,
        lambda how: (
            f"one person carries {f'{value:.0%}' if value >= 0.005 else 'less than 1%'} of the weight of {name}, "
            f"{how} {LARGEST_WEIGHT_SHARE:.0%}."
        ),
        otherwise=WARN,
    )


def _one_arm_sites(comparison: Comparison, threshold: float):
    if comparison.cluster is None:
        return "one_arm_sites", np.nan, threshold, NOT_EVALUATED, "the study names no sites."
    value = one_arm_share(comparison.treated, comparison.cluster)
    return _at_most(
        "one_arm_sites",
        value,
        threshold,
        lambda how: (
            f"{share_of_people(value, len(comparison.treated))} of people are at sites that have one arm only, "
            f"{how} the {threshold:.0%} allowed."
        ),
    )


def _positivity(comparison: Comparison):
    failures = positivity_failures(comparison.covariates, comparison.treated, comparison.cluster, arms=comparison.arms)
    levels = failures[~failures["level"].str.contains(" the range of ")]
    if levels.empty:
        return "positivity", 0.0, 0.0, PASS, "both arms have people in every site and every level of every covariate."
    at_sites = levels["covariate"] == CLUSTER
    # A site's name is for nobody outside to know.
    sites = [f"{counted(int(at_sites.sum()), 'site')} with nobody in one of the arms"] if at_sites.any() else []
    others = levels[~at_sites]
    more = [f"and {len(others) - NAMED_AT_MOST} more"] if len(others) > NAMED_AT_MOST else []
    said = "; ".join([*sites, *others["reason"].head(NAMED_AT_MOST), *more])
    return "positivity", float(len(levels)), 0.0, WARN, f"{said}."


def _notes(comparison: Comparison):
    """What the design method itself did: people it left out, weights it cut."""
    notes = comparison.members.attrs.get(NOTES, [])
    for number, (check, value, sentence) in enumerate(notes):
        repeated = sum(1 for other, _, _ in notes[:number] if other == check)
        # Sites that were adjusted for are said and are no reason to warn.
        status = PASS if check == BY_SITE and value else WARN
        yield f"{check}_{repeated + 1}" if repeated else check, value, np.nan, status, sentence


def _detectable(comparison: Comparison, threshold: float | None):
    value = minimum_detectable_difference(comparison.treated, comparison.weight)
    said = f"a difference of {100 * value:.0f} percentage points in a share would be found with 80% power"
    if threshold is None:
        return "detectable_difference", value, np.nan, NOT_EVALUATED, f"{said}; the gate sets no limit to it."
    return _at_most(
        "detectable_difference", value, threshold, lambda how: f"{said}, {how} the {100 * threshold:g} allowed."
    )
