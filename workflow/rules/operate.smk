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
    # All cores here; on a cluster, where nobody counts cores for the whole run, what its profile says.
    threads: workflow.resource_settings.cores or 2
    resources:
        mem_mb=4000,
        runtime=1440,
    script:
        "../scripts/operate.py"


rule operate:
    input:
        OPERATING_FILES,
    localrule: True
