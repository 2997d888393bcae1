"""From folders of exports to a folder with tables, figures and a page."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader

from iop_outcomes.conclude.verdict import Decision
from iop_outcomes.kernel.contents import MANIFEST, manifest
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import write_bytes
from iop_outcomes.release.page.html import picture
from iop_outcomes.release.words.badge import badge_of
from iop_outcomes.sites.figure import Drawn, drawn
from iop_outcomes.sites.pooling import Pooled, numbers, pool_analysis
from iop_outcomes.sites.reading import Site, all_estimates, read_sites
from iop_outcomes.sites.verdicts import judge_sites
from iop_outcomes.sites.words import sentence

#: What is said of a site among the others.
SITE_COLUMNS = (
    *("analysis", "site", "use", "measure", "value", "se", "ci_low", "ci_high", "n_first", "n_second"),
    *("verdict", "reasons", "value_without", "ci_low_without", "ci_high_without"),
)


def pool(folders: Sequence[Path], out: Path) -> pd.DataFrame:
    """Pool the exports of several sites, write what they show, and return the verdicts.

    Parameters
    ----------
    folders : sequence of path
        One for each site, as ``iop-outcomes export-site`` wrote them.
    out : path
        Folder to write ``pooled.csv``, ``sites.csv``, ``pooled.html`` and ``figures/`` into.

    Returns
    -------
    pandas.DataFrame
        A row per analysis, as ``pooled.csv`` has it.

    Raises
    ------
    StudyError
        As ``read_sites``.
    """
    sites = read_sites(folders)
    pooled = pool_exports(sites)
    decisions = judge_sites(pooled, _made_up(sites))
    table = _verdicts(pooled, decisions)
    write_bytes(_csv(table), out / "pooled.csv")
    write_bytes(_csv(pd.concat([_of_sites(one) for one in pooled])), out / "sites.csv")
    figures = {}
    for one, (_, row) in zip(pooled, table.iterrows(), strict=True):
        if one.whole is not None:
            figures[one.analysis] = figure = drawn(one, row)
            files = {"svg": figure.svg, "png": figure.png, "csv": _csv(figure.data)}
            for kind, content in files.items():
                write_bytes(content, out / "figures" / f"{one.analysis}.{kind}")
    write_bytes(_page(table, figures, len(sites)).encode("utf-8"), out / "pooled.html")
    (out / MANIFEST).unlink(missing_ok=True)
    write_bytes(manifest(out), out / MANIFEST)
    return table


def pool_exports(sites: Sequence[Site]) -> list[Pooled]:
    """Return every analysis over sites, in the order in which the first site that has it names it."""
    every = all_estimates(sites)
    return [pool_analysis(rows, str(name)) for name, rows in every.groupby("analysis", sort=False)]


def _made_up(sites: Sequence[Site]) -> dict[str, bool]:
    return {name: bool(asked["made_up"]) for site in sites for name, asked in site.questions.items()}


def _verdicts(pooled: Sequence[Pooled], decisions: dict[str, Decision]) -> pd.DataFrame:
    table = pd.DataFrame([numbers(one) for one in pooled])
    said = []
    for one, (_, row) in zip(pooled, table.iterrows(), strict=True):
        own = decisions[one.analysis]
        told = {"verdict": own.verdict, "reasons": "; ".join(own.codes), "sentence": sentence(row, one.rows, own)}
        said.append(told)
    return table.join(pd.DataFrame(said))


def _of_sites(pooled: Pooled) -> pd.DataFrame:
    """Return every site of an analysis, with what would be pooled without it on the scale of the standard error."""
    rows = pooled.rows
    if pooled.without is not None:
        without = pooled.without[["value", "ci_low", "ci_high"]].add_suffix("_without")
        rows = rows.join(without)
    return rows.reindex(columns=list(SITE_COLUMNS))


def _csv(table: pd.DataFrame) -> bytes:
    shown = table.copy()
    for name in shown.select_dtypes("float"):
        shown[name] = shown[name].round(6)
    return shown.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _page(table: pd.DataFrame, figures: dict[str, Drawn], n_sites: int) -> str:
    environment = Environment(
        loader=PackageLoader("iop_outcomes.sites", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"picture": picture}
    answers = [
        {
            "name": f"{words.capital(words.plain(str(row['analysis'])))}: {words.plain(str(row['outcome']))}",
            "badge": badge_of(str(row["verdict"]), str(row["reasons"]).split("; ")),
            "sentence": str(row["sentence"]).partition(". ")[2],
            "analysis": str(row["analysis"]),
            "figure": figures.get(row["analysis"]),
        }
        for _, row in table.iterrows()
    ]
    return environment.get_template("page.html.j2").render(answers=answers, n_sites=n_sites)
