"""What the first arm does for people of each kind: a doubly robust learner that never predicts whom it learned from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.scores.folds import folds_by_cluster
from iop_outcomes.estimates.nuisance.cross_fitting import NO_FOLD, CrossFitted, Learner, cross_fit
from iop_outcomes.estimates.sample import Sample
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import ModelMatrix

#: Ridge penalties tried for the effect, as multiples of the largest eigenvalue of the covariates.
_PENALTIES = np.geomspace(1e-4, 1e2, 25)


@dataclass(frozen=True)
class EffectsByPerson:
    """Effects predicted for people who had no part in making the prediction.

    Attributes
    ----------
    predicted : ndarray, shape (n,)
        Predicted effect; missing for people whom the design does not use.
    outcome : ndarray, shape (n,)
        Unbiased, noisy effect of each person where the models are right (the doubly robust pseudo-outcome), from models
        that never saw the person's fold.
    weight : ndarray, shape (n,)
        How much each counts: e(1 - e), most where people might have been in either arm; 0 where not used.
    fold : ndarray of int, shape (n,)
    """

    predicted: NDArray[np.float64]
    outcome: NDArray[np.float64]
    weight: NDArray[np.float64]
    fold: NDArray[np.intp]


def effects_by_person(
    sample: Sample, *, folds: int = 5, learner: Learner = "regression", seed: int = 0
) -> EffectsByPerson:
    """Predict the effect of the first arm for every person from the covariates of a design.

    For each fold all models of score, outcome and observation are fitted on the other folds, crosswise among them; the
    effect is learned from the others' pseudo-outcomes and predicted for the fold. Everybody counts by e(1 - e), as in
    overlap weighting, so that nobody with an extreme score decides.

    Parameters
    ----------
    sample : Sample
        Of two arms.
    folds : int
        Three or more; no cluster is in two.
    learner : {"regression", "boosting"}
        For the effect: ridge regression whose penalty generalised cross-validation chooses, or boosted trees.
    seed : int

    Returns
    -------
    EffectsByPerson

    Raises
    ------
    EstimationError
        There are more than two arms, or fewer than three folds.

    References
    ----------
    Kennedy 2023, Electron J Stat 17:3008 (DR-learner); Morzywolek, Decruyenaere & Vansteelandt 2023, arXiv:2303.12687
    (weighted by overlap).
    """
    if len(sample.comparison.population.arms) > 2 or folds < 3:
        raise EstimationError("effects by person: they need two arms, and three folds or more")
    used, cluster = sample.used, sample.comparison.cluster
    fold = np.full(len(used), NO_FOLD)
    fold[used] = folds_by_cluster(sample.first[used], None if cluster is None else cluster[used], folds, seed)
    predicted, outcome, weight = (np.full(len(used), np.nan), np.full(len(used), np.nan), np.zeros(len(used)))
    columns = _columns(sample.matrix)
    for own in range(folds):
        inside, others = fold == own, used & (fold != own)
        crossed = cross_fit(
            sample.outcome,
            sample.first,
            sample.matrix,
            fold,
            kind=sample.kind,
            used=others,
            learner=learner,
            seed=seed,
        )
        effect, counts = pseudo_outcome(sample, crossed)
        train = _boosted if learner == "boosting" else _ridge
        predicted[inside] = train(columns[others], effect[others], counts[others], columns[inside], seed)
        outcome[inside], weight[inside] = effect[inside], counts[inside]
    return EffectsByPerson(predicted, outcome, weight, fold)


def pseudo_outcome(sample: Sample, crossed: CrossFitted) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the doubly robust effect of each person, and e(1 - e).

    Parameters
    ----------
    sample : Sample
    crossed : CrossFitted
        Models that did not see the people they predict for.

    References
    ----------
    Robins, Rotnitzky & Zhao 1994, JASA 89:846.
    """
    chance = np.column_stack([crossed.score, 1 - crossed.score])
    if crossed.observation is not None:
        chance = chance * crossed.observation
    residual = np.where(sample.observed, np.nan_to_num(sample.outcome), 0.0)[:, None] - crossed.predicted
    own = np.column_stack([sample.first, sample.second]) & sample.observed[:, None]
    augmented = crossed.predicted + np.where(own, residual, 0.0) / chance
    effect: NDArray[np.float64] = augmented[:, 0] - augmented[:, 1]
    return effect, crossed.score * (1 - crossed.score) * sample.used


def _columns(matrix: ModelMatrix) -> NDArray[np.float64]:
    """Return the covariates with mean 0 and deviation 1, those that vary."""
    dense = matrix.dense()
    deviation = dense.std(axis=0)
    kept = deviation > 1e-12
    scaled: NDArray[np.float64] = (dense[:, kept] - dense[:, kept].mean(axis=0)) / deviation[kept]
    return scaled


def _ridge(
    columns: NDArray[np.float64],
    effect: NDArray[np.float64],
    weight: NDArray[np.float64],
    others: NDArray[np.float64],
    seed: int,
) -> NDArray[np.float64]:
    """Return predictions for others by weighted ridge regression, its penalty by generalised cross-validation."""
    share = weight / weight.sum()
    centre, mean = share @ columns, share @ effect
    root = np.sqrt(share)
    left, singular, right = np.linalg.svd((columns - centre) * root[:, None], full_matrices=False)
    response = (effect - mean) * root
    along = left.T @ response
    rest = response @ response - along @ along
    best, chosen = np.inf, np.zeros(columns.shape[1])
    for penalty in _PENALTIES * max(float(singular.max(initial=0.0)) ** 2, 1e-300):
        shrink = singular**2 / (singular**2 + penalty)
        left_over = rest + ((1 - shrink) * along) @ ((1 - shrink) * along)
        criterion = left_over / (1 - (1 + shrink.sum()) / len(effect)) ** 2
        if criterion < best:
            best = criterion
            chosen = right.T @ (singular / (singular**2 + penalty) * along)
    predicted: NDArray[np.float64] = mean + (others - centre) @ chosen
    return predicted


def _boosted(
    columns: NDArray[np.float64],
    effect: NDArray[np.float64],
    weight: NDArray[np.float64],
    others: NDArray[np.float64],
    seed: int,
) -> NDArray[np.float64]:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        # Effects are small beside their noise: shallow trees of many people, learned slowly.
        model = HistGradientBoostingRegressor(
            learning_rate=0.05, max_iter=60, max_depth=2, min_samples_leaf=50, random_state=seed
        )
        predicted: NDArray[np.float64] = model.fit(columns, effect, sample_weight=weight).predict(others)
    return predicted
