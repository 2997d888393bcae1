"""How many people share what a stranger may know of somebody: k-anonymity of quasi-identifiers.

It counts single people and small groups, so that it stands beside the canonical tables and is never released.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes import tables as contracts
from iop_outcomes.tables.lookup import all_different, positions
from iop_outcomes.tables.parts import Table, columns_of, parts_of

#: What a neighbour or an employer may know, in the order in which it is added.
PERSON = ("age_years", "age_band", "sex", "race_ethnicity")
EPISODE = ("site_id", "period", "level_of_care")
#: Baseline columns of which a stranger may know, by parts of their names.
KNOWN_OF_OTHERS = ("employ", "education", "marital", "housing", "veteran", "pregnan", "living", "referral", "payer")
#: People who must share it for a group to be no small one.
ENOUGH = 11
#: Numbers are marked off on a list of up to so many places for each of them.
LISTED = 4


def anonymity(records: Mapping[str, Table]) -> pd.DataFrame:
    """Return how many people share their quasi-identifiers, one at a time more of them known.

    Parameters
    ----------
    records : mapping
        Canonical tables, whole or in parts.

    Returns
    -------
    DataFrame
        The table ``anonymity``: a row for each number of columns known, each with those before it. A missing cell is a
        value like any other. Of several episodes of a person the first counts.
    """
    people = _people(records)
    known = [str(column) for column in people if people[column].notna().any()]
    group, rows = np.zeros(len(people), dtype=np.int64), []
    for n, column in enumerate(known, 1):
        code = _codes(people[column])
        group = _numbered(group * (code.max() + 1) + code)
        size = np.bincount(group)
        alone, few = int((size == 1).sum()), int(size[size < ENOUGH].sum())
        rows.append((n, ", ".join(known[:n]), len(people), len(size), int(size.min()), alone, few))
    columns = [column.name for column in contracts.contract("anonymity").columns]
    return contracts.conform(pd.DataFrame(rows, columns=columns), "anonymity")


def _numbered(values: np.ndarray) -> np.ndarray:
    """Return whole numbers from 0 on as places among those there are, marked off on a list if it is not too long."""
    size = int(values.max(initial=-1)) + 1
    if size > LISTED * max(len(values), 1):
        return pd.factorize(values)[0].astype(np.int64)
    there = np.zeros(size, dtype=bool)
    there[values] = True
    return np.asarray((np.cumsum(there) - 1)[values])


def _codes(values: pd.Series) -> np.ndarray:
    """Return a number for each value, the missing with one of their own."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(np.int64) + 1
    return pd.factorize(values)[0].astype(np.int64) + 1


def _people(records: Mapping[str, Table]) -> pd.DataFrame:
    """Return a row per person with what others may know, ages in whole years."""
    found = columns_of(records["person"], ("person_id", *PERSON))
    found = found[["person_id", *(c for c in PERSON if c in found)]]
    if "age_years" in found:
        found["age_years"] = pd.to_numeric(found["age_years"]).floordiv(1)
    order = ("episode_id", "person_id", "assignment_day", *EPISODE)
    first = columns_of(records["episode"], order)
    if not all_different(first["person_id"]):
        first = first.sort_values(["assignment_day", "episode_id"]).drop_duplicates("person_id")
    at = positions(first["person_id"], found["person_id"])
    for column in [c for c in EPISODE if c in first]:
        found[column] = _taken(first[column], at)
    if len(records["baseline"]):
        names = [str(c) for c in next(iter(parts_of(records["baseline"]))) if _is_known_of_others(str(c))]
        baseline = columns_of(records["baseline"], ("episode_id", *names))
        there = positions(baseline["episode_id"], _taken(first["episode_id"], at))
        for column in names:
            found[column] = _taken(baseline[column], there)
    return found.drop(columns="person_id")


def _is_known_of_others(column: str) -> bool:
    return any(part in column.lower() for part in KNOWN_OF_OTHERS)


def _taken(values: pd.Series, at: np.ndarray) -> pd.Series:
    """Return the values at some places, missing where the place is -1."""
    return values.reset_index(drop=True).reindex(at).reset_index(drop=True)


def more_exact_than_a_year(records: Mapping[str, pd.DataFrame]) -> str:
    """Return a sentence where the calendar time that is kept is more exact than Safe Harbor allows; else nothing."""
    period = records["episode"].get("period")
    if period is None or not period.dropna().astype("str").str.contains(r"[Qq]\d|\d{4}\D\d|\d{6}").any():
        return ""
    return (
        "episode.period: more exact than a year, which Safe Harbor does not allow; with it the tables are a limited "
        "data set at most (kind: sheets has as: year)"
    )


def in_words(counts: pd.DataFrame) -> str:
    """Return a sentence on the last row: everything known together."""
    if counts.empty:
        return ""
    last = counts.iloc[-1]
    return (
        f"known of a person together ({last['columns']}): {last['n_alone']:,} of {last['n_people']:,} people share it "
        f"with nobody and {last['n_few']:,} with fewer than {ENOUGH - 1} others, so that the tables stay inside; a run "
        "keeps the counts in canonical/anonymity.parquet"
    )
