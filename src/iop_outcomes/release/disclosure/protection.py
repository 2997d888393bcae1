"""Suppress, then round; what comes out is the only thing that may be drawn or written."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DisclosureError, counted
from iop_outcomes.release.disclosure.attack import attack_together, told
from iop_outcomes.release.disclosure.roles import Roles
from iop_outcomes.release.disclosure.sums import parts
from iop_outcomes.release.disclosure.suppression import hidden_cells
from iop_outcomes.release.disclosure.system import Block, Part, blocks
from iop_outcomes.release.disclosure.text import sentence
from iop_outcomes.study.release_rules import ReleaseRules

_SEAL = object()


@dataclass(frozen=True)
class Released:
    """A frame that has passed disclosure control; ``protect`` makes it and nothing else can.

    Attributes
    ----------
    frame : pandas.DataFrame
        What may be shown; suppressed numbers are missing.
    suppressed : pandas.DataFrame of bool
        Same shape: which of the missing numbers are missing because they were suppressed.
    rules : ReleaseRules
        The rules it was protected by.
    """

    frame: pd.DataFrame
    suppressed: pd.DataFrame
    rules: ReleaseRules
    seal: object = field(default=None, repr=False, compare=False)

    def __post_init__(self):
        if self.seal is not _SEAL:
            raise DisclosureError("a table becomes releasable only through disclosure.protect(frame, roles, rules)")

    def __len__(self) -> int:
        return len(self.frame)

    def where(self, rows: pd.Series | np.ndarray) -> "Released":
        """Return some of the rows; leaving rows out cannot reveal anything."""
        rows = np.asarray(rows, dtype=bool)
        keep = {name: getattr(self, name).loc[rows].reset_index(drop=True) for name in ("frame", "suppressed")}
        return replace(self, **keep)


def protect(frame: pd.DataFrame, roles: Roles, rules: ReleaseRules) -> Released:
    """Suppress small counts and what would give them away, then round what is left.

    Parameters
    ----------
    frame : pandas.DataFrame
        True numbers; rows in the order they are to be shown.
    roles : Roles
        What the columns are, and which sums hold.
    rules : ReleaseRules
        Smallest cell and rounding.

    Returns
    -------
    Released
        Labels as they were, counts suppressed or rounded, shares recomputed from rounded counts, values suppressed with
        the counts they rest on. Guarding counts are gone.

    Raises
    ------
    DisclosureError
        A column has no role, the frame is about single people, or a small count could still be worked out.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": ["iop", "outpatient"], "n": [40, 200], "n_events": [35, 120]})
    >>> roles = Roles(labels=("arm",), counts=("n", "n_events"), shares={"share": ("n_events", "n")})
    >>> protect(frame, roles, ReleaseRules()).frame["share"].tolist()  # 5 of 40 without the event: hidden
    [nan, 0.6]
    """
    return protect_together([Part("", frame, roles, rules)])[""]


def protect_together(parts_: Sequence[Part]) -> dict[str, Released]:
    """Protect several tables as one, since whoever has one has the others.

    Parameters
    ----------
    parts_ : sequence of Part
        Tables of true numbers by name, each with its roles and rules; ``Roles.who`` tells which of them count the same
        people.

    Returns
    -------
    dict of str to Released
        By the names of the parts.

    Raises
    ------
    DisclosureError
        As for :func:`protect`, which is this for one table.
    """
    guarded = []
    for part in parts_:
        part.roles.check(part.frame)
        frame, roles = _with_complements(part.frame.reset_index(drop=True), part.roles)
        guarded.append(replace(part, frame=frame, roles=roles))
    system = blocks(guarded)
    hidden = _hidden(guarded, system)
    known = told(attack_together(system, hidden))
    if len(known):
        where = ", ".join(sorted({table for table in known["table"] if table}))
        raise DisclosureError(
            f"{counted(len(known), 'small count')} could still be worked out{f' in {where}' if where else ''}; nothing "
            "was released: merge small levels, or leave out the breakdown they stand in"
        )
    asked = {part.name: list(part.frame.columns) for part in parts_}
    return {p.name: _released(p.frame, hidden[p.name], p.roles, p.rules, asked[p.name]) for p in guarded}


def without_rows(roles: Roles, rules: ReleaseRules) -> Released:
    """Return a table of these roles without rows, for what there is nothing to say of."""
    columns = [*roles.labels, *roles.hidden_labels, *roles.guarded, *roles.values, *roles.sentences]
    columns += [flag for flag in (*roles.keep.values(), *(w.partition("|")[2] for w in roles.who.values())) if flag]
    return protect(pd.DataFrame({column: pd.Series(dtype=float) for column in dict.fromkeys(columns)}), roles, rules)


def _with_complements(frame: pd.DataFrame, roles: Roles) -> tuple[pd.DataFrame, Roles]:
    """Add to each share the count of its complement, which the share gives away as much as its numerator."""
    frame, sums, hidden_counts = frame.copy(), list(roles.sums), list(roles.hidden_counts)
    for share, (numerator, denominator) in roles.shares.items():
        complement = f"{share}: complement"
        frame[complement] = frame[denominator] - frame[numerator]
        hidden_counts.append(complement)
        sums.append(parts(denominator, numerator, complement))
    return frame, replace(roles, sums=tuple(sums), hidden_counts=tuple(hidden_counts))


def _hidden(parts_: Sequence[Part], system: Sequence[Block]) -> dict[str, pd.DataFrame]:
    hidden = {p.name: {column: np.zeros(len(p.frame), dtype=bool) for column in p.roles.guarded} for p in parts_}
    for block in system:
        for position in np.flatnonzero(hidden_cells(block)):
            for table, row, column in block.places[position]:
                hidden[table][column][row] = True
    return {part.name: pd.DataFrame(hidden[part.name], index=part.frame.index) for part in parts_}


def _released(frame, hidden, roles: Roles, rules: ReleaseRules, columns: list[str]) -> Released:
    shown, suppressed = {}, {}
    rounded = {c: np.where(hidden[c], np.nan, rules.rounded(frame[c])) for c in roles.guarded}
    for column in [*columns, *(s for s in roles.shares if s not in columns)]:
        masked = np.zeros(len(frame), dtype=bool)
        if column in roles.counts:
            shown[column], masked = rounded[column], hidden[column].to_numpy()
        elif column in roles.shares:
            shown[column], masked = _share(*roles.shares[column], frame, rounded, hidden)
        elif column in roles.values:
            masked = _rests_on_hidden(roles.values[column], hidden) & frame[column].notna().to_numpy()
            numbers = frame[column].to_numpy(float).round(roles.decimals.get(column, 3))
            # Adding zero turns -0.0 into 0.0, which would otherwise be printed with its sign.
            shown[column] = np.where(masked, np.nan, numbers + 0.0)
        elif column in roles.sentences:
            shown[column] = frame[column].map(cache(partial(sentence, rules=rules)), na_action="ignore")
        elif column in roles.labels:
            shown[column] = frame[column]
        else:
            continue
        suppressed[column] = masked
    return Released(
        pd.DataFrame(shown, index=frame.index), pd.DataFrame(suppressed, index=frame.index), rules, seal=_SEAL
    )


def _share(numerator: str, denominator: str, frame, rounded, hidden) -> tuple[np.ndarray, np.ndarray]:
    known = (frame[denominator].to_numpy(float) > 0) & frame[numerator].notna().to_numpy()
    # Rounding keeps an order, so that a share never exceeds 1; a hidden count is missing, and its share with it.
    share = rounded[numerator] / np.where(known, rounded[denominator], np.nan)
    return share.round(3), _rests_on_hidden((numerator, denominator), hidden) & known


def _rests_on_hidden(counts: tuple[str, ...], hidden: pd.DataFrame) -> np.ndarray:
    flags = [hidden[count].to_numpy() for count in dict.fromkeys(counts)]
    return np.logical_or.reduce(flags) if flags else np.zeros(len(hidden), dtype=bool)
