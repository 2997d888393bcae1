"""Writes the measured tables of docs/simulator.md: ``python -m iop_outcomes.pages.simulator docs/simulator.md``."""

import re
import sys
from pathlib import Path

import pandas as pd

from iop_outcomes.simulate.adjustment import estimation_errors, summarised
from iop_outcomes.simulate.calibration import compare, true_effects
from iop_outcomes.simulate.settings import Settings
from iop_outcomes.simulate.world import simulate

SEED, N_PEOPLE, MONTE_CARLO_SEEDS = 7, 20_000, range(30)


def calibration_table() -> str:
    """Return published beside simulated figures of a study of 20,000 people, in Markdown."""
    compared = compare(simulate(Settings(true_effect="benefit", n_people=N_PEOPLE), SEED).tables())
    return markdown(compared)


def effects_table() -> str:
    """Return the true and the unadjusted differences of the three effects, in Markdown."""
    parts = [
        true_effects(simulate(Settings(true_effect=effect, n_people=N_PEOPLE), SEED))
        .reset_index()
        .assign(effect=effect)
        for effect in ("benefit", "none", "harm")
    ]
    return markdown(pd.concat(parts).set_index("effect").reset_index())


def adjustment_table() -> str:
    """Return the mean errors of unadjusted and adjusted estimates over thirty studies of 4,000 people, in Markdown."""
    parts = [
        summarised(estimation_errors(Settings(true_effect=effect), MONTE_CARLO_SEEDS))
        .reset_index()
        .assign(effect=effect)
        for effect in ("benefit", "none")
    ]
    return markdown(pd.concat(parts).set_index("effect").reset_index(), digits=2)


def markdown(frame: pd.DataFrame, digits: int = 1) -> str:
    """Return a frame as a Markdown table, numbers rounded."""
    lines = [[str(c).replace("_", " ") for c in frame.columns], ["---"] * frame.shape[1]]
    for row in frame.itertuples(index=False):
        lines.append([f"{v:.{digits}f}" if isinstance(v, float) else str(v) for v in row])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fill(text: str, name: str, table: str) -> str:
    """Return a page with what stands between its two marks of that name replaced by a table."""
    return re.sub(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", rf"\g<1>{table}\n\g<2>", text, flags=re.DOTALL)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    content = page.read_text(encoding="utf-8")
    for name, table in {
        "calibration": calibration_table,
        "effects": effects_table,
        "adjustment": adjustment_table,
    }.items():
        content = fill(content, name, table())
    page.write_text(content, encoding="utf-8")
