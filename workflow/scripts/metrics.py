"""Compute every metric of the study for every member of the cohort, and describe what was recorded."""

from pathlib import Path

import pandas as pd

from iop_outcomes.dataset.metric_values import compute_metrics
from iop_outcomes.describe.stage import describe
from iop_outcomes.history.history import History
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    records = store.read_all(Path(snakemake.input.canonical[0]).parent)  # noqa: F821
    history = History.of(store.read(snakemake.input.cohort), records, study.outcome_rules, care=study.care)  # noqa: F821
    made = describe(history, records["capability"], cluster=study.cluster)
    made["metric_value"], refusal = compute_metrics(history, study, records["capability"], progress("metrics"))
    made["refusal"] = pd.concat([refusal, made["refusal"]], ignore_index=True)
    for name, table in made.items():
        store.write(table, name, snakemake.output[name])  # noqa: F821
