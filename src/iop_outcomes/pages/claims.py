"""The page of ``docs/`` with the ledgers of several studies side by side, from what they have released."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.pages import markdown
from iop_outcomes.study import Study

PAGE = "claims.md"
INTRODUCTION = """\
What the introductory literature says of intensive outpatient programmes, and what studies of this project say of it.
Each claim is held against the one kind of analysis that may speak to it, by [the rules](verdict.md); none rests on
groups formed by attendance. A simulated study shows whether the method finds what is true in it, and nothing of the
world. "Not testable" is an answer: the data have not what the claim needs, or too few people, or arms that cannot be
compared."""


def claims_page(ledgers: dict[str, tuple[Study, pd.DataFrame]]) -> str:
    """Return the page.

    Parameters
    ----------
    ledgers : dict of str to (Study, DataFrame)
        Study and its released ``ledger``, by name.
    """
    names = list(ledgers)
    by_study = {name: table.set_index("name") for name, (_, table) in ledgers.items()}
    order = list(dict.fromkeys(claim for table in by_study.values() for claim in table.index))
    first = {claim: next(table.loc[claim] for table in by_study.values() if claim in table.index) for claim in order}
    verdicts = [(str(first[claim]["claim"]), *(_verdict(by_study[name], claim) for name in names)) for claim in order]
    parts = [
        "# Claims of the field",
        INTRODUCTION,
        markdown.table(("study", "what it is"), [(f"`{name}`", _what(study)) for name, (study, _) in ledgers.items()]),
        markdown.table(("claim", *(f"`{name}`" for name in names)), verdicts),
    ]
    for claim in order:
        row = first[claim]
        said = [("who says it", str(row["source"])), ("what chance assignment found", str(row["evidence"]))]
        said += [(f"`{name}`", _why(by_study[name], claim)) for name in names]
        parts += [f"## {row['claim']}", markdown.table(("", ""), said)]
    return markdown.joined(parts)


def write_ledgers(studies: Sequence[Study], results: Path, folder: Path) -> Path:
    """Write the page from the releases of some studies, and return where it is.

    Raises
    ------
    StudyFileError
        A study has no ledger, or was not run since it has one.
    """
    ledgers = {study.name: (study, _released(study, results)) for study in studies}
    path = folder / PAGE
    path.write_text(claims_page(ledgers).rstrip() + "\n", encoding="utf-8")
    return path


def _released(study: Study, results: Path) -> pd.DataFrame:
    file = results / study.name / "release" / "tables" / "ledger.csv"
    if study.ledger is None:
        raise StudyFileError(f"{study.name}: the study has no ledger; add ledger: data/reference/claims.yaml")
    if not file.is_file():
        raise StudyFileError(f"{study.name}: there is no release with a ledger; run the study first")
    return pd.read_csv(file, dtype="str", keep_default_na=False)


def _what(study: Study) -> str:
    made_up = " (simulated: nobody in it is real)" if study.source.kind == "simulated" else ""
    return f"{study.title or study.name}{made_up}"


def _verdict(table: pd.DataFrame, claim: str) -> str:
    return f"**{table.loc[claim, 'verdict']}**" if claim in table.index else "not asked"


def _why(table: pd.DataFrame, claim: str) -> str:
    return f"{table.loc[claim, 'verdict']}. {table.loc[claim, 'why']}" if claim in table.index else "not asked"
