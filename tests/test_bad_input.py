"""Bad input is answered with one sentence and an exit code, wherever on the road it is found; nothing is written.

Here each answer is got as the Snakefile and the script of a job get it, without starting Snakemake; that a person sees
it there is held by ``tests/workflow/test_bad_input.py``.
"""

from types import SimpleNamespace

import pytest

import iop_outcomes
from iop_outcomes import stages
from iop_outcomes import study as studies
from iop_outcomes.errors import StudyError
from iop_outcomes.study import running
from own_tables import EPISODE, STUDY, write_own_tables


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project whose folder is the current one."""
    (tmp_path / studies.STUDIES).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def the_snakefile_reads(name: str) -> studies.Study:
    """Do what the Snakefile does before anything runs: load the study, and find its raw files."""
    study = running.answer(studies.load, name)
    running.answer(stages.named("ingest").files, study)
    return study


def a_job_runs(stage: str, name: str) -> None:
    """Do what the script of a job does, up to the first table written."""
    with running.stage(SimpleNamespace(config={"study": name})) as study:
        stages.named(stage).run(study, {})


def said(capsys) -> str:
    """Return the one sentence that was printed."""
    (sentence,) = capsys.readouterr().err.strip().splitlines()
    return sentence


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        (STUDY.replace("completion: {}", "complete: {}"), "there is no metric 'complete'; did you mean 'completion'?"),
        (STUDY.replace("path: own", "path: owm"), "source.path: there is no file or folder 'owm'; did you mean 'own'?"),
        (STUDY.replace("sex", "discharge_reason"), "'discharge_reason' is why care ended, known only after time zero"),
    ],
)
def test_a_wrong_study_is_answered_before_anything_runs(project, capsys, study, sentence):
    write_own_tables(project, study)
    with pytest.raises(SystemExit) as end:
        the_snakefile_reads("own")
    assert end.value.code == running.EXIT_CODE == 2
    assert sentence in said(capsys)
    assert not (project / "results").exists()


def test_a_list_of_codes_that_does_not_exist(project, capsys):
    with pytest.raises(SystemExit):
        running.contents(["codes.csv"])
    assert said(capsys) == "error: codes.csv: the study names this file and there is none; check the path, or add it"


def test_a_study_that_does_not_exist(project, capsys):
    (project / studies.STUDIES / "small.yaml").write_text(STUDY)
    with pytest.raises(SystemExit):
        the_snakefile_reads("smal")
    assert said(capsys) == "error: there is no study 'smal' in workflow/studies; did you mean 'small'?"


WRONG_FILES = [
    ({"episode": None}, "there is no episode.csv or episode.parquet in 'own'"),
    ({"episode": ""}, "empty"),
    (
        {"episode": EPISODE.replace("person_id", "persn_id")},
        "there is no column 'person_id'; did you mean 'persn_id'?",
    ),
    ({"person": "person_id,sex\np1,fémale\n".encode("latin-1")}, "UTF-8"),
]


@pytest.mark.parametrize(("files", "sentence"), WRONG_FILES)
def test_a_wrong_file_ends_its_job_with_a_sentence_that_the_run_says_again_at_its_end(project, capsys, files, sentence):
    write_own_tables(project, STUDY, **files)
    (project / "results").mkdir()
    study = the_snakefile_reads("own")
    with pytest.raises(SystemExit) as end:
        a_job_runs("ingest", study.name)
    assert end.value.code == running.EXIT_CODE
    first = said(capsys)
    assert sentence in first
    running.last_words()
    assert said(capsys) == first
    assert list((project / "results").rglob("*")) == []


@pytest.mark.parametrize(("files", "sentence"), WRONG_FILES)
def test_in_python_the_same_sentence_is_an_error_to_catch(project, files, sentence):
    write_own_tables(project, STUDY, **files)
    with pytest.raises(StudyError) as error:
        iop_outcomes.run_study(iop_outcomes.load_study("own"))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_bug_keeps_its_traceback(project):
    write_own_tables(project, STUDY)
    with pytest.raises(ZeroDivisionError), running.stage(SimpleNamespace(config={"study": "own"})):
        1 / 0  # noqa: B018
