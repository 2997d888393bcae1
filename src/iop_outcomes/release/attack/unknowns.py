"""What a stranger does not know, as whole numbers with bounds and linear facts about them, and how far these go."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_array

from iop_outcomes.release.attack.shares import Share

#: Seconds for one question; a question that takes longer is answered by what was found so far.
_PATIENCE = 10.0
#: More people than any release counts.
_MANY = 1e7

Sum = Mapping[str, float]


@dataclass
class Unknowns:
    """Counts by name, and what is known of them.

    Attributes
    ----------
    bounds : dict of str to (float, float)
        Smallest and largest each can be.
    facts : list of (mapping, float, float)
        A weighted sum of counts and the smallest and largest it can be.
    tried : dict of str to str
        Counts that nobody may know, with the place in the release that they stand in or follow from.
    somebody : set of str
        Counts that are not 0, or what they are left over from would not be suppressed.
    shares : list of Share
        Ratios of counts, whose steps depend on what all tables tell of these.
    """

    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    facts: list[tuple[Sum, float, float]] = field(default_factory=list)
    tried: dict[str, str] = field(default_factory=dict)
    somebody: set[str] = field(default_factory=set)
    shares: list[Share] = field(default_factory=list)

    def know(self, name: str, low: float = 0.0, high: float = np.inf) -> str:
        """Narrow the bounds of a count, and return its name."""
        least, most = self.bounds.get(name, (0.0, np.inf))
        self.bounds[name] = (max(low, least), min(high, most))
        return name

    def guess(self, name: str, place: str, low: float = 0.0) -> str:
        """Try to find a count out: one that is suppressed, or that nobody wrote down."""
        self.tried.setdefault(name, place)
        return self.know(name, low)

    def adds_up(self, total: str, *parts: str) -> None:
        """Know that a count is the sum of others, each of them once."""
        self.fact({total: 1.0, **dict.fromkeys(parts, -1.0)}, 0.0, 0.0)

    def share(self, part: str, whole: str, share: float, step: float) -> None:
        """Know that a part over its whole was rounded to ``share`` in steps of ``step``."""
        half = step / 2 + 1e-9
        self.fact({part: 1.0, whole: -(share + half)}, -np.inf, 0.0)
        self.fact({part: 1.0, whole: -(share - half)}, 0.0, np.inf)

    def with_shares(self) -> "Unknowns":
        """Return the same with each share as facts about its counts, and nobody who is somebody left out."""
        known = replace(self, bounds=dict(self.bounds), facts=list(self.facts), shares=[])
        for name in self.somebody:
            known.know(name, 1.0)
        for one in self.shares:
            known.share(one.part, one.whole, one.shown, one.step(self.bounds))
        return known

    def fact(self, weights: Sum, low: float, high: float) -> None:
        for name in weights:
            self.know(name)
        self.facts.append((weights, low, high))

    def with_facts_of(self, other: "Unknowns") -> "Unknowns":
        """Return what both know together."""
        both = Unknowns(
            dict(self.bounds),
            [*self.facts, *other.facts],
            {**self.tried, **other.tried},
            self.somebody | other.somebody,
            [*self.shares, *other.shares],
        )
        for name, (low, high) in other.bounds.items():
            both.know(name, low, high)
        return both


class Solver:
    """Asks how small and how large counts can be, by integer programming (HiGHS, through SciPy)."""

    def __init__(self, unknowns: Unknowns):
        unknowns = unknowns.with_shares()
        self.names = list(unknowns.bounds)
        self.position = {name: number for number, name in enumerate(self.names)}
        self.low, self.high = (np.array([unknowns.bounds[n][end] for n in self.names]) for end in (0, 1))
        entries = [
            (row, self.position[n], w) for row, (weights, *_) in enumerate(unknowns.facts) for n, w in weights.items()
        ]
        rows, columns, weights = zip(*entries, strict=True) if entries else ((), (), ())
        shape = (len(unknowns.facts), len(self.names))
        self.matrix = csr_array((np.array(weights, dtype=float), (rows, columns)), shape=shape)
        self.least, self.most = (np.array([fact[end] for fact in unknowns.facts], dtype=float) for end in (1, 2))

    def possible(self) -> bool:
        """Tell whether any counts agree with all that is known."""
        return bool((self.low <= self.high).all()) and self._solve(np.zeros(len(self.names))) is not None

    def ends(self, name: str) -> tuple[float, float]:
        """Return the smallest and the largest that a count can be; 0 and infinite where no bound was found."""
        low, high = self.ends_of({name: 1.0})
        return max(low, 0.0), high

    def ends_of(self, weights: Sum) -> tuple[float, float]:
        """Return the smallest and the largest that a weighted sum of counts can be; infinite where none was found."""
        aim = self._aim(weights)
        low, high = self._solve(aim), self._solve(-aim)
        return (-np.inf if low is None else round(aim @ low), np.inf if high is None else round(aim @ high))

    def numbers(self, weights: Sum) -> dict[str, float] | None:
        """Return counts that agree with all that is known and make a weighted sum as small as it can be, if any do."""
        found = self._solve(self._aim(weights))
        return None if found is None else {name: round(found[place]) for name, place in self.position.items()}

    def far(self, names: list[str], upward: bool, enough: float) -> set[str]:
        """Return which of the counts can be so many (or, not upward, nobody) at once, as far as one try finds out."""
        aim = np.zeros(len(self.names))
        for name in names:
            aim[self.position[name]] = -1.0 if upward else 1.0
        found = self._solve(aim)
        if found is None:
            return set()
        reached = {name: round(found[self.position[name]]) for name in names}
        return {name for name, count in reached.items() if (count >= enough if upward else count == 0)}

    def _aim(self, weights: Sum) -> np.ndarray:
        aim = np.zeros(len(self.names))
        for name, weight in weights.items():
            aim[self.position[name]] = weight
        return aim

    def _solve(self, aim: np.ndarray) -> np.ndarray | None:
        from scipy.optimize import Bounds, LinearConstraint, milp

        facts = [LinearConstraint(self.matrix, self.least, self.most)] if len(self.least) else []
        # What nothing bounds would be infinitely many.
        limits = Bounds(self.low, np.minimum(self.high, _MANY))
        answer = milp(
            aim, constraints=facts, bounds=limits, integrality=np.ones(len(aim)), options={"time_limit": _PATIENCE}
        )
        return None if answer.x is None else np.asarray(answer.x)
