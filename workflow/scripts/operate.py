"""Draw the study anew in every world it asks for, and release what the replicates come to."""

from pathlib import Path

from iop_outcomes.operating.stage import run
from iop_outcomes.study.running import progress, stage

with stage(snakemake) as study:  # noqa: F821
    tell = progress("operate", Path(snakemake.log[0]))  # noqa: F821
    run(study, Path(snakemake.output[0]).parent, snakemake.threads, tell)  # noqa: F821
