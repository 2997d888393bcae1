"""Does nobody of one arm leave in the first days of care? Then it may be an arm of those who had stayed."""

import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, share_of_people, stepped
from iop_outcomes.designs.judge.recording import never_used
from iop_outcomes.tables.follow_up import EARLY

Row = tuple[str, float, float, str, str]

LEFT_EARLY = "left_early"


def judge_early(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return the check of who left in the first days of care, where it is known of both arms.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    own = known[known["what"] == EARLY]
    nobody = []
    for days, rows in own.groupby(own["level"].astype(int)):
        of_arm = rows.set_index("arm")[["n", "n_all"]].reindex(list(arms))
        if of_arm["n_all"].gt(0).all():
            nobody += [(days, arm, of_arm) for _, arm in never_used(of_arm["n"].to_frame().T, of_arm["n_all"])]
    if not nobody:
        passed = "in the first days of care people left both arms, as far as chance can tell."
        return [(LEFT_EARLY, 0.0, 0.0, PASS, passed)] if set(arms) <= set(own["arm"]) else []
    days, arm, of_arm = max(nobody, key=lambda each: each[0])
    other = next(each for each in arms if each != arm)
    size, share = int(of_arm.loc[other, "n_all"]), float(of_arm.loc[other, "n"] / of_arm.loc[other, "n_all"])
    reason = (
        f"{share_of_people(share, size)} of {other} left within {days} days after care had begun, and nobody of {arm}: "
        "it may hold only those who were still there, as where the level of care is written over when somebody steps "
        "up, or a record is opened late. Let the level be the one first assigned, and care begin with the arm."
    )
    return [(LEFT_EARLY, stepped(share, size), 0.0, FAIL, reason)]
