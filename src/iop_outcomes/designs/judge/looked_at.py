"""Were people of both arms looked at on the same days?

Use and symptoms fall with time in care. Whoever is asked weeks later answers better, whatever the arm did.
"""

import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN
from iop_outcomes.tables.follow_up import DAY_SEEN, FILLED_IN, REPORTS, TESTS

Row = tuple[str, float, float, str, str]

#: Check of the days of each kind of look, and what was done on them.
WHEN = {TESTS: "tested_when", REPORTS: "asked_when", FILLED_IN: "filled_in_when"}
_DONE = {TESTS: "tested", REPORTS: "asked about use", FILLED_IN: "given a questionnaire"}
#: Days between the arms that are worth a warning, and too many for any answer.
SOME, MOST = 14, 28
#: With fewer people looked at in an arm the mean day says nothing.
FEWEST = 60


def judge_looked_at(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return a check for each kind of look that people of both arms had, comparing those who stayed as long.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    own = known[known["what"] == DAY_SEEN]
    days, people = (
        own.pivot_table(index="level", columns="arm", values=column, aggfunc="sum").reindex(columns=list(arms))
        for column in ("n", "n_all")
    )
    rows = []
    for kind, check in WHEN.items():
        of_kind = people[people.index.str.startswith(kind) & people.gt(0).all(axis=1)]
        weight = of_kind.min(axis=1)
        if weight.sum() < FEWEST:
            continue
        mean = (days.loc[of_kind.index] / of_kind).mul(weight, axis=0).sum() / weight.sum()
        rows.append(_row(check, kind, mean))
    return rows


def _row(check: str, kind: str, mean: pd.Series) -> Row:
    apart = float(mean.max() - mean.min())
    value, done = float(round(apart)), _DONE[kind]
    if apart <= SOME:
        return check, value, SOME, PASS, f"people of both arms who stayed as long were {done} at about the same time."
    reason = (
        f"people who stayed as long were {done} about {value:.0f} days later in {mean.idxmax()} than in "
        f"{mean.idxmin()}, and use and symptoms change with time whatever the arm did. Ask for outcomes of days on "
        "which both arms were looked at."
    )
    return check, value, SOME, FAIL if apart > MOST else WARN, reason
