"""What arms look like in records that cannot compare them: one without records, or with sites and years of its own.

Every rule is kept by such records, and a study of them ends with an answer that is withheld, or worse. A person should
know before it runs.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from iop_outcomes.cohort.build import assign_arms
from iop_outcomes.cohort.door import set_aside_by_arm
from iop_outcomes.kernel.errors import counted
from iop_outcomes.study import Study
from iop_outcomes.study.before_time_zero import covariate_homes
from iop_outcomes.tables.follow_up import AT_THE_DOOR

Records = Mapping[str, pd.DataFrame]

#: People of an arm below which nothing is told from what they lack.
ENOUGH = 10


def between_arms(study: Study, records: Records) -> list[str]:
    """Return a sentence for everything by which the arms of a study can hardly be compared.

    Parameters
    ----------
    study : Study
    records : mapping
        Canonical tables.
    """
    episode = records["episode"]
    arm = assign_arms(episode, study.cohort.arms)
    people = arm.value_counts()
    large = [name for name in study.cohort.arms if people.get(name, 0) >= ENOUGH]
    if len(large) < 2:
        return []
    inside = arm.isin(large).to_numpy()
    episode, arm = episode[inside], arm[inside].astype("str")
    looks = (_recorded_of_one, _apart, _same_hours)
    return [
        *(sentence for look in looks for sentence in look(episode, arm, records)),
        *_telling_covariates(study, episode, arm, records),
        *_set_aside_of_one(study, records, large),
    ]


def _recorded_of_one(episode: pd.DataFrame, arm: pd.Series, records: Records) -> Iterator[str]:
    """Tell of tables in which an arm has no record at all: nobody comes, is tested or asked so differently."""
    for table, key in (("session", "episode_id"), ("drug_test", "person_id"), ("use_report", "person_id")):
        if records[table].empty:
            continue
        has = episode[key].isin(records[table][key])
        seen = {name: (int(has[arm == name].sum()), int((arm == name).sum())) for name in arm.unique()}
        lacking, most = min(seen, key=lambda name: seen[name][0]), max(seen, key=lambda name: seen[name][0])
        if not seen[lacking][0] and seen[most][0] >= ENOUGH:
            yield (
                f"{table}: nobody in {lacking} has a row, of {seen[lacking][1]:,}, and in {most} {seen[most][0]:,} of "
                f"{seen[most][1]:,} have; look whether a file is missing"
            )


def _set_aside_of_one(study: Study, records: Records, arms: list[str]) -> Iterator[str]:
    """Tell of tables of which one arm lost more rows than the gate allows; what is lost is seldom lost by chance."""
    counts = set_aside_by_arm(records, study.cohort)
    counts = counts[(counts["what"] == AT_THE_DOOR) & counts["arm"].isin(arms)]
    for table, rows in counts.groupby("level", sort=False):
        share = (rows["n"] / rows["n_all"]).set_axis(rows["arm"])
        if share.max() - share.min() > study.gate.max_loss_difference:
            most, least = str(share.idxmax()), str(share.idxmin())
            yield (
                f"{table}: {share[most]:.0%} of the rows of {most} are set aside and {share[least]:.0%} of those of "
                f"{least}; look what the rows are in which the file of one arm breaks a rule"
            )


def _apart(episode: pd.DataFrame, arm: pd.Series, records: Records) -> Iterator[str]:
    """Tell of sites and times of which none has people of two arms: nobody is compared with people like them there."""
    for column, each, what in (
        ("site_id", "site", "what differs between the sites cannot be told from what differs between the arms"),
        ("period", "time", "what changed with time cannot be told from what differs between the arms"),
    ):
        if column not in episode or episode[column].isna().all():
            continue
        arms = arm.groupby(episode[column].astype("str")).nunique()
        if len(arms) > 1 and (arms == 1).all():
            n = counted(len(arms), each)
            yield f"episode.{column}: every one of {n} has people of one arm only, so that {what}"


def _same_hours(episode: pd.DataFrame, arm: pd.Series, records: Records) -> Iterator[str]:
    if "prescribed_hours_per_week" not in episode or "level_of_care" not in episode:
        return
    level = episode["level_of_care"].astype("str")
    said = episode["prescribed_hours_per_week"].groupby(level).median().reindex(["1", "2.1"])
    if said.notna().all() and said["1"] == said["2.1"]:
        yield (
            f"episode.prescribed_hours_per_week: {said['1']:g} at the median for level 1 and level 2.1 alike; look "
            "whether these are the hours of one programme, and where the levels come from"
        )


def _telling_covariates(study: Study, episode: pd.DataFrame, arm: pd.Series, records: Records) -> Iterator[str]:
    """Tell of covariates that say nothing, as all are alike, or everything, as each level is in one arm only."""
    arm_of = {key: arm.set_axis(episode[key].astype("str")) for key in ("episode_id", "person_id")}
    homes = {table: columns for table, columns in covariate_homes().items() if table != "site"}
    for name in study.covariate_names:
        for table in [t for t in homes if name in records[t] and set(arm_of) & set(records[t])]:
            key = "episode_id" if "episode_id" in records[table] else "person_id"
            values = records[table][[key, name]].dropna()
            levels = values[name].astype("str")
            n = levels.nunique()
            if n == 1 and len(values) >= ENOUGH:
                yield f"covariates: '{name}' is the same of everybody, so that it tells nothing; leave it out"
            if 1 < n <= ENOUGH and not pd.api.types.is_float_dtype(values[name]):
                of_level = levels.set_axis(values[key].astype("str")).rename("level").to_frame()
                both = of_level.join(arm_of[key].rename("arm").groupby(level=0).first(), how="inner")
                pairs = both.drop_duplicates()
                if pairs["level"].is_unique and len(pairs["arm"].unique()) > 1:
                    yield (
                        f"covariates: '{name}' says which arm somebody is in, as each of its {n} levels is of one arm "
                        "only; it is a name of the arm, or recorded after the assignment; leave it out"
                    )
