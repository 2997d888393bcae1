"""The partial likelihood of Cox's model at given coefficients, with Efron's or Breslow's rule for ties."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.survival.risk_sets import RiskSets

ROUNDING = 1e-11


@dataclass(frozen=True)
class CoxData:
    """What a Cox model is fitted to.

    Attributes
    ----------
    matrix : ModelMatrix
        Without an intercept.
    sets : RiskSets
    weights : ndarray, shape (n,)
    ties : {"efron", "breslow"}
    """

    matrix: ModelMatrix
    sets: RiskSets
    weights: NDArray[np.float64]
    ties: str

    @cached_property
    def death_matrix(self) -> ModelMatrix:
        """Rows with the event."""
        return self.matrix.rows(self.sets.deaths)

    @cached_property
    def death_weights(self) -> NDArray[np.float64]:
        """Weight of events at each event time."""
        return self.sets.at_deaths(self.weights)

    @cached_property
    def has_ties(self) -> bool:
        """Whether the rule for ties matters."""
        return self.ties == "efron" and bool((self.sets.n_deaths > 1).any())

    @cached_property
    def tied(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Event time of each event, and the share of the tied events that Efron's rule takes off before it."""
        counts = self.sets.n_deaths
        owner = np.repeat(np.arange(self.sets.n_times), counts)
        return owner, (np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)) / counts[owner]

    @cached_property
    def died(self) -> NDArray[np.bool_]:
        """Whether each row has the event."""
        died = np.zeros(self.sets.n_rows, dtype=bool)
        died[self.sets.deaths] = True
        return died


@dataclass(frozen=True)
class Moments:
    """Sums over risk sets at given coefficients, and what the rule for ties makes of them.

    With m events at a time, Efron's rule takes the l-th of them (l = 0 ... m - 1) from the risk set less the share
    l/m of those with the event. Attributes named ``h`` are sums over l, times the mean weight of the events, of
    1/D (``h``), f/D (``hf``), 1/D², f/D², f²/D² (``h2``, ``h2f``, ``h2ff``), with D the sum of the reduced risk set
    and f = l/m.

    Attributes
    ----------
    risk : ndarray, shape (n,)
        exp(x'b), up to ``shift``.
    shift : float
        What was taken off x'b to keep exp within bounds.
    log_sum : ndarray, shape (K,)
        Weighted sum over l of log D.
    """

    data: CoxData
    risk: NDArray[np.float64]
    shift: float
    linear_at_deaths: float
    log_sum: NDArray[np.float64]
    h: NDArray[np.float64]
    hf: NDArray[np.float64]
    h2: NDArray[np.float64]
    h2f: NDArray[np.float64]
    h2ff: NDArray[np.float64]

    @cached_property
    def log_likelihood(self) -> float:
        """Log partial likelihood."""
        return float(self.linear_at_deaths - self.log_sum.sum())

    @cached_property
    def risk_sums(self) -> NDArray[np.float64]:
        """Σ w exp(x'b) x over the risk sets, shape (K, p)."""
        data = self.data
        return data.sets.matrix_sums(data.matrix, data.weights * self.risk)

    @cached_property
    def death_sums(self) -> NDArray[np.float64]:
        """Σ w exp(x'b) x over the events at each time, shape (K, p)."""
        data, deaths = self.data, self.data.sets.deaths
        values = (data.weights * self.risk)[deaths]
        return data.death_matrix.group_sums(values, data.sets.death_time, data.sets.n_times)

    @cached_property
    def mean_risk(self) -> NDArray[np.float64]:
        """Means of x over the risk sets times the hazard increments, shape (K, p)."""
        result = self.h2[:, None] * self.risk_sums
        return result - self.h2f[:, None] * self.death_sums if self.data.has_ties else result

    def expected(self, time_weights: NDArray | None = None) -> NDArray[np.float64]:
        """Return the events expected of each row, shape (n,), each event time counting ``time_weights``."""
        h, hf = (self.h, self.hf) if time_weights is None else (self.h * time_weights, self.hf * time_weights)
        collected = self.data.sets.collect(h)
        if self.data.has_ties:
            collected[self.data.sets.deaths] -= hf[self.data.sets.death_time]
        return self.risk * collected

    def score(self, time_weights: NDArray | None = None) -> NDArray[np.float64]:
        """Return the derivative of the log partial likelihood, shape (p,)."""
        data = self.data
        observed = np.zeros(data.sets.n_rows)
        observed[data.sets.deaths] = 1.0 if time_weights is None else time_weights[data.sets.death_time]
        return data.matrix.transpose_matvec(data.weights * (observed - self.expected(time_weights)))

    def information(self, time_weights: NDArray | None = None) -> NDArray[np.float64]:
        """Return minus the second derivative, shape (p, p).

        Σ over risk sets of the variance of x: one X' diag X over the rows for the mean squares, and products of
        K x p matrices for the squared means.
        """
        data = self.data
        scale = np.ones_like(self.h2) if time_weights is None else time_weights
        sums = self.risk_sums
        squares = data.matrix.sandwich(data.weights * self.expected(time_weights))
        result = squares.copy()
        result -= _weighted(sums, scale * self.h2, sums)
        if data.has_ties:
            mixed = _weighted(sums, scale * self.h2f, self.death_sums)
            result += mixed + mixed.T - _weighted(self.death_sums, scale * self.h2ff, self.death_sums)
        # What is left of a column that does not vary within risk sets is rounding of its mean square.
        constant = np.abs(np.diag(result)) <= ROUNDING * np.abs(np.diag(squares))
        result[constant] = result[:, constant] = 0.0
        return result


def _weighted(left, weights, right):
    return (left * weights[:, None]).T @ right


def moments(data: CoxData, coefficients: NDArray[np.float64]) -> Moments:
    """Evaluate the partial likelihood at ``coefficients``, shape (p,).

    References
    ----------
    Efron 1977, JASA 72:557; Breslow 1974, Biometrics 30:89; with weights, Therneau & Grambsch 2000, 7.2: each of the
    tied events counts their mean weight.
    """
    sets, weights = data.sets, data.weights
    linear = data.matrix.matvec(coefficients)
    shift = float(linear @ weights / weights.sum())
    with np.errstate(over="ignore"):
        risk = np.exp(linear - shift)
    at_risk, counts = sets.sums(weights * risk), sets.n_deaths
    mean_weight = data.death_weights / counts
    linear_at_deaths = float(weights[sets.deaths] @ (linear[sets.deaths] - shift))
    if not data.has_ties:
        nothing = np.zeros(sets.n_times)
        h = data.death_weights / at_risk
        log_sum = data.death_weights * np.log(at_risk)
        return Moments(data, risk, shift, linear_at_deaths, log_sum, h, nothing, h / at_risk, nothing, nothing)
    owner, share = data.tied
    reduced = at_risk[owner] - share * sets.at_deaths(weights * risk)[owner]
    inverse = 1 / reduced
    reduced_share = share * inverse
    powers = (np.log(reduced), inverse, reduced_share, inverse**2, inverse * reduced_share, reduced_share**2)
    sums = [mean_weight * np.bincount(owner, power, sets.n_times) for power in powers]
    return Moments(data, risk, shift, linear_at_deaths, *sums)
