"""What a finished study found, as text: read from its release, so that nothing is told that may not be."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill

import pandas as pd

from iop_outcomes.diff.run import RELEASE, Run, read_run
from iop_outcomes.kernel.errors import StudyError, did_you_mean
from iop_outcomes.release.words.badge import badge_of, opening_of

WIDTH = 100


def told(study: str, analysis: str = "", root: str | Path = ".") -> str:
    """Return the verdicts of a study in a line each, or all about one analysis.

    Parameters
    ----------
    study : str
        Name of a study, path of its file, or a folder of results.
    analysis : str
        One of its analyses.
    root : path
        The project's folder.

    Raises
    ------
    StudyError
        The study has not been run, or has no analysis of that name.
    """
    run = read_run(study, root)
    verdict = run.tables.get("verdict", pd.DataFrame({"analysis": []}))
    if not analysis:
        return "\n".join(_answers(run, verdict)) or f"{study}: the study has no analysis"
    own = verdict[verdict["analysis"] == analysis]
    if own.empty:
        known = did_you_mean(analysis, list(verdict["analysis"]))
        raise StudyError(f"{study}: there is no analysis '{analysis}' in its release; {known}")
    return "\n".join(_one(run, own, analysis))


def first_answer(results: str | Path) -> str:
    """Return the verdict of a study's first analysis and what was withheld, for the end of a run; empty without one."""
    if not (Path(results) / RELEASE / "tables" / "verdict.csv").is_file():
        return ""
    run = read_run(str(results))
    return "\n".join(_answers(run, run.tables["verdict"], 1))


def _answers(run: Run, verdict: pd.DataFrame, most: int | None = None) -> Iterator[str]:
    for row in verdict[:most].to_dict("records"):
        decided = str(row["verdict"]), str(row["reasons"]).split("; ")
        badge = "" if opening_of(*decided) else f"{badge_of(*decided)}. "
        yield _wrapped(f"{row['analysis']}: {badge}{row['sentence']}")
    for row in _withheld(run, verdict).to_dict("records"):
        yield _wrapped(f"{row['analysis']}, {row['status']}: {row['reason']}")


def _withheld(run: Run, verdict: pd.DataFrame) -> pd.DataFrame:
    """Return the adjusted contrasts that are not shown and whose verdict does not tell of them already."""
    estimate = run.tables.get("estimate")
    if estimate is None:
        return pd.DataFrame()
    adjusted = estimate[(estimate["role"] == "contrast") & (estimate["kind"] == "adjusted")]
    hidden = adjusted[
        adjusted["status"].isin(["withheld", "refused"]) & ~adjusted["analysis"].isin(verdict["analysis"])
    ]
    return hidden.drop_duplicates(["analysis", "arm", "against"])


def _one(run: Run, own: pd.DataFrame, analysis: str) -> Iterator[str]:
    yield from _answers(run, own)
    estimate = run.tables["estimate"]
    yield "\nEstimates (95% CI)"
    yield from _aligned([_cells(row) for row in estimate[estimate["analysis"] == analysis].to_dict("records")])
    yield "\nChecks of its design"
    checks = run.tables.get("diagnostic", pd.DataFrame({"design": [], "arm": [], "against": []}))
    mine = own.iloc[0]
    same = (
        (checks["design"] == mine["design"]) & (checks["arm"] == mine["arm"]) & (checks["against"] == mine["against"])
    )
    for row in checks[same].to_dict("records"):
        yield _wrapped(f"  {row['status']:<13} {row['check']}: {row['reason']}", "      ")


def _cells(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return of whom, how, what and how much a row of the estimate table says."""
    whom = f"{row['arm']} v {row['against']}" if row["against"] else row["arm"]
    how = row["kind"] if row["scenario"] in ("main", row["measure"]) else f"{row['kind']}, {row['scenario']}"
    what = row["measure"].replace("_", " ")
    if not row["value"]:
        return whom, how, what, row["status"]
    limits = f" ({row['ci_low']} to {row['ci_high']})" if row["ci_low"] and row["ci_high"] else ""
    unit = "" if row["unit"] in ("ratio", "share") else row["unit"]
    return whom, how, what, f"{row['value']}{limits} {unit}".rstrip()


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _wrapped(text: str, later: str = "  ") -> str:
    return fill(text, WIDTH, subsequent_indent=later, break_long_words=False, break_on_hyphens=False)
