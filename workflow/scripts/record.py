"""Write which input, code and settings made the results of this study."""

from pathlib import Path

from iop_outcomes.kernel.provenance import write_record
from iop_outcomes.study import find, recorded
from iop_outcomes.study.protocol import state
from iop_outcomes.study.running import stage

with stage(snakemake) as study:  # noqa: F821
    raw = [Path(path) for path in snakemake.input[:-1]]  # noqa: F821
    protocol = state(study, find(snakemake.config["study"]))  # noqa: F821
    write_record(recorded(study), raw, Path(snakemake.output[0]), protocol)  # noqa: F821
