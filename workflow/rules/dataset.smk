# One row per member. Covariates and outcomes are two files, so that a design cannot see an outcome.

rule covariates:
    input:
        cohort=f"{RESULTS}/cohort/cohort.parquet",
        **{name: CANONICAL[name] for name in ("person", "site", "episode", "baseline")},
    output:
        f"{RESULTS}/dataset/covariates.parquet",
    params:
        settings={"covariates": [*STUDY.covariates, *STUDY.describe_by], "cluster": STUDY.cluster},
        code=code_digest("iop_outcomes.dataset.members"),
    script:
        "../scripts/covariates.py"


rule outcomes:
    input:
        cohort=f"{RESULTS}/cohort/cohort.parquet",
        **{name: CANONICAL[name] for name in ("person", "episode", "session")},
        metric_value=f"{RESULTS}/metrics/metric_value.parquet",
        weekly=f"{RESULTS}/metrics/weekly.parquet",
    output:
        f"{RESULTS}/dataset/outcomes.parquet",
    params:
        settings={"weekly_urine": STUDY.has_repeated_outcome, "care": STUDY.care.model_dump()},
        code=code_digest("iop_outcomes.dataset.members"),
    script:
        "../scripts/outcomes.py"
