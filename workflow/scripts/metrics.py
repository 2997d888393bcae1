"""Compute every metric of the study for every member of the cohort."""

from pathlib import Path

from iop_outcomes import store
from iop_outcomes.metrics.compute import compute_metrics
from iop_outcomes.metrics.definitions import abstinence_shares
from iop_outcomes.metrics.history import History
from iop_outcomes.metrics.weekly import weekly_records
from iop_outcomes.running import progress, stage

with stage(snakemake) as study:  # noqa: F821
    records = store.read_all(Path(snakemake.input.canonical[0]).parent)  # noqa: F821
    history = History.of(store.read(snakemake.input.cohort), records)  # noqa: F821
    metric_value, refusal = compute_metrics(history, study, records["capability"], progress("metrics"))
    store.write(metric_value, "metric_value", snakemake.output.metric_value)  # noqa: F821
    store.write(weekly_records(history, records["capability"], study.urine_panel), "weekly", snakemake.output.weekly)  # noqa: F821
    shares = abstinence_shares(history, records["capability"], study.urine_panel)
    store.write(shares, "abstinence_share", snakemake.output.abstinence_share)  # noqa: F821
    store.write(refusal, "refusal", snakemake.output.refusal)  # noqa: F821
