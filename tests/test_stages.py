"""The list of stages: what each reads exists by then, and no stage reads more of a study than it says."""

import json
from pathlib import Path

import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes import stages, tables
from iop_outcomes.stage import memory_of_data, minutes_for
from iop_outcomes.study.view import StudyView

ROOT = Path(__file__).resolve().parents[1]

CONTENT = {
    "study": "own",
    "source": {"kind": "simulated", "n_people": 200, "true_effect": "none"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "covariates": ["sex"],
    "metrics": {"completion": {}},
    "designs": {"overlap": {"method": "overlap_weights"}, "all": {"method": "ate_weights"}},
    "analyses": {"primary": {"outcome": "completion", "design": "overlap", "estimator": "weighted"}},
    "gate": {"min_ess": 1, "max_smd": 9, "min_equipoise": 0, "max_one_arm_share": 1},
}


@pytest.fixture(scope="module")
def study():
    return iop_outcomes.load_study(CONTENT)


def test_every_table_a_stage_reads_was_made_before(study):
    made: set[str] = set()
    for stage in stages.STAGES:
        assert set(stage.reads) <= made, stage.name
        made |= set(stage.writes)
    assert made <= set(tables.CONTRACTS)


def test_a_stage_that_reads_what_it_has_not_stated_fails_at_once(study):
    view = StudyView(study, ("seed",))
    assert view.seed == study.seed
    with pytest.raises(AttributeError, match="has not stated that it reads 'metrics' of the study"):
        view.metrics  # noqa: B018


def test_a_stage_of_one_design_reads_that_design_only(study):
    view = stages.named("estimate").view(study, "all")
    assert list(view.designs) == ["all"]
    assert view.analyses == {}


@pytest.mark.parametrize("change", [{"sensitivity": ["e_value"]}, {"title": "Other"}, {"margin": 0.1}, {"claims": []}])
def test_what_is_said_of_checks_and_words_changes_nothing_that_early_stages_rest_on(study, change):
    other = iop_outcomes.load_study(CONTENT | change)
    for name in ("ingest", "cohort", "metrics", "covariates", "outcomes", "design", "estimate"):
        stage = stages.named(name)
        design = "overlap" if stage.per_design else None
        assert stage.view(study, design).settings() == stage.view(other, design).settings()


def test_a_measure_changes_estimates_and_no_design(study):
    other = iop_outcomes.load_study(
        CONTENT | {"analyses": {"primary": CONTENT["analyses"]["primary"] | {"measure": "risk_ratio"}}}
    )
    same = {
        stage.name: stage.view(study, "overlap").settings() == stage.view(other, "overlap").settings()
        for stage in stages.of(study)
    }
    assert [name for name, equal in same.items() if not equal] == ["estimate", "robustness"]


@pytest.mark.slow
def test_the_road_in_python_runs_from_a_mapping_to_a_release(study, tmp_path):
    made = iop_outcomes.run_study(study)
    assert isinstance(made["estimate"], pd.DataFrame)
    iop_outcomes.release_study(study, made, tmp_path / "release")
    assert (tmp_path / "release" / "report.html").is_file()


@pytest.mark.slow
def test_a_study_without_covariates_has_an_answer_and_says_what_nobody_can_say(tmp_path):
    own = iop_outcomes.load_study(CONTENT | {"covariates": []})
    made = iop_outcomes.run_study(own)
    alike = made["diagnostic"].set_index("check").loc["max_smd"].iloc[0]
    assert (alike["status"], alike["reason"]) == (
        "NOT_EVALUATED",
        "there are no covariates, so that nobody can say how alike the arms are.",
    )
    iop_outcomes.release_study(own, made, tmp_path / "release")
    assert made["estimate"]["value"].notna().all()


def test_every_raw_file_of_a_source_is_an_input(tmp_path, monkeypatch):
    for name in ("person", "episode"):
        (tmp_path / f"{name}.csv").write_text("x\n")
    own = iop_outcomes.load_study(CONTENT | {"source": {"kind": "tables", "path": str(tmp_path)}})
    assert [path.name for path in stages.named("ingest").files(own)] == ["episode.csv", "person.csv"]


def test_a_code_list_that_a_metric_reads_is_an_input():
    metrics = {"hedis": {"metric": "hedis_engagement", "code_list": "codes.csv"}}
    own = iop_outcomes.load_study(CONTENT | {"metrics": CONTENT["metrics"] | metrics})
    assert [str(path) for path in stages.named("metrics").files(own)] == ["codes.csv"]


def test_what_a_caller_may_catch_is_one_import_away():
    from iop_outcomes.errors import StudyError

    with pytest.raises(StudyError, match="there is no metric 'completed'"):
        iop_outcomes.load_study(CONTENT | {"metrics": {"completed": {}}})


@pytest.mark.parametrize("rows", [200_000, 1_474_000, 10_300_000])
def test_a_scheduler_is_asked_for_more_memory_than_was_measured(rows):
    measured = json.loads((ROOT / "benchmarks" / "at_size.json").read_text())["sizes"][str(rows)]
    raw_bytes = 180 * rows  # a record of the file that was measured
    asked = {stage.name: stage.memory_for(raw_bytes) for stage in stages.STAGES if stage.name in measured}
    assert {name: mb for name, mb in asked.items() if mb < 1.2 * measured[name]["peak_mb"]} == {}
    assert 2000 + memory_of_data(raw_bytes) >= 1.2 * measured["release"]["peak_mb"]


@pytest.mark.parametrize("rows", [200_000, 1_474_000, 10_300_000])
def test_a_scheduler_is_asked_for_five_times_the_time_that_was_measured(rows):
    measured = json.loads((ROOT / "benchmarks" / "at_size.json").read_text())["sizes"][str(rows)]
    assert 60 * minutes_for(180 * rows) >= 5 * max(stage["cpu_s"] for stage in measured.values())


def test_time_grows_with_the_raw_files_by_begun_tenths_of_a_gigabyte():
    assert minutes_for(0) == 60
    assert [minutes_for(raw_bytes) for raw_bytes in (1, 100_000_000, 100_000_001, 10**12)] == [61, 61, 62, 10_060]


def test_memory_grows_with_the_raw_files_where_a_stage_reads_records():
    assert stages.named("ingest").memory_for(0) == 2000
    assert stages.named("ingest").memory_for(300_000_000) == 2000 + 3 * 300
    assert stages.named("field").memory_for(300_000_000) == 500


def test_what_most_wait_for_goes_first(study):
    assert {name: stages.waiting(study, stages.named(name)) for name in ("ingest", "design", "estimate", "truth")} == {
        "ingest": 6,  # cohort, metrics, outcomes, estimate, robustness, conclude
        "design": 3,  # estimate, robustness, conclude
        "estimate": 2,
        "truth": 0,
    }
