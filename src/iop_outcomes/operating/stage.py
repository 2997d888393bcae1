"""The target ``operate``: replicates made, summed up, kept, and released where they rest on nobody's records."""

from collections.abc import Callable
from pathlib import Path

from iop_outcomes.operating.files import operating_files
from iop_outcomes.operating.running import operate
from iop_outcomes.operating.summary import characteristics, decisions
from iop_outcomes.release.operating import release_operating
from iop_outcomes.study import Study
from iop_outcomes.study.simulate import SIMULATED
from iop_outcomes.tables import store


def run(
    study: Study, folder: Path, cores: int = 1, tell: Callable[[str], None] = lambda _: None, root: Path = Path(".")
) -> list[Path]:
    """Make and write every file of :func:`operating_files` and return their paths.

    Parameters
    ----------
    study : Study
    folder : path
        ``results/<study>/operating``; finished replicates are kept in ``replicates`` below it.
    cores : int
    tell : callable
        Gets lines of progress.
    root : path
        Folder that the relative paths of the study start from.
    """
    replicate = operate(study, folder / "replicates", cores=cores, root=root, tell=tell)
    found = {"characteristic": characteristics(replicate), "decision": decisions(replicate)}
    for name, table in {"replicate": replicate, **found}.items():
        store.write(table, name, folder / f"{name}.parquet")
    if study.source.kind == SIMULATED:
        release_operating(study, found, folder / "release")
    return [folder / name for name in operating_files(study)]
