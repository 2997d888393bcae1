"""What each column of a frame is, as far as disclosure control is concerned."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from string import Formatter

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.disclosure.sums import Sum

#: Keys of people and of what is theirs; no table that has one may leave.
PERSONAL = ("person_id", "member_id", "episode_id", "session_id", "service_id", "cost_id", "matched_set")


@dataclass(frozen=True)
class Roles:
    """Roles of the columns; a column without one cannot be released.

    Attributes
    ----------
    labels : tuple of str
        Names, codes, days and settings, which say nothing about how many people there are.
    counts : tuple of str
        Numbers of people (or of rows): suppressed when small, rounded when not.
    hidden_counts : tuple of str
        Counts that guard others (a complement, those excluded) and are dropped from what is released.
    shares : mapping of str to (str, str)
        Share -> numerator and denominator. Recomputed from the rounded counts, so it says no more than they do.
    values : mapping of str to tuple of str
        Number that is not a count (a mean, an estimate) -> the counts it rests on. Hidden where one of them is.
    hidden_labels : tuple of str
        Names that ``who`` speaks of and that are dropped from what is released.
    sentences : tuple of str
        Text in which small counts are blotted out.
    sums : tuple
        Sums that hold among the counts (see ``sums.py``).
    keep : mapping of str to str
        Count -> column of flags: cells that other tables show, and that therefore may not be hidden to protect others.
    decimals : mapping of str to int
        Decimals of values, 3 where not given.
    who : mapping of str to str
        Count -> whom it counts, in words with columns of the table in braces: "{arm} with {outcome}". Cells of all
        tables that count the same people are one unknown to an attacker, and so are they here. A column of flags may
        follow after a bar, "in {arm}|is_cohort": the words are true of the rows that it marks.
    """

    labels: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    hidden_counts: tuple[str, ...] = ()
    shares: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden_labels: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    sums: tuple[Sum, ...] = ()
    keep: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    who: Mapping[str, str] = field(default_factory=dict)

    @property
    def guarded(self) -> list[str]:
        """Every column that holds counts."""
        return [*self.counts, *self.hidden_counts]

    def also(self, labels: tuple[str, ...] = (), values: Mapping[str, tuple[str, ...]] | None = None) -> "Roles":
        """Return the same roles with further labels and values."""
        return replace(self, labels=(*self.labels, *labels), values={**self.values, **(values or {})})

    def people(self, frame: pd.DataFrame) -> dict[str, list[str]]:
        """Return of each count that says whom it counts, in words row by row; empty where they are not true."""
        found = {}
        for count, said in self.who.items():
            words, _, flag = said.partition("|")
            marked = frame[flag].to_numpy(bool) if flag else np.ones(len(frame), dtype=bool)
            named = list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(words) if name))
            rows = zip(*(frame[name] for name in named), strict=True) if named else [()] * len(frame)
            found[count] = [
                words.format_map(dict(zip(named, row, strict=True))) if true else ""
                for row, true in zip(rows, marked, strict=True)
            ]
        return found

    def check(self, frame: pd.DataFrame) -> None:
        """Refuse a frame about single people, or with a column whose role nobody has stated."""
        personal = [c for c in frame.columns if c in PERSONAL]
        if personal:
            raise DisclosureError(f"a table with the column '{personal[0]}' is about single people and may not leave")
        flags = {said.partition("|")[2] for said in self.who.values()} - {""}
        known = {*self.labels, *self.hidden_labels, *self.guarded, *self.shares, *self.values, *self.sentences}
        known |= {*self.keep.values(), *flags}
        unknown = [c for c in frame.columns if c not in known]
        if unknown:
            raise DisclosureError(
                f"the column '{unknown[0]}' has no role in disclosure control; say whether it is a label, a count, "
                "a share, a value or a sentence"
            )
        absent = [c for c in known if c not in frame and c not in self.shares]
        if absent:
            raise DisclosureError(f"the column '{sorted(absent)[0]}' is missing from a table about to be released")
