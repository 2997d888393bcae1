"""A run that is killed between two parts of a long table: only what was not finished is made, with the same bytes."""

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

N_PARTS = 16
NAMES = [f"retention_{day}" for day in range(5, 5 * N_PARTS + 1, 5)]
METRICS = "\n".join(f"  {name}: {{metric: retention, day: {name.partition('_')[2]}}}" for name in NAMES)
STUDY = f"""
study: parted
seed: 7
source: {{kind: simulated, n_people: 600, n_sites: 12, true_effect: benefit}}
cohort:
  arms: {{iop: {{level_of_care: "2.1"}}, outpatient: {{level_of_care: "1"}}}}
  follow_up_days: 120
covariates: [sex]
metrics:
{METRICS}
designs: {{overlap: {{method: overlap_weights}}}}
analyses: {{primary: {{outcome: retention_80, design: overlap, estimator: aipw}}}}
"""


@pytest.fixture
def parted(fresh):
    """A copy of the project in which 9,600 values of metrics are many rows: a part a metric, each noted when made."""
    fresh.study("parted", STUDY)
    fresh.edit("src/iop_outcomes/tables/parts.py", "MOST_ROWS = 2**20", "MOST_ROWS = 600")
    # Slowly, so that the kill falls between two parts.
    fresh.edit(
        "src/iop_outcomes/dataset/metric_values.py",
        "    def made(each: pd.DataFrame) -> pd.DataFrame:\n",
        "    def made(each: pd.DataFrame) -> pd.DataFrame:\n"
        "        import pathlib, time\n"
        "        time.sleep(0.3)\n"
        f"        with pathlib.Path({str(fresh.folder / 'made')!r}).open('a') as note:\n"
        "            note.write(each['metric'].iloc[0] + chr(10))\n",
    )
    (fresh.folder / "made").touch()
    return fresh


def test_of_a_stage_killed_between_its_parts_those_that_were_finished_are_not_made_again(parted):
    def made() -> list[str]:
        return (parted.folder / "made").read_text().split()

    def left() -> dict[str, bytes]:
        files = (parted.folder / "results" / "parted").rglob("*.parquet")
        return {file.name: file.read_bytes() for file in files if not file.name.startswith(".")}

    parted.kill_when(lambda: len(made()) >= N_PARTS // 2, "--until", "metrics", study="parted")
    before = made()
    assert N_PARTS // 2 <= len(before) < N_PARTS
    # Of the table that was being written nothing stands under its name: no part passes for the whole.
    done = left()
    assert "cohort.parquet" in done and "metric_value.parquet" not in done
    unfinished = parted.folder / "results" / "parted" / "unfinished" / "metrics"
    assert len(list(unfinished.glob("*/metric_value/*"))) >= len(before) - 1

    (parted.folder / "made").write_text("")
    run = parted.snakemake("--until", "metrics", study="parted")
    assert run.returncode == 0, run.stderr
    # Made again is at most the part that was being written.
    assert made() in (NAMES[len(before) - 1 :], NAMES[len(before) :])
    assert "rule metrics:" in run.stderr
    assert "rule ingest:" not in run.stderr and "rule cohort:" not in run.stderr
    assert not unfinished.exists()

    completed = left()
    assert {name: completed[name] for name in done} == done
    (parted.folder / "results" / "parted").rename(parted.folder / "completed")
    (parted.folder / "made").write_text("")
    assert parted.snakemake("--until", "metrics", study="parted").returncode == 0
    assert made() == NAMES
    assert left() == completed
