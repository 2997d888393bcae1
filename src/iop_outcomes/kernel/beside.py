"""Plug-ins that stand beside a study, in files of its author: loaded like a module, and as much code as any other.

Their names begin with ``BESIDE``, so that nobody takes them for modules of this package.
"""

import importlib.util
import sys
import traceback
from pathlib import Path

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean

BESIDE = "beside_the_study_"


def load_beside(file: Path) -> None:
    """Import one file, so that the plug-ins in it can be named in the study.

    Parameters
    ----------
    file : Path

    Raises
    ------
    StudyFileError
        There is no such file, it is no Python that can be imported, or a plug-in in it has the name of another.
    """
    if not file.is_file() or file.suffix != ".py":
        near = [p.name for p in file.parent.glob("*.py")] if file.parent.is_dir() else []
        hint = did_you_mean(file.name, near)
        raise StudyFileError(f"extend: there is no Python file '{file.name}' beside the study; {hint}")
    name = f"{BESIDE}{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.modules[name] = sys.modules.get(name), module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        # What is wrong with somebody's file is theirs to put right, and not a bug of this program.
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).name == file.name
        ]
        line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
        where = f", line {line}" if line else ""
        raise StudyFileError(f"extend: {file.name}{where}: {type(error).__name__}: {error}") from None


def file_beside(name: str) -> Path | None:
    """Return the file of a module that was loaded from beside a study; None for any other."""
    module = sys.modules.get(name) if name.startswith(BESIDE) else None
    return Path(module.__file__) if module is not None and module.__file__ else None


def own_name(module: str) -> str:
    """Return what a module is called by itself: its last part, or the name of its file beside a study."""
    return module.rpartition(".")[2].removeprefix(BESIDE)
