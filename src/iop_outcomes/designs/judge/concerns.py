"""Which outcomes a check of the gate speaks of: most speak of every one, some of those taken in one way only."""

from collections.abc import Callable
from functools import partial

from iop_outcomes.designs.judge.discharged import DISCHARGED, REASONS, REOPENED_ALIKE
from iop_outcomes.designs.judge.door import REPORTS, SERVICES, SESSIONS, TESTS
from iop_outcomes.designs.judge.due import BY_PLAN
from iop_outcomes.designs.judge.hindsight import OBTAINED, TESTING
from iop_outcomes.designs.judge.measured import AFTER, REPORTED, TESTED
from iop_outcomes.designs.judge.recording import RECORDED
from iop_outcomes.study.outcome import Outcome
from iop_outcomes.tables.follow_up import ASKED_AFTER, TESTED_AFTER


def _differs_by(plan: str, outcome: Outcome) -> bool:
    return outcome.by_plan == plan


#: Checks that speak of some outcomes only, and of which.
OF_SOME: dict[str, Callable[[Outcome], bool]] = {
    TESTING: lambda outcome: outcome.is_tested,
    OBTAINED: lambda outcome: outcome.is_tested,
    TESTED: lambda outcome: outcome.is_tested,
    REPORTED: lambda outcome: outcome.is_reported,
    AFTER[TESTED_AFTER]: lambda outcome: outcome.is_tested,
    AFTER[ASKED_AFTER]: lambda outcome: outcome.is_reported,
    DISCHARGED: lambda outcome: outcome.is_of_discharge,
    REASONS: lambda outcome: outcome.is_of_reason,
    REOPENED_ALIKE: lambda outcome: outcome.is_of_discharge or outcome.is_of_reason,
    TESTS: lambda outcome: outcome.is_tested,
    REPORTS: lambda outcome: outcome.is_reported,
    SERVICES: lambda outcome: outcome.is_of_services,
    SESSIONS: lambda outcome: outcome.is_of_sessions,
    RECORDED: lambda outcome: outcome.is_of_sessions,
    **{check: partial(_differs_by, plan) for plan, check in BY_PLAN.items()},
}


def concerns(check: str, outcome: Outcome) -> bool:
    """Does a check of the gate speak of an outcome?"""
    return check not in OF_SOME or OF_SOME[check](outcome)
