# Dataset + design -> estimates. Analyses of one design share a job; the conclusions gather them and apply the gate.

from iop_outcomes.estimates.stage import UNADJUSTED
from iop_outcomes.kernel.registry import CHECKS, ESTIMATORS


def estimator_modules(design):
    names = {a.estimator for a in STUDY.analyses.values() if a.design == design} | {UNADJUSTED}
    return sorted({ESTIMATORS[name].function.__module__ for name in names})


rule estimate:
    input:
        covariates=f"{RESULTS}/dataset/covariates.parquet",
        outcomes=f"{RESULTS}/dataset/outcomes.parquet",
        refusal=f"{RESULTS}/metrics/refusal.parquet",
        propensity=f"{RESULTS}/design/{{design}}/propensity.parquet",
        diagnostic=f"{RESULTS}/design/{{design}}/diagnostic.parquet",
    output:
        estimate=f"{RESULTS}/estimates/{{design}}/estimate.parquet",
        curve=f"{RESULTS}/estimates/{{design}}/curve.parquet",
    params:
        settings=lambda w: {
            name: a.model_dump(mode="json") for name, a in STUDY.analyses.items() if a.design == w.design
        },
        code=lambda w: code_digest("iop_outcomes.estimates.stage", "iop_outcomes.designs.stage", *estimator_modules(w.design)),
    wildcard_constraints:
        design="[a-z][a-z0-9_]*",
    script:
        "../scripts/estimate.py"


rule conclude:
    input:
        estimate=expand(f"{RESULTS}/estimates/{{design}}/estimate.parquet", design=STUDY.designs),
        curve=expand(f"{RESULTS}/estimates/{{design}}/curve.parquet", design=STUDY.designs),
        balance=expand(f"{RESULTS}/design/{{design}}/balance.parquet", design=STUDY.designs),
        propensity=expand(f"{RESULTS}/design/{{design}}/propensity.parquet", design=STUDY.designs),
        diagnostic=expand(f"{RESULTS}/design/{{design}}/diagnostic.parquet", design=STUDY.designs),
    output:
        **{
            name: f"{RESULTS}/estimates/{name}.parquet"
            for name in ("estimate", "curve", "balance", "propensity", "diagnostic")
        },
    params:
        settings=STUDY.model_dump(mode="json", include={"gate", "analyses", "sensitivity"}),
        code=code_digest(
            "iop_outcomes.conclude.stage", *(CHECKS[name].function.__module__ for name, _ in STUDY.checks())
        ),
    script:
        "../scripts/conclude.py"
