"""Execute one notebook on the results of this study."""

from iop_outcomes.kernel.notebook import execute
from iop_outcomes.study.running import progress, stage

with stage(snakemake) as study:  # noqa: F821
    execute(snakemake.input.notebook, snakemake.output[0], study.name)  # noqa: F821
    progress("notebook", snakemake.log[0])(f"{snakemake.wildcards.name}: done")  # noqa: F821
