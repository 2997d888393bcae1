"""Is somebody there twice? People who agree with another id in everything, and ids that are never admitted again.

Whoever is there under two ids counts as two people, and every interval is too short. That two people agree in what is
on record happens by chance, too, and the more often the coarser the records are. How often is told by the records
themselves: of two people of an arm who are alike in everything that was known before care, chance lets as many agree in
the course of their care as of any two of that arm; of two ids of one person, all do.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.study.before_time_zero import ASSIGNMENT, KNOWN_AT_ASSIGNMENT, PRESCRIBED
from iop_outcomes.tables import contract
from iop_outcomes.tables.follow_up import AGAIN, PAIRS, PEOPLE, TWINS
from iop_outcomes.tables.keys import digest
from iop_outcomes.tables.parts import Table

#: Of fewer of the facts known before care two people are not called alike: they may have nothing on record.
_RECORDED = 0.5
#: Share of pairs whose courses agree from which on they tell nobody apart.
_SAME = 0.9
_YEAR = r"((?:19|20)\d\d)"


def people_twice(
    members: pd.DataFrame, own: pd.DataFrame, covariates: Sequence[str], records: Mapping[str, Table]
) -> pd.DataFrame:
    """Return, by arm, who agrees with another id and who was admitted again, as rows of the table ``recording``.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    own : DataFrame
        The row of each member in :func:`iop_outcomes.cohort.build.candidates_of`, in the order of members.
    covariates : sequence of str
        Of the study; they are held against each other with what people and episodes have on record.
    records : mapping of str to DataFrame
        Canonical tables.

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level``, ``n`` and ``n_all``: people of the arm who agree with another of it, of all of
        whom enough is on record; pairs of them, and as many as chance makes; and, where the records span years, people
        with a second episode.
    """
    arms = sorted(members["arm"].astype("str").unique())
    rows = [*_twins(members, own, covariates, arms), *_again(members, records["episode"], arms)]
    return pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])


def _twins(members: pd.DataFrame, known: pd.DataFrame, covariates: Sequence[str], arms: list[str]) -> list[tuple]:
    before, course = _facts(known, covariates)
    told = known[course].notna().any(axis=1).to_numpy() & ~(known[before].notna().mean(axis=1) < _RECORDED).to_numpy()
    who = pd.DataFrame(
        {"person": digest(members, ["person_id"]), "arm": pd.Categorical(members["arm"].astype("str"), categories=arms)}
    )
    who = who.assign(before=digest(known, before), course=digest(known, course))[told].drop_duplicates()
    found = []
    for name in arms:
        own = who[who["arm"] == name]
        both = own.groupby(["before", "course"]).size().to_numpy()
        found.append((name, TWINS, PEOPLE, int(both[both > 1].sum()), len(own)))
        found.append((name, TWINS, PAIRS, _pairs(both), _by_chance(own, _pairs(both))))
    return found


def _by_chance(own: pd.DataFrame, pairs: int) -> int:
    """Return how many pairs of an arm would agree in everything by chance, rounded up.

    Pairs that are alike beforehand and not in the course of care are so by chance; from them follows how many are alike
    in both. One is added to them, since of few there may be none.
    """
    alike = _pairs(own.groupby("before").size().to_numpy())
    agree = _pairs(own.groupby("course").size().to_numpy()) / max(_pairs(np.array([len(own)])), 1)
    # Where most courses are the same they tell nobody apart.
    return int(np.ceil((alike - pairs + 1) * agree / (1 - agree))) if agree < _SAME else alike


def _pairs(sizes: np.ndarray) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _facts(known: pd.DataFrame, covariates: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns that were known before care, and those that say how it went."""
    person, episode = ([c.name for c in contract(table).columns] for table in ("person", "episode"))
    there = [c for c in known if known[c].notna().any() and not str(c).endswith("_id")]
    before = {*person, *KNOWN_AT_ASSIGNMENT, *covariates} - {"death_day", *PRESCRIBED}
    course = {"death_day", *episode} - {*ASSIGNMENT, *KNOWN_AT_ASSIGNMENT}
    return [c for c in there if c in before], [c for c in there if c in course]


def _again(members: pd.DataFrame, episode: pd.DataFrame, arms: list[str]) -> list[tuple]:
    """Return whose people have a second episode; nothing where the records are of one year, or do not say."""
    if "period" not in episode or episode["period"].isna().all():
        return []
    periods = pd.Series(episode["period"].dropna().unique()).astype("str")
    if periods.str.extract(_YEAR)[0].nunique() < 2:
        return []
    several = episode["person_id"][episode["person_id"].duplicated()]
    people = members[["person_id", "arm"]].drop_duplicates()
    again = people["person_id"].isin(several).groupby(people["arm"].astype("str")).agg(["sum", "size"])
    return [(arm, AGAIN, PEOPLE, int(again.loc[arm, "sum"]), int(again.loc[arm, "size"])) for arm in arms]
