"""Rules that a study will not have: where one sets a record aside or answers it, the study is refused."""

import re
from collections.abc import Iterable, Iterator, Sequence

from iop_outcomes.kernel.errors import counted


def matches(asked: str, table: str, rule: str) -> bool:
    """Is a rule the one that a study names, as ``table: rule``? Capitals do not matter, and ``*`` is any text."""
    pattern = re.escape(" ".join(asked.casefold().split())).replace(r"\*", ".*")
    return re.fullmatch(pattern, f"{table}: {rule}".casefold()) is not None


def refused(asked: Sequence[str], counts: Iterable[tuple[str, str, int]]) -> Iterator[str]:
    """Yield a sentence for each rule that fell on a record though the study refuses it.

    Parameters
    ----------
    asked : sequence of str
        Section ``refuse`` of a study.
    counts : iterable of (table, rule, number of records)
    """
    for table, rule, n in counts:
        for one in asked:
            if n and matches(one, table, rule):
                yield (
                    f"refuse: {counted(n, 'record')} of '{table}' fell under the rule '{rule}', and the study refuses "
                    f"'{one}'; correct the files, or take the rule off"
                )
                break
