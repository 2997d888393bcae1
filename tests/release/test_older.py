"""An earlier release survives a rerun that is refused or killed, beside its place and never mixed with another."""

import shutil

import pytest

from iop_outcomes.kernel.contents import MANIFEST, manifest
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.older import KEPT, surviving
from iop_outcomes.release.predecessors import inside


@pytest.fixture
def release(tmp_path):
    return tmp_path / "release"


def make(release, text: str) -> None:
    """Make a release whose tables and page are one text."""
    shutil.rmtree(release, ignore_errors=True)
    with surviving(release):
        (release / "tables").mkdir(parents=True)
        for name in ("tables/estimate.csv", "report.html"):
            (release / name).write_text(text)
        (release / MANIFEST).write_bytes(manifest(release))


def refused(release) -> str:
    """Delete a release as a workflow does, refuse the next, and return what is said."""
    shutil.rmtree(release, ignore_errors=True)
    with pytest.raises(DisclosureError) as error, surviving(release):
        raise DisclosureError("1 cell could be worked out")
    return str(error.value)


def texts(folder) -> set[str]:
    return {file.read_text() for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST}


def test_a_refused_rerun_leaves_the_last_release_beside_its_place_and_says_so(release):
    make(release, "first")
    make(release, "second")
    for _ in range(2):
        assert refused(release) == (
            "1 cell could be worked out; the release of an earlier run, and not of this one, is in older_release"
        )
        assert not release.exists()
        assert texts(release.with_name("older_release")) == {"second"}


def test_it_goes_when_a_newer_one_is_in_place(release):
    make(release, "first")
    refused(release)
    make(release, "second")
    assert texts(release) == {"second"}
    assert not release.with_name("older_release").exists()


def test_where_the_release_is_still_in_its_place_nothing_lies_beside_it(release):
    make(release, "first")
    with pytest.raises(DisclosureError, match="^no$"), surviving(release):
        raise DisclosureError("no")
    assert texts(release) == {"first"}
    assert not release.with_name("older_release").exists()


def test_it_is_as_it_was_released_whatever_was_edited_since(release):
    make(release, "first")
    (release / "report.html").write_text("edited")
    refused(release)
    assert texts(release.with_name("older_release")) == {"first"}


def test_a_copy_that_was_edited_is_no_release(release):
    make(release, "first")
    (inside(release) / KEPT / "report.html").write_text("edited")
    assert refused(release) == "1 cell could be worked out"
    assert not release.with_name("older_release").exists()
