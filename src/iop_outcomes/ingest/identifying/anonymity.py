"""How many people share what a stranger may know of somebody: k-anonymity of quasi-identifiers.

It counts single people and small groups, so that it stands beside the canonical tables and is never released.
"""

from collections.abc import Mapping

import pandas as pd

from iop_outcomes import tables as contracts

#: What a neighbour or an employer may know, in the order in which it is added.
PERSON = ("age_years", "age_band", "sex", "race_ethnicity")
EPISODE = ("site_id", "period", "level_of_care")
#: Baseline columns of which a stranger may know, by parts of their names.
KNOWN_OF_OTHERS = ("employ", "education", "marital", "housing", "veteran", "pregnan", "living", "referral", "payer")
#: People who must share it for a group to be no small one.
ENOUGH = 11


def anonymity(records: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how many people share their quasi-identifiers, one at a time more of them known.

    Parameters
    ----------
    records : mapping
        Canonical tables.

    Returns
    -------
    DataFrame
        The table ``anonymity``: a row for each number of columns known, each with those before it. A missing cell is a
        value like any other. Of several episodes of a person the first counts.
    """
    people = _people(records)
    known = [str(column) for column in people if people[column].notna().any()]
    rows = []
    for n in range(1, len(known) + 1):
        size = people.groupby(known[:n], dropna=False, observed=True).size()
        alone, few = int((size == 1).sum()), int(size[size < ENOUGH].sum())
        rows.append((n, ", ".join(known[:n]), len(people), len(size), int(size.min()), alone, few))
    columns = [column.name for column in contracts.contract("anonymity").columns]
    return contracts.conform(pd.DataFrame(rows, columns=columns), "anonymity")


def _people(records: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row per person with what others may know, ages in whole years."""
    person = records["person"].set_index("person_id")
    episode = records["episode"].sort_values(["assignment_day", "episode_id"]).drop_duplicates("person_id")
    found = person[[c for c in PERSON if c in person]].astype(object)
    if "age_years" in found:
        found["age_years"] = pd.to_numeric(found["age_years"]).floordiv(1)
    first = episode.set_index("person_id")
    for column in [c for c in EPISODE if c in first]:
        found[column] = first[column].astype(object).reindex(found.index)
    baseline = records["baseline"].set_index("episode_id") if len(records["baseline"]) else pd.DataFrame()
    for column in [str(c) for c in baseline if any(part in str(c).lower() for part in KNOWN_OF_OTHERS)]:
        found[column] = first["episode_id"].map(baseline[column].astype(object)).reindex(found.index)
    return found


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
