"""The workflow as Snakemake's own linter sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_linter_of_snakemake_has_nothing_to_say():
    asked = [sys.executable, "-m", "snakemake", "--lint", "json"]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-2000:]
