"""The three places that name what is needed say the same: pyproject.toml, environment.yml and the lock."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]

#: Conda's names for what the package index calls otherwise.
CONDA = {"matplotlib": "matplotlib-base", "snakemake": "snakemake-minimal"}


def needed() -> dict[str, str]:
    """Return the runtime requirements of pyproject.toml as name -> range."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pairs = (re.fullmatch(r"([\w.-]+)(.*)", line).groups() for line in project["dependencies"])
    return {"python": project["requires-python"], **dict(pairs)}


def test_conda_users_get_what_the_package_needs():
    lines = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = dict(re.fullmatch(r"([\w.-]+?)([<>=].*)", line).groups() for line in lines)
    assert conda == {CONDA.get(name, name): span for name, span in needed().items()}


def test_the_lock_holds_every_requirement_with_hashes_and_names_no_host():
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([\w.-]+)==", lock, flags=re.MULTILINE))
    assert set(needed()) - {"python"} <= locked
    pins = re.findall(r"^[\w.-]+==.*(?:\n .*)*", lock, flags=re.MULTILINE)
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in lock


def test_the_top_level_is_as_agreed():
    names = ("Snakefile", "workflow", "notebooks", "data", "results", "src", "tests", "environment.yml")
    assert [name for name in names if not (ROOT / name).exists()] == []
