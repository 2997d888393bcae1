"""The stages of a study one after another without a workflow: every table it would make, by name."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.stage import Stage, Tables
from iop_outcomes.stages import between
from iop_outcomes.study import Study
from iop_outcomes.tables.parts import whole


def run_study(study: Study, folder: str | Path = ".", tell: Callable[[str], None] = lambda _: None) -> Tables:
    """Return every table that the workflow would make of a study up to its release.

    Parameters
    ----------
    study : Study
        From ``load_study``.
    folder : path
        Folder that the relative paths of the study start from.
    tell : callable
        Gets a line per metric, design and analysis, for progress.

    Returns
    -------
    dict of str to DataFrame
        Contract tables by name. They describe single people: what may be shared is made by ``release_study``.
    """
    return run_stages(study, between("", "conclude"), {}, folder, tell)


def run_stages(
    study: Study,
    stages: Iterable[Stage],
    made: Mapping[str, pd.DataFrame],
    folder: str | Path = ".",
    tell: Callable[[str], None] = lambda _: None,
) -> Tables:
    """Return the tables there are and those that some stages make of them, in their order."""
    known = dict(made)
    of_designs: dict[str, Tables] = {design: {} for design in study.designs}
    for stage in stages:
        if not stage.wanted(study):
            continue
        if stage.per_design:
            for design, own in of_designs.items():
                given = {n: own.get(n, known.get(n)) for n in stage.reads}
                own |= {n: whole(table) for n, table in stage.run(study, given, tell, folder, design).items()}
            continue
        given = {n: gathered(n, [own[n] for own in of_designs.values() if n in own], known) for n in stage.reads}
        known |= {name: whole(table) for name, table in stage.run(study, given, tell, folder).items()}
    return known


def gathered(name: str, parts: list[pd.DataFrame], made: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one table of all designs, or the one table there is."""
    if parts:
        return pd.concat(parts, ignore_index=True)
    return made[name] if name in made else tables.empty(name)
