"""Bad input is answered with one sentence, an exit code, and nothing half-written."""

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

STUDY = """
study: own
source: {kind: tables, path: own}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
covariates: [sex]
metrics: {completion: {}}
designs: {overlap: {method: overlap_weights}}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
"""

PERSON = "person_id,sex\np1,female\np2,male\n"
EPISODE = (
    "episode_id,person_id,assignment_day,level_of_care,discharge_reason\ne1,p1,0,2.1,completed\ne2,p2,0,1,dropout\n"
)


def own_tables(project, **files):
    """Write the researcher's tables and study; a file given as None is left out."""
    folder = project.folder / "own"
    folder.mkdir(exist_ok=True)
    for name, content in ({"person": PERSON, "episode": EPISODE} | files).items():
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name}.csv").write_bytes(data)
    project.study("own", STUDY)


def said(run) -> list[str]:
    """Return the sentences meant for people."""
    return [line for line in run.stderr.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        (STUDY.replace("completion: {}", "complete: {}"), "there is no metric 'complete'; did you mean 'completion'?"),
        (STUDY.replace("path: own", "path: owm"), "source.path: there is no file or folder 'owm'"),
        (STUDY.replace("sex", "discharge_reason"), "'discharge_reason' is why care ended, known only after time zero"),
    ],
)
def test_a_wrong_study_is_answered_before_anything_runs(fresh, study, sentence):
    own_tables(fresh)
    fresh.study("own", study)
    run = fresh.snakemake(study="own")
    assert run.returncode != 0
    assert len(said(run)) == 1
    assert sentence in said(run)[0]
    assert "Traceback" not in run.stderr
    assert not (fresh.folder / "results" / "own").exists()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"episode": None}, "episode"),
        ({"episode": ""}, "empty"),
        (
            {"episode": EPISODE.replace("person_id", "persn_id")},
            "there is no column 'person_id'; did you mean 'persn_id'?",
        ),
        ({"person": "person_id,sex\np1,fémale\n".encode("latin-1")}, "UTF-8"),
    ],
)
def test_a_wrong_file_is_answered_and_leaves_nothing(fresh, files, sentence):
    own_tables(fresh, **files)
    run = fresh.snakemake(study="own")
    assert run.returncode != 0
    assert sentence in said(run)[-1]
    assert "Traceback" not in run.stderr
    assert list((fresh.folder / "results" / "own").rglob("*.parquet")) == []


def test_a_study_that_does_not_exist(fresh):
    run = fresh.snakemake(study="smal")
    assert run.returncode != 0
    assert said(run) == ["error: there is no study 'smal' in workflow/studies; did you mean 'small'?"]
