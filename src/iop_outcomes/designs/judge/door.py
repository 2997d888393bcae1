"""Did the arms lose as many rows at the door? What cannot be read of one arm only may be the people of one kind."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN, share_of_people, stepped
from iop_outcomes.tables.follow_up import AT_THE_DOOR, OF_NOBODY

Row = tuple[str, float, float, str, str]

EPISODES, SESSIONS = "set_aside_alike", "sessions_taken_alike"
TESTS, REPORTS, SERVICES = "tests_taken_alike", "reports_taken_alike", "services_taken_alike"
_CHECKS = {
    "episode": (EPISODES, "episodes"),
    "session": (SESSIONS, "sessions"),
    "drug_test": (TESTS, "drug tests"),
    "use_report": (REPORTS, "reports of use"),
    "service": (SERVICES, "services"),
}
#: A gap worth a word, and standard errors beyond which it is not chance.
SOME, NOT_CHANCE = 0.01, 2.0


def judge_door(recording: pd.DataFrame, arms: tuple[str, str], people: int, threshold: float) -> Iterator[Row]:
    """Yield a check of each table of which rows were set aside when they were read.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    people : int
        Of the smaller arm. One person has many sessions: chance is judged as if there were so many rows at most.
    threshold : float
        Gap between the arms' shares from which on it withholds.
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    known = known[known["arm"].isin(arms)]
    of = {what: known[known["what"] == what].set_index(["level", "arm"]) for what in (AT_THE_DOOR, OF_NOBODY)}
    for table, (check, rows) in _CHECKS.items():
        if table in of[AT_THE_DOOR].index:
            lost, nobody = of[AT_THE_DOOR].loc[table].loc[list(arms)], of[OF_NOBODY].loc[table].iloc[0]
            if (lost["n_all"] > 0).all():
                yield check, *_judged(lost, nobody, rows, people, threshold)


def _judged(lost: pd.DataFrame, nobody: pd.Series, rows: str, people: int, threshold: float):
    share = lost["n"] / lost["n_all"]
    size = lost["n_all"].clip(upper=people)
    gap = float(abs(share.iloc[0] - share.iloc[1]))
    beyond = gap > NOT_CHANCE * np.sqrt((share * (1 - share) / size).sum())
    value = stepped(gap, int(size.min()))
    unknown = float(nobody["n"] / nobody["n_all"])
    told = f"; of {share_of_people(unknown, people)} of all it cannot be read whose they were" if nobody["n"] else ""
    both = " and ".join(f"{share_of_people(float(share[arm]), int(size[arm]))} in {arm}" for arm in share.index)
    reason = f"of the {rows} read {both} were set aside, since they break a rule{told}"
    if beyond and gap > SOME:
        advice = "they may be those who did worst, without whom an arm looks better. Mend the export, or tell its codes"
        return value, threshold, FAIL if gap > threshold else WARN, f"{reason}: {advice}."
    if unknown > threshold:
        return value, threshold, WARN, f"{reason}, so that all may be of one arm."
    return value, threshold, PASS, f"{reason}."
