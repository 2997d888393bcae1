"""A study file drafted from files."""

import re
from collections.abc import Sequence
from pathlib import Path

from iop_outcomes.drafting.alike import together
from iop_outcomes.drafting.guessing import UNKNOWN, Guess, guess
from iop_outcomes.drafting.looking import look_at
from iop_outcomes.drafting.writing import Draft
from iop_outcomes.ingest.sources.sheets.grid import TEXTS, WORKBOOKS
from iop_outcomes.kernel.errors import SourceError


def draft_study(files: Sequence[str | Path], name: str, path: str = "") -> str:
    """Return the text of a study file drafted from a clinic's own files.

    What is which sheet and column is guessed from names, values and shapes; each guess says so, with the count of its
    rows. Codes are told where they stand in eleven rows or more; a name, an id, a date or a rare value never is.

    Parameters
    ----------
    files : sequence of path
        Text files and workbooks, all in one folder.
    name : str
        Name of the study.
    path : str
        Folder as the study shall write it; that of the files when left out.

    Raises
    ------
    SourceError
        A file cannot be read, the files stand in several folders, or none has rows.
    """
    places = [Path(file) for file in files]
    folders = {place.parent for place in places}
    if len(folders) > 1:
        raise SourceError("new-study: the files stand in several folders; put them into one")
    for place in places:
        if not place.is_file():
            raise SourceError(f"{place.name}: there is no such file")
    sheets = [place for place in places if place.suffix.lower() in (*TEXTS, *WORKBOOKS)]
    # Where none is a sheet, the first says so.
    guesses = [guess(look) for look in together([look for place in sheets or places for look in look_at(place)])]
    if not guesses:
        raise SourceError("new-study: no file holds a row below a header")
    _name(guesses)
    others = [place.name for place in places if place not in sheets]
    return Draft(guesses, others).text(name, path or str(folders.pop()))


def _name(guesses: Sequence[Guess]) -> None:
    """Call each sheet by what it is taken for, or by its file where there are several or it is taken for nothing."""
    used: set[str] = set()
    for one in guesses:
        plain = re.sub(r"\W+", "_", (one.look.sheet or one.look.file.stem).lower()).strip("_") or "sheet"
        name = one.kind if one.kind not in (UNKNOWN, *used) else plain
        while name in used:
            name += "_"
        used.add(name)
        one.name = name
