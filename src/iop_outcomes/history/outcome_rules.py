"""What a study decides once for every metric of urine tests and use: targets, schedule, and what death means."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, ValidationError, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from iop_outcomes.kernel.section import Section
from iop_outcomes.tables.occasions import Thinning


def or_say(allowed: str) -> WrapValidator:
    """Answer whatever fits none of several types with one sentence instead of the complaint of the first type."""

    def check(given, handler):
        try:
            return handler(given)
        except ValidationError:
            raise PydanticCustomError("allowed", "{allowed}", {"allowed": allowed}) from None

    return WrapValidator(check)


#: Targets: ``all`` substances, each person's ``primary`` one, one by name, or several.
Panel = Annotated[
    str | Annotated[list[str], Field(min_length=1)] | None,
    or_say("allowed are 'all', 'primary', the name of a substance, or a list of names"),
]

#: Week of the study, 1 for days 0 to 6.
WeekNumber = Annotated[int, Field(strict=True, ge=1)]

#: When a test was due: in the weeks on record, every week, weekly until a week, or in the weeks listed.
Schedule = Annotated[
    Literal["recorded", "weekly"] | WeekNumber | Annotated[list[WeekNumber], Field(min_length=1)] | None,
    or_say("allowed are 'recorded', 'weekly', the number of the last week with a test, or a list of weeks, from 1 on"),
]


class ThinningRule(Section):
    """One test is kept of every so many days from time zero: that due nearest to a day of them.

    Attributes
    ----------
    every_days : int
        Of how many days one test is kept.
    on_day : int
        The day of them that it is due nearest to, 0 for the first.
    """

    every_days: Annotated[int, Field(ge=2, le=91)] = 7
    on_day: Annotated[int, Field(ge=0, le=90)] = 0

    @model_validator(mode="after")
    def _within(self) -> "ThinningRule":
        if self.on_day >= self.every_days:
            raise ValueError("on_day must be one of every_days")
        return self


#: Whether the schedules of the arms are thinned to what both share, and how.
Thin = Annotated[
    Literal["weekly"] | ThinningRule | None,
    or_say("allowed are 'weekly', or {every_days: 7, on_day: 0} with on_day below every_days"),
]

#: What somebody who died counts as from the day of death on.
AfterDeath = Literal["not_abstinent", "no_value"]

#: What somebody who completed treatment counts as from then on, where it is asked who was retained.
AfterCompletion = Literal["retained", "left", "no_value"]

ALL, PRIMARY = "all", "primary"


@dataclass(frozen=True)
class OutcomeRules:
    """Rules of a study that a metric follows unless its own settings say otherwise.

    Attributes
    ----------
    panel : 'all', 'primary', str or list of str
        Target substances: a day's urine panel is positive if any of them that is not prescribed is positive.
    schedule : 'recorded', 'weekly', int, list of int or None
        Weeks in which a test was due. None: as recorded where the source has missed tests on record, otherwise weekly
        until the last scheduled test (see ``due_weeks``).
    after_death : 'not_abstinent' or 'no_value'
        Time after death is not abstinent, or somebody who died within the window has no value.
    after_completion : 'retained', 'left' or 'no_value'
        Somebody who completed treatment before the day asked about was retained, had left, or has no value.
    thinning : Thinning or None
        How many of the tests due count; None for all.
    """

    panel: Panel = ALL
    schedule: Schedule = None
    after_death: AfterDeath = "not_abstinent"
    after_completion: AfterCompletion = "retained"
    thinning: Thinning | None = None

    def targets(self, panel: Panel = None) -> str | tuple[str, ...]:
        """Return the targets a metric asks for, or those of the study: ``all``, ``primary`` or names."""
        panel = panel or self.panel or ALL
        return panel if panel in (ALL, PRIMARY) else (panel,) if isinstance(panel, str) else tuple(panel)


def panel_in_words(panel: Panel) -> str:
    """Return the targets as a report says them."""
    targets = OutcomeRules(panel).targets()
    if targets == ALL:
        return "every substance that is not prescribed to the person"
    if targets == PRIMARY:
        return "the person's own primary substance, unless prescribed"
    return f"{', '.join(name.replace('_', ' ') for name in targets)}, unless prescribed"


def schedule_in_words(schedule: Schedule) -> str:
    """Return when tests were due as a report says it."""
    if schedule is None:
        return "as recorded; where missed tests are not on record, weekly until the last scheduled test"
    if isinstance(schedule, int):
        return f"weekly until week {schedule}"
    if isinstance(schedule, list):
        return f"in weeks {', '.join(map(str, sorted(schedule)))}"
    return {"recorded": "as recorded", "weekly": "every week"}[schedule]


def thinning_of(thin: Thin) -> Thinning | None:
    """Return a study's rule of thinning with its days."""
    if thin is None:
        return None
    return Thinning() if thin == "weekly" else Thinning(thin.every_days, thin.on_day)


def thinning_in_words(thin: Thin) -> str:
    """Return which tests count as a report says it."""
    rule = thinning_of(thin)
    if rule is None:
        return "all that were due"
    return (
        f"one of every {rule.every_days} days, in both arms: that due nearest to day {rule.on_day} of them, whatever "
        "came of it; unannounced tests are not used"
    )


def death_in_words(after_death: AfterDeath) -> str:
    """Return what death means as a report says it."""
    if after_death == "no_value":
        return "somebody who died within the window has no value"
    return "time after death is not abstinent"
