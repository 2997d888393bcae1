"""Five hundred analyses in one study: what it costs to check them, to make them and to release them.

Five designs, fifty outcomes, two estimators, 2,000 simulated people. Each step is a process of its own on what the one
before has left. Numbers go into ``benchmarks/many_analyses.json``, of which ``at_size.py`` makes the page.

    ./run python benchmarks/many_analyses.py --work FOLDER [--times 3]
"""

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from at_size import CHECKING, RELEASE, ROOT, release, run_stage, used_since
from grid import COVARIATES, DESIGNS, METRICS

NUMBERS = ROOT / "benchmarks" / "many_analyses.json"
STAGES, NAME = "all stages", "many"
N_OUTCOMES = 50


def main() -> None:
    """Measure every step, and keep the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for study and results")
    parser.add_argument("--times", type=int, default=3, help="repeats of each step")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one_step(given.one, given.work)))
        return
    import yaml

    given.work.mkdir(parents=True, exist_ok=True)
    (given.work / f"{NAME}.yaml").write_text(yaml.safe_dump(content(), sort_keys=False), encoding="utf-8")
    found = {"n_analyses": len(content()["analyses"]), "times": given.times, "steps": {}}
    for step in (CHECKING, STAGES, RELEASE):
        each = [_apart(given.work, step) for _ in range(given.times)]
        found["steps"][step] = {name: statistics.median(one[name] for one in each) for name in each[0]}
        print(step, found["steps"][step], flush=True)
    found["page_mb"] = (given.work / "release" / "report.html").stat().st_size / 1e6
    NUMBERS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _apart(work: Path, step: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--work", str(work), "--one", step]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def outcomes() -> dict[str, dict]:
    """Return fifty metrics: those of the grid, then some of them on other days and in other windows."""
    found = dict(METRICS)
    found |= {f"retention_{day}": {"metric": "retention", "day": day} for day in range(15, 180, 15)}
    windows = range(14, 183, 14)
    for name in ("attendance_rate", "proportion_negative", "abstinence_at_end"):
        found |= {f"{name}_{days}": {"metric": name, "window_days": days} for days in windows}
    return dict(itertools.islice(found.items(), N_OUTCOMES))


def content() -> dict:
    """Return the study."""
    asked = outcomes()
    every = itertools.product(asked, DESIGNS, ("aipw", "weighted"))
    return {
        "study": NAME,
        "source": {"kind": "simulated", "n_people": 2000, "n_sites": 40, "true_effect": "benefit"},
        "cohort": {
            "arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}},
            "follow_up_days": 183,
        },
        "covariates": COVARIATES,
        "cluster": "site",
        "metrics": asked,
        "designs": DESIGNS,
        "analyses": {f"{o}_{d}_{e}": {"outcome": o, "design": d, "estimator": e} for o, d, e in every},
        "sensitivity": ["e_value"],
        "gate": {"min_ess": 50},
    }


def one_step(step: str, work: Path) -> dict[str, float]:
    """Do one step, and return what it cost this process, with all its imports."""
    start = time.perf_counter()
    from iop_outcomes import stages
    from iop_outcomes.study import load
    from iop_outcomes.study.loading import text_digest

    file = work / f"{NAME}.yaml"
    study = load(file, checked="" if step == CHECKING else text_digest(file))
    if step == STAGES:
        for stage in stages.of(study):
            run_stage(study, work, stage.name)
    if step == RELEASE:
        for before in ("release", "disclosure"):
            shutil.rmtree(work / before, ignore_errors=True)
        release(study, work)
    return used_since(start)


def section(numbers: dict) -> str:
    """Return the table of the page, and how large the report is."""
    lines = ["| step | CPU s | s | peak MB |", "|---|---|---|---|"]
    for step in (CHECKING, STAGES, RELEASE):
        one = numbers["steps"][step]
        lines.append(f"| {step} | {one['cpu_s']:.1f} | {one['wall_s']:.1f} | {one['peak_mb']:,.0f} |")
    return "\n".join([*lines, "", f"The report of the {numbers['n_analyses']} has {numbers['page_mb']:.1f} MB."])


if __name__ == "__main__":
    main()
