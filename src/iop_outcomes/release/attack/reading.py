"""What a stranger has: the files of a release, read as anybody would read them."""

import base64
import html
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.kernel.released import read_released
from iop_outcomes.release.attack.unknowns import Unknowns
from iop_outcomes.release.disclosure.writing import SUPPRESSED
from iop_outcomes.study.release_rules import ReleaseRules, stated

#: The report, which states the rules.
PAGE = "report.html"
_TEXT = re.compile(r"<(?:svg:)?text\b[^>]*>(.*?)</(?:svg:)?text>", re.DOTALL)
_DRAWN = re.compile(r"<svg\b.*?</svg>|<style\b.*?</style>|src=\"data:[^\"]*\"", re.DOTALL)


@dataclass(frozen=True)
class Table:
    """A table of a release with what its numbers mean to a stranger who has read the rules.

    Attributes
    ----------
    name : str
    frame : pandas.DataFrame
        Of text, as it stands in the file.
    rules : ReleaseRules
    """

    name: str
    frame: pd.DataFrame
    rules: ReleaseRules

    @cached_property
    def cells(self) -> dict[str, list[str]]:
        """The cells of each column, to be asked for one by one: of a frame that takes twenty times as long."""
        return {str(column): list(map(str, values)) for column, values in self.frame.items()}

    def learn(self, unknowns: Unknowns, row: int, column: str, name: str) -> str:
        """Learn from a cell what it says of a count, and return the count's name."""
        said, place = self.cells[column][row], f"{self.name}, row {row + 1}, {column}"
        if said == SUPPRESSED:
            return unknowns.guess(name, place, low=1.0)
        if said == "":
            return unknowns.know(name)
        return unknowns.know(name, *self.said(n=said))

    def said(self, few: str | None = None, n: str | None = None) -> tuple[float, float]:
        """Return how small and how large a count is that is said to be fewer than so many, or that was rounded."""
        if few:
            return 1.0, float(few) - 1
        count, off = float((n or "0").replace(",", "")), self.rules.round_to - 1
        return max(count - off, self.rules.min_cell if count else 0.0), count + off if count else 0.0

    def number(self, row: int, column: str) -> float:
        """Return a number that is shown, missing where none is."""
        said = self.cells[column][row]
        return np.nan if said in ("", SUPPRESSED) else float(said)


def rules_of(folder: Path) -> ReleaseRules:
    """Return the rules that the report of a release states.

    Raises
    ------
    DisclosureError
        There is no report, or it states none.
    """
    page = folder / PAGE
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    found = stated(text)
    if found is None:
        raise DisclosureError(
            f"{folder}: no report.html that states the rules of disclosure control; name the folder of a release, as "
            "results/demo/release"
        )
    return found


def tables_of(folder: Path, rules: ReleaseRules) -> dict[str, Table]:
    """Return the tables of a release that have rows, by name."""
    found = {}
    for file in sorted((folder / "tables").glob("*.csv")):
        # Cells are asked for one by one, which takes Arrow's text ten times as long.
        frame = read_released(file).astype("object")
        if len(frame):
            found[file.stem] = Table(file.stem, frame, rules)
    return found


def texts_of(folder: Path) -> dict[str, str]:
    """Return what is written in the report and in each figure as text, without what is drawn."""
    page = folder / PAGE
    said = {}
    if page.is_file():
        whole = page.read_text(encoding="utf-8")
        said[page.name] = _plain(_DRAWN.sub(" ", whole))
        for number, picture in enumerate(re.findall(r"data:image/svg\+xml;base64,([^\"]+)", whole)):
            said[f"{page.name}, figure {number + 1}"] = _written(base64.b64decode(picture).decode("utf-8"))
    for file in sorted((folder / "figures").glob("*.svg")):
        said[f"figures/{file.name}"] = _written(file.read_text(encoding="utf-8"))
    for file in sorted((folder / "tables").glob("*.csv")):
        said[f"tables/{file.name}"] = file.read_text(encoding="utf-8")
    return said


def _written(svg: str) -> str:
    # Text drawn as paths is kept in comments by the program that draws it.
    return _plain("\n".join([*_TEXT.findall(svg), *re.findall(r"<!--(.*?)-->", svg, re.DOTALL)]))


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"[ \t]+", " ", re.sub(r"<(?!!--)[^>]+>", " ", markup)))
