"""Make everything in ``release/``."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from iop_outcomes import figures, verdict, words
from iop_outcomes.disclosure import Released, ReleaseRules, protect, release, write_bytes
from iop_outcomes.registry import FIGURES
from iop_outcomes.release_tables import balance, estimates, outcomes, plain
from iop_outcomes.report.page import page
from iop_outcomes.study import Study

Tables = Mapping[str, pd.DataFrame]


def build(
    study: Study,
    tables: Tables,
    out: str | Path,
    run: Mapping[str, object] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Write ``report.html``, ``figures/`` and ``tables/`` of a study.

    Parameters
    ----------
    study : Study
        Arms, analyses, thresholds, words and release rules.
    tables : mapping
        Contract tables by name; those that are absent or empty are said to be so in the report.
    out : path
        The release folder.
    run : mapping, optional
        Facts of the run for "How it was done": ``versions`` (name -> version), ``inputs`` (name -> digest), ``code``.
        Neither clock nor path belongs in it.
    tell : callable
        Gets a line per step, for progress.

    Raises
    ------
    DisclosureError
        Something could not be protected; the page, which is written last, is not written.
    """
    out = Path(out)
    released = release_tables(study, tables)
    for name, table in released.items():
        release(table, out / "tables" / f"{name}.csv")
    tell(f"{len(released)} tables protected")
    drawn = {}
    for plugin in sorted(FIGURES, key=lambda figure: figure.place):
        if any(need.partition(".")[0] not in tables for need in plugin.needs):
            continue
        drawn[plugin.name] = figures.make(plugin.name, tables, study)
        drawn[plugin.name].write(out)
        tell(f"{plugin.name}: {drawn[plugin.name].reason or 'drawn'}")
    write_bytes(page(study, released, drawn, run or {}).encode("utf-8"), out / "report.html")


def release_tables(study: Study, tables: Tables) -> dict[str, Released]:
    """Return every table of the report after disclosure control; those without rows are left out."""
    rules = ReleaseRules.of(study.release)
    tables = {name: _spoken(table, study) for name, table in tables.items()}
    frames = {
        name: (plain.frame(name, tables[name]), roles) for name, roles in plain.ROLES.items() if _has(tables, name)
    }
    if _has(tables, "balance"):
        frames["balance"] = (balance.frame(tables, study), balance.ROLES)
    if _has(tables, "outcomes") and _has(tables, "covariates"):
        frames["outcomes"] = (outcomes.frame(tables, study), outcomes.ROLES)
    if _has(tables, "estimate"):
        frames["estimate"] = (estimates.frame(tables, study), estimates.ROLES)
    released = {name: protect(frame, roles, rules) for name, (frame, roles) in frames.items() if len(frame)}
    if study.claims and "claim" not in released and "estimate" in released:
        judged = verdict.claims(released["estimate"].frame, study)
        released["claim"] = protect(plain.frame("claim", judged), plain.ROLES["claim"], rules)
    return released


def _spoken(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return a table whose reasons speak of arms and covariates in plain words."""
    if "reason" not in table:
        return table
    reason = table["reason"].astype("object")
    return table.assign(reason=reason.map(lambda text: words.spoken(str(text), study), na_action="ignore"))


def _has(tables: Tables, name: str) -> bool:
    return tables.get(name) is not None and len(tables[name]) > 0
