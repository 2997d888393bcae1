"""Are the costs of both arms recorded to the same extent?

An arm whose emergencies are billed elsewhere, or whose bills had not all come in when the data were drawn, costs less
on paper though the same happened in both. No amount is read here: only of whom there is an item of a kind, and when.
"""

import numpy as np
import pandas as pd

#: So many people of an arm should have a kind of item by the habit of the other arm before its absence says anything,
#: and "hardly any" is fewer than one in so many of them.
EXPECTED, HARDLY = 20, 10
#: Days after leaving from which an item counts as later than care, and for how long after it a person must be observed.
FROM, FOR = 7, 28
#: Bills have ended early where the last lies more than so many days before somebody leaves who stayed so long and has
#: at least so many items; bundled care is billed once and not looked at.
EARLY, STAYED, ITEMS = 28, 56, 3
#: Gap between the arms' shares of people whose bills ended early, and the people of an arm who must have such bills.
MOST_EARLY, FEWEST = 0.25, 20
AFTER_CARE = "later than a week after care"


def recorded_unlike(items: pd.DataFrame, people: pd.DataFrame, arms: tuple[str, str]) -> str:
    """Return in what the records of two arms' costs differ so far that no sum of them may be compared, or nothing.

    Parameters
    ----------
    items : DataFrame
        ``member_id``, ``category`` and ``day`` since time zero, missing where none is on record.
    people : DataFrame, indexed by member
        ``arm``, ``stay`` (days in care from time zero, or missing) and ``observed`` (days of follow-up).
    arms : (str, str)

    Returns
    -------
    str
        A sentence, empty where nothing was found.
    """
    own = items[items["member_id"].isin(people.index)]
    known = own[own["category"].notna()]
    kinds = {f"for {_plain(name)}": rows["member_id"] for name, rows in known.groupby(known["category"].astype("str"))}
    found = [_absent(kind, of, people["arm"], arms) for kind, of in kinds.items()]
    left = people[people["stay"] + FOR <= people["observed"]]
    later = own[own["day"] > people["stay"].reindex(own["member_id"]).to_numpy(float) + FROM]
    found.append(_absent(AFTER_CARE, later["member_id"], left["arm"], arms))
    found.append(_ended_early(own, people, arms))
    return next(filter(None, found), "")


def _absent(kind: str, members: pd.Series, arm: pd.Series, arms: tuple[str, str]) -> str:
    """Return a sentence where hardly anybody of one arm has what many should have by the habit of the other."""
    size = arm.value_counts().reindex(list(arms), fill_value=0)
    had = arm[arm.index.isin(members)].value_counts().reindex(list(arms), fill_value=0)
    for one, other in (arms, arms[::-1]):
        expected = size[one] * had[other] / size[other] if size[other] else 0.0
        if expected >= EXPECTED and had[one] * HARDLY < expected:
            return (
                f"costs {kind} are on record of people in {other} and of hardly any in {one}: if they arose and were "
                f"not recorded, nothing was saved. Complete the items of {one}, or leave this kind out of both arms"
            )
    return ""


def _ended_early(items: pd.DataFrame, people: pd.DataFrame, arms: tuple[str, str]) -> str:
    stayed = people[people["stay"] >= STAYED]
    stay = stayed["stay"].reindex(items["member_id"]).to_numpy(float)
    in_care = items[items["day"].to_numpy(float) <= stay]
    bills = in_care.groupby("member_id")["day"].agg(["max", "size"])
    bills = bills[bills["size"] >= ITEMS]
    early = (stayed["stay"].reindex(bills.index) - bills["max"] > EARLY).groupby(stayed["arm"].reindex(bills.index))
    shares, sizes = (values.reindex(list(arms)) for values in (early.mean(), early.size()))
    if not (sizes >= FEWEST).all() or abs(np.diff(shares.to_numpy(float))[0]) <= MOST_EARLY:
        return ""
    return (
        f"in {shares.idxmax()} bills end more than four weeks before people leave care, much more often than in "
        f"{shares.idxmin()}: some may not have come in when the data were drawn. Draw the costs again later, or follow "
        "both arms only for as long as all bills are in"
    )


def _plain(category: str) -> str:
    return category.replace("_", " ")
