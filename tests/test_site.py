"""The pages of `docs/` as a site: no link is broken, no page is left out, and nothing is asked of another machine."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built so that a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", str(DOCS), str(out)]
    assert subprocess.run(command, capture_output=True, text=True).stderr == ""
    return out


@pytest.mark.slow
def test_every_page_is_in_it(site):
    pages = {path.stem for path in DOCS.glob("*.md")}
    assert pages <= {path.stem for path in site.glob("*.html")}


@pytest.mark.slow
def test_the_search_is_a_script_beside_the_pages(site):
    assert "reading_the_report" in (site / "searchindex.js").read_text(encoding="utf-8")


@pytest.mark.slow
def test_no_page_loads_anything_from_elsewhere(site):
    loaded = re.compile(r"<(?:script|img|link rel=\"stylesheet\")[^>]*(?:src|href)=\"(https?:[^\"]*)\"")
    assert [url for page in site.glob("*.html") for url in loaded.findall(page.read_text(encoding="utf-8"))] == []


def test_what_archives_say_of_the_project_is_what_it_says_of_itself():
    archive = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{archive["title"]}"' in citation
    assert f"license: {archive['license']}" in citation
