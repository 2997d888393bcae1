"""Release the operating characteristics of a study: how often it errs where the truth is known."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.disclosure import Roles, protect, release
from iop_outcomes.study import Study
from iop_outcomes.study.simulate import SIMULATED

#: Decimals of everything that is measured by replicates.
DECIMALS = 4
_NAMES = {
    "characteristic": ("world", "analysis", "estimand", "measure", "n", "n_estimated"),
    "decision": ("world", "kind", "name", "decision", "n"),
}


def release_operating(study: Study, found: Mapping[str, pd.DataFrame], folder: str | Path) -> list[Path]:
    """Write the operating characteristics of a simulated study, of which no row rests on a person.

    Parameters
    ----------
    study : Study
        Its source must be simulated: what replicates of real people come to is no count of people, but rests on their
        records, and nobody has shown that it tells nothing of them.
    found : mapping of str to DataFrame
        ``characteristic`` and ``decision``.
    folder : path

    Returns
    -------
    list of path
        The files.

    Raises
    ------
    DisclosureError
        The people are real.
    """
    if study.source.kind != SIMULATED:
        raise DisclosureError(
            f"the replicates of '{study.name}' rest on the records of real people and are not released; they stay in "
            "results/, where whoever may read the records may read them"
        )
    written = []
    for name, labels in _NAMES.items():
        values = [c.name for c in tables.contract(name).columns if c.name not in labels]
        # Replicates are counted and not people, so that no count is small.
        roles = Roles(labels=labels, values={v: () for v in values}, decimals={v: DECIMALS for v in values})
        path = Path(folder) / f"{name}.csv"
        release(protect(found[name], roles, study.release.rules(name)), path)
        written.append(path)
    return written
