"""The likelihood of a generalised linear model and the climb to its top by Fisher scoring."""

import warnings
from dataclasses import dataclass

import numpy as np
import scipy

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.families import Family, Link
from iop_outcomes.stats.linear.identifiability import refuse_diverged
from iop_outcomes.stats.linear.matrix import ModelMatrix

MAX_ITERATIONS = 200
RUNNING_AWAY = 1e-3
# With this many rows the last step changes the information by less than 1e-6 of itself: a pass over the data is saved.
LARGE = 50_000
# Steps of scoring under Firth's penalty before BFGS takes over, and the step, in standard errors, that ends either.
FIRTH_SCORING = 30
FIRTH_CONVERGED = 1e-8


@dataclass
class State:
    """Coefficients and what they imply for every row; ``information`` is filled when first asked for."""

    coefficients: np.ndarray
    eta: np.ndarray
    mean: np.ndarray
    working_weights: np.ndarray
    score_residuals: np.ndarray
    information: np.ndarray | None = None


class Likelihood:
    """Response, model matrix, family, link and penalty; judges coefficients and gives the next step.

    Parameters
    ----------
    y, weights, offset : ndarray of shape (n,)
    matrix : ModelMatrix of shape (n, p)
    family : Family
    link : Link
    penalty : None, "firth" or float
        See :func:`iop_outcomes.stats.linear.glm.fit_glm`.
    """

    def __init__(self, y, matrix: ModelMatrix, family: Family, link: Link, weights, offset, penalty):
        self.y, self.matrix, self.family, self.link = y, matrix, family, link
        self.weights, self.offset = weights, offset
        self.unused = np.flatnonzero(weights == 0)
        # Of many rows a pass that changes nothing costs as much as one that does.
        self.is_weighted, self.is_moved = bool((weights != 1).any()), bool(offset.any())
        self.firth = penalty == "firth"
        self.penalty = 0.0 if penalty is None or self.firth else float(penalty)
        self.ridge = np.zeros(len(matrix.names))
        if self.penalty:
            self.ridge = self.penalty * self._column_variances()

    @property
    def is_newton(self) -> bool:
        """Whether expected and observed information are the same."""
        return self.link.name == self.family.canonical

    def every(self, step: int, least_ridge: float) -> "Likelihood":
        """Return the likelihood of every ``step``-th row, with at least some ridge."""
        part = slice(None, None, step)
        ridge = max(self.penalty / step, least_ridge)
        rows = self.matrix.rows(part)
        return Likelihood(self.y[part], rows, self.family, self.link, self.weights[part], self.offset[part], ridge)

    def _column_variances(self):
        total = self.weights.sum()
        mean = self.matrix.transpose_matvec(self.weights) / total
        variance = np.diag(self.matrix.sandwich(self.weights)) / total - mean**2
        # The intercept's variance is zero up to rounding; it must stay free exactly.
        variance[: int(self.matrix.has_intercept)] = 0.0
        return np.maximum(variance, 0.0)

    def first_state(self, coefficients: np.ndarray | None) -> State:
        """Return the state at given coefficients, or after one least-squares step from the family's starting means."""
        state = None if coefficients is None else self.state(coefficients)
        if state is not None:
            return state
        mean = self.family.start(self.y, self.weights)
        eta = self.link.link(mean)
        slope = self.link.slope(eta)
        working = self.weights * slope**2 / self.family.variance(mean)
        information = self.matrix.sandwich(working) + np.diag(self.ridge)
        target = self.matrix.transpose_matvec(working * (eta - self.offset + (self.y - mean) / slope))
        state = self.state(scipy.linalg.lstsq(information, target)[0])
        return state if state is not None else self._flat_state()

    def _flat_state(self):
        """Everyone at the mean response: a start for links whose means can leave their range."""
        coefficients = np.zeros(len(self.matrix.names))
        if self.matrix.has_intercept:
            mean = np.average(self.y, weights=self.weights)
            coefficients[0] = self.link.link(mean) - self.offset.max()
        state = self.state(coefficients)
        if state is None:
            raise EstimationError(
                f"model: no valid starting means for family {self.family.name} with link {self.link.name}; "
                "use the canonical link."
            )
        return state

    def state(self, coefficients: np.ndarray) -> State | None:
        """Return all that follows from some coefficients, or None where a mean is impossible."""
        eta = self.matrix.matvec(coefficients)
        eta = eta + self.offset if self.is_moved else eta
        mean = self.link.mean(eta)
        low, high = mean.min(), mean.max()
        if not np.isfinite([low, high]).all() or high > self.family.highest or low < self.family.lowest:
            return None
        if self.link.name == self.family.canonical:
            working, residuals = self.family.variance(mean), self.y - mean
            if self.is_weighted:
                working, residuals = self.weights * working, self.weights * residuals
        else:
            slope, variance = self.link.slope(eta), self.family.variance(mean)
            ratio = np.divide(slope, variance, out=np.zeros_like(slope), where=variance > 0)
            working, residuals = self.weights * slope * ratio, self.weights * (self.y - mean) * ratio
        return State(coefficients, eta, mean, working, residuals)

    def information(self, state: State) -> np.ndarray:
        """Return the expected information, plus the ridge, of shape (p, p)."""
        if state.information is None:
            state.information = self.matrix.sandwich(state.working_weights) + np.diag(self.ridge)
        return state.information

    def score(self, state: State) -> np.ndarray:
        """Return the slope of the (penalised) log-likelihood, of shape (p,)."""
        residuals = state.score_residuals
        if self.firth:
            leverage = state.working_weights * self.matrix.quadratic_form(inverse(self.information(state)))
            residuals = residuals + leverage * (0.5 - state.mean)
        return self.matrix.transpose_matvec(residuals) - self.ridge * state.coefficients

    def deviance(self, mean: np.ndarray) -> float:
        """Return the weighted deviance."""
        with np.errstate(divide="ignore", invalid="ignore"):
            unit = self.family.unit_deviance(self.y, mean)
        # Where a row that does not count is surely wrong its deviance is infinite, and zero times that is no number.
        unit[self.unused] = 0.0
        return float(self.weights @ unit)

    def objective(self, state: State) -> float:
        """Return minus the penalised log-likelihood, up to a constant."""
        value = self.deviance(state.mean) / 2 + self.ridge @ state.coefficients**2 / 2
        if self.firth:
            value -= np.linalg.slogdet(self.information(state))[1] / 2
        return value


def maximise(likelihood: Likelihood, state: State, tolerance: float) -> tuple[State, int]:
    """Climb from a state to the top.

    Parameters
    ----------
    likelihood : Likelihood
    state : State
    tolerance : float
        Newton's method ends with a step shorter than this many standard errors; what is then left is of the order of
        its square. Other scoring closes in by a constant factor and goes on to a thousandth of it.

    Returns
    -------
    state : State
    iterations : int

    Raises
    ------
    DesignError
        The likelihood is flat while coefficients still run: separation, named.
    EstimationError
        No convergence.
    """
    if likelihood.firth:
        return _maximise_firth(likelihood, state)
    objective = likelihood.objective(state)
    shortest = tolerance if likelihood.is_newton else tolerance / 1_000
    for iteration in range(1, MAX_ITERATIONS + 1):
        score = likelihood.score(state)
        step = _solve(likelihood.information(state), score)
        length = np.sqrt(max(step @ score, 0.0))
        new, objective = _uphill(likelihood, state, step, objective)
        if length < shortest:
            moved = new.eta - state.eta
            counting = moved[likelihood.weights > 0] if likelihood.is_weighted else moved
            if max(counting.max(), -counting.min()) > RUNNING_AWAY:
                refuse_diverged(likelihood.matrix, step, moved)
            if len(likelihood.y) > LARGE:
                new.information = state.information
            return new, iteration
        state = new
    raise EstimationError(
        f"model: {likelihood.family.name} with link {likelihood.link.name} found no maximum in {MAX_ITERATIONS} steps; "
        "the best fit lies at the edge of what the link allows: use the canonical link, or fewer covariates."
    )


def _maximise_firth(likelihood, state):
    """Climb by scoring, which nears the top by a factor of about p / n a step, and go on by BFGS where that creeps.

    The information is that of the likelihood without its penalty, so that scoring can creep or swing where columns are
    many and rows are few; BFGS from its scaling does not.
    """
    objective = likelihood.objective(state)
    for iteration in range(1, FIRTH_SCORING + 1):
        score = likelihood.score(state)
        step = _solve(likelihood.information(state), score)
        length = np.sqrt(max(step @ score, 0.0))
        state, objective = _uphill(likelihood, state, step, objective)
        if length < FIRTH_CONVERGED:
            return state, iteration
    return _finish_firth(likelihood, state)


def _finish_firth(likelihood, state):
    from scipy.optimize import minimize

    root = scipy.linalg.cholesky(likelihood.information(state))

    def falling(position):
        here = likelihood.state(scipy.linalg.solve_triangular(root, position))
        slope = scipy.linalg.solve_triangular(root, likelihood.score(here), trans="T")
        return likelihood.objective(here), -slope

    options = {"gtol": FIRTH_CONVERGED, "maxiter": 20 * MAX_ITERATIONS}
    found = minimize(falling, root @ state.coefficients, jac=True, method="BFGS", options=options)
    if np.abs(found.jac).max() > 1e-5:
        raise EstimationError(
            "model: Firth's penalised likelihood found no maximum; there are too many covariates for the rows."
        )
    return likelihood.state(scipy.linalg.solve_triangular(root, found.x)), FIRTH_SCORING + int(found.nit)


def _uphill(likelihood, state, step, objective):
    """Return the next state, halving the step until it is possible and not worse."""
    for halving in range(40):
        new = likelihood.state(state.coefficients + step / 2**halving)
        if new is not None:
            reached = likelihood.objective(new)
            if reached <= objective + 1e-9 * (abs(objective) + 1):
                return new, reached
    return state, objective


def _solve(information, score):
    try:
        return scipy.linalg.cho_solve(scipy.linalg.cho_factor(information), score)
    except scipy.linalg.LinAlgError:
        return scipy.linalg.lstsq(information, score)[0]


def inverse(information: np.ndarray) -> np.ndarray:
    """Return the inverse of an information matrix; coefficients the data say nothing about get zeros.

    It is scaled first, because columns come in very different units.
    """
    known = np.flatnonzero(np.diag(information) > 0)
    part = information[np.ix_(known, known)]
    scale = 1 / np.sqrt(np.diag(part))
    found = np.zeros_like(information)
    scaled = part * np.outer(scale, scale)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", scipy.linalg.LinAlgWarning)
            inverted = scipy.linalg.inv(scaled)
    except (scipy.linalg.LinAlgError, scipy.linalg.LinAlgWarning):
        # A fit held by a penalty alone, in which two columns say the same of all who count.
        inverted = scipy.linalg.pinvh(scaled)
    found[np.ix_(known, known)] = inverted * np.outer(scale, scale)
    return found
