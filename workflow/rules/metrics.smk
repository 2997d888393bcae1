# Members and their records -> one value per member and metric, and what the source cannot give.

from iop_outcomes.registry import METRICS

METRIC_MODULES = sorted({STUDY.metric(name)[0].function.__module__ for name in STUDY.metrics})
METRIC_STAGE = [f"iop_outcomes.metrics.{name}" for name in ("compute", "weekly", "definitions")]


rule metrics:
    input:
        cohort=f"{RESULTS}/cohort/cohort.parquet",
        canonical=list(CANONICAL.values()),
    output:
        metric_value=f"{RESULTS}/metrics/metric_value.parquet",
        weekly=f"{RESULTS}/metrics/weekly.parquet",
        abstinence_share=f"{RESULTS}/metrics/abstinence_share.parquet",
        refusal=f"{RESULTS}/metrics/refusal.parquet",
    params:
        settings={"metrics": STUDY.metrics, "urine_panel": STUDY.urine_panel},
        code=code_digest(*METRIC_STAGE, *METRIC_MODULES),
    script:
        "../scripts/metrics.py"
