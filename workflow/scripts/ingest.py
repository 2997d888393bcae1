"""Read the study's source and write its canonical tables."""

from pathlib import Path

from iop_outcomes import store
from iop_outcomes.ingest import ingest
from iop_outcomes.running import progress, stage

with stage(snakemake) as study:  # noqa: F821
    tell = progress("ingest")
    records = ingest(study)
    for row in records["intake"].itertuples():
        tell(f"{row.file} -> {row.table}: {row.n_in:,} rows in, {row.n_rejected:,} rejected")
    store.write_all(records, Path(snakemake.output[0]).parent)  # noqa: F821
