"""What a changed file reruns: the rules that rest on it and those that read what these make, each with its reason.

``tests/workflow/test_reruns.py`` holds what Snakemake does after some of the same edits.
"""

import sys
from pathlib import Path

import pytest

from iop_outcomes import cli, study
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.provenance import write_record
from iop_outcomes.why import Rerun, reruns

PACKAGE = Path(cli.__file__).parent
SMALL = """\
format: 1
study: small
title: A small study
source: {kind: tables, path: raw}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
covariates: [sex, prior_episodes]
metrics:
  completion: {}
  retention_90: {metric: retention, day: 90}
  engaged: {metric: hedis_engagement, code_list: codes.csv}
designs:
  overlap: {method: overlap_weights}
  matched: {method: nearest_match}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
  second: {outcome: completion, design: matched, estimator: matched, measure: risk_difference}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a study, its raw data, and the record of a run."""
    (tmp_path / "raw").mkdir()
    for name in ("raw/person.csv", "raw/episode.csv", "codes.csv", "notes.txt"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "results" / "small").mkdir(parents=True)
    settings = study.load("small.yaml", tmp_path).model_dump(mode="json")
    write_record(settings, [], tmp_path / "results" / "small" / "run.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rules(file: str | Path) -> list[str]:
    """Return the rules that a file reruns, each with its design."""
    return [f"{rerun.rule} {rerun.design}".strip() for rerun in reruns(file, "small.yaml")]


def of_designs(*stages: str) -> list[str]:
    """Return the rules of stages that run for each design."""
    return [f"{stage} {design}" for stage in stages for design in ("overlap", "matched")]


#: Whatever changes an estimate changes what is made of all of them.
END = ["conclude", "record", "release"]
AFTER_OUTCOMES = ["outcomes", *of_designs("estimate", "robustness"), *END]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("metrics/retention.py", ["metrics", *AFTER_OUTCOMES]),
        ("study/file.py", ["record", "release"]),
        ("kernel/errors.py", ["record", "release"]),
        ("release/page/page.py", ["record", "release"]),
        ("release/page/style.css", ["release"]),
        (
            "estimates/estimators/matched.py",
            ["estimate matched", "robustness matched", *END],
        ),
        (
            "designs/pairs/nearest.py",
            ["design matched", "estimate matched", "robustness matched", *END],
        ),
        ("metrics/gaps.py", ["record", "release"]),
    ],
)
def test_code_reruns_what_rests_on_it(project, file, expected):
    assert rules(PACKAGE / file) == expected


def test_raw_data_and_code_lists_rerun_what_reads_them(project):
    assert rules("raw/episode.csv")[:2] == ["ingest", "cohort"]
    assert reruns("raw/episode.csv", "small.yaml")[-2] == Rerun("record", "", "names a digest of this file")
    # The record names raw files, and a code list is none.
    assert rules("codes.csv") == ["metrics", *[rule for rule in AFTER_OUTCOMES if rule != "record"]]
    assert rules("notes.txt") == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("title: A", "title: One", ["record", "release"]),
        (
            "small study\n",
            "small study\nsensitivity: [e_value]\n",
            [*of_designs("robustness"), *END],
        ),
        (
            "aipw, measure: risk_difference",
            "aipw, measure: risk_ratio",
            ["estimate overlap", "robustness overlap", *END],
        ),
        (
            "[sex, prior_episodes]",
            "[sex]",
            [
                "covariates",
                "hindsight",
                *of_designs("design", "estimate", "robustness"),
                *END,
            ],
        ),
    ],
)
def test_a_study_file_reruns_what_reads_the_sections_that_differ_from_the_last_run(project, old, new, expected):
    (project / "small.yaml").write_text(SMALL.replace(old, new))
    assert rules("small.yaml") == expected


def test_a_new_design_reruns_no_other(project):
    third = "  matched: {method: nearest_match}\n"
    (project / "small.yaml").write_text(SMALL.replace(third, f"{third}  third: {{method: ate_weights}}\n"))
    found = reruns("small.yaml", "small.yaml")
    assert Rerun("design", "third", "is of a new design") in found
    assert not [rerun for rerun in found if rerun.rule == "design" and rerun.design != "third"]


def test_without_a_record_of_a_run_everything_runs(project):
    (project / "results" / "small" / "run.json").unlink()
    found = reruns("small.yaml", "small.yaml")
    assert {rerun.because for rerun in found} == {"has no record of an earlier run"}
    assert [found[0].rule, found[-1].rule] == ["ingest", "release"]


def test_a_file_that_is_not_there_is_answered_in_a_sentence(project):
    with pytest.raises(StudyError, match=r"nothing\.csv: there is no such file; give its path from this folder"):
        reruns("nothing.csv", "small.yaml")


@pytest.fixture
def said(project, monkeypatch, capsys):
    """Return a function that asks on the command line and returns the lines of the answer."""

    def ask(*words: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["iop-outcomes", "why", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return capsys.readouterr().out.splitlines()

    return ask


def test_the_command_says_which_rules_and_why(project, said):
    assert said("small.yaml") == ["small: the study is as it was in its last run, so that nothing runs again"]
    (project / "small.yaml").write_text(SMALL.replace("title: A", "title: One"))
    assert said("small.yaml") == [
        "small: record runs again, because it holds the whole study",
        "small: release runs again, because it holds the whole study",
    ]


def test_a_file_of_which_nothing_is_known_is_said_to_be_one(said):
    sentence = "small: no rule is known to rest on a change of notes.txt; snakemake -n shows what would run"
    assert said("notes.txt", "--study", "small.yaml") == [sentence]
