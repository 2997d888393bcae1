"""Put the outcomes into one row per member."""

from iop_outcomes import store
from iop_outcomes.dataset import build_outcomes
from iop_outcomes.metrics.history import History
from iop_outcomes.running import stage
from iop_outcomes.study import WEEKLY_URINE

with stage(snakemake) as study:  # noqa: F821
    records = {name: store.read(path) for name, path in snakemake.input.items()}  # noqa: F821
    history = History.of(records.pop("cohort"), records)
    repeated = any(analysis.outcome == WEEKLY_URINE for analysis in study.analyses.values())
    outcomes = build_outcomes(history, records["metric_value"], records["weekly"] if repeated else None)
    store.write(outcomes, "outcomes", snakemake.output[0])  # noqa: F821
