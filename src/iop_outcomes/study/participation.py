"""The section ``participation``: strategies of attending as declared rules, and the outcome they are held against."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.study.outcome import outcome_of

if TYPE_CHECKING:
    from iop_outcomes.study import Study

#: The outcome that is no metric: the first positive test, week by week.
FIRST_POSITIVE = "first_positive_test"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Strategy(BaseModel):
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

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    least_hours: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    below_hours: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    grace_weeks: int = Field(default=0, ge=0)
    last_week: int | None = Field(default=None, ge=0)
    lapses_allowed: int = Field(default=0, ge=0)
    step_up_allowed: bool = False


class Landmark(BaseModel):
    """When follow-up of a landmark analysis begins, and who counts as active then.

    Attributes
    ----------
    weeks : int
        Weeks after which it begins; whoever has left by then is not in it.
    least_hours : float
        Hours a week from which on somebody is active.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    weeks: Annotated[int, Field(ge=1)]
    least_hours: Annotated[float, Field(gt=0)]


class Participation(BaseModel):
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
    bootstrap : int
        How often people or sites are drawn anew for the interval.
    bootstrap_by : {"person", "site"}
        Who is drawn.
    truncate : float
        Percentile at which weights are cut.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    outcome: str
    strategies: Annotated[dict[Name, Strategy], Field(min_length=2, max_length=2)]
    weeks: Annotated[int, Field(ge=2, le=104)] = 12
    arms: list[Name] = []
    landmark: Landmark | None = None
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
    for arm in asked.arms:
        if arm not in study.cohort.arms:
            raise StudyFileError(f"participation.arms: there is no arm '{arm}'; {did_you_mean(arm, study.cohort.arms)}")
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
