"""The page of ``docs/`` that says how often studies err where the truth is known, from tables kept beside it."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iop_outcomes.conclude.judging import FIRST, OTHERS
from iop_outcomes.estimates.score_interval import wilson
from iop_outcomes.kernel.provenance import commit_of_the_code, versions
from iop_outcomes.operating.summary import (
    A_DIFFERENCE,
    ANY_ANSWER,
    ANY_CLAIM,
    FIRST_ANSWER,
    WHOLE,
    WRONG_CLAIM,
    WRONG_DIFFERENCE,
    WRONG_NO_DIFFERENCE,
)
from iop_outcomes.pages import markdown
from iop_outcomes.study import Study
from iop_outcomes.tables.conclusion import SUPPORTED
from iop_outcomes.tables.operating import CLAIM, GATE, STOPPED, STUDY, VERDICT

#: Folder below ``docs/`` with the tables that the page is made from.
KEPT = "operating"
PAGE = "operating_characteristics.md"
TABLES = ("characteristic", "decision")
#: Small worlds of one difficulty each, by ``benchmarks/operating_characteristics.py``.
CELLS = "cells"
#: Worlds of weeks in which coming, or stepping up, does nothing or something, by ``benchmarks/participation.py``.
PARTICIPATION = "participation"
MADE = "made.json"
#: Coverage of a 95% interval that is good enough.
GOOD_COVERAGE = (0.93, 0.97)
#: Quantile of the normal distribution that leaves 2.5% above it.
NORMAL = 1.959964
#: Most that studies may err in which nothing differs.
ALLOWED = {(FIRST_ANSWER, WRONG_DIFFERENCE): FIRST, (ANY_ANSWER, WRONG_DIFFERENCE): FIRST + OTHERS}

INTRODUCTION = """\
A study is drawn anew many times in worlds whose truth is known, and each time goes its whole road, from raw tables to
verdicts and claims. This page says what came out. Behind every number stands its Monte-Carlo standard error, in
brackets; where it is 0.0, all replicates agree, and up to {few:.1f}% of others could still differ (three in n)."""

WHAT = f"""\
A difference is *better*, *worse* or *different* of [the rules](verdict.md). It is wrong where the truth is none or on
the other side; *no difference* is wrong where the truth reaches the margin; a claim is wrong where it is supported
(contradicted) and the truth is not on its side (on the other). Where nothing differs, the first answer may err
{FIRST:.0%} of the time and all answers together {FIRST + OTHERS:.1%}."""

OF_ESTIMATES = """\
Of the estimates that the gate shows. Bias is that of logarithms for ratios; SE/SD is the standard error (root mean
square) over the standard deviation of the estimates; coverage the share of 95% intervals that hold the truth of the
world; rejection the share that leave no difference out."""

OWN = """\
## For your own study

```bash
./run iop-outcomes operate STUDY --cores 2          # or: ./run operate --config study=STUDY
```

A study with a section `simulate` has its characteristics beside its report, in `results/<study>/operating/`. A run that
is killed goes on where it was. More replicates are added to those there are; other settings or other code start anew.

```yaml
simulate:
  replicates: 200
  truths: 20                                   # replicates over which the truth of a simulated world is the mean
  worlds:
    none: {true_effect: none, replicates: 500} # settings of the simulated source that are other in this world
    hidden: {unmeasured_confounding: 0.5}
```

A study of **real records** is drawn as plasmode (Franklin et al. 2014,
[10.1016/j.csda.2013.10.018](https://doi.org/10.1016/j.csda.2013.10.018)): members and covariates as they are, arms from
a model of the records, outcomes from models of the records with an effect of the first arm planted into them. Without
`worlds` these are none, 0.1 to the good and 0.1 to the bad; `worlds: {small: {planted: 0.03}}` plants another: a
difference of shares (0.1 is 10 points, of percentages too), or standard deviations of other numbers. Outcomes that are
times or weekly results stay as recorded, so that the arm, drawn anew, does nothing to them. What is missing stays
missing. The numbers rest on people's records and are not released."""


@dataclass(frozen=True)
class Found:
    """What the page is made from: its tables, and how they were made."""

    characteristic: pd.DataFrame
    decision: pd.DataFrame
    cells: pd.DataFrame | None
    made: dict[str, str]
    participation: pd.DataFrame | None = None


def keep(study: Study, operating: Path, docs: Path, command: str) -> Path:
    """Keep the released tables of a run beside the page, and write the page from them.

    Parameters
    ----------
    study : Study
    operating : path
        Folder ``results/<study>/operating``.
    docs : path
    command : str
        With which they were made.
    """
    kept = docs / KEPT
    kept.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        (kept / f"{name}.csv").write_bytes((operating / "release" / f"{name}.csv").read_bytes())
    made = {
        "study": study.name,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "version": versions()["iop-outcomes"],
        "commit": commit_of_the_code() or "not known",
    }
    (kept / MADE).write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return write_page(docs)


def write_page(docs: Path) -> Path:
    """Write the page from the tables that are kept beside it."""
    (docs / PAGE).write_text(operating_page(read_kept(docs)), encoding="utf-8")
    return docs / PAGE


def read_kept(docs: Path) -> Found:
    """Return the tables that are kept beside the page."""
    kept = docs / KEPT
    characteristic, decision = (pd.read_csv(kept / f"{name}.csv") for name in TABLES)
    made = json.loads((kept / MADE).read_text(encoding="utf-8"))
    return Found(characteristic, decision, _read(kept, CELLS), made, _read(kept, PARTICIPATION))


def _read(kept: Path, name: str) -> pd.DataFrame | None:
    return pd.read_csv(kept / f"{name}.csv") if (kept / f"{name}.csv").exists() else None


def operating_page(found: Found) -> str:
    """Return the page."""
    made, most = found.made, int(found.decision["n"].max())
    misses = list(misses_of(found))
    parts = [
        "<!-- Made from docs/operating/ by `iop-outcomes codebook`; change the code or the tables, not this page. -->",
        "# Operating characteristics",
        # The upper 95% limit of a share that was never seen.
        INTRODUCTION.format(few=100 * 3 / most),
        f"Made by `{made['command']}` on {made['date']}, version {made['version']}, commit `{made['commit']}`. "
        f"{made.get('note', '')}".rstrip(),
        "## What is missed",
        markdown_list(misses) or "Nothing of what is asked of these numbers.",
        f"## How often the study `{made['study']}` errs",
        WHAT,
        _of_studies(found.decision),
        "## What its answers come to",
        _of_kind(found.decision, VERDICT, "analysis"),
        _of_kind(found.decision, CLAIM, "claim"),
        "The gate and disclosure control allow:",
        _of_kind(found.decision, GATE, "analysis"),
        "## Its estimates",
        OF_ESTIMATES,
        _of_estimates(found.characteristic),
    ]
    if found.cells is not None:
        parts += ["## Small worlds, each hard in one way", _CELLS, _of_estimates(found.cells)]
    if found.participation is not None:
        parts += [
            "## Where coming more, or stepping up, does nothing",
            _PARTICIPATION,
            _of_estimates(found.participation),
        ]
    return markdown.joined([*parts, OWN]) + "\n"


_CELLS = """\
Designs and estimators with the settings of a study file, in the worlds of `benchmarks/small_worlds.py`, by
`python benchmarks/operating_characteristics.py --replicates 500 --settings study --write docs/operating/cells.csv`."""


_PARTICIPATION = """\
Who is ready for change comes more and relapses less. In `participation only` neither the programme nor coming does
anything; in `participation works` a week of coming lowers the odds of relapse in it, and of use in the next; in
`stepping up does nothing` the sicker change to more care. Groups formed by what people did have no truth that they
could hold: their rejection is how often they find something. Intervals of strategies are percentiles of 200 bootstrap
draws, as in a study; the model of hours and the trials take their weights as known, which makes theirs a little wide.
In `participation works` coming acts in its own week and through use in the next, and six hours do as much as nine:
neither a straight line in mean hours nor one in the hours of the week is the whole of that, and both find too little;
both together, with hours in two bands (`counting: both`), come closer. The truth of strategies and hours is that of the
programme's people, of whom they are asked. Strategies bind every week from the third on; or the third to the sixth, of
which one may be missed. By their weights some 14 people carry the rarer of them at the end, of the second some 44. The
gate of a study asks for 100 and would withhold both: the numbers speak of the method, not of what a study would show.
By `benchmarks/participation.py`: 2,400 people a world, some half of them in the programme."""


def markdown_list(sentences: list[str]) -> str:
    """Return sentences as a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def misses_of(found: Found) -> Iterator[str]:
    """Return a sentence for everything that is not as it should be, by more than chance explains (Wilson, 95%).

    Errors of whole studies are held against what is allowed, coverage against 93 to 97%. Coverage above is no error of
    a verdict, but costs power, and is named too.
    """
    for row in _studies(found.decision).itertuples():
        allowed = ALLOWED.get((row.name, row.decision))
        if allowed and _ends(row.share, row.n)[0] > allowed:
            yield (
                f"World `{row.world}`: {row.name}, {row.decision}: {_share(row.share, row.share_error)}% of {row.n} "
                f"studies, more than {100 * allowed:.1f}%."
            )
    beside = [table for table in (found.cells, found.participation) if table is not None]
    for table in [found.characteristic, *beside]:
        for row in table.dropna(subset=["coverage"]).itertuples():
            low, high = _ends(row.coverage, row.n_estimated)
            if high < GOOD_COVERAGE[0] or low > GOOD_COVERAGE[1]:
                yield (
                    f"World `{row.world}`, {row.analysis}: {_share(row.coverage, row.coverage_error)}% of "
                    f"{int(row.n_estimated)} intervals hold the truth."
                )


def _ends(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95% interval: that of Wald is a point where all replicates agree."""
    return wilson(share, n, NORMAL) if n else (0.0, 1.0)


def _share(share: float, error: float) -> str:
    return "" if pd.isna(share) else f"{100 * share:.1f} ({100 * error:.1f})"


def _studies(decision: pd.DataFrame) -> pd.DataFrame:
    return decision[decision["kind"] == STUDY]


def _of_studies(decision: pd.DataFrame) -> str:
    asked = (
        (FIRST_ANSWER, A_DIFFERENCE),
        (FIRST_ANSWER, WRONG_DIFFERENCE),
        (ANY_ANSWER, WRONG_DIFFERENCE),
        (ANY_ANSWER, WRONG_NO_DIFFERENCE),
        (ANY_CLAIM, SUPPORTED),
        (ANY_CLAIM, WRONG_CLAIM),
        (WHOLE, STOPPED),
    )
    table, rows = _studies(decision).set_index(["world", "name", "decision"]), []
    worlds = list(dict.fromkeys(decision["world"]))
    for world in worlds:
        cells = [table.loc[(world, *one)] if (world, *one) in table.index else None for one in asked]
        n = next(int(cell["n"]) for cell in cells if cell is not None)
        rows.append((f"`{world}`", f"{n}", *("" if c is None else _share(c["share"], c["share_error"]) for c in cells)))
    return markdown.table(("world", "studies", *(f"{name}: {what}, %" for name, what in asked)), rows)


def _of_kind(decision: pd.DataFrame, kind: str, what: str) -> str:
    """Return the share of each decision, a line for each world and analysis or claim."""
    own = decision[decision["kind"] == kind]
    decisions = sorted(set(own["decision"]))
    rows = []
    for (world, name), mine in own.groupby(["world", "name"], sort=False):
        found = {row.decision: _share(row.share, row.share_error) for row in mine.itertuples()}
        rows.append((f"`{world}`", str(name), *(found.get(d, "") for d in decisions)))
    return markdown.table(("world", what, *(f"{d}, %" for d in decisions)), rows) if rows else ""


def _of_estimates(table: pd.DataFrame) -> str:
    def with_error(row: pd.Series, name: str, decimals: int) -> str:
        value, error = row[name], row[f"{name}_error"]
        return "" if pd.isna(value) else f"{value:.{decimals}f} ({error:.{decimals}f})"

    rows = [
        (
            *(f"`{row['world']}`", row["analysis"], row["estimand"], row["measure"], f"{row['n_estimated']:.0f}"),
            "" if pd.isna(row["truth"]) else f"{row['truth']:.4f}",
            *(with_error(row, "bias", 4), with_error(row, "se_ratio", 2)),
            *(_share(row[name], row[f"{name}_error"]) for name in ("coverage", "rejection")),
        )
        for _, row in table.iterrows()
    ]
    header = ("world", "analysis", "for", "measure", "shown", "truth", "bias", "SE/SD", "coverage, %", "rejection, %")
    return markdown.table(header, rows)
