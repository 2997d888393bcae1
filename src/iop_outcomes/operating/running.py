"""Draw every world of a study as often as it asks, over the cores there are; what is finished is never made again."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.contents import file_digest
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.provenance import PACKAGE, code_digest
from iop_outcomes.operating.worlds import Worlds
from iop_outcomes.study import Study
from iop_outcomes.study.running import ENVIRONMENT
from iop_outcomes.tables import store
from iop_outcomes.tables.operating import STOPPED

#: Lines of progress a world.
TIMES_TOLD = 20


@dataclass(frozen=True)
class Place:
    """Where one replicate is kept."""

    world: str
    number: int
    path: Path


def operate(
    study: Study,
    folder: str | Path,
    *,
    cores: int = 1,
    root: str | Path = ".",
    tell: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Return what the study says in every replicate of every world it asks for.

    Each replicate is the whole road in memory: source, cohort, metrics, designs with their gate, estimates, checks,
    disclosure control, verdicts and claims; only figures and pages are left out. A study of real records begins with
    its outcomes, drawn anew (plasmode).

    Parameters
    ----------
    study : Study
        With a section ``simulate``; one without is drawn 200 times as it is.
    folder : path
        Finished replicates are kept in it, by a digest of the study, its raw files and the code: a run that was killed
        goes on, more replicates are added to those there are, and another study or other code starts anew.
    cores : int
        Processes at work.
    root : path
        Folder that the relative paths of the study start from.
    tell : callable
        Gets lines of progress.

    Returns
    -------
    pandas.DataFrame
        Table ``replicate``.

    Raises
    ------
    StudyError
        Every replicate was refused.
    """
    os.environ.update(ENVIRONMENT)
    worlds = Worlds(study, Path(root))
    places = places_of(worlds, Path(folder) / digest_of(worlds))
    waiting = [place for place in places if not place.path.exists()]
    if len(waiting) < len(places):
        tell(f"{len(places) - len(waiting)} of {len(places)} replicates are finished already")
    wanted, left = Counter(place.world for place in places), Counter(place.world for place in waiting)
    for world in _made(worlds, waiting, cores):
        left[world] -= 1
        if left[world] % max(wanted[world] // TIMES_TOLD, 1) == 0:
            tell(f"{world}: {wanted[world] - left[world]} of {wanted[world]} replicates")
    found = pd.concat([store.read(place.path, "replicate") for place in places], ignore_index=True)
    if (found["decision"] == STOPPED).all():
        raise StudyError(
            f"simulate: every replicate of the study was refused, the first since {found['reasons'].iloc[0]}"
        )
    return found


def places_of(worlds: Worlds, kept: Path) -> list[Place]:
    """Return the replicates of a study and where each is kept, the worlds by turns."""
    numbered = [
        (number / worlds.replicates(name), Place(name, number, kept / name / f"{number:06}.parquet"))
        for name in worlds.by_name
        for number in range(1, worlds.replicates(name) + 1)
    ]
    return [place for _, place in sorted(numbered, key=lambda one: one[0])]


def digest_of(worlds: Worlds) -> str:
    """Return a digest of all that a replicate rests on; how many there are is not among it."""
    study = worlds.study.model_copy(update={"simulate": None}).model_dump_json()
    own = {name: world.model_copy(update={"replicates": None}).model_dump() for name, world in worlds.by_name.items()}
    raw = [file_digest(path) for path in source_files(worlds.study, worlds.root)]
    code = code_digest(PACKAGE, everything=True)
    return sha256(f"{study}{own}{worlds.asked.truths}{raw}{code}".encode()).hexdigest()[:16]


def _made(worlds: Worlds, waiting: list[Place], cores: int) -> Iterator[str]:
    """Make replicates and return the world of each as it is finished."""
    at_work = Parallel(n_jobs=min(cores, len(waiting)) or 1, return_as="generator_unordered")
    yield from at_work(delayed(make)(worlds, place) for place in waiting)


#: The worlds a process draws from, by the folder they are kept in: their models are fitted once a process.
_at_work: dict[Path, Worlds] = {}


def make(worlds: Worlds, place: Place) -> str:
    """Make one replicate, write its rows and return its world."""
    own = _at_work.setdefault(place.path.parents[1], worlds)
    store.write(own.replicate(place.world, place.number), "replicate", place.path)
    return place.world
