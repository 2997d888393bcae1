"""Where the workflow lies: in a clone of the project, or inside the installed package."""

from pathlib import Path

from iop_outcomes.kernel.errors import StudyError

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
#: Folder of the package into which a wheel puts the workflow (hatch_build.py); a clone has none.
SHIPPED = "project"


def workflow_home() -> Path:
    """Return the folder that holds the Snakefile and ``workflow/``.

    Raises
    ------
    StudyError
        The package was installed without them.
    """
    for folder in (PACKAGE_FOLDER / SHIPPED, PACKAGE_FOLDER.parents[1]):
        if (folder / "Snakefile").is_file():
            return folder
    raise StudyError(
        "the package was installed without its workflow; install it again from a wheel or a clone, or call Snakemake "
        "in a clone"
    )


def clone() -> Path | None:
    """Return the clone whose package this is; None where the package was installed from a wheel.

    The folder in which a command is given says nothing of it: that may be a repository of somebody else's.
    """
    root = PACKAGE_FOLDER.parents[1]
    return root if PACKAGE_FOLDER.parent.name == "src" and (root / "Snakefile").is_file() else None
