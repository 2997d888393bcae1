"""What a release remembers of people's records, so that of two releases no mean, curve or cost tells of a few of them.

Every released number is made of the records of those who are counted. Where of no column the values of a few people of
an arm, and not of nobody, are others than before, no number of that column differs by what a few people's records say.
"""

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DisclosureError, counted
from iop_outcomes.release.disclosure import ReleaseRules, write_bytes
from iop_outcomes.release.predecessors import RECORDS, forget
from iop_outcomes.study import Study
from iop_outcomes.tables.lookup import all_different, rows_of

#: Tables with a row for each member, of which released numbers are made, and columns that name people.
_OF_MEMBERS = ("cohort", "covariates", "outcomes")
_NAMES = ("member_id", "person_id", "episode_id")
_ARM = "cohort: arm"


def records(
    tables: Mapping[str, pd.DataFrame], secret: bytes, defined: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return keyed digests of what is known of each member.

    Parameters
    ----------
    tables : mapping
        Contract tables by name; ``cohort``, ``covariates`` and ``outcomes`` are read.
    secret : bytes
        The key of the study. Without it nobody can find a value by trying.
    defined : mapping of str to str, optional
        Of outcomes how they are defined (:func:`definitions`); of another definition it is another column.

    Returns
    -------
    pandas.DataFrame
        A row for each member, under the digest of the person and of which of theirs it is; a column of digests for each
        column of the tables.
    """
    cohort, defined = tables.get("cohort"), defined or {}
    if cohort is None or cohort.empty or "member_id" not in cohort:
        return pd.DataFrame()
    person = cohort["person_id" if "person_id" in cohort else "member_id"].astype("str")
    again = "0" if all_different(person) else person.groupby(person).cumcount().astype("str")
    one = person + ":" + again
    found = {}
    for name in _OF_MEMBERS:
        table = tables.get(name)
        if table is None or "member_id" not in table:
            continue
        known = rows_of(table, "member_id", cohort["member_id"])
        for column in known.columns.difference(list(_NAMES), sort=False):
            said = f"{name}: {column} {defined.get(column, '')}".strip()
            # Four bytes of each are enough: what is sought is whether a value changed.
            found[said] = _digests(known[column], secret).astype(np.uint32)
    # No two are the same text, so that none need be looked for.
    members = pd.util.hash_array(one.to_numpy(object), hash_key=_key(secret), categorize=False)
    return pd.DataFrame(found, index=pd.Index(members, name="member"))


def definitions(study: Study) -> dict[str, str]:
    """Return how each outcome of a study is defined: by its settings, and within how many days."""
    days = study.cohort.follow_up_days
    return {name: f"{days} days, {asked!r}" for name, asked in study.metrics.items()}


def refuse_mended(now: pd.DataFrame, folder: Path, rules: ReleaseRules) -> None:
    """Refuse a release of which a few people's records are others than in an earlier one.

    Parameters
    ----------
    now : pandas.DataFrame
        What :func:`records` returned.
    folder : path
        Where earlier releases are remembered.
    rules : ReleaseRules

    Raises
    ------
    DisclosureError
        Names the first column, and never how many people or who.
    """
    for file in sorted((folder / RECORDS).glob("*.parquet")):
        before = pd.read_parquet(file)
        both, columns = now.index.intersection(before.index), now.columns.intersection(before.columns)
        if not len(both) or _ARM not in columns:
            continue
        differs = now.loc[both, columns] != before.loc[both, columns]
        mended = differs.groupby(now.loc[both, _ARM].to_numpy()).sum()
        few = mended.columns[rules.small(mended).any(axis=0)]
        if len(few):
            raise DisclosureError(
                f"of 1 to {rules.min_cell - 1} people of an arm the records ({_in_words(few)}) are others than in an "
                "earlier release of this study, and whoever has both could tell theirs by the difference of means and "
                f"curves; release again when those of {counted(rules.min_cell, 'person', 'people')} or more have "
                f"changed, or, {forget(folder)}"
            )


def changed_since(now: pd.DataFrame, folder: Path) -> dict[str, list[str]]:
    """Return, by the name of each earlier release's records of the same people in the same arms, which columns changed.

    A column that only one of them has did not change: what was counted by it is a part of the same people.

    Parameters
    ----------
    now : pandas.DataFrame
        What :func:`records` returned.
    folder : path
        Where earlier releases are remembered.
    """
    found = {}
    for file in sorted((folder / RECORDS).glob("*.parquet")):
        before = pd.read_parquet(file)
        if _ARM not in now or _ARM not in before or not _same_people(now.index, before.index):
            continue
        before = before.loc[now.index]
        if (now[_ARM] == before[_ARM]).all():
            both = now.columns.intersection(before.columns)
            same = {_name(column) for column in both if (now[column] == before[column]).all()}
            names = {_name(column) for column in now} & {_name(column) for column in before}
            found[file.stem] = sorted(names - same)
    return found


def _same_people(these: pd.Index, those: pd.Index) -> bool:
    return these.equals(those) or set(these) == set(those)


def remember_records(now: pd.DataFrame, folder: Path) -> str:
    """Keep the digests of a release, the same ones once, and return their name; empty where there are none."""
    if now.empty:
        return ""
    name = blake2b(pd.util.hash_pandas_object(now).to_numpy().tobytes(), digest_size=8).hexdigest()
    file = folder / RECORDS / f"{name}.parquet"
    if not file.is_file():
        write_bytes(now.to_parquet(), file)
    return name


def _digests(values: pd.Series, secret: bytes) -> np.ndarray:
    # Of a column most people share their value with others, and text is slow to make.
    code, different = pd.factorize(values, use_na_sentinel=False)
    text = pd.Series(different).astype("str").to_numpy(object)
    return pd.util.hash_array(text, hash_key=_key(secret))[code]


def _key(secret: bytes) -> str:
    return secret.hex()[:16]


def _in_words(columns: pd.Index) -> str:
    """Return the first columns by their names alone."""
    return ", ".join(dict.fromkeys(_name(column) for column in columns[:3]))


def _name(column: str) -> str:
    """Return a column by its name alone, without its table and how it is defined."""
    return str(column).partition(": ")[2].partition(" ")[0]
