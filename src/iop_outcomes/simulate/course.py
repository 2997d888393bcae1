"""The latent course of each person under a given arm: use day by day, engagement week by week, the end of care.

All arrays have people first. Everything random comes from named draws that do not depend on the arm, so two calls with
different arms give the two potential histories of the same people.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from iop_outcomes.contracts.canonical import DISCHARGE_REASONS
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.people import People
from iop_outcomes.simulate.rates import RATES, Rates
from iop_outcomes.simulate.settings import Settings, Stays

REASON = {name: code for code, name in enumerate(DISCHARGE_REASONS)}
STILL_IN_CARE = -1
#: Day of what never happens.
NEVER = np.int32(2**30)
#: The causes that compete week by week, in the order in which one random number is read. Dropout, which assignment
#: moves directly, is read last, so that the others keep their place on the line.
CAUSES = ("transfer", "terminated", "other", "dropout")


@dataclass
class Course:
    """What happens to each person, whether or not anybody sees it.

    Attributes
    ----------
    iop : ndarray of bool
        Arm of each person in this world.
    admission_day, end_day : ndarray of int
        Intake, and the last day in care; ``NEVER`` for those who never start, or are still in care when observation
        ends.
    reason : ndarray of int
        Position in ``DISCHARGE_REASONS``, or ``STILL_IN_CARE``.
    death_day : ndarray of int
    engaged : ndarray of bool, shape (n, weeks)
        Does the person take part this week?
    used, controlled : ndarray of bool, shape (n, days)
        Use on each day; days in jail or hospital.
    periods : dict of str to ndarray
        ``person``, ``start_day``, ``end_day`` and ``jail`` of the controlled periods.
    """

    iop: np.ndarray
    admission_day: np.ndarray
    end_day: np.ndarray
    reason: np.ndarray
    death_day: np.ndarray
    engaged: np.ndarray
    used: np.ndarray
    controlled: np.ndarray
    periods: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def started(self) -> np.ndarray:
        """Who was ever admitted."""
        return self.admission_day < NEVER


def follow(people: People, iop: np.ndarray, settings: Settings, seed: int, rates: Rates = RATES) -> Course:
    """Return the course of every person had they been assigned to the arm given.

    Parameters
    ----------
    people : People
    iop : ndarray of bool
        Arm of each person.
    settings : Settings
    seed : int
        The study's seed; the same seed gives the same people the same luck.
    """
    draws = Draws(seed, len(iop))
    course = _begin(people, iop, settings, draws, rates)
    luck = _Luck(draws, settings.weeks)
    severity = people.severity.astype(np.float32)
    planned_end = _planned_end(people, draws, rates, settings.stays)
    slow = np.zeros(len(iop), dtype=np.float32)
    share = (people.true["use_days_at_baseline"].to_numpy() / 30).astype(np.float32)
    engaged = np.ones(len(iop), dtype=bool)
    free_again = np.zeros(len(iop), dtype=np.int32)
    periods = []
    for week in range(settings.weeks):
        first = 7 * week
        in_care = (course.admission_day < first + 7) & (course.end_day >= first)
        periods += _confine(course, luck, severity, share, week, free_again, settings, rates)
        slow = rates.carry_over * slow + rates.weekly_sd * luck.use_level[:, week]
        level = (
            rates.use_level
            + rates.use_by_severity * severity
            + rates.use_by_use * share
            - rates.use_by_engagement * (engaged & in_care)
            + rates.person_sd * luck.person_level
            + slow
            - settings.strength * rates.use_by_arm * iop * min(1.0, (week + 1) / rates.weeks_to_effect)
        )
        days = slice(first, first + 7)
        course.used[:, days] = luck.use[:, days] < expit(level)[:, None]
        course.used[:, days] &= ~course.controlled[:, days]
        share = course.used[:, days].mean(axis=1, dtype=np.float32)
        engaged = luck.engagement[:, week] < expit(
            rates.engagement - rates.engagement_by_severity * severity - rates.engagement_by_use * share
        )
        course.engaged[:, week] = engaged & in_care
        _leave(course, luck, severity, share, engaged, planned_end, week, settings, rates)
    course.periods = _as_columns(periods)
    _bury(course)
    return course


class _Luck:
    """The random numbers of all people, weeks and days, drawn once."""

    def __init__(self, draws: Draws, weeks: int):
        self.person_level = draws.normal("person's level of use")
        self.use_level = draws.normal("weekly level of use", weeks)
        self.use = draws.uniform("use", weeks * 7)
        self.engagement = draws.uniform("engagement", weeks)
        self.leaving = draws.uniform("leaving", weeks)
        self.leaving_day = (7 * draws.uniform("day of leaving", weeks)).astype(np.int32)
        self.confined = draws.uniform("confined", weeks)
        self.confined_days = draws.uniform("days confined", weeks)


def _begin(people: People, iop: np.ndarray, settings: Settings, draws: Draws, rates: Rates) -> Course:
    n = len(iop)
    wait = np.minimum(-rates.mean_wait_days * np.log1p(-draws.uniform("wait")), 20).astype(np.int32)
    never = draws.uniform("never starts") < expit(rates.never_starts + 0.3 * people.severity)
    closed = np.where(never, min(rates.closed_after_days, settings.days - 1), NEVER).astype(np.int32)
    hazard = rates.death_per_day * np.exp(0.4 * people.severity + 0.03 * (people.age - 36))
    death = -np.log1p(-draws.uniform("death").astype(float)) / hazard
    return Course(
        iop=iop,
        admission_day=np.where(never, NEVER, wait),
        end_day=closed,
        reason=np.where(never, REASON["dropout"], STILL_IN_CARE).astype(np.int8),
        death_day=np.where(death < settings.days, death, NEVER).astype(np.int32),
        engaged=np.zeros((n, settings.weeks), dtype=bool),
        used=np.zeros((n, settings.days), dtype=bool),
        controlled=np.zeros((n, settings.days), dtype=bool),
    )


def _planned_end(people: People, draws: Draws, rates: Rates, stays: Stays) -> np.ndarray:
    """Return the day on which care is completed by those who stay; courts order longer care."""
    court = (people.true["referral"] == "court").to_numpy()
    weeks = rates.planned_weeks[stays] * np.exp(rates.planned_spread * draws.normal("planned weeks") + 0.08 * court)
    return (7 * np.clip(weeks, rates.shortest_plan, rates.longest_plan)).astype(np.int32)


def _confine(course, luck, severity, share, week, free_again, settings, rates) -> list[tuple]:
    """Send some people to jail or hospital this week, and end the care of those who go to jail for long."""
    first = 7 * week
    jail = rates.jail_per_week * np.exp(0.4 * severity + share)
    hospital = rates.hospital_per_week * np.exp(0.4 * severity + share)
    at_risk = (free_again <= first) & (course.death_day > first)
    taken = np.flatnonzero(at_risk & (luck.confined[:, week] < jail + hospital))
    jailed = luck.confined[taken, week] < jail[taken]
    start = first + luck.leaving_day[taken, week]
    length = np.where(jailed, 2 + 60 * luck.confined_days[taken, week] ** 2, 3 + 10 * luck.confined_days[taken, week])
    end = np.minimum(start + length.astype(np.int32), np.minimum(settings.days - 1, course.death_day[taken]))
    keep = start <= end
    taken, jailed, start, end = taken[keep], jailed[keep], start[keep], end[keep]
    day = np.arange(settings.days)
    course.controlled[taken] |= (day >= start[:, None]) & (day <= end[:, None])
    free_again[taken] = end + 1
    long = jailed & (end - start >= rates.jail_days_that_end_care)
    in_care = (course.reason[taken] == STILL_IN_CARE) & (course.admission_day[taken] < start)
    out = taken[long & in_care]
    course.end_day[out] = start[long & in_care]
    course.reason[out] = REASON["incarcerated"]
    return [(taken, start, end, jailed)]


def _leave(course, luck, severity, share, engaged, planned_end, week, settings, rates) -> None:
    """End the care of those who complete it this week and of those whom one of the competing causes takes."""
    first = 7 * week
    here = (course.reason == STILL_IN_CARE) & (course.admission_day < first)
    scale = rates.leaving[settings.stays]
    worse = rates.leaving_by_severity * severity
    away = ~engaged
    hazard = {
        "transfer": rates.transfer * np.exp(1.3 * worse) * (1 + rates.early_transfer * np.exp(-week / 3)),
        "terminated": rates.terminated
        * np.exp(worse + rates.leaving_by_use * share + 0.3 * away)
        * min(1.0, (week + 1) / rates.weeks_of_patience),
        "other": rates.other * np.exp(-1.6 * worse),
        "dropout": rates.dropout
        * np.exp(
            worse
            + rates.leaving_by_use * share
            + rates.leaving_by_absence * away
            - settings.strength * rates.dropout_by_arm * course.iop
        )
        * (1 + rates.early_dropout * np.exp(-week / 4)),
    }
    leaving = luck.leaving[:, week]
    day = first + luck.leaving_day[:, week]
    below = np.zeros_like(leaving)
    for cause in CAUSES:
        above = below + scale * hazard[cause]
        gone = here & (leaving >= below) & (leaving < above) & (day < planned_end)
        course.end_day[gone], course.reason[gone] = day[gone], REASON[cause]
        below = above
    done = (course.reason == STILL_IN_CARE) & (planned_end < first + 7) & (course.admission_day < planned_end)
    course.end_day[done], course.reason[done] = planned_end[done], REASON["completed"]


def _bury(course: Course) -> None:
    """Let death end care, use and engagement."""
    died = course.death_day < NEVER
    in_care = died & course.started & (course.end_day >= course.death_day)
    course.reason[in_care] = REASON["death"]
    course.end_day[in_care] = course.death_day[in_care]
    early = died & (course.admission_day > course.death_day) & (course.end_day >= course.death_day)
    course.admission_day[early] = NEVER
    course.end_day[early] = course.death_day[early]
    course.reason[early] = REASON["death"]
    day = np.arange(course.used.shape[1])
    course.used[died] &= day < course.death_day[died, None]


def _as_columns(periods: list[tuple]) -> dict[str, np.ndarray]:
    columns = zip(*periods, strict=True)
    return dict(zip(("person", "start_day", "end_day", "jail"), map(np.concatenate, columns), strict=True))
