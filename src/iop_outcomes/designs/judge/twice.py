"""Is everybody there once? Two ids of one person count as two people, and make every interval too short."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, NOT_EVALUATED, PASS, WARN, share_of_people, stepped
from iop_outcomes.tables.follow_up import AGAIN, PAIRS, PEOPLE, TWINS

Row = tuple[str, float, float, str, str]

ONCE, ADMITTED_AGAIN = "people_once", "admitted_again"
#: Shares of an arm's people with another id. One in ten makes an interval about a twentieth too short.
SOME, MOST = 0.01, 0.1
#: So many times as many pairs as chance makes are no chance, even where severer people leave sooner.
TIMES = 5.0
#: Of as many people nobody admitted again is odd: of a hundred people discharged, far more than five come back.
FEWEST = 200


def judge_twice(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return the checks ``people_once`` and, where records span years, ``admitted_again``.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    of = {key: rows.set_index("arm")[["n", "n_all"]] for key, rows in known.groupby(["what", "level"])}
    rows = []
    if (TWINS, PEOPLE) in of and set(arms) <= set(of[TWINS, PEOPLE].index):
        rows.append(_once(of[TWINS, PEOPLE], of[TWINS, PAIRS], list(arms)))
    if (AGAIN, PEOPLE) in of and set(arms) <= set(of[AGAIN, PEOPLE].index):
        again = of[AGAIN, PEOPLE].loc[list(arms)].sum()
        if again["n_all"] >= FEWEST:
            rows.append(_again(int(again["n"])))
    return rows


def _once(people: pd.DataFrame, pairs: pd.DataFrame, arms: list[str]) -> Row:
    size, found, chance = people["n_all"].loc[arms].clip(lower=1), *pairs.loc[arms, ["n", "n_all"]].sum()
    share = people["n"].loc[arms] / size
    worst = str(share.idxmax())
    value = stepped(float(share[worst]), int(size[worst]))
    if found > TIMES * (chance + 1) and share[worst] > SOME:
        reason = (
            f"{share_of_people(float(share[worst]), int(size[worst]))} of {worst} agree with another id in everything "
            "that is on record, far more than chance makes: somebody is there under two ids, and counts as two people. "
            "Give every person one id."
        )
        return ONCE, value, MOST, FAIL if share[worst] > MOST else WARN, reason
    if chance > MOST * size.sum():
        return ONCE, np.nan, MOST, NOT_EVALUATED, "the records are too coarse to tell two people from two ids of one."
    return ONCE, value, MOST, PASS, "hardly more people agree in everything that is on record than chance makes."


def _again(n: int) -> Row:
    if n:
        return ADMITTED_AGAIN, 0.0, 0.0, PASS, "there are people who were admitted a second time."
    reason = (
        "the records span years, and nobody was admitted a second time: either one admission of each was drawn, or "
        "every admission has an id of its own, so that who came again counts as several, and intervals are too short."
    )
    return ADMITTED_AGAIN, 1.0, 0.0, WARN, reason
