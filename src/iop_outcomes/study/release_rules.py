"""What is too small to be shown, and how coarse what is shown is: for a whole study, and stricter for single tables."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from math import lcm
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, PrivateAttr

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.registry import figure_names
from iop_outcomes.kernel.section import Section

if TYPE_CHECKING:
    from iop_outcomes.study import Study

#: Tables of a release that are not the numbers of a figure; a test holds them against what is released.
TABLES = (
    "agreement",
    "balance",
    "capability",
    "claim",
    "component",
    "component_association",
    "cost_difference",
    "cost_effectiveness",
    "cost_verdict",
    "diagnostic",
    "estimate",
    "heterogeneity",
    "intake",
    "interaction",
    "intercurrent",
    "ledger",
    "level_change",
    "level_change_verdict",
    "outcomes",
    "participation",
    "participation_hours",
    "participation_verdict",
    "participation_week",
    "refusal",
    "retained",
    "set_aside",
    "specification",
    "specification_summary",
    "subgroup",
    "subgroup_verdict",
    "truth",
    "verdict",
)

#: Below this smallest cell, and for outcomes by site, a study says who allowed it. No published policy that we know of
#: (CMS, OpenSAFELY, statistical offices) shows cells of fewer.
LEAST_WITHOUT_LEAVE = 5

#: Coarsest step of a share that is shown, and of one that must be blurred further.
_COARSEST, _COARSEST_OF_FEW = 0.2, 0.05

People = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class ReleaseRules:
    """The two numbers by which one table, or a figure's, is released.

    Attributes
    ----------
    min_cell : int
        Smallest number of people that may be shown; 1 to ``min_cell - 1`` may be neither shown nor worked out.
    round_to : int
        Counts that are shown are rounded to a multiple of this, after suppression.
    key : bytes
        Secret of a study from which the count is drawn at which rounding turns upward, for each multiple apart.
        Without one, as for a single table, counts are rounded to the nearest multiple.

    References
    ----------
    CMS cell size suppression policy (no cell of 1 to 10, and none derivable by percentages or subtraction), as stated
    by ResDAC (2024). Rounding after suppression follows OpenSAFELY's statistical disclosure control; that equal counts
    get equal perturbation from a secret key follows the cell-key method of the Australian Bureau of Statistics (Fraser
    B, Wooton J, 2005, UNECE work session on statistical data confidentiality).
    """

    min_cell: int = 11
    round_to: int = 5
    key: bytes = field(default=b"", repr=False)

    @property
    def clear(self) -> int:
        """Smallest count that also looks large enough as the difference of two rounded ones."""
        return self.min_cell + (2 if self.key else 1) * (self.round_to - 1)

    def small(self, counts: ArrayLike) -> np.ndarray:
        """Tell which counts are of 1 to ``min_cell - 1`` people; missing ones are not."""
        counts = np.asarray(counts, dtype=float)
        return (counts > 0) & (counts < self.min_cell)

    def rounded(self, counts: ArrayLike) -> np.ndarray:
        """Round counts to one of the two multiples beside them; the same count always to the same one.

        With a key a count goes up with a chance equal to its distance from the lower multiple, so that rounding is
        unbiased, keeps an order, and leaves ``round_to - 1`` counts on either side of what is shown. A count that may
        be shown is never rounded to one that looks too small: with 11 and 5, 11 to 14 become 15, since 10 would look
        like a cell that should be hidden.
        """
        counts = np.asarray(counts, dtype=float)
        lower = np.floor(counts / self.round_to)
        near = (lower + (counts - lower * self.round_to >= self._turns(lower))) * self.round_to
        least = np.ceil(self.min_cell / self.round_to) * self.round_to
        return np.asarray(np.where((counts >= self.min_cell) & (near < least), least, near))

    def _turns(self, multiples: np.ndarray) -> np.ndarray:
        """Return from what remainder on counts above each multiple are rounded up: 1 to ``round_to``."""
        if not self.key:
            return np.full(multiples.shape, self.round_to / 2)
        different, place = np.unique(multiples, return_inverse=True)
        drawn = [blake2b(f"{multiple:.0f}".encode(), key=self.key).digest()[:8] for multiple in different]
        turns = np.array([1 + int.from_bytes(number, "big") % self.round_to for number in drawn], dtype=float)
        return turns[place].reshape(multiples.shape)

    def stepped(
        self,
        values: ArrayLike,
        people: ArrayLike,
        spread: ArrayLike = 1.0,
        finest: float = 0.001,
        way: Callable[[np.ndarray], np.ndarray] = np.round,
    ) -> np.ndarray:
        """Round means so coarsely that times the number of people they say no more than a rounded count.

        Parameters
        ----------
        values : array-like
            Shares, or means of numbers.
        people : array-like
            Whose mean it is.
        spread : array-like
            How far a single person moves the sum: 1 for a share, the standard deviation for a number.
        finest : float
            A finer step is not taken, however many they are.
        way : callable
            Downward, upward, or to the nearest.

        Returns
        -------
        numpy.ndarray
            Multiples of 1, 2 or 5 times a power of ten, at least ``round_to * spread / people``.

        Examples
        --------
        >>> ReleaseRules(round_to=5).stepped([0.3421, 0.3421], [760, 2730]).tolist()  # steps of 0.01 and of 0.002
        [0.34, 0.342]
        """
        step = self.step(people, spread, finest)
        # Multiplying by a step leaves dust in the last digits.
        return np.asarray(np.round(way(np.round(np.asarray(values, dtype=float) / step, 6)) * step, 10))

    def spread(self, unknown: ArrayLike) -> np.ndarray:
        """Return the spread of a share that must not tell by how few its people are fewer than those of the arm.

        Where it is of few that nothing is known, a share and its numerator would give its denominator.

        Parameters
        ----------
        unknown : array-like
            How many of the arm the share is not of.
        """
        return np.asarray(np.where(self.small(unknown), 2.0 * self.min_cell / self.round_to, 1.0)).clip(min=1.0)

    def too_coarse(self, people: ArrayLike, unknown: ArrayLike = 0.0) -> np.ndarray:
        """Tell of how many people, and how few unknown, a share would be so coarse that it says nothing.

        Parameters
        ----------
        people : array-like
            Whose share it is.
        unknown : array-like
            How many of the arm it is not of.
        """
        coarsest = np.where(self.small(unknown), _COARSEST_OF_FEW, _COARSEST)
        return np.asarray(self.step(people, self.spread(unknown)) > coarsest * (1 + 1e-9))

    def tells_few(self, share: ArrayLike, events: ArrayLike, people: ArrayLike, unknown: ArrayLike) -> np.ndarray:
        """Tell which shares, with how many have the event and the size of the arm, would bound the few they are not of.

        A share that lies near the end of its step says of how many it is at least, or at most; nobody may learn more
        of a small number of unknown than that it is from 1 to ``min_cell - 1``.

        Parameters
        ----------
        share : array-like
            As it would be released, in its steps.
        events, people, unknown : array-like
            Exact counts: who has it, whose share it is, and how many of the arm it is not of.
        """
        share, events, people, unknown = (np.asarray(x, dtype=float) for x in (share, events, people, unknown))
        half = self.step(people, self.spread(unknown)) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            least, most = events / (share + half), events / np.clip(share - half, 0, None)
        bounded = (people + unknown - least < self.min_cell - 1) | (people + unknown - most > 1)
        return np.asarray(self.small(unknown) & bounded)

    def step(self, people: ArrayLike, spread: ArrayLike = 1.0, finest: float = 0.001) -> np.ndarray:
        """Return the steps of :meth:`stepped`."""
        people, spread = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (people, spread)))
        with np.errstate(divide="ignore", invalid="ignore"):
            least = np.fmax(self.round_to * np.nan_to_num(spread, nan=1.0) / people, finest)
        least = np.where(np.isfinite(least), least, finest)
        power = 10.0 ** np.floor(np.log10(least) + 1e-9)
        fits = [least <= power * (1 + 1e-9), least <= 2 * power, least <= 5 * power]
        return np.asarray(power * np.select(fits, [1, 2, 5], 10))

    def without_key(self) -> "ReleaseRules":
        """Return what somebody outside knows of the rules."""
        return replace(self, key=b"")

    def in_words(self) -> str:
        """Return the rules in a sentence without its stop."""
        rounded = f"other counts are rounded up or down to a multiple of {self.round_to}"
        others = rounded if self.round_to > 1 else "other counts are exact"
        return f"counts of 1 to {self.min_cell - 1}, and whatever would give them away, are suppressed; {others}"


def stated(text: str) -> ReleaseRules | None:
    """Return the first rules that stand in a text as :meth:`ReleaseRules.in_words` says them."""
    found = re.search(
        r"counts of 1 to (\d+), and whatever would give them away, are suppressed; other counts are (.*)", text
    )
    if not found:
        return None
    rounded = re.match(r"rounded up or down to a multiple of (\d+)", found[2])
    return ReleaseRules(int(found[1]) + 1, int(rounded[1]) if rounded else 1)


class TableRules(Section):
    """What one table of a release asks for beyond the rules of its study.

    Attributes
    ----------
    min_cell, round_to : int, optional
        Larger than those of the study.
    """

    min_cell: People | None = None
    round_to: People | None = None


class Dominance(Section):
    """How large a share of an arm's total of costs, hours or days one person, or one of several sites, may make up.

    Attributes
    ----------
    person, site : float
        Largest share of an arm's total; beyond it neither the total nor its mean is shown. This is the (n, k) rule with
        n of 1 (Hundepool et al. 2012, Statistical Disclosure Control, section 4.2).
    """

    person: Share = 0.5
    site: Share = 0.85


class Release(Section):
    """The section ``release`` of a study: what may leave the building. Nothing else decides it.

    Attributes
    ----------
    min_cell, round_to : int
        Rules of every table and figure.
    tables : mapping of str to TableRules
        Tables and figures with stricter rules.
    dominance : Dominance
        Largest share of one person or site in a total.
    allowed_by : str
        Who allowed cells of fewer than 5 people, or outcomes by site; printed in the report.
    print_figures : list of str
        Figures that go into ``manuscript/`` for print as well: 178 mm wide, and for one column 89 mm (``_column``),
        each as SVG, as PDF and as PNG of 600 dots per inch.
    """

    min_cell: People = 11
    round_to: People = 5
    tables: dict[str, TableRules] = {}
    dominance: Dominance = Dominance()
    allowed_by: str = ""
    print_figures: list[str] = []
    _key: bytes = PrivateAttr(b"")

    def keyed(self, key: bytes) -> "Release":
        """Return the same rules with a secret by which counts are rounded."""
        copy = self.model_copy()
        copy._key = key
        return copy

    def rules(self, *names: str) -> ReleaseRules:
        """Return the rules of a table, or those that keep to the rules of several for what is made of them all."""
        asked = [self.tables[name] for name in names if name in self.tables]
        return ReleaseRules(
            max([self.min_cell, *(table.min_cell or 0 for table in asked)]),
            lcm(self.round_to, *(table.round_to or 1 for table in asked)),
            self._key,
        )


def check_release(release: Release, describe_by: Sequence[str] = ()) -> None:
    """Refuse rules for what is not released, rules laxer than those of the study, and laxity that nobody allowed.

    The people of one table are counted in others, too: a laxer table would show what the others hide, and a count
    rounded to two numbers of which neither divides the other is known more closely than by either.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    _check_leave(release, describe_by)
    for name, own in release.tables.items():
        place = f"release.tables.{name}"
        known = (*TABLES, *figure_names())
        if name not in known:
            raise StudyFileError(f"{place}: no table or figure of that name is released; {did_you_mean(name, known)}")
        if own.min_cell is not None and own.min_cell < release.min_cell:
            raise StudyFileError(
                f"{place}.min_cell: {own.min_cell} is less than the {release.min_cell} of the study, and a table may "
                "only be stricter; raise it, or lower release.min_cell and raise the other tables"
            )
        if own.round_to is not None and own.round_to % release.round_to:
            raise StudyFileError(
                f"{place}.round_to: {own.round_to} is not a multiple of the {release.round_to} of the study, so that "
                "two roundings of one count would tell more than either; choose a multiple"
            )


def check_print_figures(study: "Study") -> None:
    """Refuse a figure for print that the study does not have.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    if not study.release.print_figures:
        return
    known = figure_names(study)
    for name in study.release.print_figures:
        if name not in known:
            raise StudyFileError(
                f"release.print_figures: the report of this study has no figure '{name}'; {did_you_mean(name, known)}"
            )


def _check_leave(release: Release, describe_by: Sequence[str]) -> None:
    """Ask who allowed what no published policy allows."""
    if release.allowed_by.strip():
        return
    leave = "add a line release.allowed_by that names who allowed it, which the report prints"
    if release.min_cell < LEAST_WITHOUT_LEAVE:
        raise StudyFileError(
            f"release.min_cell: {release.min_cell} shows cells of fewer than {LEAST_WITHOUT_LEAVE} people; raise it "
            f"(11 is usual), or {leave}"
        )
    if "site" in describe_by:
        raise StudyFileError(f"describe_by: outcomes by site tell of single sites; leave out site, or {leave}")
