"""The command line: check a study, start one, make an example."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from iop_outcomes import cli, study

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command in an empty project that has the template; return exit code, output and errors."""
    shutil.copytree(ROOT / study.STUDIES, tmp_path / study.STUDIES)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["iop-outcomes", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return call


def test_a_study_is_started_from_an_example_and_is_ready(run, tmp_path):
    code, out, _ = run("simulate", "data/raw/own", "--n-people", "50")
    assert (code, "episode.csv" in out) == (0, True)
    code, out, _ = run("new-study", "own", "--path", "data/raw/own")
    assert (code, (tmp_path / study.STUDIES / "own.yaml").exists()) == (0, True)
    code, out, _ = run("check", "own")
    assert code == 0
    assert out.startswith("own: 2 metrics, 2 analyses, 1 design; 11 files read, ")
    assert "What the study can answer:" in out
    assert out.splitlines()[-1] == "It is ready: iop-outcomes run own"
    assert "format" not in out


@pytest.mark.slow
def test_a_study_that_names_no_format_is_ready_and_told_to_name_it(run, tmp_path):
    demo = tmp_path / study.STUDIES / "demo.yaml"
    demo.write_text(demo.read_text().replace("format: 1\n", ""))
    code, out, _ = run("check", "demo")
    assert code == 0
    assert "It is ready:" in out
    assert "the study names no format and was read as format 1: format: 1" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("check", "dmo"), "error: there is no study 'dmo' in workflow/studies; did you mean 'demo'?"),
        (("check", "template"), "error: source.path: there is no file or folder 'data/raw/template'"),
        (("new-study", "demo"), "error: workflow/studies/demo.yaml exists already"),
        (("new-study", "My Study"), "String should match pattern"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(run, words, sentence):
    code, _, err = run(*words)
    assert code == 2
    assert sentence.lower() in err.lower()
    assert "Traceback" not in err


def test_a_refused_new_study_writes_nothing(run, tmp_path):
    run("new-study", "My Study")
    assert not (tmp_path / study.STUDIES / "My Study.yaml").exists()


def test_the_files_of_a_study_are_found_beside_it(run, tmp_path):
    run("simulate", "mine/data", "--n-people", "50")
    template = (tmp_path / study.STUDIES / "template.yaml").read_text()
    (tmp_path / "mine" / "own.yaml").write_text(template.replace("path: data/raw/template", "path: data"))
    code, out, _ = run("check", "mine/own.yaml")
    assert code == 0
    assert out.splitlines()[-1] == "It is ready: iop-outcomes run mine/own.yaml"


def test_a_study_is_drafted_from_files_and_an_existing_one_is_left_alone(run, tmp_path):
    (tmp_path / "raw").mkdir()
    rows = "\n".join(f"C{i},{i % 12 + 1}/15/2024,{('IOP', 'OP')[i % 2]}" for i in range(30))
    (tmp_path / "raw" / "intakes.csv").write_text(f"Client,Intake Date,LOC\n{rows}\n")
    code, out, _ = run("new-study", "raw/intakes.csv", "--name", "clinic")
    assert (code, out.startswith("workflow/studies/clinic.yaml is written")) == (0, True)
    code, out, _ = run("check", "clinic")
    assert "people by arm, before any rule: 15 in iop, 15 in outpatient" in out
    assert run("new-study", "raw/intakes.csv", "--name", "clinic")[0] == 2


@pytest.mark.slow
def test_a_study_is_drawn_anew_as_often_as_asked_and_the_page_is_written(run, tmp_path):
    own = tmp_path / study.STUDIES / "own.yaml"
    text = (tmp_path / study.STUDIES / "demo_operating.yaml").read_text()
    own.write_text(text.replace("study: demo_operating", "study: own").replace("n_people: 2000", "n_people: 300"))
    code, out, err = run("operate", "own", "--replicates", "2", "--cores", "1", "--page")
    assert code == 0
    assert "operate: none: 2 of 2 replicates" in err
    assert "results/own/operating/release/decision.csv is written" in out
    page = (tmp_path / "docs" / "operating_characteristics.md").read_text()
    assert "Made by `iop-outcomes operate own --page --replicates 2`" in page


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Stand in a folder whose study files are each broken in another way."""
    folder = tmp_path / study.STUDIES
    (folder / "folder.yaml").mkdir(parents=True)
    (folder / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (folder / "bytes.yaml").write_bytes(b"\x00\xff\xfe")
    (folder / "open.yaml").write_text("study: [open\n")
    (folder / "unknown.yaml").write_text("study: unknown\nnope: 1\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("che", ["check"]),
        ("check ", ["bytes", "demo", "open", "unknown"]),
        ("run o", ["open"]),
        ("check unclosed'", []),
        ("show unknown ", []),
        ("no_such_command ", []),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_beside_broken_studies_without_a_word_more(broken, typed, offered, shell, capfd, monkeypatch):
    words = f"iop-outcomes {typed}"
    env = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_TYPER_COMPLETE_ARGS": words}
    env |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args", "_IOP_OUTCOMES_COMPLETE": f"complete_{shell}"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        cli.app(prog_name="iop-outcomes")
    out, err = capfd.readouterr()
    assert (end.value.code or 0, err) == (0, "")
    assert "Traceback" not in out
    told = {
        "bash": out.split(),
        "zsh": re.findall(r'"([^":]+)(?=[":])', out) if "_arguments" in out else [],
        "fish": [line.split("\t")[0] for line in out.splitlines()],
    }[shell]
    assert set(offered) <= set(told)
    assert not {"folder", "gone"} & set(told)
    assert told or not offered
