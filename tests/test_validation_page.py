"""The page of digits: made from comparisons by hand, and as it stands."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

from oracles.agreement import Agree, compare

ROOT = Path(__file__).resolve().parents[1]
NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture(scope="module")
def validation():
    """The script that writes the page, imported from its file."""
    spec = importlib.util.spec_from_file_location("validation", ROOT / "benchmarks" / "validation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("ours", "reference", "scale", "pair", "difference"),
    [
        ([1.0, 2.02], [1.0, 2.0], 0, (2.02, 2.0), 0.01),  # 0.02 / 2
        ([0.001], [0.0], 0.1, (0.001, 0.0), 0.01),  # 0.001 / 0.1, the scale
        ([NAN, 3.0], [None, 3.0], 0, None, 0.0),  # missing agrees with R's NA
        ([INFINITY], ["Infinity"], 0, (INFINITY, INFINITY), 0.0),
        ([1.0], [None], 0, (1.0, pytest.approx(NAN, nan_ok=True)), INFINITY),
        ([INFINITY], [1.0], 0, (INFINITY, 1.0), INFINITY),
    ],
)
def test_numbers_are_compared_relative_to_the_reference_or_its_scale(ours, reference, scale, pair, difference):
    n, *found, off = compare(ours, reference, scale)
    assert n == len(ours)
    assert off == pytest.approx(difference)
    assert pair is None or tuple(found) == pair


def test_a_comparison_is_recorded_also_when_it_fails():
    recorded = []
    agree = Agree("Survival", "veteran", lambda name, value: recorded.append((name, value)))
    agree.se("Cox", [1.0], [1.0], rel=1e-6)
    with pytest.raises(AssertionError, match="Cox, estimate: 1.1 for 1.0, off by 0.1 of 0.01"):
        agree("Cox", 1.1, 1.0, rel=0.01)
    assert [value["quantity"] for _, value in recorded] == ["standard error", "estimate"]
    with pytest.raises(AssertionError, match=r"\(1,\) numbers for \(2,\)"):
        agree("Cox", [1.0], [1.0, 2.0], rel=0.01)


def agreement(method, data, quantity, difference, tolerance=1e-6, note="", n_numbers=1):
    known = {"family": "Effects", "ours": 1 + difference, "reference": 1.0, "n_numbers": n_numbers}
    return known | {
        "method": method,
        "data": data,
        "quantity": quantity,
        "difference": difference,
        "tolerance": tolerance,
        "note": note,
    }


def test_the_page_shows_the_pair_that_differs_most(validation):
    """Two comparisons of one method on one data set become one line; a difference with a note is counted apart."""
    found = pd.DataFrame(
        [
            agreement("svyglm", "aod", "estimate", 2e-9, n_numbers=3),
            agreement("svyglm", "aod", "estimate", 5e-9, n_numbers=4),
            agreement("svyglm", "aod", "standard error", 1e-7),
            agreement("svyglm", "sud", "estimate", 0.0),
            agreement("tmle", "aod", "estimate", 0.02, 0.05, "its path ends on a grid"),
            agreement("tmle", "aod", "statistic", 0.0),
            agreement("tmle", "sud", "statistic", 1e-8),
        ]
    )
    lines = validation.page(found, findings(), {"R": "4.2.2"}, ["aipw", "gee", "weighted"]).splitlines()
    assert "| Effects | 2 | 2 | 7 | 12 | 5.0e-09 | 2.0e-02 | 1.0e-07 |  |" in lines
    assert "| svyglm | aod | 1.000000005 | 1 | 5.0e-09 ≤ 1e-06 | 1.0000001 | 1 | 1.0e-07 ≤ 1e-06 |  |" in lines
    assert "| svyglm | sud | 1 | 1 | 0 ≤ 1e-06 |  |  |  |  |" in lines
    assert "| tmle | aod | 1.02 | 1 | 2.0e-02 ≤ 5e-02 |  |  |  | its path ends on a grid |" in lines
    assert "| tmle | sud | 1.00000001 | 1 | 1.0e-08 ≤ 1e-06 |  |" in lines
    assert "Reference programs: R 4.2.2." in lines


def finding(estimator, quantity, number, data, difference, because=""):
    known = {"estimator": estimator, "quantity": quantity, "number": number, "data": data}
    return known | {"difference": difference, "is_equal": not because, "because": because}


def findings(*more) -> pd.DataFrame:
    return pd.DataFrame(
        [
            finding("weighted", "estimate", "svyglm's", "aod", 2e-9),
            finding("weighted", "estimate", "svyglm's", "sud", 0.0),
            finding("weighted", "estimate", "svyglm's", "aod", 5e-9),
            finding("aipw", "standard error", "AIPW's", "aod", 4e-4, "both models count"),
            finding("aipw", "standard error", "AIPW's", "aod", 1e-4, "both models count"),
            finding("aipw", "standard error", "AIPW's", "sud", 2e-2, "both models count"),
            *more,
        ]
    )


def test_each_estimator_has_a_sentence_on_what_its_calls_equal(validation):
    """The largest of each data set: 5e-9 is equal; 4e-4 and 2e-2 are apart. Of gee nothing was found."""
    lines = validation.of_calls(findings(), ["aipw", "gee", "weighted"]).splitlines()
    assert "- **`weighted`** Equal: the estimate is svyglm's (5.0e-09; 2 data sets)." in lines
    apart = "the standard error is not AIPW's (4.0e-04 to 2.0e-02 apart; 2 data sets), because both models count"
    assert f"- **`aipw`** Not equal: {apart}." in lines
    assert lines[-1] == "- No number of a reference is compared with a call of `gee`."


def test_a_difference_that_no_data_set_shows_is_no_difference(validation):
    with pytest.raises(ValueError, match=r"gee: geepack's is called different and is equal"):
        validation.of_calls(findings(finding("gee", "estimate", "geepack's", "ohio", 1e-8, "of a reason")), [])


def test_without_reference_data_the_page_is_left_as_it_is(validation, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(validation, "REFERENCE", tmp_path / "absent")
    monkeypatch.setattr(validation, "PAGE", tmp_path / "validation.md")
    assert validation.main() == 1
    assert "not beside this clone" in capsys.readouterr().out
    assert not (tmp_path / "validation.md").exists()


def test_the_page_as_it_stands_holds_every_family_within_its_tolerances(validation):
    page = validation.PAGE.read_text(encoding="utf-8")
    modules = (ROOT / "tests" / "oracles").glob("test_*.py")
    families = {re.search(r'^FAMILY = "(.*)"$', path.read_text(encoding="utf-8"), re.M)[1] for path in modules}
    assert set(re.findall(r"^## (.*)$", page, re.M)) - {validation.CALLS} == families
    differences = re.findall(r"\| (\S+) ≤ (\S+) \|", page)
    assert len(differences) > 200
    assert all(float(difference) <= float(tolerance) for difference, tolerance in differences)
