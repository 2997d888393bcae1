# Raw files -> canonical tables, every raw row accepted or kept in `rejected`.

from iop_outcomes.ingest.stage import source_files
from iop_outcomes import tables
from iop_outcomes.kernel.provenance import code_digest
from iop_outcomes.kernel.registry import SOURCES

CANONICAL = {name: f"{RESULTS}/canonical/{name}.parquet" for name in tables.CANONICAL}


rule ingest:
    input:
        running.answer(source_files, STUDY),
    output:
        **CANONICAL,
    params:
        settings=STUDY.source.model_dump(mode="json") | {"seed": STUDY.seed},
        code=code_digest("iop_outcomes.ingest.stage", SOURCES[STUDY.source.kind].function.__module__),
    script:
        "../scripts/ingest.py"
