"""For whom a design can speak: people whom hardly anybody of the other arm stands for, and treated without a match."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import MATCHED_TREATED, Comparison
from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.judge.gate import PASS, WARN, named_level, share_of_people, stepped
from iop_outcomes.designs.scores.balancing_weights import bound_of, bounded_score

NAMED_AT_MOST = 3
#: A covariate in which the matched are this many standard deviations from all treated is named.
APART = 0.1


def judge_reach(comparison: Comparison) -> Iterator[tuple[str, float, float, str, str]]:
    """Yield checks of whom a design speaks for as (check, value, threshold, status, reason).

    ``extreme_scores`` is for designs whose weights grow without end as scores near 0 or 1; ``matched_treated`` for
    matching that left some of the first arm out.

    References
    ----------
    Gruber, Phillips, Lee & van der Laan 2022, Am J Epidemiol 191:1640 (the bound); Rosenbaum & Rubin 1985, Biometrics
    41:103 (incomplete matching).
    """
    if "bound" in (comparison.settings or {}) and comparison.together is None:
        yield _extreme_scores(comparison)
    if comparison.speaks_for == MATCHED_TREATED:
        yield _matched_treated(comparison)


def _extreme_scores(comparison: Comparison) -> tuple[str, float, float, str, str]:
    used = comparison.weight > 0
    score, bound = comparison.score[used], (comparison.settings or {}).get("bound")
    limit = bound_of("auto" if bound is None else bound, len(score))  # type: ignore[arg-type]
    beyond = bounded_score(score, comparison.estimand, limit) != score
    value = stepped(float(beyond.mean()), len(score))
    if not beyond.any():
        reason = f"no score comes nearer than {limit:.2g} to where nobody of the other arm is like a person."
        return "extreme_scores", value, limit, PASS, reason
    first = comparison.treated[used]
    arms = zip(comparison.arms, (first, ~first), strict=True)
    shares = [f"{share_of_people(float(beyond[arm].mean()), int(arm.sum()))} of {name}" for name, arm in arms]
    done = (
        f"the answer speaks less of them, since their weights are made with {limit:.2g}"
        if bound is not None
        else "their weights are not bounded, and intervals may be too short; set bound: auto, or use overlap weights"
    )
    reason = (
        f"the scores of {' and '.join(shares)} come nearer than {limit:.2g} to where nobody of the other arm is like "
        f"them; {done}."
    )
    return "extreme_scores", value, limit, WARN, reason


def _matched_treated(comparison: Comparison) -> tuple[str, float, float, str, str]:
    """Say how the treated who were matched differ from all treated, in standard deviations of all treated."""
    treated, matched = comparison.treated, comparison.treated & (comparison.weight > 0)
    share = share_of_people(1 - matched.sum() / treated.sum(), int(treated.sum()))
    first, second = comparison.arms
    levels = _matched_against_all(comparison.covariates, treated, matched)
    apart = levels[levels["smd"].abs() > APART].head(NAMED_AT_MOST)
    named = "; ".join(f"{named_level(row)} by {row['smd']:+.2f} standard deviations" for _, row in apart.iterrows())
    differ = f"they differ from all of {first} most in {named}" if named else f"they are like all of {first}"
    reason = (
        f"{share} of {first} found no match in {second} and were left out: the answer speaks of the matched "
        f"only; {differ}."
    )
    largest = float(levels["smd"].abs().max()) if len(levels) else 0.0
    return "matched_treated", largest, APART, WARN, reason


def _matched_against_all(covariates: pd.DataFrame, treated: np.ndarray, matched: np.ndarray) -> pd.DataFrame:
    """Return the levels of all covariates by how far the matched treated are from all treated, furthest first."""
    if covariates.empty or not len(covariates.columns):
        return pd.DataFrame({"smd": []})
    both = pd.concat([covariates[matched], covariates[treated]])
    is_matched = np.repeat([True, False], [matched.sum(), treated.sum()])
    levels = balance(both, is_matched, np.ones(len(both)), estimand="ATC")
    levels = levels[levels["stage"] == "after"]
    return levels.iloc[np.argsort(-levels["smd"].abs().to_numpy(), kind="stable")]
