# Every stage of src/iop_outcomes/stages.py is a rule: what it reads, what it makes, and what its results rest on.

from functools import partial

from iop_outcomes import stages
from iop_outcomes.stage import minutes_for
from iop_outcomes.ingest.stage import source_files
from iop_outcomes.study import running


def at(place):
    return f"{RESULTS}/{place}"


def rests_on(stage, wildcards):
    return stage.view(STUDY, wildcards.get("design")).settings()


def made_by(stage, wildcards):
    return stage.digest(STUDY, wildcards.get("design"))


def memory(stage):
    """Return what a stage asks of a scheduler: by the size of the raw files, and twice that where it was not enough."""
    return lambda wildcards, attempt: stage.memory_for(RAW_BYTES) * 2 ** (attempt - 1)


def minutes(wildcards, attempt):
    """Return how long a job may take: by the size of the raw files, and twice that at a second try."""
    return minutes_for(RAW_BYTES) * 2 ** (attempt - 1)


def log_of(stage):
    return at(f"logs/{stage.name}{'_{design}' if stage.per_design else ''}.log")


RAW_BYTES = running.answer(running.size_of, running.answer(source_files, STUDY))

for STAGE in stages.of(STUDY):

    rule:
        name:
            STAGE.name
        input:
            files=running.answer(STAGE.files, STUDY),
            **{
                table: [at(p) for p in paths] if isinstance(paths, list) else at(paths)
                for table, paths in stages.inputs(STAGE, STUDY.designs).items()
            },
        output:
            **{table: at(stages.path(STAGE, table, "{design}")) for table in STAGE.writes},
        params:
            settings=partial(rests_on, STAGE),
            code=partial(made_by, STAGE),
            contents=running.contents(running.answer(STAGE.files, STUDY)),
        log:
            log_of(STAGE),
        priority: stages.waiting(STUDY, STAGE)
        resources:
            mem_mb=memory(STAGE),
            runtime=minutes,
        wildcard_constraints:
            design="[a-z][a-z0-9_]*",
        script:
            "../scripts/stage.py"


# Every table is asked for, so that one that was lost or damaged is made again though what was made of it is there.
TABLES = [
    at(stages.path(stage, table, design))
    for stage in stages.of(STUDY)
    for table in stage.writes
    for design in (STUDY.designs if stage.per_design else [None])
]
