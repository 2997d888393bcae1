"""Multinomial logistic regression by Newton's method, equal to R's ``nnet::multinom`` where that has converged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import DesignError, EstimationError
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.identifiability import refuse_separated
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.newton import maximise

ADVICE = "merge levels, leave the covariate out, or restrict the cohort"


@dataclass(frozen=True)
class MultinomialEquation:
    """A fitted multinomial regression as the equations that its coefficients solve.

    Attributes
    ----------
    matrix : ModelMatrix
        Design, n by p, numbers centred.
    score : ndarray, shape (n, k - 1)
        Membership in each category but the first, minus its probability; zero for rows that were not fitted.
    bread : ndarray, shape (p(k - 1), p(k - 1))
        Inverse of the information, category by category.
    """

    matrix: ModelMatrix
    score: NDArray[np.float64]
    bread: NDArray[np.float64]

    def carry(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each row adds to a target through the coefficients of this model, shape (n,).

        Parameters
        ----------
        gradient : ndarray, shape (n, k - 1)
            Derivative of the target by the linear predictors of each row.
        """
        along = np.concatenate([self.matrix.transpose_matvec(column) for column in gradient.T])
        by_category = (self.bread @ along).reshape(gradient.shape[1], -1)
        return sum(self.matrix.matvec(one) * own for one, own in zip(by_category, self.score.T, strict=True))


@dataclass(frozen=True)
class MultinomialFit:
    """A fitted multinomial logistic regression.

    Attributes
    ----------
    names : tuple of str
        Columns of the model matrix.
    coefficients, standard_errors : ndarray, shape (k - 1, p)
        Log odds of each category but the first against the first.
    fitted : ndarray, shape (n, k)
        Probability of each category.
    deviance : float
    equation : MultinomialEquation
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    fitted: NDArray[np.float64]
    deviance: float
    equation: MultinomialEquation


@dataclass(frozen=True)
class _Point:
    """The likelihood at one value of the coefficients."""

    matrix: ModelMatrix
    member: NDArray[np.float64]
    counts: NDArray[np.float64]
    probability: NDArray[np.float64]
    log_likelihood: float

    @classmethod
    def of(cls, coefficients, matrix, member, counts):
        by_category = coefficients.reshape(member.shape[1] - 1, -1)
        linear = np.column_stack([np.zeros(matrix.n_rows), *(matrix.matvec(one) for one in by_category)])
        linear -= linear.max(axis=1, keepdims=True)
        total = np.log(np.exp(linear).sum(axis=1))
        value = float(np.sum(member * linear) - counts @ total)
        return cls(matrix, member, counts, np.exp(linear - total[:, None]), value)

    @property
    def residual(self):
        return (self.member - self.counts[:, None] * self.probability)[:, 1:]

    def score(self):
        return np.concatenate([self.matrix.transpose_matvec(column) for column in self.residual.T])

    def information(self):
        p, k = len(self.matrix.names), self.member.shape[1] - 1
        whole = np.empty((p * k, p * k))
        for i in range(k):
            for j in range(i + 1):
                own, other = self.counts * self.probability[:, i + 1], self.probability[:, j + 1]
                part = self.matrix.sandwich(own * (float(i == j) - other))
                whole[i * p : (i + 1) * p, j * p : (j + 1) * p] = part
                whole[j * p : (j + 1) * p, i * p : (i + 1) * p] = part
        return whole


def fit_multinomial(
    category, matrix: ModelMatrix, *, names: tuple[str, ...], fitted_on: NDArray[np.bool_] | None = None
) -> MultinomialFit:
    """Fit the category that each row is in by maximum likelihood.

    Parameters
    ----------
    category : array_like of int, shape (n,)
        0 to k - 1; the first is the reference.
    matrix : ModelMatrix of shape (n, p)
        Of full rank, with an intercept.
    names : tuple of str
        The k categories, for sentences.
    fitted_on : ndarray of bool, shape (n,), optional
        Rows to fit on; probabilities are given for all.

    Returns
    -------
    MultinomialFit

    Raises
    ------
    DesignError
        Somebody is in no category, a category has no rows, covariates decide a category, or columns follow from others.

    References
    ----------
    Agresti 2013, Categorical Data Analysis, section 8.1.
    """
    codes = np.asarray(category)
    counts = np.ones(len(codes)) if fitted_on is None else np.asarray(fitted_on, dtype=float)
    member = (codes[:, None] == np.arange(len(names))) * counts[:, None]
    if not member.any(axis=1)[counts > 0].all() or not member.any(axis=0).all():
        raise DesignError("multinomial regression: every row needs one of the categories, and every category rows.")
    for name, own in zip(names, member.T, strict=True):
        try:
            refuse_separated(matrix, own, counts, "binomial", ADVICE)
        except DesignError as error:
            raise DesignError(f"where response 1 is '{name}': {error}") from None
    moved = centred(matrix)
    labels = tuple(f"{column} ({name})" for name in names[1:] for column in matrix.names)
    try:
        found = maximise(
            lambda values: _Point.of(values, moved.matrix, member, counts),
            np.zeros(len(labels)),
            labels,
            "multinomial regression",
        )
    except EstimationError as error:
        raise DesignError(str(error)) from None
    size = (len(names) - 1, len(matrix.names))
    covariance = found.covariance.reshape(size * 2)
    variances = np.array([np.diag(moved.covariance(covariance[k, :, k])) for k in range(size[0])])
    return MultinomialFit(
        names=matrix.names,
        coefficients=np.array([moved.coefficients(own) for own in found.values.reshape(size)]),
        standard_errors=np.sqrt(variances),
        fitted=found.at.probability,
        deviance=-2 * found.at.log_likelihood,
        equation=MultinomialEquation(moved.matrix, found.at.residual, found.covariance),
    )
