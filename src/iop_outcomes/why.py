"""Which rules of the workflow a changed file reruns, and why.

A rule reruns where its code, its part of the study file or a file that it reads has changed, or where a rule before it
made a table anew. What has changed in a study file is told from the settings that ``run.json`` holds of the last run.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from iop_outcomes import stages
from iop_outcomes import study as studies
from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.provenance import PACKAGE, code_files
from iop_outcomes.release.stage import READS
from iop_outcomes.stage import Stage
from iop_outcomes.study import Study

#: Rules that are no stage: the record of a run, and the only door out.
RECORD, RELEASE = "record", "release"

_RESTS = "rests on this code"


@dataclass(frozen=True)
class Rerun:
    """A rule that runs again, its design where it runs once for each, and the reason."""

    rule: str
    design: str
    because: str


@dataclass(frozen=True)
class Reasons:
    """Why rules run again by themselves, whatever the others do; an empty reason where they do not."""

    stage: Callable[[Stage, str | None], str]
    record: str = ""
    release: str = ""


def reruns(file: str | Path, name: str, root: str | Path = ".") -> list[Rerun]:
    """Return the rules of a study that a change of one file reruns, in order.

    Parameters
    ----------
    file : path
        Code, the study file, raw data or a code list. A study file is compared with the last run; any other file is
        taken to have changed in what it says (comments and docstrings of code rerun nothing).
    name : str
        Name or path of the study.
    root : path
        The project's folder.

    Raises
    ------
    StudyError
        There is no such file, or the study cannot be read.
    """
    path, root = Path(file).resolve(), Path(root)
    if not path.is_file():
        raise StudyError(f"{file}: there is no such file; give its path from this folder")
    study = studies.load(name, root)
    if path == studies.find(name, root).resolve():
        return _followed(study, _of_study(study, root / "results" / study.name / "run.json"))
    if path.parent == (root / "workflow" / "scripts").resolve():
        return _followed(study, _of_script(path.stem))
    if path in code_files(PACKAGE, everything=True):
        return _followed(study, _of_code(study, path))
    return _followed(study, _of_data(study, path, root))


def _of_study(study: Study, record: Path) -> Reasons:
    """Return what differs from the last run: all of it where there was none, or none that this version can read."""
    try:
        settings = json.loads(record.read_text(encoding="utf-8"))["settings"]
        before, after = studies.parse(settings), studies.parse(studies.recorded(study))
    except FileNotFoundError:
        return _all("has no record of an earlier run")
    except (StudyError, ValueError, KeyError):
        return _all("was last run by a version with other study files")

    def reason(stage: Stage, design: str | None) -> str:
        if design is not None and design not in before.designs:
            return "is of a new design"
        was, now = (stage.view(each, design).settings() for each in (before, after))
        changed = [section for section in stage.sections if was[section] != now[section]]
        return f"reads {', '.join(changed)} of the study" if changed else ""

    whole = "holds the whole study" if studies.recorded(study) != settings else ""
    return Reasons(reason, whole, whole)


def _of_script(script: str) -> Reasons:
    runs = {rule: "is run by this script" if script == rule else "" for rule in ("stage", RECORD, RELEASE)}
    return Reasons(lambda stage, design: runs["stage"], runs[RECORD], runs[RELEASE])


def _of_code(study: Study, path: Path) -> Reasons:
    def reason(stage: Stage, design: str | None) -> str:
        return _RESTS if path in code_files(*stage.modules(study, design)) else ""

    released = path in code_files(f"{PACKAGE}.release")
    return Reasons(reason, "names a digest of all code", _RESTS if released else "")


def _of_data(study: Study, path: Path, root: Path) -> Reasons:
    """Return the reasons of a file that a rule reads; the look of the report is one."""
    read = {stage.name: {each.resolve() for each in stage.files(study)} for stage in stages.of(study)}
    raw = path in {each.resolve() for each in source_files(study, root)}
    look = path.parent.as_posix().endswith(f"{PACKAGE}/release/page")
    return Reasons(
        lambda stage, design: "reads this file" if path in read[stage.name] else "",
        "names a digest of this file" if raw else "",
        "takes its look from this file" if look else "",
    )


def _all(reason: str) -> Reasons:
    return Reasons(lambda stage, design: reason, reason, reason)


def _followed(study: Study, own: Reasons) -> list[Rerun]:
    """Return the rules that have a reason of their own, and those that read what these make."""
    found: list[Rerun] = []
    for stage in stages.of(study):
        for design in study.designs if stage.per_design else (None,):
            because = own.stage(stage, design) or _table_made_anew(stage, design, found)
            if because:
                found.append(Rerun(stage.name, design or "", because))
    again = {rerun.rule for rerun in found}
    record = own.record or ("reads intake, which ingest makes anew" if "ingest" in again else "")
    made = [stage.name for stage in stages.of(study) if stage.name in again and set(READS) & set(stage.writes)]
    tables = f"reads what {made[-1]} makes anew" if made else ""
    release = own.release or tables or (f"names the run, which {RECORD} writes anew" if record else "")
    return found + [Rerun(rule, "", because) for rule, because in ((RECORD, record), (RELEASE, release)) if because]


def _table_made_anew(stage: Stage, design: str | None, found: list[Rerun]) -> str:
    """Say which table is made anew by a rule before this one, of the same design where both have one."""
    for table, maker in _read_from(stage):
        if any(rerun.rule == maker and rerun.design in ("", design or rerun.design) for rerun in found):
            return f"reads {table}, which {maker} makes anew"
    return ""


def _read_from(stage: Stage) -> Iterator[tuple[str, str]]:
    return ((table, stages.maker(table, stage).name) for table in stage.reads)
