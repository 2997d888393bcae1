"""A release that was valid survives a rerun that is refused or killed, and is gone when a newer one is in place."""

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

STUDY = "workflow/studies/small.yaml"


def test_the_last_release_survives_a_refused_and_a_killed_rerun_and_no_other(finished):
    before, results = finished.released(), finished.folder / "results" / "small"
    older, memory = results / "older_release", results / "disclosure" / "released.csv"

    def beside() -> dict[str, bytes]:
        return {str(p.relative_to(older)): p.read_bytes() for p in sorted(older.rglob("*")) if p.is_file()}

    remembered = memory.read_text()
    own = remembered.splitlines()[1:]
    # As if one person fewer had been counted in a release before.
    memory.write_text(remembered + "".join(line.replace(line[:16], "f" * 16, 1) + "\n" for line in own[1:]))
    finished.edit(STUDY, "title: A small", "title: One small")
    try:
        run = finished.snakemake()
        assert run.returncode != 0
        assert "has 1 to 10 people more than in an earlier release" in run.stderr
        assert "the release of an earlier run, and not of this one, is in older_release" in run.stderr
        assert finished.released() == {}
        assert beside() == before
    finally:
        finished.edit(STUDY, "title: One small", "title: A small")
        memory.write_text(remembered)

    log = results / "logs" / "release.log"
    finished.kill_when(lambda: log.is_file() and "drawn" in log.read_text())
    assert (finished.released(), beside()) == ({}, before)

    assert finished.snakemake().returncode == 0
    assert finished.released() == before
    assert not older.exists()
    assert "Nothing to be done" in finished.snakemake().stderr
