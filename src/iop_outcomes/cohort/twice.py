"""Is somebody there twice? People who agree with another id in everything, and ids that are never admitted again.

Whoever is there under two ids counts as two people, and every interval is too short. That two people agree in what is
on record happens by chance, too, and the more often the coarser the records are. How often is told by the records
themselves: two who agree by chance are of different arms as often as of one, and two ids of one person are of one.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.study.before_time_zero import ASSIGNMENT, PRESCRIBED
from iop_outcomes.tables import contract
from iop_outcomes.tables.follow_up import AGAIN, PAIRS, PEOPLE, TWINS
from iop_outcomes.tables.keys import digest
from iop_outcomes.tables.parts import Table

#: What says to which arm somebody belongs, or where: alike for all of an arm, so that it tells no two people apart.
_OF_ARM = (*ASSIGNMENT, *PRESCRIBED, "site_id")
_YEAR = r"((?:19|20)\d\d)"


def people_twice(
    members: pd.DataFrame, assigned: pd.DataFrame, covariates: Sequence[str], records: Mapping[str, Table]
) -> pd.DataFrame:
    """Return, by arm, who agrees with another id and who was admitted again, as rows of the table ``recording``.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``.
    assigned : DataFrame
        Of :func:`iop_outcomes.cohort.build.candidates_of`.
    covariates : sequence of str
        Of the study; they are held against each other with what people and episodes have on record.
    records : mapping of str to DataFrame
        Canonical tables.

    Returns
    -------
    DataFrame
        ``arm``, ``what``, ``level``, ``n`` and ``n_all``: people of the arm who agree with another of it, of all of the
        arm; pairs of them, and pairs of one of the arm with one of another; and, where the records span years, people
        with a second episode.
    """
    arms = sorted(members["arm"].astype("str").unique())
    rows = [*_twins(members, assigned, covariates, arms), *_again(members, records["episode"], arms)]
    return pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])


def _twins(members: pd.DataFrame, assigned: pd.DataFrame, covariates: Sequence[str], arms: list[str]) -> list[tuple]:
    known = assigned.reindex(members["member_id"])
    names = _told_apart_by(known, covariates)
    if not names:
        return []
    alike = pd.DataFrame({"person": members["person_id"].to_numpy(), "facts": digest(known, names)})
    once = (~alike.duplicated()).to_numpy()
    arm = pd.Categorical(members["arm"].astype("str"), categories=arms).codes[once].astype(np.intp)
    group = np.unique(alike["facts"].to_numpy()[once], return_inverse=True)[1]
    n = np.bincount(group * len(arms) + arm, minlength=(int(group.max(initial=-1)) + 1) * len(arms))
    n = n.reshape(-1, len(arms))
    found = []
    for code, name in enumerate(arms):
        own, others = n[:, code], n.sum(axis=1) - n[:, code]
        found.append((name, TWINS, PEOPLE, int(own[own > 1].sum()), int(own.sum())))
        found.append((name, TWINS, PAIRS, int((own * (own - 1) // 2).sum()), int((own * others).sum())))
    return found


def _told_apart_by(known: pd.DataFrame, covariates: Sequence[str]) -> list[str]:
    ours = [column.name for table in ("person", "episode") for column in contract(table).columns]
    names = [name for name in dict.fromkeys([*ours, *covariates]) if name in known and name not in _OF_ARM]
    return [name for name in names if not name.endswith("_id") and known[name].notna().any()]


def _again(members: pd.DataFrame, episode: pd.DataFrame, arms: list[str]) -> list[tuple]:
    """Return whose people have a second episode; nothing where the records are of one year, or do not say."""
    if "period" not in episode or episode["period"].isna().all():
        return []
    years = episode["period"].dropna().astype("str").str.extract(_YEAR)[0].dropna().unique()
    if len(years) < 2:
        return []
    several = episode["person_id"][episode["person_id"].duplicated()]
    people = members[["person_id", "arm"]].drop_duplicates()
    again = people["person_id"].isin(several).groupby(people["arm"].astype("str")).agg(["sum", "size"])
    return [(arm, AGAIN, PEOPLE, int(again.loc[arm, "sum"]), int(again.loc[arm, "size"])) for arm in arms]
