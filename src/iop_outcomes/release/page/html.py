"""A table of the page, how a cell that may not be shown looks, and a picture within the page."""

import base64
from dataclasses import dataclass, field, replace

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released

HIDDEN = "hidden"
#: A table of the analyses of more rows than these is parted by outcome, where one looks for an analysis.
MANY_ROWS = 120


@dataclass(frozen=True)
class HtmlTable:
    """A table of the page; the first cell of a row is its heading.

    Attributes
    ----------
    caption : str
    columns : tuple of str
    rows : list of tuple of str
    note : str
        Beneath the table.
    numbers : tuple of int
        Columns that hold numbers, aligned to the right.
    footnotes : list of str
        Numbered from 1, beneath the note.
    file : str
        Released table that holds its numbers, without its ending.
    most : int
        More rows than these are folded away until somebody opens them, with 0 any; on paper they are open.
    """

    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""
    numbers: tuple[int, ...] = ()
    footnotes: list[str] = field(default_factory=list)
    file: str = ""
    most: int = 30

    @property
    def groups(self) -> list["HtmlTable"]:
        """One folded table of each outcome, where there are many analyses and their rows begin with it; else none."""
        if len(self.rows) <= MANY_ROWS or not self.rows[0][0].endswith("]"):
            return []
        own: dict[str, list[tuple[str, ...]]] = {}
        for row in self.rows:
            own.setdefault(row[0].rpartition(" [")[0], []).append(row)
        return [
            replace(self, caption=outcome, rows=rows, note="", footnotes=[], most=0) for outcome, rows in own.items()
        ]

    @property
    def summary(self) -> str:
        """What a folded table holds; empty for one that stands open."""
        if not self.most:
            return self.caption
        return f"{self.caption} ({len(self.rows)} rows)" if len(self.rows) > self.most else ""


def picture(svg: bytes) -> str:
    """Return a picture as the address of an image, so that a page needs no other file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def cell(table: Released, row: int, column: str, text: str) -> str:
    """Return the text of a cell, or say that the number is hidden."""
    return HIDDEN if bool(table.suppressed[column].iloc[row]) else text


def count(table: Released, row: int, column: str) -> str:
    """Return a count of a released table."""
    return cell(table, row, column, words.people(table.frame[column].iloc[row]))


def hidden_note(table: Released) -> str:
    """Say what "hidden" means under the rules the table was protected by."""
    rules = table.rules
    rounded = f" Counts are rounded to {rules.round_to}." if rules.round_to > 1 else ""
    return f"“Hidden”: fewer than {rules.min_cell} people, or a number that would give such a count away.{rounded}"
