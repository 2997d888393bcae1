"""An analysis that is as it was is not fitted again: its rows are kept, each under a digest of all that they rest on.

Snakemake runs a stage anew when anything of it changed, and a study of hundreds of analyses would fit all of them for
the sake of one. What is kept lies beside the results and is never read by anything else: without it the same rows come
out, only later.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.kernel.contents import file_digest, whole
from iop_outcomes.kernel.errors import ContractError
from iop_outcomes.kernel.provenance import versions
from iop_outcomes.stage import Stage, Tables
from iop_outcomes.study import Study
from iop_outcomes.study.view import plain
from iop_outcomes.tables import store
from iop_outcomes.tables.parts import whole as as_frame

#: Stages of which every row is of one analysis and rests on no other.
BY_ANALYSIS = ("estimate",)
#: Fewer analyses under one design are fitted anew in the time that it takes to look for them.
FEWEST = 20
#: Folder of a study's results.
FOLDER = "kept"
_KEYS = "keys.json"


def run(
    stage: Stage,
    study: Study,
    given: Mapping[str, pd.DataFrame],
    files: Collection[str | Path],
    results: Path,
    tell: Callable[[str], None],
    design: str | None,
) -> Tables:
    """Return the tables that a stage makes, of those analyses anew that are not as they were.

    Parameters
    ----------
    stage : Stage
        One of ``BY_ANALYSIS``.
    study : Study
    given : mapping of str to DataFrame
        The tables that it takes.
    files : collection of path
        The files that these were read from.
    results : path
        Folder of the study's results.
    tell : callable
        Gets a line per analysis, for progress.
    design : str
    """
    names = list(stage.view(study, design).analyses)
    if stage.name not in BY_ANALYSIS or design is None or len(names) < FEWEST:
        return {name: as_frame(table) for name, table in stage.run(study, given, tell, design=design).items()}
    place = results / FOLDER / stage.name / design
    keys, (known, rows) = keys_of(stage, study, files, design), _kept(place, stage.writes)
    same = {name for name in names if known.get(name) == keys[name]}
    others = [name for name in names if name not in same]
    tell(f"{len(same):,} analyses are as they were; {len(others):,} to be fitted")
    new = stage.run(study, given, tell, design=design, only=others) if others else {}
    made = {
        name: _joined(
            name, rows.get(name, tables.empty(name)), same, as_frame(new[name]) if name in new else None, names
        )
        for name in stage.writes
    }
    _keep(place, keys, made)
    return made


def keys_of(stage: Stage, study: Study, files: Collection[str | Path], design: str) -> dict[str, str]:
    """Return a digest by analysis of what its rows rest on: tables, settings, its own entry, code and versions."""
    view = stage.view(study, design)
    settings = {name: value for name, value in view.settings().items() if name != "analyses"}
    shared = json.dumps([settings, versions(), [file_digest(file) for file in files]], sort_keys=True)
    code: dict[str, str] = {}
    keys = {}
    for name, analysis in view.analyses.items():
        if analysis.estimator not in code:
            alone = study.model_copy(update={"analyses": {name: analysis}})
            code[analysis.estimator] = stage.digest(alone, design)
        own = json.dumps([name, plain(analysis), code[analysis.estimator], shared], sort_keys=True)
        keys[name] = hashlib.sha256(own.encode()).hexdigest()
    return keys


def _kept(place: Path, names: Collection[str]) -> tuple[dict[str, str], Tables]:
    """Return the keys and rows of an earlier run; nothing where they are not whole."""
    with suppress(OSError, ValueError, ContractError):
        keys = json.loads((place / _KEYS).read_bytes())
        return keys, {name: store.read(place / f"{name}.parquet", name) for name in names}
    return {}, {}


def _keep(place: Path, keys: Mapping[str, str], made: Tables) -> None:
    """Keep the rows, and their keys last: a run killed between the two leaves no key to rows that are not there."""
    (place / _KEYS).unlink(missing_ok=True)
    for name, frame in made.items():
        store.write(frame, name, place / f"{name}.parquet")
    with whole(place / _KEYS) as aside:
        aside.write_text(json.dumps(keys, sort_keys=True), encoding="utf-8")


def _joined(
    name: str, before: pd.DataFrame, same: Collection[str], new: pd.DataFrame | None, order: list[str]
) -> pd.DataFrame:
    """Return kept and new rows of a table in the order of the analyses."""
    kept = before[before["analysis"].isin(same)]
    parts = [part for part in (kept, new) if part is not None and len(part)]
    if not parts:
        return tables.empty(name)
    frame = pd.concat([part.astype({"analysis": "str"}) for part in parts], ignore_index=True)
    place = frame["analysis"].map({analysis: position for position, analysis in enumerate(order)})
    return tables.conform(frame.iloc[place.argsort(kind="stable")].reset_index(drop=True), name)
