"""Draw the cohort from the canonical tables."""

from iop_outcomes.cohort.build import build_cohort
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    records = {name: store.read(path) for name, path in snakemake.input.items()}  # noqa: F821
    cohort, attrition = build_cohort(records, study.cohort)
    progress("cohort")(f"{len(cohort):,} members in {cohort['arm'].nunique()} arms")
    store.write(cohort, "cohort", snakemake.output.cohort)  # noqa: F821
    store.write(attrition, "attrition", snakemake.output.attrition)  # noqa: F821
