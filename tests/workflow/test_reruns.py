"""What runs again, and what does not."""

import os

import pytest

from own_tables import STUDY, write_own_tables

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def test_a_second_run_does_nothing(finished):
    run = finished.snakemake()
    assert run.returncode == 0
    assert "Nothing to be done" in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "reruns"),
    [
        (
            "src/iop_outcomes/metrics/retention.py",
            "days.to_numpy(float) < day",
            "days.to_numpy(float) <= day",
            {"metrics", "truth", "outcomes", "estimate", "robustness", "conclude", "record", "release"},
        ),
        ("src/iop_outcomes/history/urine_weeks.py", "n_weeks = max(whole, 1)", "n_weeks = max(1, whole)", None),
        # A key that the study file learns is nobody's business but that of the stages that read it.
        (
            "src/iop_outcomes/study/file.py",
            "    claims: list[Claim] = []\n",
            "    claims: list[Claim] = []\n    subgroups: list[str] = []\n",
            {"record", "release"},
        ),
        ("src/iop_outcomes/kernel/errors.py", "known: {", "there are: {", {"record", "release"}),
        (
            "workflow/studies/small.yaml",
            "measure: risk_difference",
            "measure: risk_ratio",
            {"estimate", "robustness", "conclude", "record", "release"},
        ),
        (
            "workflow/studies/small.yaml",
            "covariates: [sex, use_days_at_baseline, prior_episodes]",
            "covariates: [sex, prior_episodes]",
            {"covariates", "hindsight", "design", "estimate", "robustness", "conclude", "record", "release"},
        ),
        (
            "workflow/studies/small.yaml",
            "title: A small",
            "title: One small",
            {"record", "release"},
        ),
    ],
)
def test_an_edit_reruns_just_its_descendants(finished, file, old, new, reruns):
    finished.edit(file, old, new)
    try:
        would_run = finished.rules_to_run()
    finally:
        finished.edit(file, new, old)
    if reruns is None:
        # Weeks of tests are read for figures, and by metrics that this study does not use: no covariate or design.
        assert not would_run & {"ingest", "cohort", "covariates", "design"}
    else:
        assert would_run == reruns


def test_an_edited_comment_or_docstring_reruns_nothing(finished):
    edits = [
        ("src/iop_outcomes/metrics/retention.py", "# A death before", "# Dying before"),
        ("src/iop_outcomes/designs/judge/diagnostics.py", "Return the propensity score with", "Give the score with"),
    ]
    for file, old, new in edits:
        finished.edit(file, old, new)
    try:
        assert finished.rules_to_run() == set()
    finally:
        for file, old, new in edits:
            finished.edit(file, new, old)


@pytest.mark.parametrize("name", ["tables/estimate.csv", "figures/love_plot.svg"])
def test_a_released_file_that_was_deleted_is_made_again(finished, name):
    file = finished.folder / "results" / "small" / "release" / name
    kept = file.rename(file.with_name("kept"))
    try:
        assert finished.rules_to_run() == {"release"}
    finally:
        kept.rename(file)


def test_a_released_file_that_was_edited_is_made_again_and_kept_aside(finished):
    file = finished.folder / "results" / "small" / "release" / "report.html"
    before = file.read_bytes()
    file.write_bytes(before.replace(b"The answer", b"The Answer"))
    try:
        assert finished.rules_to_run() == {"release"}
        aside = finished.folder / "results" / "small" / "altered" / "release" / "report.html"
        assert b"The Answer" in aside.read_bytes()
    finally:
        file.write_bytes(before)


def test_a_raw_file_replaced_by_an_older_one_of_its_size_is_read_again(fresh):
    write_own_tables(fresh.folder, STUDY)
    assert fresh.snakemake("--until", "ingest", study="own").returncode == 0
    plan = fresh.snakemake("--dry-run", "--until", "ingest", study="own")
    assert "rule ingest:" not in plan.stdout + plan.stderr
    raw, other = fresh.folder / "own" / "person.csv", fresh.folder / "restored"
    other.write_text(raw.read_text().replace("p2,male", "p2,    "))
    os.utime(other, ns=(raw.stat().st_mtime_ns - 10**15,) * 2)
    assert other.stat().st_size == raw.stat().st_size
    other.replace(raw)
    plan = fresh.snakemake("--dry-run", "--until", "ingest", study="own")
    assert "rule ingest:" in plan.stdout + plan.stderr


def test_a_killed_run_is_completed_by_the_next_with_the_bytes_of_a_run_elsewhere(finished, fresh):
    """Every stage runs in both folders, so that this is the test of two runs that give the same bytes, too."""
    # Killed as soon as some results are there and others are not.
    cohort = fresh.folder / "results" / "small" / "cohort" / "cohort.parquet"
    fresh.kill_when(cohort.exists)
    assert cohort.exists()
    assert not (fresh.folder / "results" / "small" / "release" / "report.html").exists()
    run = fresh.snakemake()
    assert run.returncode == 0, run.stderr
    first, second = finished.released(), fresh.released()
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []
