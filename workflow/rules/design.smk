# Covariates -> arms made comparable, and judged. No outcome is among the inputs: a design cannot see one.

from iop_outcomes.designs.stage import contrasts
from iop_outcomes.kernel.registry import DESIGN_METHODS


def method_module(design):
    return DESIGN_METHODS[STUDY.designs[design].method].function.__module__


rule design:
    input:
        covariates=f"{RESULTS}/dataset/covariates.parquet",
        capability=CANONICAL["capability"],
    output:
        propensity=f"{RESULTS}/design/{{design}}/propensity.parquet",
        balance=f"{RESULTS}/design/{{design}}/balance.parquet",
        diagnostic=f"{RESULTS}/design/{{design}}/diagnostic.parquet",
    params:
        settings=lambda w: {
            "design": STUDY.designs[w.design].model_dump(mode="json"),
            "contrasts": contrasts(STUDY, w.design),
            "gate": STUDY.gate.model_dump(mode="json", exclude={"on_failure", "override"}),
            "covariates": STUDY.covariates,
            "seed": STUDY.seed,
        },
        code=lambda w: code_digest("iop_outcomes.designs.stage", method_module(w.design)),
    wildcard_constraints:
        design="[a-z][a-z0-9_]*",
    script:
        "../scripts/design.py"
