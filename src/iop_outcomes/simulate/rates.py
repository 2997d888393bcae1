"""The numbers that the latent course runs on.

They have no meaning of their own: they were set by hand until the simulated tables came near the published figures
listed in docs/simulator.md, and a test holds them there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iop_outcomes.simulate.settings import Stays


@dataclass(frozen=True)
class Rates:
    """Levels are log-odds of use on a day; hazards are per week in care for a person of severity zero who does not use.

    ``leaving`` multiplies every cause of leaving and ``planned_weeks`` is the planned length of care, by the kind of stay
    asked for.
    """

    use_level: float = -2.3
    use_by_severity: float = 1.0
    use_by_use: float = 1.6
    use_by_engagement: float = 0.7
    use_by_arm: float = 1.05
    weeks_to_effect: int = 4
    carry_over: float = 0.75
    weekly_sd: float = 0.8
    person_sd: float = 1.8
    engagement: float = 2.4
    engagement_by_severity: float = 0.4
    engagement_by_use: float = 1.2
    mean_wait_days: float = 4.0
    never_starts: float = -3.9
    closed_after_days: int = 30
    death_per_day: float = 1.5e-5
    jail_per_week: float = 0.0015
    hospital_per_week: float = 0.002
    jail_days_that_end_care: int = 14
    planned_spread: float = 0.28
    shortest_plan: int = 5
    longest_plan: int = 25
    leaving_by_severity: float = 0.45
    leaving_by_use: float = 0.6
    leaving_by_absence: float = 0.9
    transfer: float = 0.0092
    early_transfer: float = 2.0
    terminated: float = 0.0118
    weeks_of_patience: int = 8
    other: float = 0.0088
    dropout: float = 0.0222
    early_dropout: float = 0.0
    dropout_by_arm: float = 0.72
    planned_weeks: Mapping[Stays, float] = field(default_factory=lambda: {"teds": 16.5, "trial": 24.0})
    leaving: Mapping[Stays, float] = field(default_factory=lambda: {"teds": 1.0, "trial": 0.5})


RATES = Rates()
