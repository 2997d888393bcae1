"""The numbers that the latent course runs on.

They have no meaning of their own: they were set by hand until the simulated tables came near the published figures
listed in docs/simulator.md, and a test holds them there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iop_outcomes.simulate.settings import Stays


@dataclass(frozen=True)
class Rates:
    """Rates of the latent course.

    Use and engagement are log-odds, of use on a day and of taking part in a week. ``transfer``, ``terminated``,
    ``other`` and ``dropout`` are hazards per week in care for a person of average severity who takes part and does not
    use; ``..._by_...`` are additions to their logarithm. ``leaving`` multiplies all four, and ``planned_weeks`` is the
    typical length of care, by the kind of stay asked for.
    """

    use_level: float = -2.3
    use_by_severity: float = 1.0
    use_by_use: float = 1.6
    use_by_engagement: float = 0.7
    use_by_arm: float = 1.1
    weeks_to_effect: int = 4
    carry_over: float = 0.75
    weekly_sd: float = 0.8
    person_sd: float = 1.8

    engagement: float = 2.4
    engagement_by_severity: float = 0.4
    engagement_by_use: float = 1.2

    mean_wait_days: float = 4.0
    never_starts: float = -3.9
    #: A programme closes the episode of somebody who never came after a month.
    closed_after_days: int = 30

    transfer: float = 0.0089
    early_transfer: float = 2.0
    terminated: float = 0.0110
    weeks_of_patience: int = 8
    terminated_by_absence: float = 0.3
    other: float = 0.0076
    dropout: float = 0.0228
    dropout_by_absence: float = 0.9
    dropout_by_arm: float = 0.70
    leaving_by_severity: float = 0.48
    leaving_by_use: float = 0.6
    leaving: Mapping[Stays, float] = field(default_factory=lambda: {"teds": 1.0, "trial": 0.47})

    planned_weeks: Mapping[Stays, float] = field(default_factory=lambda: {"teds": 17.7, "trial": 24.0})
    planned_spread: float = 0.40
    shortest_plan: int = 5
    #: So that whether care was completed is known of nearly everybody who is followed for the default 30 weeks.
    longest_plan: int = 29

    death_per_day: float = 1.5e-5
    jail_per_week: float = 0.0015
    hospital_per_week: float = 0.002
    jail_days_that_end_care: int = 14


RATES = Rates()
