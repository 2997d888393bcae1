# Members and their records -> one value per member and metric, and what the source cannot give.

from dataclasses import asdict

from iop_outcomes.kernel.registry import METRICS

METRIC_MODULES = sorted({STUDY.metric(name)[0].function.__module__ for name in STUDY.metrics})
METRIC_STAGE = ["iop_outcomes.dataset.metric_values", "iop_outcomes.describe.stage"]
MEASURED = {
    name: f"{RESULTS}/metrics/{name}.parquet"
    for name in ("metric_value", "weekly", "abstinence_share", "agreement", "set_aside", "retained", "refusal")
}


rule metrics:
    input:
        cohort=f"{RESULTS}/cohort/cohort.parquet",
        canonical=list(CANONICAL.values()),
    output:
        **MEASURED,
    params:
        settings={
            "metrics": STUDY.metrics,
            "rules": asdict(STUDY.outcome_rules),
            "care": STUDY.care.model_dump(),
            "cluster": STUDY.cluster,
        },
        code=code_digest(*METRIC_STAGE, *METRIC_MODULES),
    script:
        "../scripts/metrics.py"
