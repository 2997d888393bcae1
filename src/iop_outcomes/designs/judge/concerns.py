"""Which outcomes a check of the gate speaks of: most speak of every one, some of those taken in one way only."""

from collections.abc import Callable
from functools import partial

from iop_outcomes.designs.judge import door
from iop_outcomes.designs.judge.discharged import CLOSED, DISCHARGED, HANDED_ON, REASONS, REOPENED_ALIKE
from iop_outcomes.designs.judge.due import BY_PLAN
from iop_outcomes.designs.judge.hindsight import OBTAINED, TESTING
from iop_outcomes.designs.judge.kinds import MISSED_BY_KIND
from iop_outcomes.designs.judge.looked_at import WHEN
from iop_outcomes.designs.judge.measured import AFTER, ANSWERED, REPORTED, TESTED
from iop_outcomes.designs.judge.recording import RECORDED, SERVED_ALIKE
from iop_outcomes.study.outcome import Outcome
from iop_outcomes.tables.follow_up import ASKED_AFTER, FILLED_IN, FILLED_IN_AFTER, REPORTS, TESTED_AFTER, TESTS


def _differs_by(plan: str, outcome: Outcome) -> bool:
    return plan in outcome.by_plan


#: Checks that speak of some outcomes only, and of which.
OF_SOME: dict[str, Callable[[Outcome], bool]] = {
    TESTING: lambda outcome: outcome.is_tested,
    OBTAINED: lambda outcome: outcome.is_tested,
    TESTED: lambda outcome: outcome.is_tested,
    REPORTED: lambda outcome: outcome.is_reported,
    ANSWERED: lambda outcome: outcome.is_filled_in,
    AFTER[TESTED_AFTER]: lambda outcome: outcome.is_tested,
    AFTER[ASKED_AFTER]: lambda outcome: outcome.is_reported,
    AFTER[FILLED_IN_AFTER]: lambda outcome: outcome.is_filled_in,
    WHEN[TESTS]: lambda outcome: outcome.is_tested,
    WHEN[REPORTS]: lambda outcome: outcome.is_reported,
    WHEN[FILLED_IN]: lambda outcome: outcome.is_filled_in,
    DISCHARGED: lambda outcome: outcome.is_of_discharge,
    REASONS: lambda outcome: outcome.is_of_reason,
    HANDED_ON: lambda outcome: outcome.is_of_discharge or outcome.is_of_reason,
    CLOSED: lambda outcome: outcome.is_of_reason,
    REOPENED_ALIKE: lambda outcome: outcome.is_of_discharge or outcome.is_of_reason,
    door.TESTS: lambda outcome: outcome.is_tested,
    door.REPORTS: lambda outcome: outcome.is_reported,
    door.SERVICES: lambda outcome: outcome.is_of_services,
    door.SESSIONS: lambda outcome: outcome.is_of_sessions,
    RECORDED: lambda outcome: outcome.is_of_sessions,
    MISSED_BY_KIND: lambda outcome: outcome.is_of_missed,
    SERVED_ALIKE: lambda outcome: outcome.is_of_services,
    **{check: partial(_differs_by, plan) for plan, check in BY_PLAN.items()},
}


def concerns(check: str, outcome: Outcome) -> bool:
    """Does a check of the gate speak of an outcome?"""
    return check not in OF_SOME or OF_SOME[check](outcome)
