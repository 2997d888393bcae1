"""The page of the gate names every check and every threshold with its default."""

from pathlib import Path

import pytest

from iop_outcomes.release.page.limits import _CHECKS
from iop_outcomes.study.gate import GateThresholds

PAGE = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GateThresholds.model_fields)
def test_every_threshold_stands_on_the_page_with_its_default(name):
    default = GateThresholds().model_dump()[name]
    said = "not asked" if default is None else f"{default:g}"
    assert f"| `{name}` | {said} |" in PAGE


@pytest.mark.parametrize("check", _CHECKS)
def test_every_check_of_the_report_stands_on_the_page(check):
    assert f"`{check}`" in PAGE
