"""Read the study's source and write its canonical tables."""

from pathlib import Path

from iop_outcomes.ingest.stage import ingest
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    tell = progress("ingest")
    records = ingest(study)
    for row in records["intake"].itertuples():
        tell(f"{row.file} -> {row.table}: {row.n_in:,} rows in, {row.n_rejected:,} rejected")
    store.write_all(records, Path(snakemake.output[0]).parent)  # noqa: F821
