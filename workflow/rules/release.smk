# The only door out: everything here has passed disclosure control.

from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.provenance import code_digest, file_digest
from iop_outcomes.release.stage import READS, release_files
from iop_outcomes.stage import memory_of_data
from iop_outcomes.study import running
from iop_outcomes.study import find
from iop_outcomes.study.protocol import state

RELEASE_FILES = [at(f"release/{name}") for name in release_files(STUDY)]
MADE = {table for stage in stages.of(STUDY) for table in stage.writes}

# Plug-ins beside the study: its record names them, and a figure among them is drawn by the release.
BESIDE = [file_digest(file) for file in STUDY.extend]


rule record:
    input:
        running.answer(source_files, STUDY),
        at("canonical/intake.parquet"),
    output:
        at("run.json"),
    params:
        settings=STUDY.model_dump(mode="json"),
        code=code_digest("iop_outcomes", everything=True),
        beside=BESIDE,
        protocol=running.answer(state, STUDY, find(config["study"])),
        contents=running.contents(running.answer(source_files, STUDY)),
    log:
        at("logs/record.log"),
    resources:
        mem_mb=500,
    script:
        "../scripts/record.py"


# The look of the page, checklists and the sources of methods are no code, so they are inputs; they lie where the
# package does, also where everything else lies in object storage.
LOOK = {
    "template": local(running.file_of_the_package("release/page/template.html.j2")),
    "style": local(running.file_of_the_package("release/page/style.css")),
    "checklists": local(running.file_of_the_package("release/checklists/lists.yaml")),
    "references": local(running.file_of_the_package("release/manuscript/references.yaml")),
}


rule release:
    input:
        **{table: at(stages.path(stages.maker(table), table)) for table in READS if table in MADE},
        **LOOK,
        run=at("run.json"),
    output:
        RELEASE_FILES,
    params:
        settings=STUDY.model_dump(mode="json"),
        code=code_digest("iop_outcomes.release"),
        beside=BESIDE,
    log:
        at("logs/release.log"),
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: (2000 + memory_of_data(RAW_BYTES)) * 2 ** (attempt - 1),
        runtime=minutes,
    script:
        "../scripts/release.py"
