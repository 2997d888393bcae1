"""The attacker who has two releases of one study: how many more or fewer people stand in a cell of the later one.

Every count of both is a whole number, as in one release, and what is sought is the difference of the same count in
both. A cell is opened where that difference is known to be of a few people, and not of nobody. Of the same people both
releases are one system: a count hidden in one may be shown, or follow, in the other.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from iop_outcomes.release.attack.unknowns import Solver, Sum, Unknowns

#: Put before the name of a count of the earlier release.
_BEFORE = "before: "


def apart(now: Unknowns, before: Unknowns, min_cell: int) -> list[str]:
    """Return the places of counts that two releases tell to differ by 1 to ``min_cell - 1`` people, and more closely.

    Parameters
    ----------
    now, before : Unknowns
        What each release tells by itself.
    min_cell : int
        The smallest cell of the later release.
    """
    known = now.with_shares().with_facts_of(_renamed(before.with_shares()))
    left = _unlike(known, [name for name in now.bounds if name in before.bounds])
    if not left:
        return []
    solver = Solver(known)
    # One solution shows of many at once that they might be of nobody, or of many.
    for sign in (1.0, -1.0):
        while left:
            found = solver.numbers({k: sign * v for name in left for k, v in _difference(name).items()})
            if found is None:
                return []
            few = [name for name in left if 0 < abs(found[name] - found[_BEFORE + name]) < min_cell]
            if len(few) == len(left):
                break
            left = few
    return [now.tried.get(name, name) for name in left if _told(*solver.ends_of(_difference(name)), min_cell)]


def _unlike(known: Unknowns, names: list[str]) -> list[str]:
    """Return the counts that one solution, in which as few people are apart as can be, leaves apart.

    Of all others it is shown that they might be the same in both releases, which is most of them where the same people
    were counted.
    """
    more, fewer = {name: f"more: {name}" for name in names}, {name: f"fewer: {name}" for name in names}
    apart_by = Unknowns()
    for name in names:
        apart_by.fact({**_difference(name), more[name]: -1.0, fewer[name]: 1.0}, 0.0, 0.0)
    aim = dict.fromkeys([*more.values(), *fewer.values()], 1.0)
    found = Solver(known.with_facts_of(apart_by)).numbers(aim)
    return [name for name in names if found is None or found[name] != found[_BEFORE + name]]


def _difference(name: str) -> Sum:
    return {name: 1.0, _BEFORE + name: -1.0}


def _told(low: float, high: float, min_cell: int) -> bool:
    """Return whether a difference is of few and known more closely than that."""
    low, high = (low, high) if low > 0 else (-high, -low)
    return low >= 1 and high < min_cell and (low > 1 or high < min_cell - 1)


def without(known: Unknowns, columns: Collection[str]) -> Unknowns:
    """Return what is known of the counts in whose names none of some columns stands."""
    if not columns:
        return known
    named = re.compile(rf", .*\b({'|'.join(map(re.escape, columns))})\b")
    kept = {name for name in known.bounds if not named.search(name)}
    return replace(
        known,
        bounds={name: ends for name, ends in known.bounds.items() if name in kept},
        facts=[fact for fact in known.facts if kept.issuperset(fact[0])],
        tried={name: place for name, place in known.tried.items() if name in kept},
        somebody=known.somebody & kept,
        shares=[share for share in known.shares if {share.part, share.whole} <= kept],
    )


def _renamed(known: Unknowns) -> Unknowns:
    """Return what is known of the counts of an earlier release under names of their own."""
    return replace(
        known,
        bounds={_BEFORE + name: ends for name, ends in known.bounds.items()},
        facts=[({_BEFORE + n: w for n, w in weights.items()}, low, high) for weights, low, high in known.facts],
        tried={},
        somebody=set(),
    )
