"""One study whose every published number is on file: a change that moves one shows which, and by how much."""

from pathlib import Path

import pandas as pd
import yaml

from iop_outcomes import study, tables
from iop_outcomes.in_memory import run_study

HERE = Path(__file__).parent
KEY = ["table", "row", "column"]

# Sums that ought to be nothing come out as such a rest, another one on every machine.
ROUNDING_REST = 1e-12


def numbers_of(made: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the numbers of the result tables, one a row, to eight digits."""
    keys = {
        "attrition": ["step", "arm"],
        "diagnostic": ["arm", "against", "design", "check"],
        "balance": ["design", "stage", "covariate", "level"],
        "estimate": ["analysis", "kind", "role", "arm", "against", "measure"],
    }
    parts = []
    for name, key in keys.items():
        frame = made[name]
        row = frame[key].astype("str").agg(" / ".join, axis=1)
        values = tables.conform(frame, name).select_dtypes("number").drop(columns="step", errors="ignore")
        long = (
            values.assign(row=row).melt(id_vars="row", var_name="column", value_name="number").dropna(subset=["number"])
        )
        parts.append(long.assign(table=name))
    whole = pd.concat(parts)[[*KEY, "number"]].sort_values(KEY, ignore_index=True)
    told = whole["number"].map("{:.8g}".format).astype(float)
    return whole.assign(number=told.where(told.abs() > ROUNDING_REST, 0.0))


def test_the_golden_study_gives_its_numbers(request):
    golden = study.parse(yaml.safe_load((HERE / "study.yaml").read_text()))
    found = numbers_of(run_study(golden))
    path = HERE / "numbers.csv"
    if request.config.getoption("--update-golden"):
        found.to_csv(path, index=False)
    expected = pd.read_csv(path, keep_default_na=False)
    both = expected.merge(found, on=KEY, how="outer", suffixes=("_golden", "_now"))
    near = (both["number_golden"] - both["number_now"]).abs() <= 1e-6 * both["number_golden"].abs() + 1e-9
    moved = both[~near]
    said = f"{len(moved)} numbers moved; accept them with --update-golden:\n{moved.to_string(index=False)}"
    assert len(moved) == 0, said
