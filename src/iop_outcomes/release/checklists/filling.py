"""Checklists with every item filled, left to a person, or found missing."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from iop_outcomes.release.checklists.artefacts import Artefact, artefacts
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import Drawn
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.study import Study

FILLED, BY_HAND, MISSING = "filled", "by hand", "missing"
#: Names of the checklists, as their files are called.
LISTS = ("target", "strobe", "record")
_COLUMNS = ("Item", "Asks for", "State", "Where it stands, or what to do")


def checklists(
    study: Study, released: Mapping[str, Released], drawn: Mapping[str, Drawn], run: Mapping[str, object]
) -> dict[str, HtmlTable]:
    """Return each checklist as a table, by its name.

    An item is ``filled`` where the release holds all that it asks for, ``missing`` where something it could hold is not
    there, and ``by hand`` where a person has to write, all of it or the rest.

    Parameters
    ----------
    study : Study
    released : mapping of str to Released
        Protected tables by name.
    drawn : mapping of str to Drawn
        Figures by name.
    run : mapping
        Facts of the run.
    """
    held = artefacts(study, released, drawn, run)
    return {name: _table(name, _lists()[name], held) for name in LISTS}


def state_of(item: Mapping[str, Any], held: Mapping[str, Artefact]) -> tuple[str, str]:
    """Return the state of an item, and where it stands or what to do.

    Examples
    --------
    >>> state_of({"by": ["flow"], "hand": ""}, {"flow": Artefact("Figure 1", True)})
    ('filled', 'Figure 1')
    >>> state_of({"by": ["flow"]}, {"flow": Artefact("Figure 1", False, "run it")})
    ('missing', 'run it')
    """
    asked = [held[name] for name in item.get("by", ())]
    lacking = [one for one in asked if not one.present]
    places = "; ".join(dict.fromkeys(one.place for one in asked if one.present))
    if lacking:
        said = "; ".join([*dict.fromkeys(one.remedy for one in lacking), *([item["hand"]] if item.get("hand") else [])])
        return MISSING, f"{said}. There is: {places}" if places else said
    if item.get("hand"):
        return BY_HAND, f"{places}; by hand: {item['hand']}" if places else str(item["hand"])
    return FILLED, places


def _table(name: str, one: Mapping[str, Any], held: Mapping[str, Artefact]) -> HtmlTable:
    # A bare number before a word like "people" would read as a count of them, and the release is searched for those.
    letter = name[0].upper()
    rows = [(f"{letter}{item['item']}", str(item["asks"]), *state_of(item, held)) for item in one["items"]]
    counts = ", ".join(f"{sum(row[2] == state for row in rows)} {state}" for state in (FILLED, BY_HAND, MISSING))
    return HtmlTable(f"{one['title']}: {counts}", _COLUMNS, rows, str(one["source"]).strip())


@cache
def _lists() -> dict[str, Any]:
    text = (resources.files("iop_outcomes.release.checklists") / "lists.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found
