"""Write a file of any size in the layout of TEDS-D 2023, to try the pipeline at full size without the real file.

Each variable is drawn from its published national counts of 2019, the last year for which all are at hand, so one
variable at a time looks like the nation. What must hang together does: region and division follow the state, flags the
substances, nested questions the question above them. People in intensive outpatient care are given more daily use,
more prior episodes and more mental disorders, and care then ends otherwise, so that the arms differ as they do in
reality; no other association is real, and no number from such a file says anything about treatment.

    python benchmarks/teds_file.py MARGINALS.csv OUT.csv [--rows 1474025] [--seed 1]
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from iop_outcomes.ingest.sources.teds_d import codebook as codebook

ROWS_2023 = 1_474_025
YEAR_OF_COUNTS = "2019"
MISSING = codebook.MISSING
INTENSIVE = 6

#: How much likelier a code is in intensive outpatient care, before the shares are made to add up to one.
TILT = {
    "FREQ1": {3: 1.5},
    "NOPRIOR": {1: 1.4},
    "PSYPROB": {1: 1.5},
    "LIVARAG": {1: 1.3, 2: 1.6},
    "PSOURCE": {2: 1.6},
    "REASON": {4: 1.4, 1: 0.9},
}
#: Flag of each substance code; code 1 is none.
SUBSTANCE_FLAGS = dict(zip([c for c in codebook.LAYOUT if c.endswith("FLG")], range(2, 20), strict=True))


def main() -> None:
    """Read the counts, draw, write."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("marginals", type=Path, help="CSV with file_year, variable, value, n")
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--rows", type=int, default=ROWS_2023)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    drawn = draw(national_counts(given.marginals), given.rows, np.random.default_rng(given.seed))
    drawn.write_csv(given.out)
    print(f"{given.out.name}: {drawn.height:,} rows, {drawn.width} columns, {given.out.stat().st_size / 1e6:,.0f} MB")


def national_counts(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return for each variable its codes and their shares."""
    counts = pl.read_csv(path, infer_schema=False, null_values=[]).filter(pl.col("file_year") == YEAR_OF_COUNTS)
    shares = {}
    for (variable,), rows in counts.group_by("variable"):
        n = rows["n"].cast(pl.Float64).to_numpy()
        shares["SEX" if variable == "GENDER" else variable] = (rows["value"].cast(pl.Int16).to_numpy(), n / n.sum())
    return shares


def draw(shares: dict[str, tuple[np.ndarray, np.ndarray]], n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return ``n`` records in the order of the layout."""
    order = [c for c in codebook.LAYOUT if c in shares]
    columns = {c: draw_column(*shares[c], n, rng) for c in order}
    intensive = columns["SERVICES"] == INTENSIVE
    for variable, tilt in TILT.items():
        codes, share = shares[variable]
        tilted = share * [tilt.get(int(code), 1.0) for code in codes]
        columns[variable][intensive] = draw_column(codes, tilted / tilted.sum(), int(intensive.sum()), rng)
    columns |= {"DISYR": np.full(n, 2023, np.int16), "CASEID": rng.permutation(np.arange(1, n + 1, dtype=np.int32))}
    columns["CBSA2020"] = np.full(n, MISSING, np.int16)
    hang_together(columns, rng)
    return pl.DataFrame({c: columns[c] for c in codebook.LAYOUT})


def draw_column(codes: np.ndarray, share: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``n`` independent draws of a code."""
    return codes[np.searchsorted(np.cumsum(share)[:-1], rng.random(n), side="right")]


def hang_together(columns: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    """Make columns agree that say the same thing twice."""
    same = rng.random(len(columns["SERVICES"])) < 0.99
    columns["SERVICES_D"][same] = columns["SERVICES"][same]
    columns["PREG"][columns["SEX"] == 1] = MISSING
    for asked, above, code in (("DETCRIM", "PSOURCE", 7), ("DETNLF", "EMPLOY", 4), ("DETNLF_D", "EMPLOY_D", 4)):
        columns[asked][columns[above] != code] = MISSING
    for number in "123":
        none = columns[f"SUB{number}"] <= 1
        for asked in ("ROUTE", "FREQ", "FRSTUSE"):
            columns[asked + number][none] = MISSING
    columns["IDU"][columns["SUB1"] <= 1] = MISSING
    regions = {name: code for code, name in enumerate(["U.S. territories", "Northeast", "Midwest", "South", "West"])}
    divisions = {name: code for code, name in enumerate(dict.fromkeys(["U.S. territories", *divisions_in_order()]))}
    states = columns["STFIPS"]
    for code, (_, region, division) in codebook.STATES.items():
        columns["REGION"][states == code] = regions[region]
        columns["DIVISION"][states == code] = divisions[division]
    reported = np.stack([columns[c] for c in codebook.SUBSTANCES])
    for flag, code in SUBSTANCE_FLAGS.items():
        columns[flag] = (reported == code).any(axis=0).astype(np.int16)
    alcohol, other = columns["ALCFLG"], (reported > 2).any(axis=0)
    columns["ALCDRUG"] = (alcohol + 2 * other).astype(np.int16)


def divisions_in_order() -> list[str]:
    """Return the census divisions in the order of their codes 1 to 9."""
    return [division for _, _, division in codebook.STATES.values()]


if __name__ == "__main__":
    main()
