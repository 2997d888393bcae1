# Notebooks are stored without output and executed on the results of a study: snakemake --cores 2 notebooks

from pathlib import Path

NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))


rule notebook:
    input:
        report=f"{RESULTS}/release/report.html",
        notebook="notebooks/{name}.ipynb",
    output:
        f"{RESULTS}/notebooks/{{name}}.ipynb",
    params:
        code=code_digest("iop_outcomes"),
    log:
        at("logs/notebook_{name}.log"),
    script:
        "../scripts/notebook.py"
