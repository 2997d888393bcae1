"""Were people of both arms looked at on the same days?

Use and symptoms fall with time in care. Whoever is asked weeks later answers better, whatever the arm did.
"""

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN
from iop_outcomes.tables.follow_up import DAY_SEEN, DAY_SQUARED, FILLED_IN, REPORTS, TESTS

Row = tuple[str, float, float, str, str]

#: Check of the days of each kind of look, and what was done on them.
WHEN = {TESTS: "tested_when", REPORTS: "asked_when", FILLED_IN: "filled_in_when"}
_DONE = {TESTS: "tested", REPORTS: "asked about use", FILLED_IN: "given a questionnaire"}
#: So many times as late, and so many days later, is worth a warning, and too much for any answer: what changes with
#: time does so the slower the later it is.
SOME, MOST = (1.1, 3), (1.25, 7)
#: Standard errors beyond which it is not chance.
NOT_CHANCE = 3.0
#: With fewer people looked at in an arm the mean day says nothing.
FEWEST = 20


def judge_looked_at(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return a check for each kind of look that people of both arms had, comparing those who stayed as long.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    of = {what: known[known["what"] == what] for what in (DAY_SEEN, DAY_SQUARED)}
    days, squares, people = (
        rows.pivot_table(index="level", columns="arm", values=column, aggfunc="sum").reindex(columns=list(arms))
        for rows, column in ((of[DAY_SEEN], "n"), (of[DAY_SQUARED], "n"), (of[DAY_SEEN], "n_all"))
    )
    rows = []
    for kind, check in WHEN.items():
        size = people[people.index.str.startswith(kind) & people.gt(0).all(axis=1)]
        weight = size.min(axis=1)
        if weight.sum() < FEWEST:
            continue
        weight = weight / weight.sum()
        mean = days.loc[size.index] / size
        variance = ((squares.loc[size.index] / size - mean**2).clip(lower=0) / size).sum(axis=1)
        error = float(np.sqrt((weight**2 * variance).sum()))
        rows.append(_row(check, kind, mean.mul(weight, axis=0).sum(), error))
    return rows


def _row(check: str, kind: str, mean: pd.Series, error: float) -> Row:
    apart, times = float(mean.max() - mean.min()), float(mean.max() / max(mean.min(), 1.0))
    value, done = round(times, 2), _DONE[kind]
    if not _beyond(SOME, times, apart) or apart <= NOT_CHANCE * error:
        return (
            check,
            value,
            SOME[0],
            PASS,
            f"people of both arms who stayed as long were {done} at about the same time.",
        )
    reason = (
        f"people who stayed as long were {done} about {apart:.0f} days later in {mean.idxmax()} than in "
        f"{mean.idxmin()}, and use and symptoms change with time whatever the arm did. Ask for outcomes of days on "
        "which both arms were looked at."
    )
    return check, value, SOME[0], FAIL if _beyond(MOST, times, apart) else WARN, reason


def _beyond(far: tuple[float, float], times: float, apart: float) -> bool:
    return times > far[0] and apart > far[1]
