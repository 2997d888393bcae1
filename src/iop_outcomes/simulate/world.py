"""A simulated study: people, the arm they chose, and what they would have gone through in either."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.simulate.assessments import make_assessments
from iop_outcomes.simulate.contact import make_contact
from iop_outcomes.simulate.costs import make_costs
from iop_outcomes.simulate.course import NEVER, STILL_IN_CARE, Course, follow
from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.drug_tests import make_drug_tests
from iop_outcomes.simulate.earlier_care import make_services
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.people import RACE_ETHNICITY, People, make_people
from iop_outcomes.simulate.sessions import (
    INTENSIVE_HOURS_PER_WEEK,
    OUTPATIENT_HOURS_PER_WEEK,
    PRESCRIBED_WEEKS,
    identified,
    make_sessions,
)
from iop_outcomes.simulate.settings import Settings
from iop_outcomes.simulate.use_reports import make_use_reports
from iop_outcomes.tables.canonical import DISCHARGE_REASONS, MEASURED_DAY

Arm = Literal["iop", "outpatient"]
REGIONS = ("North", "South", "East", "West")
#: Baseline covariates that stand in other tables.
ELSEWHERE = ("age_band", "sex", "stepped_down_from")


@dataclass(frozen=True)
class World:
    """A simulated study with both potential outcomes.

    Attributes
    ----------
    settings : Settings
    seed : int
    people : People
        Who they are and which arm they chose.
    """

    settings: Settings
    seed: int
    people: People

    @cached_property
    def propensity(self) -> pd.Series:
        """True probability of assignment to IOP, by episode."""
        return pd.Series(self.people.propensity, index=pd.Index(self._episode_id, name="member_id"), name="propensity")

    def arms(self, arm: Arm | None = None) -> np.ndarray:
        """Return who is in IOP in a world: as chosen (None), everybody, or nobody."""
        return self.people.iop if arm is None else np.full(self.settings.n_people, arm == "iop")

    def course(self, arm: Arm | None = None) -> Course:
        """Return the latent course of everybody in a world."""
        return follow(self.people, self.arms(arm), self.settings, self.seed)

    def tables(self, arm: Arm | None = None) -> dict[str, pd.DataFrame]:
        """Return the canonical tables of a world.

        Parameters
        ----------
        arm : {'iop', 'outpatient'} or None
            None: as observed, each person in the arm they chose. Otherwise had everybody been assigned to that arm:
            the same people with the same luck.
        """
        course = self.course(arm)
        draws = Draws(self.seed, self.settings.n_people)
        sessions = make_sessions(self.people, course, draws)
        contact = make_contact(self.people, course, draws, self.settings.stays)
        return {
            "person": self._person(course, draws),
            "site": self._site(),
            "episode": self._episode(course, sessions),
            "baseline": self._baseline(),
            "session": identified(sessions),
            "drug_test": make_drug_tests(self.people, course, contact, draws),
            "use_report": make_use_reports(self.people, course, contact, draws, self.settings.self_report),
            "assessment": make_assessments(self.people, course, contact, draws),
            "controlled_period": _controlled_periods(course),
            "service": make_services(self.people, draws),
            "cost": make_costs(sessions, course, draws),
        }

    @property
    def _number(self) -> np.ndarray:
        return np.arange(1, self.settings.n_people + 1)

    @property
    def _person_id(self) -> pd.Series:
        return numbered("P", (self._number, 7))

    @property
    def _episode_id(self) -> pd.Series:
        return numbered("E", (self._number, 7))

    def _person(self, course: Course, draws: Draws) -> pd.DataFrame:
        race = draws.pick("race and ethnicity", np.array(list(RACE_ETHNICITY.values())))
        return pd.DataFrame(
            {
                "person_id": self._person_id,
                "age_years": self.people.age.astype(float),
                "age_band": self.people.true["age_band"],
                "sex": self.people.true["sex"],
                "race_ethnicity": pd.Categorical.from_codes(race, list(RACE_ETHNICITY)),
                "death_day": _day_or_missing(course.death_day),
            }
        )

    def _site(self) -> pd.DataFrame:
        draws = Draws(self.seed, self.settings.n_sites)
        number = np.arange(1, self.settings.n_sites + 1)
        return pd.DataFrame(
            {
                "site_id": numbered("S", (number, 3)),
                "type": "programme with IOP and outpatient care",
                "region": pd.Categorical.from_codes(draws.pick("region", np.ones(len(REGIONS))), REGIONS),
                "offered_hours_per_week": INTENSIVE_HOURS_PER_WEEK,
            }
        )

    def _episode(self, course: Course, sessions: pd.DataFrame) -> pd.DataFrame:
        n = self.settings.n_people
        wait = Draws(self.seed, n).uniform("days from referral")
        attended = sessions[sessions["minutes_attended"] > 0]
        last_contact = np.full(n, np.nan)
        # Rows are sorted by person and day, so a person's last assignment wins.
        last_contact[attended["person"].to_numpy()] = attended["day"].to_numpy()
        reason = pd.Categorical.from_codes(course.reason, DISCHARGE_REASONS)
        return pd.DataFrame(
            {
                "episode_id": self._episode_id,
                "person_id": self._person_id,
                "site_id": numbered("S", (self.people.site + 1, 3)),
                "referral_day": (-14 * wait).astype(int),
                "assignment_day": 0,
                "admission_day": _day_or_missing(course.admission_day),
                "discharge_day": _day_or_missing(np.where(course.reason == STILL_IN_CARE, NEVER, course.end_day)),
                "last_contact_day": last_contact,
                "observation_end_day": self.settings.days - 1.0,
                "level_of_care": pd.Categorical.from_codes(course.iop.astype(int), ["1", "2.1"]),
                "prescribed_hours_per_week": np.where(course.iop, INTENSIVE_HOURS_PER_WEEK, OUTPATIENT_HOURS_PER_WEEK),
                "prescribed_weeks": np.where(course.iop, PRESCRIBED_WEEKS["iop"], PRESCRIBED_WEEKS["outpatient"]),
                "stepped_down_from": self.people.true["stepped_down_from"],
                "discharge_reason": reason,
            }
        )

    def _baseline(self) -> pd.DataFrame:
        columns = [c for c in self.people.recorded if c not in ELSEWHERE]
        baseline = self.people.recorded[columns].copy()
        baseline.insert(0, "episode_id", self._episode_id)
        baseline.insert(1, MEASURED_DAY, 0)
        return baseline


def simulate(settings: Settings, seed: int) -> World:
    """Simulate a study.

    Parameters
    ----------
    settings : Settings
    seed : int
        Same settings and seed, same tables, exactly.

    Returns
    -------
    World
        Its ``tables()`` are what a source would give; ``tables('iop')`` and ``tables('outpatient')`` are the two
        potential histories, which no real source has.
    """
    return World(settings, seed, make_people(settings, seed))


def _day_or_missing(day: np.ndarray) -> np.ndarray:
    return np.where(day < NEVER, day.astype(float), np.nan)


def _controlled_periods(course: Course) -> pd.DataFrame:
    periods = course.periods
    order = np.lexsort((periods["start_day"], periods["person"]))
    return pd.DataFrame(
        {
            "person_id": numbered("P", (periods["person"][order] + 1, 7)),
            "start_day": periods["start_day"][order],
            "end_day": periods["end_day"][order],
            "reason": pd.Categorical.from_codes(periods["jail"][order].astype(int), ["inpatient", "jail"]),
        }
    )
