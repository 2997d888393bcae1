# One study, from raw files to a report that may be shared.
#
#     snakemake --cores 2 --config study=demo
#
# The study is a name from workflow/studies/ or the path of a YAML file. Everything it makes is in results/<study>/.

import sys

from iop_outcomes.kernel.provenance import keep_code
from iop_outcomes.show import first_answer
from iop_outcomes.study import running
from iop_outcomes.study.loading import text_digest

config.setdefault("study", "demo")
STUDY = running.open_study(config["study"], main=workflow.is_main_process)
# Jobs need not look up again what this process has.
config["checked"] = running.answer(text_digest, config["study"])
RESULTS = f"results/{STUDY.name}"

# The image of the Dockerfile, for jobs that are to run in it (`--sdm apptainer`); without that it changes nothing.
container: "docker-daemon://iop-outcomes:latest"

include: "workflow/rules/stages.smk"
include: "workflow/rules/release.smk"
include: "workflow/rules/operate.smk"
include: "workflow/rules/notebooks.smk"

# Every rule has asked for the digest of its code.
keep_code()


rule all:
    default_target: True
    input:
        TABLES,
        RELEASE_FILES,
        f"{RESULTS}/run.json",
        OPERATING_FILES if STUDY.simulate else [],
    localrule: True


rule notebooks:
    input:
        expand(f"{RESULTS}/notebooks/{{name}}.ipynb", name=NOTEBOOKS),
    localrule: True


onerror:
    running.last_words()


onsuccess:
    print(f"\n{first_answer(RESULTS)}\n\nReport: {RESULTS}/release/report.html", file=sys.stderr)
