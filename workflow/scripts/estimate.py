"""Estimate every analysis that uses one design."""

from iop_outcomes.designs.stage import read_comparisons
from iop_outcomes.estimates.stage import estimate_design
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store

with stage(snakemake) as study:  # noqa: F821
    design = snakemake.wildcards.design  # noqa: F821
    read = {name: store.read(path) for name, path in snakemake.input.items()}  # noqa: F821
    comparisons, refusals = read_comparisons(read["covariates"], read["propensity"], read["diagnostic"], study, design)
    refused = read["refusal"].query("kind == 'metric'").set_index("name")["reason"].to_dict()
    estimate, curve = estimate_design(
        study, design, comparisons, refusals, read["outcomes"], refused, progress(f"estimate {design}")
    )
    store.write(estimate, "estimate", snakemake.output.estimate)  # noqa: F821
    store.write(curve, "curve", snakemake.output.curve)  # noqa: F821
