"""What a figure states of itself: title, caption, what it needs, and how its numbers are to be protected."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from iop_outcomes.kernel.beside import own_name
from iop_outcomes.kernel.plugin import Plugin, stated
from iop_outcomes.kernel.registry import Registry
from iop_outcomes.release.disclosure import Released, Roles
from iop_outcomes.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tables = Mapping[str, pd.DataFrame]
#: Where in the report a figure can stand: who was compared, can they be compared, what happened, what difference it
#: made, how sure one can be, for whom, what participation does, what care was made of, and at what cost.
Section = Literal["who", "can", "what", "difference", "sure", "whom", "participation", "components", "costs"]
Draw = Callable[[Released], "Figure"]


class NothingToDraw(Exception):
    """Raised by a figure's frame when there is nothing that may be drawn; says why, in a sentence."""


@stated
class DeclaredFigure(Plugin):
    """A figure of the report, drawn in its section by its place."""

    kind: ClassVar[str] = "figure"
    title: str
    caption: str
    needs: tuple[str, ...]
    frame: Callable[[Tables, Study], pd.DataFrame]
    roles: Roles
    section: Section
    place: int
    asked_by: str = ""
    says: Callable[[pd.DataFrame], str] | None = None

    def asked(self, study: Study) -> bool:
        """Return whether a study has the section without which the figure is not drawn at all."""
        return not self.asked_by or bool(getattr(study, self.asked_by))


FIGURES = Registry(DeclaredFigure, "iop_outcomes.release.figures")


def figure(
    *,
    title: str,
    caption: str,
    needs: tuple[str, ...],
    frame: Callable[[Tables, Study], pd.DataFrame],
    roles: Roles,
    section: Section,
    place: int,
    asked_by: str = "",
    says: Callable[[pd.DataFrame], str] | None = None,
) -> Callable[[Draw], Draw]:
    """Declare a figure, called by the name of its module; the function it decorates draws a released frame.

    Parameters
    ----------
    title, caption : str
        Caption in whole sentences.
    needs : tuple of str
        Tables without which there is nothing to draw.
    frame : callable
        ``frame(tables, study)`` gives the true numbers, ready to plot, arms as ordered categories.
    roles : Roles
        What disclosure control must know of them.
    section : {'who', 'can', 'what', 'difference', 'sure', 'whom', 'participation', 'components', 'costs'}
        Section of the report that it stands in.
    place : int
        Position among the figures of the report.
    asked_by : str
        Section of a study file without which there is no such figure; empty for one that every study has.
    says : callable, optional
        ``says(frame)`` tells of a released frame what the figure shows, in sentences for those who do not see it.
    """

    def register(draw: Draw) -> Draw:
        make = partial(
            DeclaredFigure,
            title=title,
            caption=caption,
            needs=needs,
            frame=frame,
            roles=roles,
            section=section,
            place=place,
            asked_by=asked_by,
            says=says,
        )
        own = own_name(draw.__module__) if draw.__name__ == "draw" else draw.__name__
        return FIGURES.register(make, own)(draw)

    return register
