"""Put the outcomes into one row per member."""

from iop_outcomes.dataset.members import build_outcomes
from iop_outcomes.history.history import History
from iop_outcomes.study.running import stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    records = {name: store.read(path) for name, path in snakemake.input.items()}  # noqa: F821
    history = History.of(records.pop("cohort"), records, care=study.care)
    weekly = records["weekly"] if study.has_repeated_outcome else None
    outcomes = build_outcomes(history, records["metric_value"], weekly)
    store.write(outcomes, "outcomes", snakemake.output[0])  # noqa: F821
