# Operating characteristics: the study drawn anew many times in worlds whose truth is known. A study with a section
# `simulate` has them beside its report; any study by `snakemake --cores 2 operate --config study=...`.

from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.provenance import code_digest
from iop_outcomes.operating.files import operating_files

OPERATING_FILES = [at(f"operating/{name}") for name in operating_files(STUDY)]


rule operating:
    input:
        running.answer(source_files, STUDY),
    output:
        OPERATING_FILES,
    params:
        settings=STUDY.model_dump(mode="json"),
        code=code_digest("iop_outcomes", everything=True),
    log:
        at("logs/operating.log"),
    threads: workflow.cores or 1
    resources:
        mem_mb=4000,
    script:
        "../scripts/operate.py"


rule operate:
    input:
        OPERATING_FILES,
    localrule: True
