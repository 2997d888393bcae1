"""The page as a browser shows it: readable by everybody, on a phone too, and asking nothing of the network."""

import importlib.util
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed; apt-get install chromium"),
]

#: Puts what a promise gives in the place of the page, once the page is there.
ASKED = """<script>window.addEventListener("load", () => Promise.resolve(%s).then(answer => {
document.documentElement.innerHTML = "<pre id=answer></pre>";
document.getElementById("answer").textContent = JSON.stringify(answer)}))</script></body>"""


@pytest.fixture(scope="module")
def page(example_release) -> str:
    """The report of the example study."""
    return (example_release / "release" / "report.html").read_text(encoding="utf-8")


def asked(page: str, question: str, folder: Path, width: int = 1440, script: str = "") -> object:
    """Open a page and return the answer to an expression of JavaScript."""
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"<script>{script}</script>{ASKED % question}"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", f"--window-size={width},900", "--virtual-time-budget=60000", "--dump-dom"]
    found = subprocess.run([BROWSER, *options, file.as_uri()], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(unescape(re.search(r'<pre id="answer">(.*?)</pre>', found.stdout, re.DOTALL)[1]))


@pytest.mark.parametrize("width", [1440, 820, 500])
def test_the_page_is_never_wider_than_its_window(page, tmp_path, width):
    wide = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    content, window = asked(page, wide, tmp_path, width)
    assert content <= window


@pytest.mark.parametrize(("width", "drawn"), [(1440, 672), (500, 336)])
def test_a_phone_shows_the_figures_of_a_column(page, tmp_path, width, drawn):
    wide = "Promise.all([...document.images].map(image => image.decode().then(() => image.naturalWidth)))"
    assert set(asked(page, wide, tmp_path, width)) == {drawn}


def test_nothing_is_loaded_from_elsewhere(page, tmp_path):
    loaded = "performance.getEntriesByType('resource').map(entry => entry.name)"
    assert [name for name in asked(page, loaded, tmp_path) if not name.startswith("data:")] == []


@pytest.mark.skipif(
    importlib.util.find_spec("axe_playwright_python") is None,
    reason="axe-core is not installed; pip install --no-deps axe-playwright-python",
)
def test_no_rule_of_accessibility_is_broken(page, tmp_path):
    place = Path(importlib.util.find_spec("axe_playwright_python").origin).with_name("axe.min.js")
    broken = "axe.run().then(found => found.violations.map(rule => [rule.id, rule.impact, rule.nodes.length]))"
    assert asked(page, broken, tmp_path, script=place.read_text(encoding="utf-8")) == []
