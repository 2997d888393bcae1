"""From the file of a study to the study: found, read, and checked when it is loaded.

Every name in the file is looked up at once. A wrong one is answered in one sentence that says where it stands and what
was probably meant; so is anything that would not answer the question asked, such as an arm defined by what happened
after time zero.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from iop_outcomes.kernel.beside import load_beside
from iop_outcomes.kernel.errors import StudyFileError, did_you_mean, in_words
from iop_outcomes.kernel.plugin import sentence
from iop_outcomes.kernel.project import workflow_home
from iop_outcomes.study.claims import check_claims
from iop_outcomes.study.components import check_components
from iop_outcomes.study.costs import check_costs
from iop_outcomes.study.file import Study
from iop_outcomes.study.format import check_format
from iop_outcomes.study.heterogeneity import check_heterogeneity
from iop_outcomes.study.margins import check_margin
from iop_outcomes.study.names import cross_check
from iop_outcomes.study.participation import check_participation
from iop_outcomes.study.reading import read_file, read_yaml
from iop_outcomes.study.simulate import check_simulate
from iop_outcomes.study.specifications import check_specifications
from iop_outcomes.study.subgroups import check_subgroups

#: Folder of the studies that can be called by name, below the project's folder.
STUDIES = Path("workflow") / "studies"


def find(name: str | Path, root: str | Path = ".") -> Path:
    """Return the file of a study called by name or by path.

    A name is looked for in ``workflow/studies``, then in the folder itself, as a project outside a clone has it, and
    last among the studies that come with the package.

    Raises
    ------
    StudyFileError
        There is neither a study of that name nor a file at that path.
    """
    if Path(name).suffix in (".yaml", ".yml"):
        path = Path(name) if Path(name).is_absolute() else Path(root) / name
        if not path.is_file():
            raise StudyFileError(f"{name}: there is no such study file; give its path, or a name from {STUDIES}")
        return path
    for folder in _folders(root):
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    raise StudyFileError(f"there is no study '{name}' in {STUDIES}; {did_you_mean(str(name), known_studies(root))}")


def known_studies(root: str | Path = ".") -> list[str]:
    """Return the names by which studies can be called, of files that are there; none of them is opened."""
    files = [path for folder in _folders(root) for path in folder.glob("*.yaml") if path.is_file()]
    return sorted({path.stem for path in files})


def _folders(root: str | Path) -> list[Path]:
    return [Path(root) / STUDIES, Path(root), workflow_home() / STUDIES]


def load(name: str | Path, root: str | Path = ".", checked: str = "") -> Study:
    """Load and check a study.

    Parameters
    ----------
    name : str or path
        Name of a file in ``workflow/studies`` without its ending, or a path to one.
    root : path
        The project's folder.
    checked : str
        Digest of the text that this run has checked already (``text_digest``): where it is still that, its names are
        not looked up again, which takes longer than most jobs.

    Raises
    ------
    StudyFileError
        The file is not there, is no YAML, has unknown or missing keys, or asks for what does not exist or fit together.
    """
    with in_words():
        path = find(name, root)
        text = read_file(path)
    content, is_checked = _beside(read_yaml(text, str(path)), path, Path(root)), _digest(text) == checked
    return parse(content, str(path), is_checked)


def text_digest(name: str | Path, root: str | Path = ".") -> str:
    """Return the digest of a study's text, by which a job knows that it was checked when the run began."""
    with in_words():
        return _digest(read_file(find(name, root)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _beside(content: dict[str, Any], file: Path, root: Path) -> dict[str, Any]:
    """Return a study whose data and plug-ins stand beside its file with their paths from the project's folder."""

    def from_root(place: object, beside_first: bool = False) -> object:
        if not isinstance(place, str):
            return place
        beside = (file.parent / place).exists()
        if (root / place).exists() and not (beside_first and beside):
            return place
        return os.path.relpath(file.parent / place, root) if beside or beside_first else place

    source, extend = content.get("source"), content.get("extend")
    if isinstance(source, dict) and "path" in source:
        content = content | {"source": {**source, "path": from_root(source["path"])}}
    if isinstance(extend, list):
        content = content | {"extend": [from_root(place, beside_first=True) for place in extend]}
    return content


def parse(content: dict[str, Any], place: str = "study", is_checked: bool = False) -> Study:
    """Check the content of a study file; ``place`` begins every sentence of complaint.

    Of content that was checked before, names and what goes together are not looked at again.
    """
    try:
        check_format(content)
        study = Study.model_validate(content)
        for file in study.extend:
            load_beside(Path(file))
        if not is_checked:
            _check_together(study)
    except ValidationError as error:
        raise StudyFileError(sentence(error, place, Study)) from None
    except StudyFileError as error:
        raise StudyFileError(f"{place}, {error}") from None
    return study


def _check_together(study: Study) -> None:
    cross_check(study)
    for name in study.analyses:
        check_margin(study, name)
    check_claims(study)
    check_simulate(study)
    check_subgroups(study)
    check_heterogeneity(study)
    check_participation(study)
    check_components(study)
    check_specifications(study)
    check_costs(study)


def recorded(study: Study) -> dict[str, Any]:
    """Return what the record of a run keeps of a study: all of it, but of the day on which data were drawn the year.

    That day less a person's last day of observation is the date of that person's day 0, which no results may hold.
    """
    settings = study.model_dump(mode="json")
    drawn = settings["source"].get("drawn")
    if isinstance(drawn, str):
        settings["source"] = settings["source"] | {"drawn": f"{drawn[:4]}-01-01"}
    return settings
