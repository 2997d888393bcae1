"""Digests: code counts, comments do not; imports are followed."""

import pytest

from iop_outcomes.kernel import contents, provenance

METRIC = '''"""Module."""
from iop_outcomes.helper import HALF


def metric(x):
    """What it is."""
    return x * HALF
'''


def forget():
    """Let go of what is remembered of files for as long as a process lives."""
    for remembered in vars(provenance).values():
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules, one importing the other."""
    here = tmp_path / "iop_outcomes"
    here.mkdir()
    (here / "__init__.py").write_text("")
    (here / "metric.py").write_text(METRIC)
    (here / "helper.py").write_text("HALF = 0.5\n")
    (here / "other.py").write_text("X = 1\n")
    monkeypatch.setattr(provenance, "_HERE", here)

    def digest_after(file: str = "metric.py", old: str = "", new: str = "") -> str:
        (here / file).write_text((here / file).read_text().replace(old, new))
        forget()
        return provenance.code_digest("iop_outcomes.metric")

    yield digest_after
    forget()


@pytest.mark.parametrize(
    ("file", "old", "new", "counts"),
    [
        ("metric.py", "x * HALF", "x * HALF  # half of it", False),
        ("metric.py", "What it is.", "What it is not.", False),
        ("metric.py", "\n\n\ndef", "\n\ndef", False),
        ("metric.py", "x * HALF", "x + HALF", True),
        ("helper.py", "0.5", "0.6", True),
        ("other.py", "X = 1", "X = 2", False),
    ],
)
def test_only_code_that_can_change_a_number_changes_the_digest(package, file, old, new, counts):
    before = package()
    assert (package(file, old, new) != before) is counts


def test_what_is_remembered_between_runs_is_what_would_be_made_anew(package, tmp_path, monkeypatch):
    before = package()
    monkeypatch.setattr(provenance, "_known", provenance._known)
    provenance.remember_code(tmp_path)
    assert package() == before
    provenance.keep_code()
    assert package("helper.py", "0.5", "0.6") != before


def test_the_digest_of_a_stage_follows_its_imports():
    reached = {p.name for p in provenance._imports(provenance._files("iop_outcomes.cohort.build")[0])}
    assert {"capability.py", "registry.py"} <= reached


def test_a_file_digest_is_the_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert contents.file_digest(tmp_path / "x").startswith("ba7816bf8f01cfea")


def test_outside_a_repository_there_is_no_commit(tmp_path):
    assert provenance.commit(tmp_path) is None
