"""Eligibility rules: each keeps or drops episodes by what was known at time zero.

A rule gets the candidate episodes (with ``time_zero_day``, the columns of their person and their baseline covariates)
and the canonical tables, and returns one truth value per candidate. Its label stands in the flow diagram, with the
settings of the rule filled in.
"""

from collections.abc import Callable, Mapping
from typing import Annotated

import pandas as pd
from pydantic import Field

from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import eligibility

Records = Mapping[str, pd.DataFrame]
Days = Annotated[int, Field(ge=1)]

#: Ambulatory care of IOP intensity or more, and everything with a bed.
INTENSIVE = ("2.1", "2.5", "3", "4")


@eligibility(label="At least {years} years old", needs=("person.age_years|person.age_band",))
def adult(candidates: pd.DataFrame, records: Records, *, years: Annotated[int, Field(ge=0)] = 18) -> pd.Series:
    """Keep people of at least the given age; an unknown age is not adult."""
    if "age_band" not in candidates or ("age_years" in candidates and candidates["age_years"].notna().any()):
        return candidates["age_years"] >= years
    return _by_level(candidates["age_band"], lambda band: band.str.extract(r"(\d+)")[0].astype(float) >= years)


@eligibility(label="Substance use disorder", needs=("baseline.substance_use_diagnosis|baseline.primary_substance",))
def substance_use_diagnosis(candidates: pd.DataFrame, records: Records) -> pd.Series:
    """Keep people with a substance use disorder; where none is recorded, those for whom a substance is named."""
    if "substance_use_diagnosis" in candidates:
        return _said_yes(candidates["substance_use_diagnosis"])
    nothing = ["none", "missing", "unknown"]
    return _by_level(candidates["primary_substance"], lambda name: name.notna() & ~name.str.lower().isin(nothing))


@eligibility(label="No intensive care in the {days} days before", needs=("service.level_of_care",))
def no_recent_intensive_care(candidates: pd.DataFrame, records: Records, *, days: Days = 60) -> pd.Series:
    """Keep people without intensive outpatient, day, residential or inpatient care in the days before time zero."""
    service = records["service"]
    service = service.loc[service["level_of_care"].isin(INTENSIVE), ["person_id", "day"]]
    pairs = candidates[["person_id", "time_zero_day"]].reset_index().merge(service, on="person_id")
    before = pairs["time_zero_day"] - pairs["day"]
    recent = pairs.loc[(before >= 1) & (before <= days), candidates.index.name]
    return pd.Series(~candidates.index.isin(recent), index=candidates.index)


@eligibility(label="No intensive care in the 60 days before", needs=("service.level_of_care",))
def no_intensive_care_in_prior_60_days(candidates: pd.DataFrame, records: Records) -> pd.Series:
    """Keep people without intensive care in the 60 days before time zero (Washington Circle's service-free time)."""
    return no_recent_intensive_care(candidates, records, days=60)


@eligibility(label="No medication for opioid use disorder planned", needs=("baseline.opioid_medication",))
def no_planned_opioid_medication(candidates: pd.DataFrame, records: Records) -> pd.Series:
    """Keep episodes without planned medication for opioid use disorder.

    SAMHSA counts episodes with it as a class of their own, outside both outpatient and intensive outpatient care.
    """
    return ~_said_yes(candidates["opioid_medication"])


@eligibility(label="{column} is recorded")
def recorded(candidates: pd.DataFrame, records: Records, *, column: str) -> pd.Series:
    """Keep episodes for which one baseline column is known."""
    if column not in candidates:
        raise StudyError(f"cohort.eligibility.recorded: there is no baseline column '{column}' in this source")
    return candidates[column].notna()


@eligibility(label="{column} is one of {values}")
def one_of(candidates: pd.DataFrame, records: Records, *, column: str, values: list[str]) -> pd.Series:
    """Keep episodes whose baseline column has one of the listed values."""
    if column not in candidates:
        raise StudyError(f"cohort.eligibility.one_of: there is no baseline column '{column}' in this source")
    return _by_level(candidates[column], lambda text: text.isin(values))


def _said_yes(answers: pd.Series) -> pd.Series:
    """Return where a yes-or-no column says yes, whether it holds words, numbers or truth values."""
    return _by_level(answers, lambda text: text.str.lower().isin(["yes", "y", "true", "1", "1.0"]))


def _by_level(values: pd.Series, answer: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return an answer to values read as text, asked once of each level where they are categories."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return answer(values.astype("str"))
    levels = pd.Series([*values.cat.categories.astype("str"), None], dtype="str")
    # The code of a missing value is -1, which is the last place.
    return pd.Series(answer(levels).to_numpy()[values.cat.codes.to_numpy()], index=values.index)
