"""Write ``docs/validation.md``: our numbers beside those of R and of published programs, with their differences.

The comparisons are those of ``tests/oracles``, asserted there at the tolerances shown. Run from the repository, with
the reference data beside it (``../shared/data``):

    OPENBLAS_NUM_THREADS=1 python benchmarks/validation.py
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes.kernel.registry import ESTIMATORS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "validation.md"
REFERENCE = ROOT.parent / "shared" / "data"
SMALLEST_SHOWN = 1e-13
#: As in ``tests/oracles/agreement.py``.
EQUAL = 1e-6

INTRODUCTION = """\
# Validation: our numbers beside R's

Made by `python benchmarks/validation.py` from the tests in `tests/oracles`, which assert every difference at the
tolerance shown behind it. Each line shows, of one method on one data set, the estimate that differs most from the
reference and the standard error that differs most, out of all that were compared. What holds of public calls is said
estimator by estimator before the tables.

- A **difference** is relative to the reference; where a number may be zero (balance, p-values, coefficients near zero),
  relative to the scale of its kind. Ratios are compared as logarithms. Below {smallest:.0e} it is rounding, shown as 0.
- An **estimate** is a coefficient, mean, contrast, weight, score or curve. Tests, likelihoods, limits, degrees of
  freedom and counts follow each family's table, one line per method for all data sets.
- A **note** says why a tolerance is wider than rounding: usually that R stops early, prints few digits or
  differentiates numerically.
- The data sets are public or synthetic and lie beside the project, never in it: see `tests/reference.py`.
"""

CALLS = "What a call equals, and what it does not"
OF_CALLS = """\
## {heading}

The tables below compare functions, some of them with settings that no call offers. These sentences are about calls of
`estimate` and `survival`, with their defaults unless a setting is named. *Equal* is equal to {equal:.0e}; the largest
difference found stands behind each number, relative to it, with the data it was looked for in.
"""


class Collected:
    """A pytest plug-in that keeps what the tests compared and found of public calls, and which failed."""

    def __init__(self) -> None:
        self.agreements: list[dict] = []
        self.findings: list[dict] = []
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
        if report.when == "call":
            self.agreements += [value for name, value in report.user_properties if name == "agreement"]
            self.findings += [value for name, value in report.user_properties if name == "finding"]


def worst(agreements: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return of each group the comparison that differs most, sorted by group."""
    # Equally good ones are ordered by their numbers, so that the page does not depend on the order of the tests.
    order = agreements.sort_values([*by, "difference", "tolerance", "data", "reference"], kind="stable")
    return order.groupby(by).tail(1).reset_index(drop=True)


def beside(agreements: pd.DataFrame) -> pd.DataFrame:
    """Return one line per method and data set: the worst estimate and the worst standard error."""
    lines = []
    found = worst(agreements, ["method", "data", "quantity"])
    for (method, data), part in found.groupby(["method", "data"]):
        line = {"method": method, "data": data}
        by_quantity = part.set_index("quantity")
        for quantity in ("estimate", "standard error"):
            known = quantity in by_quantity.index
            line |= columns_of(quantity, by_quantity.loc[quantity] if known else None)
        lines.append(line | {"note": "; ".join(dict.fromkeys(note for note in part["note"] if note))})
    return pd.DataFrame(lines)


def columns_of(quantity: str, row: pd.Series | None) -> dict[str, str]:
    """Return three cells of a line: ours, the reference's, and the difference beside its tolerance."""
    cells = ("", "", "")
    if row is not None:
        difference = f"{shown_difference(row['difference'])} ≤ {row['tolerance']:.0e}"
        cells = (shown_number(row["ours"]), shown_number(row["reference"]), difference)
    headings = (f"{quantity}, ours", f"{quantity}, reference", f"{quantity}, difference")
    return dict(zip(headings, cells, strict=True))


def others(agreements: pd.DataFrame) -> pd.DataFrame:
    """Return one line per method: the statistic that differs most."""
    found = worst(agreements, ["method"])
    lines = [
        {"method": row["method"], "data": row["data"]} | columns_of("statistic", row) | {"note": row["note"]}
        for _, row in found.iterrows()
    ]
    return pd.DataFrame(lines)


def summary(agreements: pd.DataFrame) -> pd.DataFrame:
    """Return one row per family: how much was compared, and the largest differences, apart where a note explains."""
    lines = []
    for family, part in agreements.groupby("family", sort=False):
        line = {"family": family, "methods": part["method"].nunique(), "data sets": part["data"].nunique()}
        line |= {"comparisons": len(part), "numbers": f"{part['n_numbers'].sum():,}"}
        for quantity in ("estimate", "standard error"):
            own = part[part["quantity"] == quantity]
            for heading, found in (("", own[own["note"] == ""]), (" (with a note)", own[own["note"] != ""])):
                line[f"{quantity}s{heading}"] = shown_difference(found["difference"].max()) if len(found) else ""
        lines.append(line)
    return pd.DataFrame(lines)


def of_calls(findings: pd.DataFrame, estimators: list[str]) -> str:
    """Return a sentence for each estimator: which numbers of a reference its calls equal, and which they do not.

    Parameters
    ----------
    findings : DataFrame
        Rows of ``tests/oracles/agreement.py``'s ``Finding``.
    estimators : list of str
        All there are; those of which nothing was found are named at the end.

    Raises
    ------
    ValueError
        A number is called different that was equal on all data sets.
    """
    lines = [OF_CALLS.format(heading=CALLS, equal=EQUAL)]
    for estimator, part in findings.groupby("estimator", sort=False):
        equal, apart = ([said(rows) for rows in numbers(part, is_equal)] for is_equal in (True, False))
        words = [f"Equal: {'; '.join(equal)}." if equal else "", f"Not equal: {'; '.join(apart)}." if apart else ""]
        lines.append(f"- **`{estimator}`** {' '.join(filter(None, words))}")
    left = [f"`{name}`" for name in estimators if name not in set(findings["estimator"])]
    if left:
        lines.append(f"- No number of a reference is compared with a call of {', '.join(left)}.")
    return "\n".join(lines)


def numbers(part: pd.DataFrame, is_equal: bool) -> list[pd.DataFrame]:
    """Return the findings about each number that is equal, or that is not, in the order of the tests."""
    mine = part[part["is_equal"] == is_equal]
    return [rows for _, rows in mine.groupby(["quantity", "number"], sort=False)]


def said(rows: pd.DataFrame) -> str:
    """Return what was found about one number, in words."""
    first, n_data = rows.iloc[0], rows["data"].nunique()
    data = f"{n_data} data sets" if n_data > 1 else rows["data"].iloc[0]
    largest, smallest = rows["difference"].max(), rows.groupby("data")["difference"].max().min()
    if first["is_equal"]:
        return f"the {first['quantity']} is {first['number']} ({shown_difference(largest)}; {data})"
    if largest <= EQUAL:
        raise ValueError(f"{first['estimator']}: {first['number']} is called different and is equal on all data sets")
    apart = f"{shown_difference(smallest)} to {shown_difference(largest)}"
    return f"the {first['quantity']} is not {first['number']} ({apart} apart; {data}), because {first['because']}"


def shown_difference(value: float) -> str:
    """Return a difference in two digits."""
    return f"{value:.1e}" if value else "0"


def shown_number(value: float) -> str:
    """Return a number in the ten digits that matter."""
    return f"{value:.10g}"


def markdown(frame: pd.DataFrame) -> str:
    """Return a table in Markdown."""
    lines = [list(frame.columns), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(agreements: pd.DataFrame, findings: pd.DataFrame, programs: dict[str, str], estimators: list[str]) -> str:
    """Return the whole page."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(programs.items(), key=lambda x: x[0].lower()))
    parts = [
        INTRODUCTION.format(smallest=SMALLEST_SHOWN),
        "The largest differences by family, apart where a note explains them:\n",
        markdown(summary(agreements)),
        f"\nReference programs: {versions}.\n",
        of_calls(findings, estimators),
    ]
    for family, part in agreements.groupby("family", sort=False):
        parts.append(f"\n## {family}")
        is_statistic = part["quantity"] == "statistic"
        for table, rows in ((beside, part[~is_statistic]), (others, part[is_statistic])):
            if len(rows):
                parts.append(f"\n{markdown(table(rows))}")
    return "\n".join(parts) + "\n"


def reference_programs() -> dict[str, str]:
    """Return the versions of R, its packages and statsmodels that the reference values were made with."""
    programs = {"CTNote": "0.1.3", "statsmodels": version("statsmodels")}
    for path in sorted((REFERENCE / "oracles").glob("*.json")):
        environment = json.loads(path.read_text()).get("environment", {})
        programs |= {"R": environment["R"].split()[2]} if "R" in environment else {}
        programs |= environment.get("packages", {})
    return programs


def main() -> int:
    """Run the comparisons and write the page; 1 where the reference data are absent or a comparison fails."""
    if not (REFERENCE / "oracles").is_dir():
        print("the reference data are not beside this clone (looked in ../shared/data); the page is left as it is")
        return 1
    collected = Collected()
    code = pytest.main(["-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "oracles")], plugins=[collected])
    if code != pytest.ExitCode.OK:
        print(f"{len(collected.failed)} comparisons failed; the page is left as it is")
        return 1
    agreements = pd.DataFrame(collected.agreements)
    findings = pd.DataFrame(collected.findings)
    for table in (agreements, findings):
        table["difference"] = table["difference"].where(table["difference"] >= SMALLEST_SHOWN, 0.0)
    PAGE.write_text(page(agreements, findings, reference_programs(), ESTIMATORS.names()), encoding="utf-8")
    print(summary(agreements).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
