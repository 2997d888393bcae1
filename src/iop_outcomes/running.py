"""What the scripts of the workflow share: the study, progress, and a clean end for errors meant for people."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from iop_outcomes import study as studies
from iop_outcomes.errors import StudyError


@contextmanager
def stage(snakemake: Any) -> Iterator[studies.Study]:
    """Give a script its study, and turn an error meant for people into one sentence and exit code 2.

    A bug is left alone and keeps its traceback.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The object Snakemake gives a script.
    """
    try:
        yield studies.load(snakemake.config["study"])
    except StudyError as error:
        print(f"\nerror: {error}\n", file=sys.stderr, flush=True)
        sys.exit(2)


def progress(stage_name: str) -> Callable[[str], None]:
    """Return a function that prints a line of progress, named by its stage."""

    def tell(line: str) -> None:
        print(f"  {stage_name}: {line}", file=sys.stderr, flush=True)

    return tell
