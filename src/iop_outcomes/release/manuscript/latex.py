"""A manuscript as LaTeX that any installation compiles: article, booktabs, longtable, pdflscape."""

import re

from iop_outcomes.release.manuscript.content import Manuscript
from iop_outcomes.release.manuscript.widths import UPRIGHT, widths
from iop_outcomes.release.page.html import HtmlTable

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "“": "``",
        "”": "''",
        "’": "'",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "\N{MINUS SIGN}": r"$-$",
        "\N{NO-BREAK SPACE}": "~",
    }
)
#: Letters of a table across a page that stands upright, and one that lies on its side.
_LINES = (105, 160)

_START = r"""\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[margin=2.2cm]{geometry}
\usepackage{booktabs,longtable,array,pdflscape}
\title{%s}
\date{}
\begin{document}
\maketitle
"""


def latex_text(paper: Manuscript) -> str:
    """Return the manuscript as one ``.tex`` file beside ``references.bib``."""
    parts = [_START % escaped(paper.title), r"\section{Methods}"]
    parts += [f"\\subsection{{{escaped(heading)}}}\n{_cited(text)}\n" for heading, text in paper.methods.items()]
    parts += [r"\section{Results}", *(f"{escaped(sentence)}\n" for sentence in paper.results)]
    parts += [r"\section{Legends of the figures}"]
    parts += [_legend(number, *legend) for number, legend in enumerate(paper.legends, 1)]
    parts += [r"\bibliographystyle{unsrt}", r"\bibliography{references}"]
    parts += [_table(number, table) for number, table in enumerate(paper.tables.values(), 1)]
    return "\n".join([*parts, r"\end{document}", ""])


def escaped(text: str) -> str:
    """Return a text in which nothing is a command."""
    return text.translate(_SPECIAL)


def _cited(text: str) -> str:
    """Return a paragraph with its citations as commands."""
    parts = re.split(r"\[(@[^\]]+)\]", text)
    keys = [rf"\cite{{{','.join(re.findall(r'@([a-z]+[0-9]+)', part))}}}" for part in parts[1::2]]
    said = [escaped(part) for part in parts[::2]]
    return "".join(one + key for one, key in zip(said, [*keys, ""], strict=True))


def _legend(number: int, file: str, title: str, caption: str) -> str:
    heading = escaped(f"Figure {number}. {title.rstrip('.')}.")
    return f"\\paragraph{{{heading}}} {escaped(caption)} (\\texttt{{{escaped(file)}}})\n"


def _table(number: int, table: HtmlTable) -> str:
    many = len(table.columns)
    kinds = "".join(_column(place, wide, table) for place, wide in enumerate(_shares(table)))
    title = rf"\normalsize\textbf{{Table {number}. {escaped(table.caption)}}}"
    head = " & ".join(rf"\textbf{{{escaped(column)}}}" for column in table.columns)
    notes = [table.note, *(f"{place}. {text}" for place, text in enumerate(table.footnotes, 1))]
    lines = [
        r"{\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\begin{{longtable}}{{{kinds}}}",
        rf"\multicolumn{{{many}}}{{l}}{{{title}}}\\",
        rf"\toprule {head} \\ \midrule \endhead \bottomrule \endlastfoot",
        # A row that began with a bracket would be read as a setting of the row before it.
        *(f"{{}}{' & '.join(map(escaped, row))} \\\\" for row in table.rows),
        r"\end{longtable}",
        rf"\noindent {' '.join(escaped(text) for text in notes if text)}}}",
    ]
    around = (r"\begin{landscape}", r"\end{landscape}") if many > UPRIGHT else (r"\newpage", "")
    return "\n".join([around[0], *lines, around[1]])


def _shares(table: HtmlTable) -> list[float]:
    """Return the share of a line that each column takes, in whole thousandths that are no more than one."""
    room = _LINES[len(table.columns) > UPRIGHT]
    return [int(1000 * wide / room) / 1000 for wide in widths(table, room)]


def _column(place: int, share: float, table: HtmlTable) -> str:
    return f">{{\\{_side(place, table)}\\arraybackslash}}p{{\\dimexpr {share:.3f}\\linewidth-2\\tabcolsep}}"


def _side(column: int, table: HtmlTable) -> str:
    return "raggedleft" if column in table.numbers else "raggedright"
