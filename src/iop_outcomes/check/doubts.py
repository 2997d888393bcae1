"""What keeps every rule and is most likely not what was meant: hours for minutes, arms swapped, tests far from care."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.tables.canonical import CAME

Records = Mapping[str, pd.DataFrame]

#: No session of treatment is as short as this, and the hours of few are as many.
_SHORTEST_MINUTES, _LONGEST_HOURS = 12, 12
#: Hours a week from which treatment is called intensive (ASAM 2.1).
INTENSIVE_HOURS = 9
#: Hours a week that nobody is prescribed.
_MOST_HOURS = 60
#: Days after the last assignment of a person beyond which a record hardly belongs to their care.
_FAR_DAYS = 1_826
#: Days at the end in which nobody has a record, beyond which people were hardly observed in them.
_UNWATCHED = 366
#: Share of sessions attended that no programme is as low as.
_FEW_CAME = 0.25
#: Records below which nothing is told from what they have in common.
_ENOUGH = 10
#: Days from assignment in which the sessions of the arms are compared.
_FIRST_DAYS = 28


def doubts(records: Records) -> list[str]:
    """Return a sentence for everything odd that no rule forbids.

    Parameters
    ----------
    records : mapping
        Canonical tables.
    """
    looks = (
        *(_hours_for_minutes, _minutes_for_hours, _levels_swapped, _far_days, _weeks_for_days, _observation),
        *(_long_watched, _statuses, _one_of_many, _results, _endings),
    )
    return [sentence for look in looks for sentence in look(records)]


def _hours_for_minutes(records: Records) -> Iterator[str]:
    session = records["session"]
    for column in ("minutes_scheduled", "minutes_attended"):
        if column not in session:
            continue
        minutes = session[column][session[column] > 0]
        if len(minutes) and minutes.median() <= _SHORTEST_MINUTES:
            yield (
                f"session.{column}: half of the sessions last {minutes.median():g} minutes or less, so that these are "
                "most likely hours; give minutes (kind: sheets has unit: hours)"
            )


def _minutes_for_hours(records: Records) -> Iterator[str]:
    for table, column in (("episode", "prescribed_hours_per_week"), ("site", "offered_hours_per_week")):
        hours = records[table][column] if column in records[table] else pd.Series(dtype=float)
        n_many = int((hours > _MOST_HOURS).sum())
        if n_many:
            yield (
                f"{table}.{column}: {counted(n_many, 'row')} of more than {_MOST_HOURS} hours a week, so that these "
                "are most likely minutes; give hours (kind: sheets has unit: minutes_per_week)"
            )


def _levels_swapped(records: Records) -> Iterator[str]:
    """Level 2.1 is nine hours a week or more and level 1 fewer (ASAM); the reverse is a swap of codes."""
    episode = records["episode"]
    level = episode["level_of_care"].astype("str") if "level_of_care" in episode else pd.Series(dtype="str")
    if not {"1", "2.1"} <= set(level):
        return
    hours = episode.get("prescribed_hours_per_week", pd.Series(np.nan, index=episode.index))
    said = {name: hours[level == name].median() for name in ("1", "2.1")}
    if said["2.1"] < said["1"]:
        yield (
            f"episode.level_of_care: level 2.1 is prescribed {said['2.1']:g} hours a week at the median and level 1 "
            f"{said['1']:g}; intensive outpatient care is {INTENSIVE_HOURS} hours or more, so that the codes are most "
            "likely swapped"
        )
        return
    early = _early_sessions(records)
    if early is None:
        return
    seen = {name: early[level == name].mean() for name in ("1", "2.1")}
    if seen["2.1"] < seen["1"]:
        yield (
            f"episode.level_of_care: in the first {_FIRST_DAYS} days people of level 2.1 have {seen['2.1']:.1f} "
            f"{early.name} on average and those of level 1 {seen['1']:.1f}; the codes are most likely swapped"
        )


def _early_sessions(records: Records) -> pd.Series | None:
    """Return hours scheduled in the first weeks of each episode, or appointments where there are no minutes."""
    session, episode = records["session"], records["episode"].set_index("episode_id")
    if session.empty:
        return None
    since = session["day"] - session["episode_id"].map(episode["assignment_day"])
    first = session[since.between(0, _FIRST_DAYS - 1)]
    minutes = first.get("minutes_scheduled")
    timed = minutes is not None and bool(minutes.notna().all()) and len(minutes) > 0
    amount = minutes / 60 if minutes is not None and timed else pd.Series(1.0, index=first.index)
    each = amount.groupby(first["episode_id"].astype("str")).sum()
    found = records["episode"]["episode_id"].map(each).fillna(0.0)
    return found.rename("hours" if timed else "appointments")


def _far_days(records: Records) -> Iterator[str]:
    last = records["episode"].groupby("person_id")["assignment_day"].max()
    for table in ("drug_test", "use_report", "assessment"):
        frame = records[table]
        if frame.empty:
            continue
        far = int((frame["day"] - frame["person_id"].map(last) > _FAR_DAYS).sum())
        if far:
            yield (
                f"{table}.day: {counted(far, 'row')} lie more than five years after the person's last assignment; look "
                "whether these are days as a program stores dates"
            )


def _weeks_for_days(records: Records) -> Iterator[str]:
    """Tests are weeks or days apart; on consecutive days, person after person, they are counted in weeks."""
    tests = records["drug_test"]
    days = tests[["person_id", "day"]].drop_duplicates().sort_values(["person_id", "day"]) if len(tests) else tests
    gaps = days.groupby("person_id", observed=True)["day"].diff().dropna() if len(days) else pd.Series(dtype=float)
    if len(gaps) >= _ENOUGH and gaps.median() <= 1:
        yield (
            "drug_test.day: half of the tests follow the day after another of the same person, so that these are most "
            "likely weeks; give days"
        )


def _observation(records: Records) -> Iterator[str]:
    episode = records["episode"]
    if "observation_end_day" not in episode or episode["observation_end_day"].isna().all():
        yield (
            "episode.observation_end_day: not on record, so that everybody counts as watched to the end of follow-up, "
            "also those assigned shortly before the data were drawn; give the day of drawing (kind: sheets has drawn)"
        )
        return
    ends = episode.groupby("person_id")["observation_end_day"].max()
    for table in ("drug_test", "use_report", "assessment"):
        frame = records[table]
        late = int((frame["day"] > frame["person_id"].map(ends)).sum()) if len(frame) else 0
        if late:
            yield f"{table}.day: {counted(late, 'row')} lie after the person's observation_end_day"


def _long_watched(records: Records) -> Iterator[str]:
    """Somebody has a record shortly before the data were drawn; where nobody has for a year, the day is wrong."""
    episode = records["episode"]
    if "observation_end_day" not in episode:
        return
    of_episode = episode.set_index("episode_id")["person_id"]
    own = records["session"].assign(person_id=lambda rows: rows["episode_id"].map(of_episode))
    last = [own, *(records[table] for table in ("drug_test", "use_report", "assessment"))]
    days = pd.concat([rows[["person_id", "day"]] for rows in last if len(rows)] or [own[["person_id", "day"]]])
    ends = episode.groupby("person_id")["observation_end_day"].max()
    gaps = (ends - days.groupby("person_id")["day"].max()).dropna()
    if len(gaps) >= _ENOUGH and gaps.min() > _UNWATCHED:
        yield (
            f"episode.observation_end_day: nobody has a record in the last {int(gaps.min()):,} days in which people "
            "count as observed; look at the day of drawing, or whether the records end sooner"
        )


def _statuses(records: Records) -> Iterator[str]:
    session = records["session"]
    if len(session) and session["status"].isin(CAME).all():
        yield (
            "session.status: every session was attended, so that appointments that were missed are most likely not "
            "in the file, and attendance would be 100 %"
        )
        return
    share = session["status"].isin(CAME).mean() if len(session) >= _ENOUGH else 1.0
    if share < _FEW_CAME:
        said = f"{share:.0%} of the sessions were attended" if share else "no session was attended by anybody"
        yield f"session.status: {said}; look at the codes"


def _one_of_many(records: Records) -> Iterator[str]:
    """Nobody comes as often as everybody else together: such a record is a trial entry, or a key that went wrong."""
    session, n = records["session"], records["episode"]["episode_id"].nunique()
    most = int(session["episode_id"].value_counts().max()) if len(session) else 0
    if n >= _ENOUGH and most >= _ENOUGH and most > len(session) / 4:
        yield (
            f"session.episode_id: one episode has {most:,} of {len(session):,} sessions; look whether it is a trial "
            "entry or a key that many rows were given"
        )


def _results(records: Records) -> Iterator[str]:
    tests = records["drug_test"]
    if len(tests) and (tests["result"] == tests["result"].iloc[0]).all():
        yield f"drug_test.result: every result is {tests['result'].iloc[0]}; look at the codes"


def _endings(records: Records) -> Iterator[str]:
    """Where care ended in one way only, or after the same time for everybody, that is how it was recorded."""
    episode = records["episode"]
    reasons = episode["discharge_reason"].dropna() if "discharge_reason" in episode else pd.Series(dtype="str")
    if len(reasons) >= _ENOUGH and (reasons == reasons.iloc[0]).all():
        yield (
            f"episode.discharge_reason: every reason on record is {reasons.iloc[0]} ({len(reasons):,} of "
            f"{counted(len(episode), 'episode')}), so that how care ended cannot be compared; look at the codes, and "
            "whether other endings are recorded elsewhere"
        )
    stays = (episode["discharge_day"] - episode["assignment_day"]).dropna() if "discharge_day" in episode else reasons
    if len(stays) >= _ENOUGH and (stays == stays.iloc[0]).all():
        yield (
            "episode.discharge_day: everybody was discharged after the same time; look whether this is the end of the "
            "records, or of a plan, and no discharge"
        )
