"""One comparison with a reference program: asserted in a test and left with its report for ``docs/validation.md``."""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

Quantity = Literal["estimate", "standard error", "statistic"]


@dataclass(frozen=True)
class Agreement:
    """Numbers of one method on one data set beside those of the reference, told by the pair that differs most.

    Attributes
    ----------
    family, method, data : str
    quantity : {"estimate", "standard error", "statistic"}
        "statistic" is everything else: tests, likelihoods, limits, degrees of freedom.
    n_numbers : int
    ours, reference : float
        The pair that differs most.
    difference : float
        Relative to the reference, or to ``scale`` where the reference is smaller than that.
    tolerance : float
        The largest difference that the test accepts.
    note : str
        The convention that explains a tolerance wider than rounding.
    """

    family: str
    method: str
    data: str
    quantity: Quantity
    n_numbers: int
    ours: float
    reference: float
    difference: float
    tolerance: float
    note: str = ""


def compare(ours, reference, scale: float = 0.0) -> tuple[int, float, float, float]:
    """Return how many numbers there are, the pair that differs most, and by how much.

    Parameters
    ----------
    ours, reference : array_like of one shape
        R's NA may be None; a missing number agrees only with a missing one.
    scale : float
        Differences are divided by the reference or by this, whichever is larger: for numbers that may be zero.
    """
    ours = np.asarray(ours, dtype=float)
    reference = np.asarray(reference, dtype=float)
    assert ours.shape == reference.shape, f"{ours.shape} numbers for {reference.shape} of the reference"
    assert ours.size, "nothing to compare"
    ours, reference = ours.ravel(), reference.ravel()
    same = (ours == reference) | (np.isnan(ours) & np.isnan(reference))
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(ours - reference) / np.maximum(np.abs(reference), scale)
    difference = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    worst = int(difference.argmax())
    return len(ours), float(ours[worst]), float(reference[worst]), float(difference[worst])


class Agree:
    """What a test calls to compare: the family and the data set are known, the method is named with each comparison."""

    def __init__(self, family: str, data: str, record):
        self.family, self.data, self.record = family, data, record

    def __call__(
        self,
        method: str,
        ours,
        reference,
        *,
        rel: float,
        scale: float = 0.0,
        of: Quantity = "estimate",
        note: str = "",
        data: str = "",
    ) -> None:
        """Assert that every number of ours is within ``rel`` of the reference's, and record the largest difference."""
        found = compare(ours, reference, scale)
        result = Agreement(self.family, method, data or self.data, of, *found, rel, note)
        self.record("agreement", asdict(result))
        assert result.difference <= rel, (
            f"{method}, {of}: {result.ours!r} for {result.reference!r}, off by {result.difference:.2g} of {rel:.2g}"
        )

    def se(self, method: str, ours, reference, **settings) -> None:
        """Compare standard errors."""
        self(method, ours, reference, of="standard error", **settings)

    def statistic(self, method: str, ours, reference, **settings) -> None:
        """Compare tests, likelihoods, limits or degrees of freedom."""
        self(method, ours, reference, of="statistic", **settings)


#: A difference below this is rounding or where R stops; one that is called a difference is larger somewhere.
EQUAL = 1e-6


@dataclass(frozen=True)
class Finding:
    """What a public call gave beside one number of a reference program on one data set.

    Attributes
    ----------
    estimator : str
        Of ``iop_outcomes.estimate`` or ``survival``.
    quantity : {"estimate", "standard error"}
    number : str
        The reference's, in words, with the settings under which the call was made.
    data : str
    difference : float
        Relative to the reference, or to its scale.
    is_equal : bool
    because : str
        Why the two are not equal.
    """

    estimator: str
    quantity: Quantity
    number: str
    data: str
    difference: float
    is_equal: bool
    because: str = ""


class Found:
    """What a test calls to say which number of a reference a public call equals, and which it does not."""

    def __init__(self, data: str, record):
        self.data, self.record = data, record

    def equal(self, estimator: str, number: str, ours, reference, *, of: Quantity = "estimate", scale=0.0) -> None:
        """Assert that the numbers are equal, and record by how much they differ."""
        difference = compare(ours, reference, scale)[3]
        self.record("finding", asdict(Finding(estimator, of, number, self.data, difference, True)))
        assert difference <= EQUAL, f"{estimator}: the {of} is off {number} by {difference:.2g}"

    def apart(
        self,
        estimator: str,
        number: str,
        ours,
        reference,
        *,
        at_most: float,
        because: str,
        of: Quantity = "estimate",
        scale=0.0,
    ) -> None:
        """Assert that the numbers differ by no more than is known, and record by how much."""
        difference = compare(ours, reference, scale)[3]
        self.record("finding", asdict(Finding(estimator, of, number, self.data, difference, False, because)))
        assert difference <= at_most, f"{estimator}: the {of} is off {number} by {difference:.2g} of {at_most:.2g}"
