"""Make the arms comparable by one design and judge the result."""

from iop_outcomes.designs.stage import build_design
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    design = snakemake.wildcards.design  # noqa: F821
    covariates = store.read(snakemake.input.covariates)  # noqa: F821
    capability = store.read(snakemake.input.capability)  # noqa: F821
    made = build_design(covariates, capability, study, design, progress(f"design {design}"))
    for name, table in made.items():
        store.write(table, name, snakemake.output[name])  # noqa: F821
