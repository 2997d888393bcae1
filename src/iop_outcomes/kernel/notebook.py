"""Execute notebooks so that the same results give the same file."""

import os
from pathlib import Path


def execute(notebook: str | Path, target: str | Path, study: str) -> None:
    """Execute a notebook on the results of a study and write it, with its output, to another file.

    The notebook finds the study in the environment variable ``IOP_STUDY``. No times are recorded. A failing cell fails
    the run, with the cell's traceback: a notebook is code of this project.

    Parameters
    ----------
    notebook, target : path
        The notebook as stored, and the executed one to write.
    study : str
        Name of the study.
    """
    import nbformat
    from nbclient import NotebookClient

    os.environ["IOP_STUDY"] = study
    # One for scripts, as clusters set it, would leave a notebook without its pictures.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    node = nbformat.read(notebook, as_version=4)
    NotebookClient(node, timeout=600, record_timing=False, resources={"metadata": {"path": "."}}).execute()
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}")
    nbformat.write(node, aside)
    aside.replace(target)
