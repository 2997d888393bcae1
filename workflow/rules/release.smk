# The only door out: everything here has passed disclosure control.

from iop_outcomes.release.stage import release_files

RELEASED = {
    **{name: CANONICAL[name] for name in ("intake", "capability")},
    **{name: f"{RESULTS}/cohort/{name}.parquet" for name in ("cohort", "attrition")},
    **MEASURED,
    **{name: f"{RESULTS}/dataset/{name}.parquet" for name in ("covariates", "outcomes")},
    **{
        name: f"{RESULTS}/estimates/{name}.parquet"
        for name in ("estimate", "curve", "balance", "propensity", "diagnostic")
    },
}
if STUDY.source.kind == "simulated":
    RELEASED["truth"] = f"{RESULTS}/canonical/truth.parquet"


TRUTH_RESTS_ON = {"source", "seed", "cohort", "care", "metrics", "urine_panel", "urine_schedule", "after_death"}
RELEASE_FILES = [f"{RESULTS}/release/{name}" for name in release_files(STUDY)]


rule truth:
    output:
        f"{RESULTS}/canonical/truth.parquet",
    params:
        settings=STUDY.model_dump(mode="json", include=TRUTH_RESTS_ON),
        code=code_digest("iop_outcomes.conclude.truth", "iop_outcomes.cohort.eligibility", *METRIC_MODULES),
    script:
        "../scripts/truth.py"


rule record:
    input:
        running.answer(source_files, STUDY),
        CANONICAL["intake"],
    output:
        f"{RESULTS}/run.json",
    params:
        settings=STUDY.model_dump(mode="json"),
        code=code_digest("iop_outcomes"),
    script:
        "../scripts/record.py"


# The look of the page is no code, so it is an input.
LOOK = {
    "template": "src/iop_outcomes/release/page/template.html.j2",
    "style": "src/iop_outcomes/release/page/style.css",
}


rule release:
    input:
        **RELEASED,
        **LOOK,
        run=f"{RESULTS}/run.json",
    output:
        RELEASE_FILES,
    params:
        settings=STUDY.model_dump(mode="json"),
        code=code_digest("iop_outcomes.release"),
    script:
        "../scripts/release.py"
