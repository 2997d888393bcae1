"""The folder ``manuscript/`` of a release: one content, written as Word, LaTeX and CSV."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from iop_outcomes.conclude.judging import Judged
from iop_outcomes.release.checklists.filling import LISTS, checklists
from iop_outcomes.release.disclosure import Released, write_bytes
from iop_outcomes.release.disclosure.writing import inert
from iop_outcomes.release.figures import Drawn, print_files
from iop_outcomes.release.manuscript.content import manuscript
from iop_outcomes.release.manuscript.latex import latex_text
from iop_outcomes.release.manuscript.word import word_bytes
from iop_outcomes.study import Study

_TABLES = ("flow", "table_1", "main_results", "outcomes", "every_estimate", "sensitivity", "definitions")

#: Files of the folder that every study has; a table without rows is there, too.
FILES = (
    *("manuscript.docx", "manuscript.tex", "references.bib"),
    *(f"{name}.csv" for name in _TABLES),
    *(f"checklist_{name}.csv" for name in LISTS),
)


def files(study: Study) -> list[str]:
    """Return every file of the folder that a study has."""
    return [*FILES, *(file for name in study.release.print_figures for file in print_files(name))]


def write_kit(
    study: Study,
    released: Mapping[str, Released],
    drawn: Mapping[str, Drawn],
    run: Mapping[str, object],
    folder: str | Path,
    judged: Sequence[Judged] | None = None,
) -> None:
    """Write what a paper needs, from what has passed disclosure control.

    Parameters
    ----------
    study : Study
    released : mapping of str to Released
        Protected tables by name.
    drawn : mapping of str to Drawn
        Figures by name.
    run : mapping
        Facts of the run, of which the versions are named.
    folder : path
        Where ``files`` are written.
    judged : sequence of Judged, optional
        The verdicts on what is released; found anew where they are left out.
    """
    folder, paper = Path(folder), manuscript(study, released, drawn, run, judged)
    write_bytes(word_bytes(paper), folder / "manuscript.docx")
    write_bytes(latex_text(paper).encode("utf-8"), folder / "manuscript.tex")
    entries = "\n\n".join(reference.bibtex() for reference in paper.references)
    write_bytes(f"{entries}\n".encode(), folder / "references.bib")
    for name in study.release.print_figures:
        for file, content in drawn[name].printed.items():
            write_bytes(content, folder / file)
    filled = {f"checklist_{name}": table for name, table in checklists(study, released, drawn, run).items()}
    for name, table in ({name: paper.tables.get(name) for name in _TABLES} | filled).items():
        cells = pd.DataFrame(table.rows, columns=list(table.columns)) if table else pd.DataFrame()
        text = cells.map(inert).to_csv(index=False, lineterminator="\n") if len(cells) else ""
        write_bytes(text.encode("utf-8"), folder / f"{name}.csv")
