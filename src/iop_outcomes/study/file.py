"""What a study file may hold: its sections and keys as types, with nothing merged and nothing guessed."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from iop_outcomes.history.care_rules import CareRules
from iop_outcomes.history.intercurrent import EventRules
from iop_outcomes.history.outcome_rules import ALL, OutcomeRules, Panel, Schedule, Thin, thinning_of
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import DESIGN_METHODS, METRICS, Metric
from iop_outcomes.kernel.section import Name, Section, with_settings
from iop_outcomes.study.analysis import Analysis, Claim, Design
from iop_outcomes.study.cohort import Cohort
from iop_outcomes.study.components import Components
from iop_outcomes.study.costs import Costs
from iop_outcomes.study.format import FORMAT, Format
from iop_outcomes.study.gate import Gate, GateThresholds
from iop_outcomes.study.heterogeneity import Heterogeneity
from iop_outcomes.study.merge import Groups
from iop_outcomes.study.names import WEEKLY_URINE
from iop_outcomes.study.participation import Participation
from iop_outcomes.study.release_rules import Release
from iop_outcomes.study.simulate import Simulate
from iop_outcomes.study.source import Source
from iop_outcomes.study.specifications import Specifications
from iop_outcomes.study.subgroups import Subgroups
from iop_outcomes.study.target_trial import TargetTrial
from iop_outcomes.study.terms import Covariate, Term, names_of, terms_of
from iop_outcomes.tables.by_site import BY_SITE
from iop_outcomes.tables.controls import CONTROLS, PLACEBO


class Study(Section):
    """One whole study, as its file says it, with the defaults filled in.

    Attributes
    ----------
    format : int
        Version of the form of study files that this one was written for; an older one is told what to change.
    study : str
        Name of the study and of its folder in ``results/``: small letters, figures and underscores.
    title : str
        What stands above the report.
    extend : list of str
        Python files beside the study with metrics, sources, rules or figures of your own.
    seed : int
        Where all that is drawn by chance begins; the same seed gives the same results.
    source : Source
        Where the raw data come from.
    refuse : list of str
        Rules for single records that are to end the run instead of setting a record aside; see the page of tables.
    cohort : Cohort
        Who is compared, from when, for how long.
    care : CareRules
        When care ends where no discharge is on record.
    covariates : list
        What the arms are made alike in: columns, curves and products.
    adjust_for_calendar : bool
        Whether the source's year or quarter is a covariate, too.
    measured_by_assignment : list of str
        Columns without a day that are known to be from before the assignment.
    cluster : {"site"} or null
        Whom standard errors take together, beside the rows of a person.
    describe_by : list of str
        Further columns by which outcomes are described; they are not adjusted for.
    merge : mapping
        Levels of a category that are taken as one wherever the study uses it, as rare ones that a release would hide:
        by column the new level and those it is made of.
    urine_panel : str or list of str, optional
        Which substances a urine test is read for: ``all``, ``primary``, or names.
    urine_schedule : str, int or list of int, optional
        When tests were due: ``recorded``, ``weekly``, the last week with a test, or a list of weeks.
    urine_thinning : str or mapping, optional
        ``weekly``, or one test of every so many days, where one arm is tested more often.
    events : EventRules
        What completing, a transfer, jail and death mean for outcomes.
    metrics : mapping
        Outcomes by name, each with its settings; ``metric`` names the metric where the name is your own.
    designs : mapping
        Ways to make the arms comparable, by name.
    analyses : mapping
        What is compared, by name; the first is the answer of the study.
    sensitivity : list
        Checks of how sure the answers are, each a name or a name with its settings.
    margin : float
        Smallest difference of shares that matters, 0.05 for 5 percentage points.
    gate : Gate
        What a comparison must reach before an outcome is shown.
    release : Release
        What is too small to leave the building.
    claims : list
        Claims that the study tests.
    simulate : Simulate, optional
        How often the study is drawn anew, to see how often it errs.
    subgroups : Subgroups, optional
        For whom the answer is asked again.
    heterogeneity : Heterogeneity, optional
        Exploring for whom the first arm does more; in no verdict.
    participation : Participation, optional
        What coming more would bring.
    components : Components, optional
        What care is made of, and how it goes with an outcome.
    specifications : Specifications, optional
        Every other way in which the first question could have been asked.
    costs : Costs, optional
        What care costs beside what it does.
    ledger : str, optional
        File with the claims of the field that the report ends in.
    target_trial : TargetTrial, optional
        The trial that is emulated, in your words; printed beside what the study does.
    """

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
    merge: dict[str, Groups] = {}
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
    components: Components | None = None
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
    def asks_hours(self) -> bool:
        """Are hours a week held against each other?"""
        return self.participation is not None and self.participation.hours is not None

    @property
    def asks_changes(self) -> bool:
        """Are changes of the level of care made trials of?"""
        return self.participation is not None and bool(self.participation.changes)

    @property
    def asks_controls(self) -> bool:
        """Are there outcomes that no arm can change, by which a design's error is measured?"""
        return CONTROLS in dict(self.checks())

    @property
    def asks_sites(self) -> bool:
        """Is the first analysis made in every site by itself?"""
        return BY_SITE in dict(self.checks())

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
        return with_settings(self.sensitivity)

    def checks_made(self) -> list[tuple[str, dict[str, Any]]]:
        """Checks asked for, and the placebo outcome, which runs by itself wherever use before time zero is known."""
        asked = self.checks()
        return asked if PLACEBO in dict(asked) else [*asked, (PLACEBO, {})]
