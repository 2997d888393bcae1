"""THE list of stages: what each may read of a study, which tables it takes and makes, and the function that does it.

From here come the rules of the workflow with their parameters and digests, the one script that runs them, and
``in_memory.run_study``, which does the same without a workflow. Order matters: a table is read as the last stage before
left it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.registry import CHECKS, DESIGN_METHODS, ELIGIBILITY, ESTIMATORS, SOURCES, Plugin
from iop_outcomes.stage import Stage, Tables
from iop_outcomes.study import Study
from iop_outcomes.tables import store
from iop_outcomes.tables.estimate import UNADJUSTED


def _estimators(study: Study, design: str | None) -> Iterable[Plugin]:
    used = {analysis.estimator for analysis in study.analyses.values() if analysis.design == design}
    return [ESTIMATORS[name] for name in sorted(used | {UNADJUSTED})]


def _estimators_of(study: Study, analyses: Iterable[str]) -> Iterable[Plugin]:
    return [ESTIMATORS[name] for name in sorted({study.analyses[analysis].estimator for analysis in analyses})]


def _checks(study: Study, design: str | None) -> Iterable[Plugin]:
    """Return the checks of a study and, where one makes analyses anew, what it makes them with."""
    checks = [CHECKS[name] for name, _ in study.checks_made()]
    if not any(check.refits for check in checks):
        return checks
    method = [DESIGN_METHODS[study.designs[design].method]] if design else []
    return [*checks, *_estimators(study, design), *method]


def _of_specifications(study: Study) -> Iterable[Plugin]:
    """Return the plug-ins of every choice that is varied."""
    asked = study.specifications
    if asked is None:
        return []
    return [
        *(ELIGIBILITY[name] for name, _ in study.cohort.rules),
        *(study.metric(name)[0] for name in asked.all_outcomes(study)),
        *(DESIGN_METHODS[study.designs[name].method] for name in asked.all_designs(study)),
        *(ESTIMATORS[name] for name in asked.all_estimators(study)),
    ]


def _code_lists(study: Study) -> list[Path]:
    """Return the files of codes that metrics of a study read."""
    given = (study.metric(name)[1].get("code_list") for name in study.metrics)
    return sorted({Path(path) for path in given if isinstance(path, str)})


def _unit_costs(study: Study) -> list[Path]:
    """Return the file of unit costs that a study names."""
    return [Path(study.costs.unit_costs)] if study.costs is not None and study.costs.unit_costs else []


_DESIGNED = ("propensity", "balance", "diagnostic")
_MEASURED = (
    *("metric_value", "weekly", "abstinence_share", "agreement", "set_aside", "retained", "intercurrent"),
    "refusal",
)

STAGES: tuple[Stage, ...] = (
    Stage(
        "ingest",
        sections=("source", "seed", "refuse"),
        reads=(),
        writes=(*tables.CANONICAL, "anonymity"),
        function="iop_outcomes.ingest.stage:run",
        folder="canonical",
        plugins=lambda study, _: [SOURCES[study.source.kind]],
        files=source_files,
    ),
    Stage(
        "cohort",
        sections=("cohort",),
        reads=("person", "episode", "baseline", "session", "service", "capability"),
        writes=("cohort", "attrition", "entry"),
        function="iop_outcomes.cohort.stage:run",
        folder="cohort",
        plugins=lambda study, _: [ELIGIBILITY[name] for name, _ in study.cohort.rules],
        in_parts=("session",),
    ),
    Stage(
        "metrics",
        sections=("metrics", "outcome_rules", "care", "events", "cluster", "refuse"),
        reads=("cohort", *tables.CANONICAL),
        writes=_MEASURED,
        function="iop_outcomes.describe.stage:run",
        folder="metrics",
        plugins=lambda study, _: [study.metric(name)[0] for name in study.metrics],
        files=_code_lists,
        # Not baseline and tests: what a source tests for, and what it records, is asked of everybody.
        of_members=(
            *("person", "episode", "session", "use_report", "assessment", "controlled_period", "service", "cost"),
        ),
        in_parts=("session", "baseline"),
        memory_mb=4000,
    ),
    Stage(
        "covariates",
        sections=("covariates", "adjust_for_calendar", "describe_by", "merge", "cluster", "cohort"),
        reads=("cohort", "person", "site", "episode", "baseline", "assessment"),
        writes=("covariates", "facts"),
        function="iop_outcomes.dataset.covariates:run",
        folder="dataset",
        # Not episode: whether a source keeps calendar time is asked of everybody.
        of_members=("person", "baseline"),
        in_parts=("assessment",),
    ),
    Stage(
        "hindsight",
        sections=("cohort", "covariates", "outcome_rules"),
        reads=(
            "cohort",
            "person",
            "episode",
            "baseline",
            "session",
            "drug_test",
            "use_report",
            "assessment",
            "service",
            "capability",
            "rejected",
        ),
        writes=("hindsight", "surveillance", "recording"),
        function="iop_outcomes.cohort.hindsight:run",
        folder="cohort",
        plugins=lambda study, _: [ELIGIBILITY[name] for name, _ in study.cohort.rules],
        in_parts=("session", "assessment"),
    ),
    Stage(
        "outcomes",
        sections=("has_repeated_outcome", "care", "events", "outcome_rules"),
        reads=(
            *("cohort", "person", "episode", "session", "use_report", "controlled_period"),
            *("metric_value", "weekly"),
        ),
        writes=("outcomes",),
        function="iop_outcomes.dataset.outcomes:run",
        folder="dataset",
        of_members=("person", "episode", "session", "use_report", "controlled_period"),
        in_parts=("session",),
    ),
    Stage(
        "design",
        sections=(
            *("designs", "contrasts_by_design", "gate_thresholds", "cohort", "covariates", "seed"),
            *("measured_by_assignment", "adjust_for_calendar"),
        ),
        reads=("covariates", "facts", "entry", "hindsight", "surveillance", "recording", "capability"),
        writes=_DESIGNED,
        function="iop_outcomes.designs.stage:run",
        folder="design",
        plugins=lambda study, design: [DESIGN_METHODS[study.designs[design].method]],
        per_design=True,
    ),
    Stage(
        "estimate",
        sections=("designs", "contrasts_by_design", "analyses", "cohort", "covariates", "adjust_for_calendar", "seed"),
        reads=("covariates", "outcomes", "refusal", "propensity", "diagnostic"),
        writes=("estimate", "curve", "incidence"),
        function="iop_outcomes.estimates.stage:run",
        folder="estimates",
        plugins=_estimators,
        per_design=True,
    ),
    Stage(
        "robustness",
        sections=(
            "designs",
            "contrasts_by_design",
            "analyses",
            "cohort",
            "covariates",
            "adjust_for_calendar",
            "seed",
            "gate",
            "events",
            "sensitivity",
            "metrics",
        ),
        reads=("covariates", "outcomes", "propensity", "diagnostic", "estimate"),
        writes=("estimate",),
        function="iop_outcomes.robustness.stage:run",
        folder="robustness",
        plugins=_checks,
        per_design=True,
    ),
    Stage(
        "subgroups",
        sections=(
            *("designs", "contrasts_by_design", "analyses", "cohort", "covariates", "adjust_for_calendar"),
            *("seed", "gate", "subgroups", "metrics", "events"),
        ),
        reads=("covariates", "outcomes", "refusal", "propensity", "diagnostic"),
        writes=("subgroup", "interaction"),
        function="iop_outcomes.estimates.by_subgroup:run",
        folder="subgroups",
        plugins=lambda study, _: _estimators_of(study, study.subgroups.asked(study) if study.subgroups else ()),
        wanted=lambda study: study.subgroups is not None,
    ),
    Stage(
        "heterogeneity",
        sections=(
            *("designs", "contrasts_by_design", "analyses", "cohort", "covariates", "adjust_for_calendar"),
            *("seed", "gate", "heterogeneity", "metrics", "events"),
        ),
        reads=("covariates", "outcomes", "refusal", "propensity", "diagnostic"),
        writes=("heterogeneity",),
        function="iop_outcomes.estimates.by_ranking:run",
        folder="heterogeneity",
        wanted=lambda study: study.heterogeneity is not None,
    ),
    Stage(
        "participation",
        sections=("participation", "seed", "gate", "cohort"),
        reads=("cohort", "covariates", "outcomes", "weekly", "controlled_period", "service", "episode"),
        writes=("participation", "participation_week", "participation_hours", "level_change"),
        function="iop_outcomes.participation.stage:run",
        folder="participation",
        wanted=lambda study: study.participation is not None,
    ),
    Stage(
        "components",
        sections=("components",),
        reads=("covariates", "outcomes"),
        writes=("component",),
        function="iop_outcomes.describe.components:run",
        folder="components",
        wanted=lambda study: study.components is not None,
    ),
    Stage(
        "specifications",
        sections=(
            *("specifications", "analyses", "designs", "contrasts_by_design", "cohort", "covariates", "metrics"),
            *("adjust_for_calendar", "describe_by", "merge", "cluster", "measured_by_assignment"),
            *("outcome_rules", "care", "events", "gate_thresholds", "seed"),
        ),
        reads=(*tables.CANONICAL,),
        writes=("specification", "specification_summary"),
        function="iop_outcomes.specifications.stage:run",
        folder="specifications",
        plugins=lambda study, _: _of_specifications(study),
        files=_code_lists,
        wanted=lambda study: study.specifications is not None,
        memory_mb=4000,
    ),
    Stage(
        "costs",
        sections=("costs", "analyses", "designs", "cohort", "gate", "seed", "metrics", "events"),
        reads=("cohort", "covariates", "outcomes", "episode", "cost", "session", "diagnostic"),
        writes=("cost_difference", "cost_effectiveness", "acceptability", "cost_plane"),
        function="iop_outcomes.costs.stage:run",
        folder="costs",
        files=_unit_costs,
        wanted=lambda study: study.costs is not None,
    ),
    Stage(
        "field",
        sections=("ledger",),
        reads=(),
        writes=("field_claim",),
        function="iop_outcomes.conclude.field:run",
        folder="ledger",
        files=lambda study: [Path(study.ledger)] if study.ledger else [],
        wanted=lambda study: study.ledger is not None,
        memory_mb=500,
        grows=False,
    ),
    Stage(
        "conclude",
        sections=(),
        reads=("estimate", "curve", "incidence", *_DESIGNED),
        writes=("estimate", "curve", "incidence", *_DESIGNED),
        function="iop_outcomes.conclude.stage:run",
        folder="estimates",
    ),
    Stage(
        "truth",
        sections=("source", "seed", "refuse", "cohort", "care", "events", "metrics", "outcome_rules"),
        reads=(),
        writes=("truth",),
        function="iop_outcomes.conclude.truth:run",
        folder="canonical",
        plugins=lambda study, _: [study.metric(name)[0] for name in study.metrics],
        wanted=lambda study: study.source.kind == "simulated",
    ),
)


def of(study: Study) -> list[Stage]:
    """Return the stages of a study, in order."""
    return [stage for stage in STAGES if stage.wanted(study)]


def waiting(study: Study, stage: Stage) -> int:
    """Return how many stages of a study, one after the other, wait for a stage: the more, the sooner it should run."""
    longest = dict.fromkeys((each.name for each in STAGES), 0)
    # From the last to the first, so that whatever waits for a stage has been counted before it.
    for later in reversed(of(study)):
        for origin in {maker(table, later).name for table in later.reads}:
            longest[origin] = max(longest[origin], 1 + longest[later.name])
    return longest[stage.name]


def named(name: str) -> Stage:
    """Return a stage by its name."""
    return next(stage for stage in STAGES if stage.name == name)


def between(after: str, until: str) -> tuple[Stage, ...]:
    """Return the stages after one (all, where it has no name) up to another, which is the last of them."""
    first = STAGES.index(named(after)) + 1 if after else 0
    return STAGES[first : STAGES.index(named(until)) + 1]


def maker(table: str, before: Stage | None = None) -> Stage:
    """Return the last stage that makes a table, of those before a stage or of all."""
    earlier = STAGES[: STAGES.index(before)] if before else STAGES
    return [stage for stage in earlier if table in stage.writes][-1]


def path(stage: Stage, table: str, design: str | None = None) -> str:
    """Return where a stage leaves a table, from ``results/<study>/``; ``{design}`` may stand for any design."""
    parts = [stage.folder, *([design] if stage.per_design and design else []), f"{table}.parquet"]
    return "/".join(parts)


def inputs(stage: Stage, designs: Iterable[str]) -> dict[str, str | list[str]]:
    """Return the files a stage reads by table; all designs' where it gathers what was made for each."""
    found: dict[str, str | list[str]] = {}
    for table in stage.reads:
        origin = maker(table, stage)
        gathers = origin.per_design and not stage.per_design
        found[table] = [path(origin, table, d) for d in designs] if gathers else path(origin, table, "{design}")
    return found


def read(stage: Stage, paths: Mapping[str, str | Path | Sequence[str | Path]]) -> Tables:
    """Return the tables a stage takes from their files, each of all designs where it has several.

    Parameters
    ----------
    stage : Stage
    paths : mapping
        File or files by table; ``cohort`` stands before the tables of which only its members' rows are read.
    """
    found: dict[str, Any] = {}
    for name in stage.reads:
        only = None
        if name in stage.of_members:
            # Of an episode's person, since what a rule asks of earlier episodes is theirs, too.
            only = {"person_id": found["cohort"]["person_id"], "episode_id": found["cohort"]["member_id"]}
        files = [paths[name]] if isinstance(paths[name], (str, Path)) else paths[name]
        if name in stage.in_parts and len(files) == 1 and store.is_long_file(files[0], name):
            found[name] = store.Stored(files[0], name)
            continue
        frames = [store.read(file, name, only=only) for file in files]
        found[name] = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    return found
