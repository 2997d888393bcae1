"""Run the study's metrics on both potential worlds of a simulated study: what IOP truly does."""

from iop_outcomes.conclude.truth import study_truth
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    truth = study_truth(study, progress("truth"))
    store.write(truth, "truth", snakemake.output[0])  # noqa: F821
