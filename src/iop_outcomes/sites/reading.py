"""The exports of several sites, read and held against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.kernel.contents import MANIFEST, Digests, altered
from iop_outcomes.kernel.errors import StudyError, counted
from iop_outcomes.kernel.released import read_facts, read_released
from iop_outcomes.sites.exporting import ESTIMATES, FACTS, FORMAT, OF_ESTIMATE, OF_VERDICT
from iop_outcomes.sites.using import use_of

#: What a site says of each of its analyses.
_PARTS = {"outcome", "settings", "arms", "time_zero", "follow_up_days", "made_up"}
_NUMBERS = ("day", "value", "se", "ci_low", "ci_high", "margin", "known_share")


@dataclass(frozen=True)
class Site:
    """What one site exported.

    Attributes
    ----------
    name : str
    version : str
        Of the package that it was exported by.
    questions : dict
        What its analyses asked, by name.
    one_armed : bool
        Has it nobody in one of its arms?
    estimates : DataFrame
        A row per analysis.
    """

    name: str
    version: str
    questions: dict[str, dict[str, Any]]
    one_armed: bool
    estimates: pd.DataFrame


def read_sites(folders: Sequence[Path]) -> list[Site]:
    """Return the exports of several sites, in the order given.

    Raises
    ------
    StudyError
        There are fewer than two, a folder holds no whole export, two have one name or were exported by different
        versions, or two asked nothing in common, or different things by one name.
    """
    if len(folders) < 2:
        raise StudyError(f"pool: there is {counted(len(folders), 'folder')}; name those of two sites or more")
    sites = [_read(folder) for folder in folders]
    names = [site.name for site in sites]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise StudyError(f"pool: two folders are of the site '{twice}'; export one of them anew with --site")
    for site in sites[1:]:
        _refuse_unlike(sites[0], site)
    return sites


def all_estimates(sites: Sequence[Site]) -> pd.DataFrame:
    """Return the rows of all sites with ``site`` and ``use``: pooled, or why not."""
    parts = [site.estimates.assign(site=site.name, one_armed=site.one_armed) for site in sites]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(use=[use_of(row) for _, row in table.iterrows()])


def _read(folder: Path) -> Site:
    if not (folder / MANIFEST).is_file():
        raise StudyError(f"{folder}: there is no export of a site; make one with iop-outcomes export-site")
    changed = altered(folder, Digests())
    if changed:
        raise StudyError(f"{folder / changed[0]}: the file is not as it was exported; ask the site for it again")
    facts = read_facts(folder / FACTS)
    if facts.get("format") != FORMAT:
        raise StudyError(f"{folder / FACTS}: the export is of another form than {FORMAT}; export the site anew")
    if not _whole(facts):
        raise StudyError(f"{folder / FACTS}: the file does not say what was asked; ask the site for it again")
    table = read_released(folder / ESTIMATES)
    lacking = [name for name in (*OF_VERDICT, *OF_ESTIMATE) if name not in table]
    if lacking:
        raise StudyError(f"{folder / ESTIMATES}: there is no column '{lacking[0]}'; export the site anew")
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in _NUMBERS}
    one_armed = bool(facts["arms_without_people"])
    return Site(facts["site"], facts["version"], facts["questions"], one_armed, table.assign(**numbers))


def _whole(facts: Mapping[str, Any]) -> bool:
    """Tell whether a site says its name and version and, of every analysis, what it asked."""
    questions = facts.get("questions")
    named = isinstance(facts.get("site"), str) and isinstance(facts.get("version"), str)
    named &= isinstance(facts.get("arms_without_people"), list)
    return (
        named
        and isinstance(questions, dict)
        and all(isinstance(one, dict) and set(one) >= _PARTS for one in questions.values())
    )


def _refuse_unlike(first: Site, other: Site) -> None:
    if first.version != other.version:
        raise StudyError(
            f"pool: '{other.name}' was exported by version {other.version} and '{first.name}' by {first.version}; "
            "run and export them by one version"
        )
    shared = [name for name in first.questions if name in other.questions]
    if not shared:
        raise StudyError(
            f"pool: no analysis of '{other.name}' is called as one of '{first.name}' is; pool sites of one study"
        )
    for name in shared:
        one, two = first.questions[name], other.questions[name]
        differs = next((part for part in one if one[part] != two.get(part)), None)
        if differs is not None:
            raise StudyError(
                f"pool: the analysis '{name}' of '{other.name}' has another {differs.replace('_', ' ')} than that of "
                f"'{first.name}'; pool what asks the same, or call it by another name"
            )
