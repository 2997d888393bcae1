"""How every figure looks: colours, sizes, words, and the same bytes each time it is saved.

Every run asks for the names of figures before anything is drawn, so that matplotlib is loaded by what draws, here and
in the figures.
"""

import io
import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Size = TypeVar("_Size")

#: Okabe and Ito (2008), distinct for colour-blind readers, in the order in which arms take them.
ARM_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
ARM_LINES = ("-", "--", "-.", ":")
GREY, LIGHT, INK = "#6B6B6B", "#D9D9D9", "#1A1A1A"
GOOD, BAD, UNSEEN = "#009E73", "#D55E00", "#BBBBBB"
#: Inches: the width of a page of two columns, 178 mm, and of one of them, 89 mm.
WIDTH, COLUMN = 7.0, 3.5
#: Dots per inch of pictures for a screen, and for print.
SCREEN, PRINT = 200, 600

#: The letters that come with matplotlib. A machine may have others by the name of DejaVu Sans, and which are taken
#: would change with what else is installed, and so would the bytes of every figure.
_FONT = "DejaVu Sans of matplotlib"
_FONT_FILES = {
    "DejaVuSans.ttf": {"weight": 400},
    "DejaVuSans-Bold.ttf": {"weight": 700},
    "DejaVuSans-Oblique.ttf": {"weight": 400, "style": "oblique"},
}

_STYLE = {
    "font.family": _FONT,
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "text.color": INK,
    # A level is text, also when it holds two dollar signs.
    "text.parse_math": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "path",
    # Letters as outlines that printers can set, which journals ask for.
    "pdf.fonttype": 42,
    "svg.hashsalt": "iop-outcomes",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def styled(wide: float = WIDTH) -> AbstractContextManager[None]:
    """Return a context in which figures are drawn, so many inches wide, and saved; it changes nothing outside."""
    import matplotlib as mpl

    _know_own_font()
    small = {"axes.titlesize": 8.5, "axes.labelsize": 8, "xtick.labelsize": 7.5, "ytick.labelsize": 7.5}
    # Of few dots letters are up to a tenth narrower than as outlines, and so would be the room that is made for them.
    small |= {"font.size": 8, "legend.fontsize": 7.5, "figure.dpi": SCREEN}
    look = _STYLE | (small if wide <= COLUMN else {})
    return mpl.rc_context(look | {"figure.figsize": (wide, wide)})


def width() -> float:
    """Return the inches that a figure drawn now is wide."""
    import matplotlib as mpl

    return float(mpl.rcParams["figure.figsize"][0])


def narrow() -> bool:
    """Return whether a figure drawn now stands in one column of a page of two, where labels stand above their rows."""
    return width() <= COLUMN


def readable(size: float) -> float:
    """Return a size of letters for a figure drawn now: in a column none under 7 points, which nothing can enlarge."""
    return max(size, 7.0) if narrow() else size


def fit(on_page: _Size, in_column: _Size) -> _Size:
    """Return what suits a figure drawn now: letters of a line, inches or columns across a page, or in a column."""
    return in_column if narrow() else on_page


def load() -> None:
    """Load all that drawing needs."""
    from matplotlib.backends import backend_agg, backend_svg  # noqa: F401

    with styled():
        blank(1.0)


@cache
def _know_own_font() -> None:
    """Make matplotlib's own letters known by a name that no other font has."""
    import matplotlib as mpl
    from matplotlib import font_manager

    for file, kind in _FONT_FILES.items():
        path = str(Path(mpl.get_data_path(), "fonts", "ttf", file))
        font_manager.fontManager.ttflist.append(font_manager.FontEntry(fname=path, name=_FONT, **kind))


def blank(height: float, layout: str | None = "constrained") -> "Figure":
    """Return an empty figure that makes room for its labels by itself, unless another layout is asked for."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width(), height), layout=layout)


def shown(data: Released) -> pd.DataFrame:
    """Return the frame to draw, refusing one that has not passed disclosure control."""
    if not isinstance(data, Released):
        raise DisclosureError("a figure is drawn only from a table that has passed disclosure.protect()")
    return data.frame


def notice(text: str) -> "Figure":
    """Return a figure that says in words why there is nothing to see."""
    figure = blank(1.1, layout=None)
    figure.text(0.5, 0.5, wrapped(text, fit(80, 42)), ha="center", va="center", fontsize=9, color=GREY)
    return figure


def arms_of(frame: pd.DataFrame, column: str = "arm") -> list[str]:
    """Return the arms in the order of the study."""
    return [str(arm) for arm in frame[column].cat.categories if (frame[column] == arm).any()]


def colour(frame: pd.DataFrame, arm: str) -> str:
    """Return the colour an arm has in every figure of the study."""
    return ARM_COLOURS[list(frame["arm"].cat.categories).index(arm) % len(ARM_COLOURS)]


def line(frame: pd.DataFrame, arm: str) -> str:
    """Return the kind of line an arm has, for readers who see no colours."""
    return ARM_LINES[list(frame["arm"].cat.categories).index(arm) % len(ARM_LINES)]


def wrapped(text: str, width: int = 20) -> str:
    """Break a text into lines of at most ``width`` characters, and a word that is longer."""
    return "\n".join(textwrap.wrap(str(text), width, break_long_words=True)) or ""


def arm_label(arm: str, width: int = 20) -> str:
    """Return the name of an arm for an axis or a column, in lines that break a word only if half as long again."""
    name = words.heading(arm)
    longest = max(map(len, name.split()), default=width)
    return wrapped(name, max(width, longest) if longest <= 1.5 * width else width)


def key(figure: "Figure", axes: "Axes", **place: str) -> None:
    """Say which line is which: where there is room among them, and in a column above them."""
    if not narrow():
        axes.legend(**place)
        return
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left")


def percent_axis(axes: "Axes", which: str = "y", decimals: int = 0) -> None:
    """Show shares as percentages on one axis."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(lambda value, _: words.percent(value, decimals).replace("-", "\N{MINUS SIGN}"))


def note(figure: "Figure", sentences: Sequence[str]) -> None:
    """Write remarks beneath the figure."""
    text = " ".join(s for s in sentences if s)
    if text:
        figure.supxlabel(wrapped(text, fit(125, 62)), x=0.01, ha="left", fontsize=7.5, color=GREY)


def image(figure: "Figure", kind: str, dots: int = SCREEN) -> bytes:
    """Return a figure that is laid out as ``png``, ``svg`` or ``pdf``, without clock, user or random names."""
    stream = io.BytesIO()
    # How many ticks an axis has hangs on the size of letters when it is drawn, and room was made for those laid out.
    with styled(figure.get_figwidth()):
        # ``savefig`` draws every figure twice, in case it is not laid out yet; without these entries of metadata the
        # files would carry the date and the version of matplotlib.
        if kind == "png":
            from matplotlib.backends.backend_agg import FigureCanvasAgg

            figure.set_dpi(dots)
            # A tenth larger than packed as tightly as can be, and sooner done.
            packed = {"compress_level": 3}
            FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None}, pil_kwargs=packed)
        elif kind == "pdf":
            # Few studies ask for it, and it takes a quarter of a second to load.
            from matplotlib.backends.backend_pdf import FigureCanvasPdf

            nobody = dict.fromkeys(("CreationDate", "Creator", "Producer"))
            FigureCanvasPdf(figure).print_pdf(stream, metadata=nobody)
        else:
            from matplotlib.backends.backend_svg import FigureCanvasSVG

            FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    return stream.getvalue()
