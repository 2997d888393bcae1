"""Run one stage: read its tables, one call, write what it made."""

from pathlib import Path

from iop_outcomes import fitted, stages
from iop_outcomes.kernel import unfinished
from iop_outcomes.study import running
from iop_outcomes.tables import store

with running.stage(snakemake) as study:  # noqa: F821
    stage = stages.named(snakemake.rule)  # noqa: F821
    design = snakemake.wildcards.get("design")  # noqa: F821
    tell = running.progress(f"{stage.name} {design}" if design else stage.name, Path(snakemake.log[0]))  # noqa: F821
    results = Path("results") / study.name
    own = results / unfinished.FOLDER / (f"{stage.name}_{design}" if design else stage.name)
    with unfinished.keeping(own, snakemake.input, snakemake.params):  # noqa: F821
        given = stages.read(stage, {table: snakemake.input[table] for table in stage.reads})  # noqa: F821
        if stage.name in fitted.BY_ANALYSIS:
            files = [snakemake.input[table] for table in stage.reads]  # noqa: F821
            made = fitted.run(stage, study, given, files, results, tell, design)
        else:
            made = stage.run(study, given, tell, design=design)
        for table, frame in made.items():
            if table in stage.writes:
                store.write(frame, table, snakemake.output[table])  # noqa: F821
