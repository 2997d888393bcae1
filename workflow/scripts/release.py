"""Write figures, tables and the report, each through disclosure control."""

import json
from pathlib import Path

from iop_outcomes.release.stage import build
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    paths = dict(snakemake.input.items())  # noqa: F821
    run = json.loads(Path(paths.pop("run")).read_text(encoding="utf-8"))
    tables = {name: store.read(path) for name, path in paths.items() if path.endswith(".parquet")}
    tell = progress("release", snakemake.log[0])  # noqa: F821
    build(study, tables, Path(snakemake.output[-1]).parent, run, tell, snakemake.threads)  # noqa: F821
