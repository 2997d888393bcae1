"""The generated pages of docs/ are those the code makes now."""

from pathlib import Path

import pytest

from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.pages import documentation
from iop_outcomes.pages.markdown import linked, prose

DOCS = Path(__file__).parents[1] / "docs"
PAGES = documentation.pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name):
    up_to_date = (DOCS / name).read_text(encoding="utf-8") == PAGES[name]
    assert up_to_date, f"docs/{name} is not what the code says; run: iop-outcomes codebook"


def test_every_metric_says_what_it_counts_needs_and_makes_of_missing_values():
    for metric in METRICS:
        section = PAGES["metrics.md"].partition(f"### {metric.name}\n")[2].partition("\n### ")[0]
        for fact in (prose(metric.summary), prose(metric.missing), linked(metric.source), "```text\n"):
            stated = fact in section
            assert stated, f"{metric.name} does not state: {fact}"


def test_settings_are_shown_with_what_is_allowed_and_the_default():
    assert "| `missing` | `observed`, `use` | `observed` |" in PAGES["metrics.md"]
    assert "| `window_days` | whole number, at least 1 | `180` |" in PAGES["metrics.md"]


def test_write_all_writes_the_pages(tmp_path):
    written = documentation.write_all(tmp_path / "docs")
    assert {path.name: path.read_text(encoding="utf-8") for path in written} == PAGES
