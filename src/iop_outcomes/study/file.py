"""What a study file may hold: its sections and keys as types, with nothing merged and nothing guessed."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from iop_outcomes.history.care_rules import CareRules
from iop_outcomes.history.intercurrent import EventRules
from iop_outcomes.history.outcome_rules import ALL, OutcomeRules, Panel, Schedule, Thin, thinning_of
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import DESIGN_METHODS, METRICS, Metric
from iop_outcomes.study.costs import Costs
from iop_outcomes.study.format import FORMAT, Format
from iop_outcomes.study.heterogeneity import Heterogeneity
from iop_outcomes.study.margins import Margin
from iop_outcomes.study.names import WEEKLY_URINE
from iop_outcomes.study.participation import Participation
from iop_outcomes.study.release_rules import Release
from iop_outcomes.study.simulate import Simulate
from iop_outcomes.study.specifications import Specifications
from iop_outcomes.study.subgroups import Subgroups
from iop_outcomes.study.target_trial import TargetTrial
from iop_outcomes.study.terms import Covariate, Term, names_of, terms_of
from iop_outcomes.tables.controls import PLACEBO

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of a study file; keys it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(BaseModel):
    """Where the raw data come from; the other keys are the settings of that kind of source."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the kind."""
        return dict(self.model_extra or {})


class AssignmentRules(Section):
    """How late an assignment, or a measurement of the baseline, may be and still count as made when care began.

    Whoever is assigned to an arm after some time in care has stayed in care for that time, so that every day of grace
    lets length of stay into the comparison.
    """

    grace_days: Annotated[int, Field(ge=0, le=14)] = 1


class Cohort(Section):
    """Who is compared, from when, for how long."""

    arms: dict[Name, dict[str, str | list[str]]] = Field(min_length=1)
    time_zero: Literal["assignment", "admission"] = "assignment"
    assignment: AssignmentRules = AssignmentRules()
    eligibility: list[str | dict[str, dict[str, Any]]] = []
    follow_up_days: Annotated[int, Field(ge=1, le=3660)] = 180

    @field_validator("arms", mode="before")
    @classmethod
    def _codes_are_text(cls, arms: object) -> object:
        def text(value: object) -> str | list[str]:
            return [str(v) for v in value] if isinstance(value, list) else str(value)

        if not isinstance(arms, dict):
            return arms
        return {a: {c: text(v) for c, v in s.items()} if isinstance(s, dict) else s for a, s in arms.items()}

    @property
    def rules(self) -> list[tuple[str, dict[str, Any]]]:
        """Eligibility rules in order, each with its settings."""
        return named(self.eligibility)


class Design(BaseModel):
    """One way to make the arms comparable; the other keys are the settings of the method.

    ``arms`` says which arms it makes comparable at once, so that all its contrasts speak of the same people: all of the
    study, those listed, or two at a time (``pairwise``).
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    method: str
    arms: Literal["all", "pairwise"] | list[Name] = "all"

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the method and the arms."""
        return dict(self.model_extra or {})


class Analysis(Section):
    """One outcome, compared once; ``randomised`` says that people were assigned to its two arms by chance."""

    outcome: str
    design: str
    estimator: str
    measure: str | list[str] = ""
    estimand: str = ""
    contrast: tuple[str, str] | None = None
    randomised: bool = False
    margin: Margin | None = None
    settings: dict[str, Any] = {}

    @property
    def measures(self) -> list[str]:
        """The measures asked for."""
        return [self.measure] if isinstance(self.measure, str) else list(self.measure)


class GateThresholds(Section):
    """What a design must reach before an outcome is shown."""

    max_smd: Annotated[float, Field(gt=0)] = 0.1
    min_equipoise: Share = 0.2
    min_ess: Annotated[float, Field(ge=0)] = 100
    max_one_arm_share: Share = 0.1
    max_detectable_difference: Annotated[float, Field(gt=0)] | None = None
    max_late_share: Share = 0.05
    max_loss_difference: Share = 0.05
    max_unadjusted_smd: Annotated[float, Field(gt=0)] = 0.5
    max_site_association: Share = 0.1
    min_calendar_overlap: Share = 0.8
    max_hindsight: Share = 0.5
    max_testing_ratio: Annotated[float, Field(ge=1)] = 1.25
    max_obtained_difference: Share = 0.1


class Gate(GateThresholds):
    """What a design must reach before an outcome is shown, and what happens to one that does not."""

    on_failure: Literal["withhold", "flag"] = "withhold"
    override: dict[str, str] = {}


class Claim(Section):
    """A claim of the field, the analysis that tests it, and which way of the outcome it says the first arm goes."""

    claim: str
    analysis: str
    direction: Literal["better", "higher", "lower"] = "better"


class Study(Section):
    """One whole study, as its file says it, with the defaults filled in."""

    format: Format = FORMAT
    study: Name
    title: str = ""
    extend: list[str] = []
    seed: Annotated[int, Field(ge=0)] = 1
    source: Source
    refuse: list[str] = []
    cohort: Cohort
    care: CareRules = CareRules()
    covariates: list[Covariate] = []
    adjust_for_calendar: bool = True
    measured_by_assignment: list[str] = []
    cluster: Literal["site"] | None = "site"
    describe_by: list[str] = []
    urine_panel: Panel = None
    urine_schedule: Schedule = None
    urine_thinning: Thin = None
    events: EventRules = EventRules()
    metrics: dict[Name, dict[str, Any]] = {}
    designs: dict[Name, Design] = {}
    analyses: dict[Name, Analysis] = {}
    sensitivity: list[str | dict[str, dict[str, Any]]] = []
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.05
    gate: Gate = Gate()
    release: Release = Release()
    claims: list[Claim] = []
    simulate: Simulate | None = None
    subgroups: Subgroups | None = None
    heterogeneity: Heterogeneity | None = None
    participation: Participation | None = None
    specifications: Specifications | None = None
    costs: Costs | None = None
    ledger: str | None = None
    target_trial: TargetTrial | None = None

    @property
    def name(self) -> str:
        """The study's name, also that of its folder in ``results/``."""
        return self.study

    @property
    def covariate_names(self) -> list[str]:
        """The columns that covariates are made of."""
        return names_of(self.covariates)

    @property
    def covariate_terms(self) -> tuple[Term, ...]:
        """What covariates hold beside columns: curves, products and slopes by site."""
        return terms_of(self.covariates)

    @property
    def adjusts_for_calendar(self) -> bool:
        """Is calendar time a covariate, where the source keeps it? Not of a study that adjusts for nothing at all."""
        return self.adjust_for_calendar and bool(self.covariates)

    @property
    def outcome_rules(self) -> OutcomeRules:
        """What holds for every metric of urine tests and use that does not say otherwise."""
        events = self.events
        return OutcomeRules(
            panel=self.urine_panel or ALL,
            schedule=self.urine_schedule,
            after_death=events.after_death,
            after_completion=events.after_completion,
            thinning=thinning_of(self.urine_thinning),
        )

    @model_validator(mode="before")
    @classmethod
    def _death_among_events(cls, content: object) -> object:
        """Read ``after_death`` of earlier files as the rule for death that it was: ``events.death.use``."""
        if not isinstance(content, dict) or "after_death" not in content:
            return content
        rest = {key: value for key, value in content.items() if key != "after_death"}
        use = {"not_abstinent": "composite", "no_value": "excluded"}.get(str(content["after_death"]))
        if use is None or "events" in rest:
            raise StudyFileError(
                "after_death: the rule for death stands among those for events; write events: {death: {use: composite}}"
                ", or excluded, and leave after_death out"
            )
        return rest | {"events": {"death": {"use": use}}}

    def metric(self, name: str) -> tuple[Metric, dict[str, Any]]:
        """Return the plug-in and the checked settings of one metric of this study."""
        settings = dict(self.metrics[name])
        plugin = METRICS[str(settings.pop("metric", name))]
        return plugin, plugin.check(settings, f"metrics.{name}")

    def arms_together(self, design: str) -> tuple[str, ...]:
        """Return the arms that a design makes comparable at once; none where it takes two at a time."""
        asked, arms = self.designs[design].arms, tuple(self.cohort.arms)
        by_pairs = DESIGN_METHODS[self.designs[design].method].several_arms != "together"
        if asked == "pairwise" or by_pairs:
            return ()
        kept = arms if asked == "all" else tuple(arm for arm in arms if arm in asked)
        return kept if len(kept) > 2 else ()

    @property
    def first_arms(self) -> tuple[str, str]:
        """The first two arms of a study that has two."""
        first, second, *_ = self.cohort.arms
        return first, second

    def contrast(self, analysis: Analysis) -> tuple[str, str]:
        """Return the two arms an analysis compares: its own, or the first two of the study."""
        return analysis.contrast or self.first_arms

    @property
    def contrasts_by_design(self) -> dict[str, list[tuple[str, str]]]:
        """The contrasts that the analyses ask of each design; the first two arms where they ask none."""
        asked = {name: dict.fromkeys(self.contrast(a) for a in self._under(name)) for name in self.designs}
        return {name: list(found) or [self.first_arms] for name, found in asked.items()}

    def _under(self, design: str) -> list[Analysis]:
        return [analysis for analysis in self.analyses.values() if analysis.design == design]

    @property
    def gate_thresholds(self) -> GateThresholds:
        """What the gate asks of a design, without what it does where that is not reached."""
        return GateThresholds(**self.gate.model_dump(include=set(GateThresholds.model_fields)))

    @property
    def has_repeated_outcome(self) -> bool:
        """Is the urine result of every week an outcome of some analysis?"""
        return any(analysis.outcome == WEEKLY_URINE for analysis in self.analyses.values())

    def checks(self) -> list[tuple[str, dict[str, Any]]]:
        """Sensitivity checks in order, each with its settings."""
        return named(self.sensitivity)

    def checks_made(self) -> list[tuple[str, dict[str, Any]]]:
        """Checks asked for, and the placebo outcome, which runs by itself wherever use before time zero is known."""
        asked = self.checks()
        return asked if PLACEBO in dict(asked) else [*asked, (PLACEBO, {})]


def named(entries: list[str | dict[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Return ``[a, {b: {x: 1}}]`` as ``[(a, {}), (b, {x: 1})]``."""
    pairs = []
    for entry in entries:
        pairs += [(entry, {})] if isinstance(entry, str) else list(entry.items())
    return pairs
