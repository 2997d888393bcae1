"""What an analyst may call, and the page that lists it."""

import doctest
import importlib
import subprocess
import sys

import numpy as np
import pytest

import iop_outcomes
from iop_outcomes import stats
from iop_outcomes.pages.calls import calls_page, rooms
from iop_outcomes.pages.markdown import prose, references

ROOMS = rooms()


def test_the_rooms_are_those_one_would_guess():
    assert [room.partition(".")[2] for room in ROOMS] == [
        "",
        "costs",
        "describe",
        "designs",
        "endpoints",
        "endpoints.primitives",
        "endpoints.recodes",
        "history",
        "metrics",
        "operating",
        "participation",
        "robustness",
        "stats",
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_leads_to_its_function_and_stands_on_the_page(room):
    section = calls_page().partition(f"\n## {room}\n")[2].partition("\n## ")[0]
    for name, call in ROOMS[room].items():
        assert call.__name__ == name
        assert f"### {name}\n\n```text\n{name}(" in section
        assert prose(call.__doc__.partition("\n")[0]) in section


WITH_EXAMPLES = (
    "iop_outcomes",
    "iop_outcomes.costs",
    "iop_outcomes.endpoints",
    "iop_outcomes.metrics",
    "iop_outcomes.participation",
    "iop_outcomes.robustness",
    "iop_outcomes.stats",
)


@pytest.mark.parametrize("room", WITH_EXAMPLES)
def test_the_examples_give_what_stands_below_them(room):
    tried = doctest.testmod(importlib.import_module(room))
    assert tried.attempted > 1 and tried.failed == 0


def test_every_model_and_test_cites_its_definition():
    without = [name for name, call in ROOMS["iop_outcomes.stats"].items() if not references(call)]
    assert without == ["model_matrix"]


def test_importing_the_package_imports_nothing_else():
    code = "import iop_outcomes, sys; print([m for m in ('numpy', 'pandas', 'scipy') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_answered_as_python_does():
    with pytest.raises(AttributeError, match="module 'iop_outcomes.stats' has no attribute 'fit_coxx'"):
        stats.fit_coxx  # noqa: B018
    assert {"stats", "e_value", "estimate"} <= set(dir(iop_outcomes))


def test_a_coefficient_table_by_hand():
    # Errors 2 and 0.5; 1.96 of them on either side. With 4 degrees of freedom the t quantile is 2.776.
    table = stats.coefficient_table(["a", "b"], [0.0, 1.0], np.diag([4.0, 0.25])).set_index("name")
    assert table["se"].tolist() == [2, 0.5]
    assert table.loc["b", ["ci_low", "ci_high"]].tolist() == pytest.approx([1 - 0.98, 1 + 0.98], abs=1e-4)
    assert table["p_value"].tolist() == pytest.approx([1, 0.0455], abs=1e-4)
    few = stats.coefficient_table(["b"], [1.0], [[0.25]], degrees_of_freedom=4, exponentiate=True).iloc[0]
    assert few[["value", "ci_high"]].tolist() == pytest.approx([np.e, np.exp(1 + 2.7764 / 2)], rel=1e-4)
