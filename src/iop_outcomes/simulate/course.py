"""The latent course of each person under a given arm: use day by day, engagement week by week, the end of care.

All arrays have people first. Everything random comes from named draws that do not depend on the arm, so two calls with
different arms give the two potential histories of the same people.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.people import People
from iop_outcomes.simulate.rates import RATES, Rates
from iop_outcomes.simulate.settings import Settings
from iop_outcomes.tables.canonical import DISCHARGE_REASONS

REASON = {name: code for code, name in enumerate(DISCHARGE_REASONS)}
STILL_IN_CARE = -1
#: Day of what never happens.
NEVER = np.int32(2**30)


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
        In care and taking part?
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
    periods: dict[str, np.ndarray]

    @property
    def started(self) -> np.ndarray:
        """Who was ever admitted."""
        return self.admission_day < NEVER

    @property
    def last_day(self) -> np.ndarray:
        """Last day in care that is observed."""
        return np.minimum(self.end_day, self.used.shape[1] - 1)

    @property
    def weeks_in_care(self) -> np.ndarray:
        """Weeks since the week of admission, shape (n, weeks); negative before it."""
        return np.arange(self.engaged.shape[1]) - (np.where(self.started, self.admission_day, 0) // 7)[:, None]


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
    rates : Rates
    """
    walk = _Walk(people, iop, settings, Draws(seed, len(iop)), rates)
    for week in range(settings.weeks):
        walk.confine(week)
        walk.use(week)
        walk.take_part(week)
        walk.leave(week)
    return walk.finish()


class _Walk:
    """The state of all people as the weeks go by."""

    def __init__(self, people: People, iop: np.ndarray, settings: Settings, draws: Draws, rates: Rates):
        self.rates, self.settings = rates, settings
        self.severity = people.severity.astype(np.float32)
        self.help = settings.strength * iop.astype(np.float32)
        self.course = _begin(people, iop, settings, draws, rates)
        self.planned_end = _planned_end(settings, draws, rates)
        self.level = rates.use_level + rates.use_by_severity * self.severity
        self.level += rates.person_sd * draws.normal("person's level of use")
        self.swing = np.zeros_like(self.severity)
        self.share = (people.true["use_days_at_baseline"].to_numpy() / 30).astype(np.float32)
        self.takes_part = np.ones(len(iop), dtype=bool)
        self.free_again = np.zeros(len(iop), dtype=np.int32)
        self.periods: list[tuple[np.ndarray, ...]] = []
        weeks = settings.weeks
        self.luck_swing = draws.normal("weekly level of use", weeks)
        self.luck_use = draws.uniform("use", weeks * 7)
        self.luck_part = draws.uniform("engagement", weeks)
        self.luck_leaving = draws.uniform("leaving", weeks)
        self.weekday = (7 * draws.uniform("day of leaving", weeks)).astype(np.int32)
        self.luck_confined = draws.uniform("confined", weeks)
        self.luck_length = draws.uniform("days confined", weeks)

    def confine(self, week: int) -> None:
        """Send some people to jail or hospital, and end the care of those who go to jail for long."""
        course, rates = self.course, self.rates
        worse = np.exp(0.4 * self.severity + self.share)
        luck = self.luck_confined[:, week]
        free = (self.free_again <= 7 * week) & (course.death_day > 7 * week)
        taken = np.flatnonzero(free & (luck < (rates.jail_per_week + rates.hospital_per_week) * worse))
        jailed = luck[taken] < rates.jail_per_week * worse[taken]
        start = 7 * week + self.weekday[taken, week]
        length = self.luck_length[taken, week]
        # Most stays in jail are short and a few are long; hospital stays are alike.
        length = np.where(jailed, 2 + 60 * length**2, 3 + 10 * length).astype(np.int32)
        end = np.minimum(start + length, np.minimum(self.settings.days - 1, course.death_day[taken]))
        alive = start <= end
        taken, jailed, start, end = taken[alive], jailed[alive], start[alive], end[alive]
        day = np.arange(self.settings.days)
        course.controlled[taken] |= (day >= start[:, None]) & (day <= end[:, None])
        self.free_again[taken] = end + 1
        self.periods.append((taken, start, end, jailed))
        in_care = (course.reason[taken] == STILL_IN_CARE) & (course.admission_day[taken] < start)
        out = jailed & in_care & (end - start >= rates.jail_days_that_end_care)
        course.end_day[taken[out]], course.reason[taken[out]] = start[out], REASON["incarcerated"]

    def use(self, week: int) -> None:
        """Draw each day's use: a personal level, a slow swing, last week's use, care, and the arm."""
        course, rates = self.course, self.rates
        days = slice(7 * week, 7 * week + 7)
        in_care = (course.admission_day < 7 * week + 7) & (course.end_day >= 7 * week)
        self.swing = rates.carry_over * self.swing + rates.weekly_sd * self.luck_swing[:, week]
        log_odds = (
            self.level
            + self.swing
            + rates.use_by_use * self.share
            - rates.use_by_engagement * (self.takes_part & in_care)
            - rates.use_by_arm * self.help * min(1.0, (week + 1) / rates.weeks_to_effect)
        )
        used = (self.luck_use[:, days] < expit(log_odds)[:, None]) & ~course.controlled[:, days]
        course.used[:, days] = used
        self.share = used.mean(axis=1, dtype=np.float32)

    def take_part(self, week: int) -> None:
        """Decide who comes to treatment this week; assignment has no part in it but through use."""
        course, rates = self.course, self.rates
        log_odds = (
            rates.engagement - rates.engagement_by_severity * self.severity - rates.engagement_by_use * self.share
        )
        self.takes_part = self.luck_part[:, week] < expit(log_odds)
        in_care = (course.admission_day < 7 * week + 7) & (course.end_day >= 7 * week)
        course.engaged[:, week] = self.takes_part & in_care

    def leave(self, week: int) -> None:
        """End the care of those whom one of the competing causes takes, and of those who complete it."""
        course = self.course
        here = (course.reason == STILL_IN_CARE) & (course.admission_day < 7 * week)
        luck, day = self.luck_leaving[:, week], 7 * week + self.weekday[:, week]
        below = np.zeros_like(luck)
        for cause, hazard in self._hazards(week).items():
            above = below + hazard
            gone = here & (luck >= below) & (luck < above) & (day < self.planned_end)
            course.end_day[gone], course.reason[gone] = day[gone], REASON[cause]
            below = above
        done = (course.reason == STILL_IN_CARE) & (self.planned_end < 7 * week + 7)
        done &= course.admission_day < self.planned_end
        course.end_day[done], course.reason[done] = self.planned_end[done], REASON["completed"]

    def _hazards(self, week: int) -> dict[str, np.ndarray]:
        """Return the weekly hazards of leaving, in the order in which one random number is read against them.

        Dropout, which assignment moves directly, is read last, so that the others keep their place on the line.
        """
        rates = self.rates
        scale = rates.leaving[self.settings.stays]
        worse, use, absent = (
            rates.leaving_by_severity * self.severity,
            rates.leaving_by_use * self.share,
            ~self.takes_part,
        )
        early = 1 + rates.early_transfer * np.exp(-week / 3)
        patience = min(1.0, (week + 1) / rates.weeks_of_patience)
        dropout = worse + use + rates.dropout_by_absence * absent - rates.dropout_by_arm * self.help
        return {
            "transfer": scale * rates.transfer * early * np.exp(1.3 * worse),
            "terminated": scale
            * rates.terminated
            * patience
            * np.exp(worse + use + rates.terminated_by_absence * absent),
            "other": scale * rates.other * np.exp(-1.6 * worse),
            "dropout": scale * rates.dropout * np.exp(dropout),
        }

    def finish(self) -> Course:
        """Let death end care and use, and return the course."""
        course = self.course
        died = course.death_day < NEVER
        last = died & (course.end_day >= course.death_day)
        course.reason[last], course.end_day[last] = REASON["death"], course.death_day[last]
        course.admission_day[died & (course.admission_day > course.death_day)] = NEVER
        course.used[died] &= np.arange(course.used.shape[1]) < course.death_day[died, None]
        columns = map(np.concatenate, zip(*self.periods, strict=True))
        course.periods = dict(zip(("person", "start_day", "end_day", "jail"), columns, strict=True))
        return course


def _begin(people: People, iop: np.ndarray, settings: Settings, draws: Draws, rates: Rates) -> Course:
    """Return the course as it stands at assignment: who will start and when, and the day of an early death.

    Death does not depend on the arm, so that nobody's outcome is cut short in one world only.
    """
    n = len(iop)
    wait = np.minimum(-rates.mean_wait_days * np.log1p(-draws.uniform("wait")), 20).astype(np.int32)
    never = draws.uniform("never starts") < expit(rates.never_starts + 0.3 * people.severity)
    closed = min(rates.closed_after_days, settings.days - 1)
    hazard = rates.death_per_day * np.exp(0.4 * people.severity + 0.03 * (people.age - 36))
    death = -np.log1p(-draws.uniform("death").astype(float)) / hazard
    return Course(
        iop=iop,
        admission_day=np.where(never, NEVER, wait),
        end_day=np.where(never, closed, NEVER).astype(np.int32),
        reason=np.where(never, REASON["dropout"], STILL_IN_CARE).astype(np.int8),
        death_day=np.where(death < settings.days, death, NEVER).astype(np.int32),
        engaged=np.zeros((n, settings.weeks), dtype=bool),
        used=np.zeros((n, settings.days), dtype=bool),
        controlled=np.zeros((n, settings.days), dtype=bool),
        periods={},
    )


def _planned_end(settings: Settings, draws: Draws, rates: Rates) -> np.ndarray:
    """Return the day on which care is completed by those who stay."""
    weeks = rates.planned_weeks[settings.stays] * np.exp(rates.planned_spread * draws.normal("planned weeks"))
    return (7 * np.clip(weeks, rates.shortest_plan, rates.longest_plan)).astype(np.int32)
