"""Start a project in a folder of its own: a study that runs, a place for the data, and what keeps the data there."""

import shutil
from importlib import resources
from pathlib import Path

from iop_outcomes.kernel.errors import StudyError, in_words
from iop_outcomes.kernel.project import workflow_home

#: Files of a project and the templates they are copies of.
FILES = {"example.yaml": "example.yaml.txt", ".gitignore": "gitignore.txt", "README.md": "readme.md.txt"}
RAW = Path("data") / "raw"
EXAMPLE = "example"


def start_project(folder: str | Path) -> list[Path]:
    """Write a new project and return its files and folders.

    Parameters
    ----------
    folder : path
        A folder that does not exist yet or is empty.

    Raises
    ------
    StudyError
        There is something in it already, or it is a file; nothing is written.
    """
    folder = Path(folder)
    if folder.is_file():
        raise StudyError(f"{folder}: this is a file; give a folder that does not exist yet")
    if folder.is_dir() and any(folder.iterdir()):
        raise StudyError(f"{folder}: the folder is not empty; give one that does not exist yet")
    here = resources.files("iop_outcomes.templates.project")
    with in_words():
        (folder / RAW).mkdir(parents=True, exist_ok=True)
        for name, template in FILES.items():
            (folder / name).write_text((here / template).read_text(encoding="utf-8"), encoding="utf-8")
        notebooks = folder / "notebooks"
        shutil.copytree(
            workflow_home() / "notebooks", notebooks, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True
        )
    return [*(folder / name for name in FILES), folder / RAW, notebooks]
