"""What a study will be able to answer with these records: people by arm, metrics, analyses, and what nobody has."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.check.arms import between_arms
from iop_outcomes.check.findings import Findings
from iop_outcomes.check.hidden import hidden_levels
from iop_outcomes.cohort.build import OTHER, assign_arms, build_cohort
from iop_outcomes.cohort.hindsight import ties
from iop_outcomes.kernel.errors import StudyError, counted, did_you_mean
from iop_outcomes.study import Study
from iop_outcomes.study.before_time_zero import covariate_homes
from iop_outcomes.tables.capability import unmet

Records = Mapping[str, pd.DataFrame]


def look_ahead(study: Study, records: Records, found: Findings) -> None:
    """Add to the findings what the study can answer and what it cannot."""
    empty = _arms(study, records, found)
    _covariates(study, records, found)
    refused = _metrics(study, records, found)
    possible = []
    for name, analysis in study.analyses.items():
        lacking = [arm for arm in study.contrast(analysis) if arm in empty]
        if analysis.outcome in refused:
            found.refused.append(f"analysis {name}: its outcome '{analysis.outcome}' is refused")
        elif lacking:
            found.refused.append(f"analysis {name}: nobody is in '{lacking[0]}'")
        else:
            possible.append(name)
    if study.analyses:
        names = f": {', '.join(possible)}" if possible else ""
        found.answers.append(
            f"{len(possible)} of {counted(len(study.analyses), 'analysis', 'analyses')} possible{names}"
        )
    if not found.problems and len(records["episode"]):
        found.doubts += between_arms(study, records)
    if not found.problems:
        _cohort(study, records, empty, found)


def _arms(study: Study, records: Records, found: Findings) -> list[str]:
    """Count people by arm before any rule, and return the arms in which nobody is."""
    episode = records["episode"]
    if episode.empty:
        return []
    try:
        arm = assign_arms(episode, study.cohort.arms)
    except StudyError as problem:
        found.problems.append(str(problem))
        return []
    people = episode["person_id"].groupby(arm).nunique()
    empty = [name for name in study.cohort.arms if name not in people]
    for name in empty:
        selection = study.cohort.arms[name]
        listed = "; ".join(_there(episode, column) for column in selection)
        asked = ", ".join(f"{column}: {value}" for column, value in selection.items())
        _place_of_empty(study, empty, found).append(f"cohort.arms.{name}: no episode has {asked}; {listed}")
    counts = [f"{people.get(name, 0):,} in {name}" for name in study.cohort.arms]
    other = f", {people[OTHER]:,} in none" if OTHER in people else ""
    found.answers.append(f"people by arm, before any rule: {', '.join(counts)}{other}")
    return empty


def _place_of_empty(study: Study, empty: list[str], found: Findings) -> list[str]:
    """Return where to tell of arms in which nobody is: where some analysis compares others, the study runs without."""
    without = [a for a in study.analyses.values() if not set(study.contrast(a)) & set(empty)]
    return found.refused if without else found.problems


def _there(episode: pd.DataFrame, column: str) -> str:
    if column not in episode or episode[column].isna().all():
        return f"the records have no {column}"
    counts = episode[column].dropna().astype("str").value_counts().sort_index()
    return f"there are {', '.join(f'{code} ({n:,})' for code, n in counts.head(8).items())}"


def _covariates(study: Study, records: Records, found: Findings) -> None:
    """Name covariates that no table holds, and those in which nothing is recorded."""
    known: dict[str, pd.Series] = {}
    for table, columns in covariate_homes().items():
        frame = records[table]
        for column in columns or [str(c) for c in frame if c != "episode_id"]:
            if column in frame:
                known.setdefault(column, frame[column])
    for name in dict.fromkeys([*study.covariate_names, *study.describe_by]):
        if name not in known and len(records["episode"]):
            found.problems.append(
                f"covariates: there is no column '{name}' in the records; {did_you_mean(name, known)}"
            )
        elif name in known and len(known[name]) and known[name].isna().all():
            found.doubts.append(f"covariates: '{name}' is recorded of nobody")
    for name in [n for n in study.covariate_names if n in known]:
        values = known[name].dropna()
        if not pd.api.types.is_numeric_dtype(values) and values.nunique() > max(50, len(values) / 10):
            found.doubts.append(
                f"covariates: '{name}' holds {values.nunique():,} different texts in {counted(len(values), 'row')}, as "
                "free text or an id does; group them, or leave the column out"
            )


def _metrics(study: Study, records: Records, found: Findings) -> set[str]:
    refused = set()
    for name in study.metrics:
        plugin, _ = study.metric(name)
        why = unmet(plugin.needs, records["capability"], records)
        if why:
            refused.add(name)
            found.refused.append(f"metric {name}: it {why}")
    if study.metrics:
        found.answers.append(f"{len(study.metrics) - len(refused)} of {counted(len(study.metrics), 'metric')} possible")
    return refused


def _cohort(study: Study, records: Records, never: list[str], found: Findings) -> None:
    """Draw the cohort, and look whether what decides the comparison knows what came later."""
    try:
        members, attrition = build_cohort(records, study.cohort)
    except StudyError as problem:
        found.problems.append(str(problem))
        return
    sizes = members["arm"].value_counts()
    found.answers.append(
        f"people in the cohort, after every rule: {', '.join(f'{sizes.get(a, 0):,} in {a}' for a in study.cohort.arms)}"
    )
    empty = [name for name in study.cohort.arms if not sizes.get(name, 0)]
    for name in [name for name in empty if name not in never]:
        steps = attrition[attrition["arm"].astype("str") == name]
        rule = steps["rule"].iloc[int((steps["n_after"] == 0).to_numpy().argmax())]
        _place_of_empty(study, empty, found).append(f"cohort: nobody of '{name}' is left after the rule '{rule}'")
    if not found.problems:
        found.hidden += hidden_levels(study, members, records)
    close = ties(records, study.cohort, [c for c in study.covariate_names if c not in study.measured_by_assignment])
    strength_of = close["strength"].astype(float)
    strong = close[np.isfinite(strength_of) & (strength_of > study.gate.max_hindsight)]
    for role, name, later, strength in strong[["role", "name", "later", "strength"]].itertuples(index=False, name=None):
        found.doubts.append(
            f"{role} '{name}' goes so closely with {later} ({strength:.2f} of 1) that it was most "
            "likely recorded after the assignment; leave it out, or give its measured_day"
        )
