"""Analyses that are as they were are not fitted again, and nobody can tell the tables from those of a run anew."""

import copy
from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes import fitted, in_memory, stages
from iop_outcomes.tables import store
from test_pipeline import CONTENT, changed

pytestmark = pytest.mark.slow
ESTIMATE = stages.named("estimate")


@pytest.fixture(scope="module")
def tables():
    """Return what the stage takes, of a small study."""
    content = copy.deepcopy(CONTENT["source"]) | {"n_people": 300}
    study = changed(source=content)
    made = in_memory.run_stages(study, stages.between("", "outcomes"), {})
    design = stages.named("design")
    given = {name: made[name] for name in design.reads}
    made |= {name: table for name, table in design.run(study, given, design="overlap").items()}
    return {name: made[name] for name in ESTIMATE.reads}


@pytest.fixture
def estimate(tables, tmp_path, monkeypatch):
    """Return a call of the stage that gives the bytes of its tables and the analyses that were fitted."""
    monkeypatch.setattr(fitted, "FEWEST", 2)
    (tmp_path / "input").write_text("what was read")

    def call(analyses: dict, results: str = "results") -> tuple[dict[str, bytes], list[str]]:
        told: list[str] = []
        study = changed(analyses=analyses)
        made = fitted.run(ESTIMATE, study, tables, [tmp_path / "input"], tmp_path / results, told.append, "overlap")
        for name, frame in made.items():
            store.write(frame, name, tmp_path / f"{name}.parquet")
        found = {name: (tmp_path / f"{name}.parquet").read_bytes() for name in ESTIMATE.writes}
        return found, [line.partition(":")[0] for line in told if line.endswith(": done")]

    call.folder = tmp_path
    return call


WEIGHTED = {"outcome": "completion", "design": "overlap", "estimator": "weighted", "measure": "risk_difference"}


def test_only_what_changed_is_fitted_and_the_bytes_are_those_of_a_run_anew(estimate):
    first, fitted_first = estimate({"weighted": WEIGHTED})
    assert fitted_first == ["primary", "tests", "weighted"]
    again, fitted_again = estimate({"weighted": WEIGHTED})
    assert fitted_again == [] and again == first
    change = {"weighted": WEIGHTED | {"measure": ["risk_ratio"]}, "more": WEIGHTED}
    other, fitted_other = estimate(change)
    assert fitted_other == ["weighted", "more"]
    assert other == estimate(change, "elsewhere")[0]


@pytest.mark.parametrize("damage", ["input", "code", "file", "key"])
def test_whatever_else_it_rests_on_is_noticed(estimate, monkeypatch, damage):
    estimate({})
    kept = estimate.folder / "results" / fitted.FOLDER / "estimate" / "overlap"
    if damage == "input":
        (estimate.folder / "input").write_text("another table")
    elif damage == "code":
        monkeypatch.setattr(stages.Stage, "digest", lambda *given: "another program")
    elif damage == "file":
        (kept / "estimate.parquet").write_bytes(b"no table")
    else:
        (kept / "keys.json").unlink()
    assert estimate({})[1] == ["primary", "tests"]


def test_few_analyses_are_fitted_anew_and_nothing_is_kept(estimate, monkeypatch):
    monkeypatch.setattr(fitted, "FEWEST", 3)
    estimate({})
    assert not Path(estimate.folder / "results").exists()


def test_the_stage_reads_the_analyses_asked_for_and_no_others(tables):
    found = ESTIMATE.run(changed(), tables, design="overlap", only=["tests"])["estimate"]
    assert isinstance(found, pd.DataFrame) and set(found["analysis"]) == {"tests"}
