"""Run a study from whatever folder, and show its report."""

import json
import os
import shlex
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.project import clone, workflow_home
from iop_outcomes.study.running import ENVIRONMENT

#: The study that is meant where none is named and the folder has none of its own.
DEMO = "demo"
REPORT = Path("release") / "report.html"


def usual_study(folder: str | Path = ".") -> str:
    """Return the study that is meant where none is named: the only one of the folder, or the demo.

    Raises
    ------
    StudyError
        The folder holds several.
    """
    folder = Path(folder)
    if (folder / studies.STUDIES).is_dir():
        return DEMO
    own = sorted(path.stem for path in folder.glob("*.yaml") if path.is_file() and _says_study(path))
    if len(own) > 1:
        raise StudyError(f"there are several studies here; say which: {', '.join(own)}")
    return own[0] if own else DEMO


def _says_study(path: Path) -> bool:
    with path.open("rb") as lines:
        return any(line.startswith(b"study:") for line in lines)


def running_command(asked: str) -> str:
    """Return the command that runs a study from here: `./run` in a clone, which sets itself up."""
    if not (Path("run").is_file() and Path("Snakefile").is_file()):
        return f"iop-outcomes run {shlex.quote(asked)}"
    if Path(asked).suffix in (".yaml", ".yml"):
        return f"./run {shlex.quote(asked)}"
    return "./run" if asked == DEMO else f"./run --config study={asked}"


def run_command(study: str, cores: str, more: Sequence[str] = ()) -> list[str]:
    """Return the command by which a study is run in this folder.

    Parameters
    ----------
    study : str
        Name or path.
    cores : str
        How many, or ``all``.
    more : sequence of str
        Words for Snakemake, as ``--forceall``.

    Raises
    ------
    StudyError
        There is no such study, or it is no study that can be run.
    """
    studies.load(study)
    home = workflow_home()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(home / "Snakefile"), "--cores", cores]
    command += ["--workflow-profile", str(home / "workflow" / "profiles" / "default")]
    # Quoted, because Snakemake reads the value as YAML, in which some characters of a path mean something.
    return [*command, *more, "--config", f"study={json.dumps(study)}"]


def run_study_here(study: str, cores: str, more: Sequence[str] = ()) -> None:
    """Run a study in this folder; this process becomes Snakemake and does not come back."""
    command = run_command(study, cores, more)
    if clone() != Path.cwd():
        keep_from_git(Path("results"))
    environment = os.environ | ENVIRONMENT
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execve(command[0], command, environment)


def keep_from_git(results: Path) -> None:
    """Make sure that results, which describe single people, are not taken into anybody's repository."""
    results.mkdir(exist_ok=True)
    ignore = results / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def report_of(study: str, folder: str | Path = ".") -> Path:
    """Return the report of a study.

    Raises
    ------
    StudyError
        It has not been run to its end.
    """
    name = studies.load(study, folder).name
    report = Path(folder) / "results" / name / REPORT
    if not report.is_file():
        raise StudyError(f"{name}: there is no report yet; {running_command(study)}")
    return report


def show_in_browser(report: Path) -> bool:
    """Open a page in the browser of this machine; False where there is none to be seen."""
    has_screen = sys.platform in ("darwin", "win32") or any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY"))
    # Without a screen a browser of the terminal might answer, and take it over.
    return (has_screen or bool(os.environ.get("BROWSER"))) and webbrowser.open(report.resolve().as_uri())
