"""Two runs held against each other: what matters most comes first, and what only one has is told as such."""

import json

import pytest
from typer.testing import CliRunner

from iop_outcomes.cli import app
from iop_outcomes.diff.differences import Difference, differences
from iop_outcomes.diff.run import read_run
from iop_outcomes.diff.words import as_page, in_words
from iop_outcomes.errors import StudyError
from iop_outcomes.show import first_answer, told

VERDICT = """analysis,arm,against,design,verdict,reasons,sentence
primary,iop,outpatient,overlap,better,good_side; less_than_matters,People assigned to IOP did better.
dropout,iop,outpatient,overlap,cannot tell,chance,Cannot tell.
"""
ESTIMATE = """analysis,role,arm,against,kind,design,measure,population,scenario,unit,status,value,ci_low,ci_high,reason
primary,contrast,iop,outpatient,adjusted,overlap,risk_difference,everybody,main,share,shown,0.09,0.05,0.13,
dropout,contrast,iop,outpatient,adjusted,overlap,risk_difference,everybody,main,share,shown,-0.01,-0.05,0.03,
late,contrast,iop,outpatient,adjusted,overlap,risk_difference,everybody,main,share,withheld,,,,the arms are unlike.
"""
DIAGNOSTIC = """arm,against,design,check,status,reason
iop,outpatient,overlap,max_smd,PASS,the arms are alike.
"""
RECORD = {
    "settings": {"covariates": ["sex", "age"], "release": {"round_to": 5}},
    "inputs": {"episode.csv": "5ec2e7"},
    "code": {"commit": "abc"},
    "versions": {"numpy": "2.4"},
}


@pytest.fixture
def run(tmp_path):
    """Return a function that writes a run, with one text of its tables or its record changed."""

    def write(name, verdict=VERDICT, estimate=ESTIMATE, record=RECORD, **more):
        folder = tmp_path / name / "release" / "tables"
        folder.mkdir(parents=True)
        for table, text in {"verdict": verdict, "estimate": estimate, "diagnostic": DIAGNOSTIC, **more}.items():
            (folder / f"{table}.csv").write_text(text)
        if record:
            (tmp_path / name / "run.json").write_text(json.dumps(record))
        return str(tmp_path / name)

    return write


def between(*folders) -> list[Difference]:
    return differences(*map(read_run, folders))


def test_a_run_differs_from_itself_in_nothing(run):
    one = run("one")
    assert between(one, one) == []
    assert CliRunner().invoke(app, ["diff", one, one]).exit_code == 0


def test_verdicts_come_first_then_numbers_then_what_made_them_differ(run):
    other = {**RECORD, "settings": {"covariates": ["sex"], "release": {"round_to": 10}}, "versions": {"numpy": "2.5"}}
    found = between(
        run("one"),
        run(
            "two",
            verdict=VERDICT.replace("better,", "inconclusive,"),
            estimate=ESTIMATE.replace("0.09,0.05", "0.04,-0.01"),
            record=other,
        ),
    )
    assert found == [
        Difference("verdict", "primary, iop, outpatient", "better", "inconclusive"),
        Difference(
            "estimate",
            "primary, iop, outpatient, contrast, adjusted, overlap, risk_difference, everybody, main",
            "0.09 (0.05 to 0.13)",
            "0.04 (-0.01 to 0.13)",
        ),
        Difference("setting", "covariates", "age", "not there"),
        Difference("setting", "release.round_to", "5", "10"),
        Difference("version", "numpy", "2.4", "2.5"),
    ]


def test_an_analysis_or_a_table_that_one_run_lacks_is_named(run):
    found = between(run("one"), run("two", verdict=VERDICT.partition("dropout")[0], outcomes="a\n1\n"))
    assert [(one.kind, one.before, one.after) for one in found] == [
        ("verdict", "cannot tell", "not there"),
        ("table", "not there", "1 rows"),
    ]


def test_an_answer_that_is_withheld_in_one_run_is_told_as_such_and_not_as_a_number(run):
    withheld = ESTIMATE.replace("main,share,shown,0.09,0.05,0.13,", "main,share,withheld,,,,unlike.")
    found = between(run("one"), run("two", estimate=withheld))
    assert (found[0].kind, found[0].before, found[0].after) == ("shown or not", "shown", "withheld")


def test_a_release_alone_has_no_record_and_that_is_said(run):
    runs = [read_run(run("one")), read_run(run("two", record={**RECORD, "code": {"commit": "abd"}}) + "/release")]
    assert differences(*runs) == []
    assert "no run.json, so settings, raw files, code and versions were not compared" in in_words(*runs, [])


def test_the_page_says_what_the_terminal_says_and_escapes_it(run):
    runs = [read_run(run("one")), read_run(run("two", verdict=VERDICT.replace("better,", "<b>,")))]
    page = as_page(*runs, differences(*runs))
    assert "do not say the same" in page and "&lt;b&gt;" in page and "<b>" not in page


@pytest.mark.parametrize("name", ["nowhere", "nowhere.yaml"])
def test_what_has_no_release_is_refused_in_a_sentence(name, tmp_path):
    with pytest.raises(StudyError, match="there is no (such )?study"):
        read_run(name, tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError, match="there is no release with tables"):
        read_run("empty", tmp_path)


def test_a_record_that_is_none_is_refused_in_a_sentence(run, tmp_path):
    folder = run("one")
    (tmp_path / "one" / "run.json").write_text("{")
    with pytest.raises(StudyError, match=r"run\.json: this is not the record of a run"):
        read_run(folder)


def test_show_tells_each_verdict_and_what_was_withheld(run):
    lines = told(run("one")).splitlines()
    assert lines == [
        "primary: Better, by less than matters. People assigned to IOP did better.",
        "dropout: Cannot tell. Cannot tell.",
        "late, withheld: the arms are unlike.",
    ]


def test_show_tells_estimates_and_checks_of_one_analysis(run):
    said = told(run("one"), "primary")
    assert "  iop v outpatient  adjusted  risk difference  0.09 (0.05 to 0.13)\n" in said
    assert "PASS          max_smd: the arms are alike." in said
    assert "dropout" not in said


def test_an_analysis_that_there_is_not_is_answered_with_what_was_meant(run):
    with pytest.raises(StudyError, match="no analysis 'primry' in its release; did you mean 'primary'"):
        told(run("one"), "primry")


def test_the_end_of_a_run_tells_the_first_answer_only(run):
    assert first_answer(run("one")).splitlines() == [
        "primary: Better, by less than matters. People assigned to IOP did better.",
        "late, withheld: the arms are unlike.",
    ]


def test_the_end_of_a_run_without_a_release_tells_nothing(tmp_path):
    assert first_answer(tmp_path) == ""
