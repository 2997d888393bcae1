# Canonical tables -> who is compared, from when, and who was lost at each rule.

rule cohort:
    input:
        **{name: CANONICAL[name] for name in ("person", "episode", "baseline", "service", "capability")},
    output:
        cohort=f"{RESULTS}/cohort/cohort.parquet",
        attrition=f"{RESULTS}/cohort/attrition.parquet",
    params:
        settings=STUDY.cohort.model_dump(mode="json"),
        code=code_digest("iop_outcomes.cohort.build", "iop_outcomes.cohort.eligibility"),
    script:
        "../scripts/cohort.py"
