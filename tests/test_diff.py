"""Two runs held against each other: what caused a difference, then what it changed, and nothing passes for the same."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from iop_outcomes.cli import app
from iop_outcomes.diff.difference import Difference
from iop_outcomes.diff.differences import differences
from iop_outcomes.diff.run import read_run
from iop_outcomes.diff.words import as_page, in_words
from iop_outcomes.errors import StudyError
from iop_outcomes.show import first_answer, told

VERDICT = """analysis,arm,against,design,measure,verdict,reasons,sentence
primary,iop,outpatient,overlap,risk_difference,better,good_side; less_than_matters,People assigned to IOP did better.
dropout,iop,outpatient,overlap,risk_difference,cannot tell,chance,Cannot tell: as likely to drop out.
"""
CLAIM = """claim,analysis,verdict,reasons,explanation
IOP helps,primary,supported,claimed_side,People assigned to IOP did better.
"""
ESTIMATE = """analysis,role,arm,against,kind,design,measure,population,scenario,unit,status,\
value,ci_low,ci_high,se,reason
primary,contrast,iop,outpatient,adjusted,overlap,risk_difference,everybody,main,share,shown,0.09,0.05,0.13,0.02,
primary,arm,iop,,adjusted,overlap,mean,everybody,main,share,shown,0.24,0.22,0.26,0.01,
dropout,contrast,iop,outpatient,adjusted,overlap,risk_difference,everybody,main,share,shown,-0.01,-0.05,0.03,0.02,
late,contrast,iop,outpatient,adjusted,overlap,risk_difference,everybody,main,share,withheld,,,,,the arms are unlike.
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


def test_causes_come_first_then_verdicts_then_the_number_they_rest_on(run):
    other = {**RECORD, "settings": {"covariates": ["sex"], "release": {"round_to": 10}}, "versions": {"numpy": "2.5"}}
    found = between(
        run("one"),
        run(
            "two",
            verdict=VERDICT.replace(
                "better,good_side; less_than_matters,People", "inconclusive,gate_failed,Few people"
            ),
            estimate=ESTIMATE.replace("0.09,0.05", "0.04,-0.01"),
            record=other,
        ),
    )
    assert found == [
        Difference("setting", "covariates", "with age", "without age"),
        Difference("setting", "release.round_to", "5", "10"),
        Difference("version", "numpy", "2.4", "2.5"),
        Difference(
            "verdict",
            "primary, iop v outpatient",
            "better (good side; less than matters)",
            "inconclusive (gate failed)",
            ("Few people assigned to IOP did better.",),
        ),
        Difference(
            "answer",
            "primary, iop v outpatient, risk_difference, design overlap",
            "0.09 (0.05 to 0.13)",
            "0.04 (-0.01 to 0.13)",
        ),
    ]
    # The lower end went from 0.05 to -0.01, three times the standard error of 0.02.
    assert found[-1].moved == pytest.approx(3)


def test_a_claim_that_fell_says_on_which_analysis_and_check_it_rests(run):
    said = "better,good_side; less_than_matters,People assigned to IOP did better."
    fell = "withheld,withheld,Withheld: the arms are unlike."
    two = run(
        "two",
        verdict=VERDICT.replace(said, fell),
        estimate=ESTIMATE.replace("main,share,shown,0.09,0.05,0.13,0.02,", "main,share,withheld,,,,,unlike."),
        claim=CLAIM.replace(
            "supported,claimed_side,People assigned to IOP did better.", f"not testable,no_number,{fell[18:]}"
        ),
        diagnostic=DIAGNOSTIC.replace("PASS,the arms are alike", "FAIL,the arms are unlike"),
    )
    verdict, claim, check, status = between(run("one", claim=CLAIM), two)
    assert verdict.why == (
        "Withheld: the arms are unlike.",
        "Checks of its design that came out otherwise: max_smd PASS -> FAIL.",
    )
    assert (claim.before, claim.after) == ("supported (claimed side)", "not testable (no number)")
    assert claim.why == ("It rests on primary.",)
    assert (check.place, check.after) == ("max_smd, iop v outpatient, design overlap", "FAIL")
    # What the verdict has said is not said again beside its numbers.
    assert (status.before, status.after, status.why) == ("shown", "withheld", ())


def test_a_verdict_that_rests_on_another_reason_is_told_though_its_word_is_the_same(run):
    found = between(run("one"), run("two", verdict=VERDICT.replace("less_than_matters", "more_than_matters")))
    assert [(one.kind, one.after) for one in found] == [("verdict", "better (more than matters)")]


def test_a_change_of_the_sixth_digit_is_told_and_is_no_finding(run):
    runs = [read_run(run("one")), read_run(run("two", estimate=ESTIMATE.replace("0.09,", "0.090001,")))]
    found = differences(*runs)
    assert [(one.kind, one.hardly) for one in found] == [("answer", True)]
    assert "no estimate moved by as much as a tenth of its standard error" in in_words(*runs, found)
    assert "0.090001" not in in_words(*runs, found) and "0.090001" in as_page(*runs, found)


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("verdict", "as likely to", "less likely to"),
        ("estimate", "are unlike", "are not alike"),
        ("estimate", "0.03,0.02,", "0.03,0.03,"),
        ("diagnostic", "are alike", "are the same"),
        ("claim", "did better", "do better"),
    ],
)
def test_no_two_releases_pass_for_the_same_that_are_not(run, table, old, new):
    texts = {"verdict": VERDICT, "estimate": ESTIMATE, "diagnostic": DIAGNOSTIC, "claim": CLAIM}
    found = between(run("one", **texts), run("two", **texts | {table: texts[table].replace(old, new)}))
    assert [(one.kind, one.place) for one in found] == [("table", table)]


def test_a_file_that_is_no_table_is_held_too(run):
    one, two = run("one"), run("two")
    for folder, text in ((one, "a picture"), (two, "another")):
        (Path(folder) / "release" / "report.html").write_text(text)
    assert between(one, two) == [Difference("file", "report.html", "", "other content")]


def test_what_a_figure_repeats_is_told_once(run):
    moved = ESTIMATE.replace("0.09,", "0.06,")
    figures = [text.replace("the arms are unlike", "They are unlike") for text in (ESTIMATE, moved)]
    found = between(run("one", forest_plot=figures[0]), run("two", estimate=moved, forest_plot=figures[1]))
    assert [one.kind for one in found] == ["answer"]


def test_another_raw_file_and_counts_within_a_step_of_rounding_are_told_as_such(run):
    other = {**RECORD, "inputs": {"episode.csv": "5ec2e8"}}
    found = between(run("one", outcomes="arm,n\niop,760\n"), run("two", outcomes="arm,n\niop,765\n", record=other))
    assert found == [
        Difference("input", "episode.csv", "5ec2e7", "5ec2e8"),
        Difference("table", "outcomes", "", "other counts, none by more than a step of rounding"),
    ]


def test_the_same_code_under_another_commit_is_said_to_be_the_same(run):
    records = [{**RECORD, "code": {"commit": commit, "digest": "1f"}} for commit in ("abc", "abd")]
    (one,) = between(*(run(name, record=record) for name, record in zip(("one", "two"), records, strict=True)))
    assert one.kind == "code" and "Nothing that is run differs" in one.why[0]


def test_an_analysis_or_a_table_that_one_run_lacks_is_named(run):
    found = between(run("one"), run("two", verdict=VERDICT.partition("dropout")[0], outcomes="a\n1\n"))
    assert [(one.kind, one.before, one.after) for one in found] == [
        ("verdict", "cannot tell (chance)", "not there"),
        ("table", "not there", "1 rows"),
    ]


def test_an_answer_that_is_withheld_in_one_run_is_told_as_such_and_not_as_a_number(run):
    withheld = ESTIMATE.replace("main,share,shown,0.09,0.05,0.13,0.02,", "main,share,withheld,,,,,unlike.")
    (found,) = between(run("one"), run("two", estimate=withheld))
    assert (found.kind, found.before, found.after, found.why) == ("shown or not", "shown", "withheld", ("unlike.",))


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
        "dropout: Cannot tell: as likely to drop out.",
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
