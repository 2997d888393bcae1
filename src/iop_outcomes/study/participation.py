"""The section ``participation``: strategies of attending as declared rules, and the outcome they are held against."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.section import Name, Section
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.canonical import LEVELS_OF_CARE

if TYPE_CHECKING:
    from iop_outcomes.study import Study

#: The outcome that is no metric: the first positive test, week by week.
FIRST_POSITIVE = "first_positive_test"


class Strategy(Section):
    """A rule that every week of a person keeps, breaks, or has nothing to do with.

    Attributes
    ----------
    least_hours, below_hours : float, optional
        A week keeps the rule with at least the one, and with fewer than the other; at least one of them is given.
    grace_weeks : int
        First weeks of follow-up in which no week breaks it.
    last_week : int, optional
        Week of follow-up, 0 for the first, after which it asks for nothing more.
    lapses_allowed : int
        Weeks that may break it before the strategy is left: it is left in the week in which it can no longer be kept.
    step_up_allowed : bool
        Whether a documented step-up to more care is part of the strategy: it asks for nothing from that week on.
    """

    model_config = ConfigDict(strict=True)
    least_hours: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    below_hours: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    grace_weeks: int = Field(default=0, ge=0)
    last_week: int | None = Field(default=None, ge=0)
    lapses_allowed: int = Field(default=0, ge=0)
    step_up_allowed: bool = False


class Landmark(Section):
    """When follow-up of a landmark analysis begins, and who counts as active then.

    Attributes
    ----------
    weeks : int
        Weeks after which it begins; whoever has left by then is not in it.
    least_hours : float
        Hours a week from which on somebody is active.
    """

    weeks: Annotated[int, Field(ge=1)]
    least_hours: Annotated[float, Field(gt=0)]


class Hours(Section):
    """Hours a week that are held against each other by a marginal structural model.

    Attributes
    ----------
    high, low : float
        The risk with ``high`` hours in every week is held against that with ``low``.
    curve : list of float
        Further hours for which the risk is given.
    borders : list of float
        Hours at which the bands begin whose probability makes the weights.
    counting : {"mean", "week", "both"}
        Whether the outcome hangs on the mean hours so far, on those of its own week, or on both.
    """

    high: Annotated[float, Field(gt=0, le=168)]
    low: Annotated[float, Field(ge=0, le=168)]
    curve: list[Annotated[float, Field(ge=0, le=168)]] = []
    borders: Annotated[list[Annotated[float, Field(gt=0, le=168)]], Field(min_length=1)] = [3.0, 6.0, 9.0]
    counting: Literal["mean", "week", "both"] = "mean"

    @model_validator(mode="after")
    def _in_order(self) -> "Hours":
        if self.low >= self.high:
            raise ValueError(f"high is {self.high:g} and low is {self.low:g}; high takes the larger number of hours")
        if sorted(set(self.borders)) != self.borders:
            raise ValueError("borders: give each above the one before")
        return self

    def doses(self) -> list[float]:
        """Return the hours asked for, ``low`` first."""
        return [self.low, *sorted({self.high, *self.curve} - {self.low})]


class LevelChange(Section):
    """A change of the level of care that is made a trial of in each week.

    Attributes
    ----------
    to : str
        Level that people change to: an episode, or for more care than before a service, of it.
    arms : list of str
        Whose people may change.
    weeks : int
        Follow-up from the change on; the outcome is a positive test in it.
    per_protocol : bool
        Whether to ask as well what would be had nobody who did not change done so later.
    """

    to: Literal[LEVELS_OF_CARE]  # type: ignore[valid-type]
    arms: Annotated[list[Name], Field(min_length=1)]
    weeks: Annotated[int, Field(ge=1, le=104)] = 6
    per_protocol: bool = True


class Participation(Section):
    """What following one strategy of attending, and not another, would bring to the people of some arms.

    Attributes
    ----------
    outcome : str
        A metric of 0 and 1 of the study, known at the end of ``weeks``, or ``first_positive_test``.
    strategies : mapping of str to Strategy
        Two; the first is held against the second.
    weeks : int
        Weeks of follow-up.
    arms : list of str
        Arms whose people it speaks of; the first of the study unless named.
    landmark : Landmark, optional
        A simpler analysis beside it, of those still there after some weeks.
    hours : Hours, optional
        The same question of hours a week.
    changes : mapping of str to LevelChange
        What stepping up or down in any week does.
    bootstrap : int
        How often people or sites are drawn anew for the interval.
    bootstrap_by : {"person", "site"}
        Who is drawn.
    truncate : float
        Percentile at which weights are cut.
    """

    outcome: str
    strategies: Annotated[dict[Name, Strategy], Field(min_length=2, max_length=2)]
    weeks: Annotated[int, Field(ge=2, le=104)] = 12
    arms: list[Name] = []
    landmark: Landmark | None = None
    hours: Hours | None = None
    changes: dict[Name, LevelChange] = {}
    bootstrap: Annotated[int, Field(ge=50, le=5000)] = 200
    bootstrap_by: Literal["person", "site"] = "person"
    truncate: Annotated[float, Field(ge=50, le=100)] = 99.0

    @field_validator("strategies", mode="after")
    @classmethod
    def _ask_for_something(cls, strategies: dict[str, Strategy]) -> dict[str, Strategy]:
        for name, rule in strategies.items():
            if rule.least_hours is None and rule.below_hours is None:
                raise ValueError(f"{name} asks for nothing; give least_hours or below_hours")
        return strategies

    @model_validator(mode="after")
    def _within_follow_up(self) -> "Participation":
        if self.landmark is not None and self.landmark.weeks >= self.weeks:
            raise ValueError(f"the landmark lies after {self.landmark.weeks} weeks and follow-up has {self.weeks}")
        return self

    @model_validator(mode="after")
    def _changes_within_weeks(self) -> "Participation":
        for name, change in self.changes.items():
            if change.weeks >= self.weeks:
                raise ValueError(
                    f"changes.{name}: it is followed for {change.weeks} of {self.weeks} weeks, which leaves no week in "
                    "which somebody could change"
                )
        return self

    def arms_of(self, study: Any) -> list[str]:
        """Return the arms whose people it speaks of."""
        return list(self.arms) or list(study.cohort.arms)[:1]


def check_participation(study: "Study") -> None:
    """Refuse an outcome, an arm or a length that the study does not have.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    asked = study.participation
    if asked is None:
        return
    places = {"arms": asked.arms} | {f"changes.{name}.arms": change.arms for name, change in asked.changes.items()}
    for place, arms in places.items():
        for arm in arms:
            if arm not in study.cohort.arms:
                hint = did_you_mean(arm, study.cohort.arms)
                raise StudyFileError(f"participation.{place}: there is no arm '{arm}'; {hint}")
    if asked.weeks > study.cohort.follow_up_days // 7:
        raise StudyFileError(
            f"participation.weeks: {asked.weeks} weeks are more than the {study.cohort.follow_up_days} days of "
            f"follow-up"
        )
    if not study.covariates:
        raise StudyFileError(
            "participation: the study has no covariates, so that nothing could be done about who comes; add what makes "
            "people come to covariates"
        )
    if asked.outcome == FIRST_POSITIVE:
        return
    if asked.outcome not in study.metrics:
        hint = did_you_mean(asked.outcome, [*study.metrics, FIRST_POSITIVE])
        raise StudyFileError(f"participation.outcome: there is no outcome '{asked.outcome}'; {hint}")
    plugin, settings = study.metric(asked.outcome)
    if plugin.kind_of_value != "binary":
        raise StudyFileError(
            f"participation.outcome: '{asked.outcome}' is {plugin.kind_of_value}; name a metric of 0 and 1, or "
            f"{FIRST_POSITIVE}"
        )
    known = outcome_of(study, asked.outcome)
    if known.is_made_up:
        raise StudyFileError(
            f"participation.outcome: '{asked.outcome}' makes something of missing tests or reports, and who "
            f"does not come "
            "is not tested, so that coming alone would decide it; name an outcome with missing: observed"
        )
    if known.hangs_on_length or known.is_of_sessions:
        raise StudyFileError(
            f"participation.outcome: '{asked.outcome}' is itself about coming, staying or leaving, so that following a "
            "strategy would decide it; name an outcome of use, tests or health"
        )
    days = settings.get("window_days", settings.get("day"))
    if isinstance(days, int) and days > 7 * asked.weeks:
        raise StudyFileError(
            f"participation.weeks: '{asked.outcome}' looks at {days} days and the strategies are followed for "
            f"{asked.weeks} weeks; follow them for as long"
        )
