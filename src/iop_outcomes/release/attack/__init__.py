"""The attacker without: whoever has nothing but the files of a release, and an integer programme.

Every count of every table is one whole number, the same people are one number wherever they are counted, and what is
written bounds it: a rounded count by its rounding, a share by its step, a suppressed count by being at least 1. The
smallest and the largest number that agree with all files are found for each count that is suppressed, or that nobody
wrote down and that follows from others. A cell is opened where that range lies within the small counts and is narrower.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iop_outcomes.kernel.errors import DisclosureError, counted
from iop_outcomes.release.attack.facts import TELLERS, Teller, of_sentences
from iop_outcomes.release.attack.lines import opened_by_lines
from iop_outcomes.release.attack.reading import PAGE, Table, rules_of, tables_of, texts_of
from iop_outcomes.release.attack.twice import apart, without
from iop_outcomes.release.attack.unknowns import Solver, Unknowns
from iop_outcomes.release.disclosure.text import small_counts
from iop_outcomes.release.disclosure.writing import write_bytes
from iop_outcomes.study.release_rules import ReleaseRules

#: Where the report of an attack lies among working results.
REPORT = "attack.csv"


@dataclass(frozen=True)
class Attacked:
    """What an attack on a release found.

    Attributes
    ----------
    tried : int
        Counts that were suppressed, or follow from others.
    opened : pandas.DataFrame
        ``place`` of each that was opened; never what it is.
    read, unread : tuple of str
        Tables that were used together, and those that contradict them, which were attacked among themselves.
    """

    tried: int
    opened: pd.DataFrame
    read: tuple[str, ...]
    unread: tuple[str, ...]

    def in_words(self) -> str:
        """Return what was found in a sentence without its stop."""
        found = f"attacked the files as written: {counted(self.tried, 'cell')} tried, {len(self.opened)} opened"
        return f"{found}; apart, since they contradict the others: {', '.join(self.unread)}" if self.unread else found

    def refuse_opened(self) -> None:
        """Refuse a release that was opened.

        Raises
        ------
        DisclosureError
            Names the first cells by table, row and column, and says what to merge.
        """
        if len(self.opened):
            places = "; ".join(self.opened["place"].head(3))
            raise DisclosureError(
                f"{counted(len(self.opened), 'small count')} could be worked out from the files ({places}), and "
                "nothing was released; merge the small levels of the covariate, or leave out the outcome or breakdown "
                "that is named"
            )


def attack_release(folder: str | Path, rules: ReleaseRules | None = None) -> Attacked:
    """Try to work out every suppressed count, and every small one, of a release from its files alone.

    Parameters
    ----------
    folder : path
        Of the release: ``report.html``, ``tables/`` and ``figures/``.
    rules : ReleaseRules, optional
        Smallest cell and rounding; those that the report states, if left out.

    Raises
    ------
    DisclosureError
        The folder is no release.
    """
    folder = Path(folder)
    # A stranger knows how counts were rounded, and not the key.
    rules = (rules or rules_of(folder)).without_key()
    systems = _gathered(folder, rules)
    opened = [place for known, _ in systems if known.tried for place in _opened(known, rules)]
    with _as_released("of lines"):
        beside, told = opened_by_lines(tables_of(folder, rules), rules)
    opened += [*told, *_written(folder, rules)]
    tried = sum(len(known.tried) for known, _ in systems) + beside
    (_, read), *apart_ = systems
    unread = [name for _, names in apart_ for name in names]
    return Attacked(tried, pd.DataFrame({"place": opened}, dtype="object"), tuple(read), tuple(unread))


def attack_two(folder: str | Path, before: str | Path, rules: ReleaseRules | None = None) -> list[str]:
    """Return the counts that two releases of one study tell to differ by a few people.

    Parameters
    ----------
    folder, before : path
        The later release, and the earlier one, each with the rules in its report.
    rules : ReleaseRules, optional
        Smallest cell and rounding of the later one; those that its report states, if left out.
    """
    known = [_gathered(Path(one), rules_of(Path(one)))[0][0] for one in (folder, before)]
    return apart(*known, (rules or rules_of(Path(folder))).min_cell)


def attack_as_one(
    folder: str | Path, before: Iterable[tuple[str | Path, Collection[str]]], rules: ReleaseRules | None = None
) -> list[str]:
    """Return the small counts that releases of the same people tell together, as one release would.

    Each may hide another neighbour of a small count; whoever has both subtracts.

    Parameters
    ----------
    folder : path
        The latest release.
    before : iterable of (path, collection of str)
        Earlier ones, each with the columns (outcomes and covariates) that meant something else, or of other records.
        One that contradicts the others is left out, since its people are not the same.
    rules : ReleaseRules, optional
        Smallest cell and rounding of the latest one; those that its report states, if left out.
    """
    rules = (rules or rules_of(Path(folder))).without_key()
    together = _gathered(Path(folder), rules)[0][0]
    for one, other in before:
        both = together.with_facts_of(without(_gathered(Path(one), rules_of(Path(one)))[0][0], other))
        together = both if Solver(both).possible() else together
    return _opened(together, rules)


def release_report(attacked: Attacked, folder: Path) -> None:
    """Write what an attack found among the working results, never into the release."""
    rows = [
        ("cells tried", attacked.tried),
        ("cells opened", len(attacked.opened)),
        *(("opened", place) for place in attacked.opened["place"]),
        *(("table used", name) for name in attacked.read),
        *(("table read apart", name) for name in attacked.unread),
    ]
    table = pd.DataFrame(rows, columns=["what", "found"])
    write_bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8"), folder / REPORT)


@contextmanager
def _as_released(what: str) -> Iterator[None]:
    """Say of a table that lacks a column, or holds what no release holds, that it is none, instead of failing."""
    try:
        yield
    except (LookupError, ValueError, TypeError, pd.errors.IndexingError):
        raise DisclosureError(
            f"the table {what} is not as a release writes it, and cannot be attacked; iop-outcomes verify names the "
            "files that were changed"
        ) from None


def _told(table: Table, teller: Teller) -> Unknowns:
    with _as_released(table.name):
        return teller(table)


def _gathered(folder: Path, rules: ReleaseRules) -> list[tuple[Unknowns, list[str]]]:
    """Put together what the tables tell, with their names; those that contradict the others tell it by themselves."""
    told = {name: _told(table, TELLERS[name]) for name, table in tables_of(folder, rules).items() if name in TELLERS}
    whole = Unknowns()
    for one in told.values():
        whole = whole.with_facts_of(one)
    if not told:
        return [(whole, [])]
    told[PAGE] = of_sentences(texts_of(folder).get(PAGE, ""), rules, whole)
    whole = whole.with_facts_of(told[PAGE])
    if Solver(whole).possible():
        return [(whole, list(told))]
    systems: list[tuple[Unknowns, list[str]]] = []
    while told:
        known, read = Unknowns(), []
        for name, one in told.items():
            both = known.with_facts_of(one)
            if Solver(both).possible():
                known, read = both, [*read, name]
        # What contradicts itself tells nothing.
        systems.append((known, read or list(told)))
        told = {name: one for name, one in told.items() if name not in systems[-1][1]}
    return systems


def _opened(known: Unknowns, rules: ReleaseRules) -> list[str]:
    """Return the places of counts that are known to be small, and more closely than that."""
    solver, left = Solver(known), list(known.tried)
    for upward in (True, False):
        # One solution shows of many at once that they might be large, or nobody.
        sought = left if upward else [name for name in left if name not in known.somebody]
        while sought and (far := solver.far(sought, upward, rules.min_cell)):
            left, sought = ([name for name in names if name not in far] for names in (left, sought))
    opened = []
    for name in left:
        low, high = solver.ends(name)
        if low >= 1 and high < rules.min_cell and (low > 1 or high < rules.min_cell - 1):
            opened.append(known.tried[name])
    return opened


def _written(folder: Path, rules: ReleaseRules) -> list[str]:
    """Return the files in whose text a small count of people stands."""
    return [place for place, text in texts_of(folder).items() if small_counts(text, rules)]
