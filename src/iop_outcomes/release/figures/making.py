"""The one way to make a figure: frame, protect, draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.release.disclosure import (
    Part,
    Released,
    ReleaseRules,
    protect_together,
    release,
    sentence,
    without_rows,
    write_bytes,
)
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import FIGURES, NothingToDraw, Tables
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Endings of the files of a figure for print, and what stands before them, by the inches that it is wide.
PRINTED, WIDTHS = ("svg", "pdf", "png"), {"": style.WIDTH, "_column": style.COLUMN}


@dataclass(frozen=True)
class Drawn:
    """A figure that may leave the building.

    Attributes
    ----------
    name, title, caption, section : str
        The caption reads under a paper's figure; the section is that of the report.
    figure : matplotlib.figure.Figure
        Only in the process that drew it; others have its pictures.
    data : Released
        The numbers in it; without rows where there were none to draw.
    reason : str
        Why there is nothing to see, empty where there is.
    """

    name: str
    title: str
    caption: str
    section: str
    figure: "Figure"
    data: Released
    reason: str = ""

    @property
    def alternative(self) -> str:
        """What the figure shows, for those who do not see it; empty where its caption is all there is to say."""
        says = FIGURES[self.name].says
        if self.reason or says is None:
            return self.reason
        return sentence(says(self.data.frame), self.data.rules)

    @cached_property
    def png(self) -> bytes:
        """The figure as PNG, 200 dots per inch."""
        return style.image(self.figure, "png")

    @cached_property
    def svg(self) -> bytes:
        """The figure as SVG."""
        return style.image(self.figure, "svg")

    @cached_property
    def column(self) -> bytes:
        """The figure as SVG one column wide, as a phone shows it."""
        return style.image(self.drawn_at(style.COLUMN), "svg")

    @cached_property
    def printed(self) -> dict[str, bytes]:
        """The figure as a journal asks for it, by name of file: for a page and a column, PNG of 600 dots per inch."""
        made = {}
        for ending, wide in WIDTHS.items():
            drawing = self.figure if wide == style.WIDTH else self.drawn_at(wide)
            made |= {f"{self.name}{ending}.{kind}": style.image(drawing, kind, style.PRINT) for kind in PRINTED}
        return made

    def drawn_at(self, wide: float) -> "Figure":
        """Return the same numbers drawn anew, so many inches wide; what cannot be drawn so says why in its place."""
        reason = self.reason
        with style.styled(wide):
            if not reason:
                try:
                    return _whole(FIGURES[self.name](self.data))
                except Exception as error:
                    reason = failed(error)
            return style.notice(sentence(reason, self.data.rules))

    def __getstate__(self) -> dict[str, object]:
        return vars(self) | {"figure": None}

    def write(self, folder: str | Path) -> None:
        """Write ``figures/<name>.png`` and ``.svg`` and the same numbers as ``tables/<name>.csv``."""
        place = Path(folder) / "figures"
        write_bytes(self.png, place / f"{self.name}.png")
        write_bytes(self.svg, place / f"{self.name}.svg")
        release(self.data, Path(folder) / "tables" / f"{self.name}.csv")


def print_files(name: str) -> list[str]:
    """Return the files of a figure for print."""
    return [f"{name}{ending}.{kind}" for ending in WIDTHS for kind in PRINTED]


def make(name: str, tables: Tables, study: Study, given: Mapping[str, Released | str] | None = None) -> Drawn:
    """Make one figure from the result tables of a study.

    Parameters
    ----------
    name : str
        Name of the figure.
    tables : mapping
        Contract tables by name.
    study : Study
        Gives the arms and their order, the primary analysis, thresholds and release rules.
    given : mapping, optional
        Of each figure its numbers as they were protected together with other tables, or why there are none.

    Raises
    ------
    StudyFileError
        There is no figure of that name.
    DisclosureError
        A number could not be protected; nothing is drawn.
    """
    if given is None:
        asked = numbers(name, tables, study)
        given = {name: asked if isinstance(asked, str) else protect_together([asked])[name]}
    return _drawn(name, given[name], study)


def numbers(name: str, tables: Tables, study: Study) -> Part | str:
    """Return the true numbers of a figure with their roles and rules, or a sentence that says why there are none.

    A figure that fails costs that figure and not the report.
    """
    plugin, lacking = FIGURES[name], _lacking(FIGURES[name].needs, tables)
    if lacking:
        return _refused(name, tables) or lacking
    try:
        frame = plugin.frame(tables, study)
    except NothingToDraw as nothing:
        return str(nothing)
    except StudyError:
        raise
    except Exception as error:
        return failed(error)
    return Part(name, frame, plugin.roles, rules_of(name, study)) if len(frame) else _NO_RECORDS


def _drawn(name: str, data: Released | str, study: Study) -> Drawn:
    """Draw a figure from what is released of it, or the sentence that stands in its place."""
    plugin, rules = FIGURES[name], rules_of(name, study)
    with style.styled():
        if not isinstance(data, str):
            try:
                return Drawn(name, plugin.title, plugin.caption, plugin.section, _whole(plugin(data)), data)
            except NothingToDraw as nothing:
                reason, data = str(nothing), without_rows(plugin.roles, rules)
            except Exception as error:
                reason = failed(error)
        else:
            reason, data = data, without_rows(plugin.roles, rules)
        notice = style.notice(sentence(reason, rules))
    return Drawn(name, plugin.title, plugin.caption, plugin.section, notice, data, reason)


def failed(error: Exception) -> str:
    """Say that something could not be made; what the error says is left out, since it may hold a record's value."""
    return f"Nothing to show: this could not be made from these data ({type(error).__name__})."


def _whole(drawing: "Figure") -> "Figure":
    """Lay a figure out; once is enough, since to lay it out anew takes longer than to write it."""
    layout = drawing.get_layout_engine()
    if layout is not None:
        layout.execute(drawing)
        drawing.set_layout_engine("none")
    return drawing


def rules_of(name: str, study: Study) -> ReleaseRules:
    """Return the rules of a figure, which are those of the tables it is drawn from as well."""
    return study.release.rules(name, *(need.partition(".")[0] for need in FIGURES[name].needs))


def _lacking(needs: tuple[str, ...], tables: Tables) -> str:
    for need in needs:
        table, _, column = need.partition(".")
        found = tables.get(table)
        empty = found is None or found.empty or (column and (column not in found or found[column].isna().all()))
        if empty:
            return f"Nothing to show: {_REASONS.get(need, f'there is no table {table}')}."
    return ""


def _refused(name: str, tables: Tables) -> str:
    """Return why the study refused a figure, an empty string where it did not."""
    refusal = tables.get("refusal")
    if refusal is None or not len(refusal):
        return ""
    said = refusal.loc[(refusal["kind"] == "figure") & (refusal["name"] == name), "reason"]
    return f"Nothing to show: this figure {said.iloc[0].removeprefix(f'{name} ')}." if len(said) else ""


_NO_RECORDS = "Nothing to show: this study has no records of it."
_REASONS = {
    "weekly.n_eligible": "this source has no sessions",
    "weekly.urine": "this source has no drug tests",
    "curve": "no analysis of time in care could be made",
    "incidence": "no analysis of the time until care ended in one way could be made",
    "propensity.score": "no design with a propensity score could be made",
    "balance": "the arms could not be compared",
    "abstinence_share": "this source has no drug tests",
}
