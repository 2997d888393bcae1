"""What was known of each member by time zero: all that a design ever gets to see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.dataset.scores_before import scores_before
from iop_outcomes.kernel.errors import StudyError, did_you_mean
from iop_outcomes.study import before_time_zero as timing
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.canonical import MEASURED_DAY
from iop_outcomes.tables.lookup import positions

#: Calendar time, as far as it is kept.
PERIOD, SITE = "period", "site_id"
#: Levels of a category that is only held against the other arm, and what the rarer ones are called together.
LEVELS, RARE = 12, "any other"

#: Level of a categorical covariate that was not recorded.
MISSING = "missing"

Records = Mapping[str, pd.DataFrame]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Put what was known by time zero into one row per member: the stage ``covariates``."""
    names = [*study.covariate_names, *study.describe_by]
    if study.adjusts_for_calendar and _keeps_time(made):
        names.append(PERIOD)
    grace = study.cohort.assignment.grace_days
    covariates = build_covariates(made["cohort"], made, names, study.cluster, grace, study.merge)
    facts = other_facts(made["cohort"], made, study.covariate_names, grace)
    return {"covariates": covariates, "facts": facts if study.cluster else with_sites(facts, made["cohort"])}


def with_sites(facts: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """Return facts with the site of each member, where there are several: of a study that takes no account of them.

    Parameters
    ----------
    facts, cohort : pandas.DataFrame
        Tables of those contracts.
    """
    site = cohort.set_index("member_id")["site_id"].reindex(facts["member_id"])
    return facts.assign(**{SITE: site.fillna("unknown").to_numpy()}) if len(site.unique()) > 1 else facts


def _keeps_time(records: Records) -> bool:
    """Say whether the source keeps calendar time."""
    episode = records["episode"]
    return PERIOD in episode and bool(episode[PERIOD].notna().any())


def build_covariates(
    cohort: pd.DataFrame,
    records: Records,
    names: Sequence[str],
    cluster: str | None = "site",
    grace_days: int = 0,
    merge: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> pd.DataFrame:
    """Return the ``covariates`` table: arm, cluster and complete baseline covariates.

    A category that was not recorded becomes the level ``missing``; a number that was not recorded becomes the median of
    the others, and ``<name>_missing`` says so.

    Parameters
    ----------
    cohort : pandas.DataFrame
        Table of that contract.
    records : mapping
        Canonical tables.
    names : sequence of str
        Covariates the study asks for.
    cluster : {'site', None}
        Unit whose members are alike.
    grace_days : int
        Days after time zero by which a baseline may have been measured.
    merge : mapping, optional
        By category, levels that are taken as one: the new level, and those it is made of.

    Raises
    ------
    StudyError
        A covariate is in no table, or was recorded for nobody; levels to merge are not there.
    """
    members = cohort.sort_values("member_id").set_index("member_id")
    known = KnownFacts(members, records, grace_days)
    columns: dict[str, pd.Series] = {"arm": members["arm"]}
    if cluster is not None:
        columns["cluster"] = members["site_id"].fillna("unknown").astype("category")
    for name in dict.fromkeys(names):
        if name not in known:
            raise StudyError(f"covariates: this source has no baseline column '{name}'; {did_you_mean(name, known)}")
        values = known[name]
        if values.isna().all():
            raise StudyError(f"covariates: '{name}' is recorded for no member of the cohort; leave it out")
        columns.update(_complete(name, _merged(name, values, (merge or {}).get(name, {}))))
    return pd.DataFrame(columns, index=members.index).reset_index()


def other_facts(cohort: pd.DataFrame, records: Records, adjusted: Sequence[str], grace_days: int = 0) -> pd.DataFrame:
    """Return the ``facts`` table: what is on record of the members from before time zero and is no covariate.

    What was answered to questionnaires by then is among them. What an arm prescribes is part of the treatment, and
    sites are judged by themselves: neither is among them. The period stays, adjusted for or not. Of a category the
    commonest ``LEVELS`` are told apart.

    Parameters
    ----------
    cohort, records, grace_days
        As for :func:`build_covariates`.
    adjusted : sequence of str
        Covariates of the study.
    """
    members = cohort.sort_values("member_id").set_index("member_id")
    known = KnownFacts(members, records, grace_days)
    of_sites = timing.covariate_homes()["site"]
    columns: dict[str, pd.Series] = {}
    for name in known:
        if name != PERIOD and name in (*adjusted, *timing.PRESCRIBED, *of_sites):
            continue
        values = known[name]
        if values.notna().any():
            columns |= {c: _commonest(v) for c, v in _complete(name, values).items() if len(v.unique()) > 1}
    columns |= {name: score for name, score in scores_before(members, records).items() if len(score.unique()) > 1}
    return pd.DataFrame(columns, index=members.index).reset_index()


class KnownFacts(Mapping[str, pd.Series]):
    """Every column that may be a covariate, by name, aligned with the members and read when it is asked for.

    Where two tables have a column of one name the first counts: baseline, person, episode, site. A baseline that was
    measured after time zero is empty.

    Parameters
    ----------
    members : DataFrame
        Table ``cohort``, indexed by member.
    records : mapping
        Canonical tables.
    grace_days : int
        Days after time zero by which a baseline may have been measured.
    """

    def __init__(self, members: pd.DataFrame, records: Records, grace_days: int) -> None:
        self._members, self._grace_days = members, grace_days
        self._tables: dict[str, pd.DataFrame] = {}
        self._home: dict[str, str] = {}
        self._rows: dict[str, np.ndarray] = {}
        self._late: dict[str, np.ndarray] = {}
        for table, columns in timing.covariate_homes().items():
            frame = records.get(table)
            if frame is not None and len(frame):
                self._tables[table] = frame
                own = [n for n in columns or frame if n in frame and n not in (self._key(table), MEASURED_DAY)]
                self._home = dict.fromkeys(own, table) | self._home

    def __iter__(self) -> Iterator[str]:
        return iter(self._home)

    def __len__(self) -> int:
        return len(self._home)

    def __contains__(self, name: object) -> bool:
        return name in self._home

    def __getitem__(self, name: str) -> pd.Series:
        table = self._home[name]
        values = self._of_members(table, name)
        if MEASURED_DAY not in self._tables[table]:
            return values
        if table not in self._late:
            measured = self._of_members(table, MEASURED_DAY)
            known = timing.known_by(measured, self._members["time_zero_day"], self._grace_days)
            self._late[table] = ~known.to_numpy(bool)
        late = self._late[table]
        return values.mask(late) if late.any() else values

    def _key(self, table: str) -> str:
        return "episode_id" if table in ("baseline", "episode") else f"{table}_id"

    def _of_members(self, table: str, name: str) -> pd.Series:
        values = self._tables[table][name].reset_index(drop=True)
        if table not in self._rows:
            key = self._key(table)
            wanted = self._members.index if key == "episode_id" else self._members[key]
            self._rows[table] = positions(self._tables[table][key], wanted)
        rows = self._rows[table]
        found = values.take(rows) if (rows >= 0).all() else values.reindex(rows)
        return found.set_axis(self._members.index)


def _commonest(values: pd.Series) -> pd.Series:
    """Return a category with its rarer levels as one; numbers as they are."""
    if not isinstance(values.dtype, pd.CategoricalDtype) or values.nunique() <= LEVELS:
        return values
    rarer = values.value_counts().index[LEVELS - 1 :]
    names = [RARE if level in rarer else level for level in values.cat.categories]
    return _categories(np.array(names, dtype=object), values.cat.codes.to_numpy(), values.index)


def _merged(name: str, values: pd.Series, groups: Mapping[str, Sequence[str]]) -> pd.Series:
    """Return a category with levels taken as one."""
    if not groups:
        return values
    if _is_number(values):
        raise StudyError(f"merge.{name}: a number has no levels; leave it out")
    values = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("str").astype("category")
    levels = values.cat.categories.astype("str")
    home = {level: new for new, own in groups.items() for level in own}
    for level in home:
        if level not in levels:
            raise StudyError(f"merge.{name}: the records have no level '{level}'; {did_you_mean(level, levels)}")
    for new in groups:
        if new in levels and new not in home:
            raise StudyError(f"merge.{name}: '{new}' is a level itself; list it among those it is made of")
    return values.astype("str").where(values.notna()).replace(home).astype("category")


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _complete(name: str, values: pd.Series) -> dict[str, pd.Series]:
    if not _is_number(values):
        if not isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype("str").astype("category")
        levels = np.array([*values.cat.categories.astype("str"), MISSING], dtype=object)
        return {name: _categories(levels, values.cat.codes.to_numpy(), values.index)}
    numbers = values.astype(float)
    absent = numbers.isna()
    complete = {name: numbers.fillna(np.nanmedian(numbers.to_numpy()))}
    if absent.any():
        complete[f"{name}_missing"] = absent.astype(float)
    return complete


def _categories(names: np.ndarray, codes: np.ndarray, index: pd.Index) -> pd.Series:
    """Return categories in the order of their names, those that nobody has left out; the code -1 is the last name."""
    held = np.flatnonzero(np.bincount(codes % len(names), minlength=len(names)))
    levels, place = np.unique(names[held], return_inverse=True)
    new = np.zeros(len(names), dtype=np.intp)
    new[held] = place
    return pd.Series(pd.Categorical.from_codes(new[codes], pd.Index(levels, dtype="str")), index=index)
