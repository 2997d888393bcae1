"""Put what was known by time zero into one row per member."""

from iop_outcomes.dataset.members import build_covariates
from iop_outcomes.study.running import stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    records = {name: store.read(path) for name, path in snakemake.input.items()}  # noqa: F821
    names = [*study.covariates, *study.describe_by]
    covariates = build_covariates(records.pop("cohort"), records, names, study.cluster)
    store.write(covariates, "covariates", snakemake.output[0])  # noqa: F821
