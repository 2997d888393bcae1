"""The whole road in Python: a study loaded, run (``in_memory.run_study``) and released without a workflow."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.kernel.provenance import code_digest, versions
from iop_outcomes.release.stage import build
from iop_outcomes.study import Study, load, parse
from iop_outcomes.study.protocol import state


def load_study(study: str | Path | Mapping[str, Any], root: str | Path = ".") -> Study:
    """Return a checked study from its name, the path of its file, or its content.

    Parameters
    ----------
    study : str, path or mapping
        Name of a file in ``workflow/studies``, a path to one, or what such a file holds.
    root : path
        The project's folder, where names and relative paths start.

    Raises
    ------
    StudyFileError
        One sentence that says where it stands, what is wrong and what is allowed.
    """
    return parse(dict(study)) if isinstance(study, Mapping) else load(study, root)


def release_study(
    study: Study,
    made: Mapping[str, pd.DataFrame],
    folder: str | Path,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Write what may be shared of a study: report, figures and tables, each through disclosure control.

    Parameters
    ----------
    study : Study
    made : mapping of str to DataFrame
        From ``run_study``.
    folder : path
        The release folder; what it held before is gone.
    tell : callable
        Gets a line per step, for progress.

    Raises
    ------
    DisclosureError
        Something could not be protected; the folder stays as it was.
    """
    code = {"digest": code_digest("iop_outcomes", everything=True)}
    # A study in memory has no file, and so no lock beside it.
    run = {"versions": versions(), "code": code, "protocol": state(study, None)}
    build(study, made, folder, run, tell)
