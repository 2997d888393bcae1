"""Gather the estimates of all designs, apply the gate and run the checks."""

import pandas as pd

from iop_outcomes.conclude.stage import apply_gate, run_checks
from iop_outcomes.study.running import progress, stage
from iop_outcomes.tables import store
from iop_outcomes.tables.estimate import may_be_shown


def gathered(name: str) -> pd.DataFrame:
    """Return one table of all designs."""
    return pd.concat([store.read(path) for path in snakemake.input[name]], ignore_index=True)  # noqa: F821


with stage(snakemake) as study:  # noqa: F821
    tables = {name: gathered(name) for name in ("curve", "balance", "propensity", "diagnostic")}
    estimate = apply_gate(gathered("estimate"), tables["diagnostic"], study)
    tables["estimate"] = pd.concat([estimate, run_checks(estimate, study)], ignore_index=True)
    withheld = int((~may_be_shown(estimate.drop_duplicates("analysis"))).sum())
    progress("conclude")(f"{estimate['analysis'].nunique()} analyses, {withheld} withheld or refused")
    for name, table in tables.items():
        store.write(table, name, snakemake.output[name])  # noqa: F821
