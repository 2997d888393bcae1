"""Reference data that lie beside the project and are never part of it.

Tests that compare with R or with published programs read them from ``../shared/data``. Where that folder is absent, as
in a plain clone, those tests skip and say why.
"""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def reference_data(*parts: str) -> Path:
    """Return the path of one reference file, or skip the test that asks for it."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"reference data '{'/'.join(parts)}' are not beside this clone (looked in ../shared/data)")
    return path


def oracle(name: str) -> dict:
    """Return one JSON file of R results from ``oracles/``, parsed."""
    return json.loads(reference_data("oracles", name).read_text())
