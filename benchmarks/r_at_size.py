"""The same steps on one file of a million and a half records, ours beside R's: from raw records to effects.

    python benchmarks/r_at_size.py TEDS.csv [--repeats 3] [--note "quiet"]   # a file of teds_file.py

Read, cohort, covariates, logistic score, overlap weights, balance, weighted risk difference with errors clustered by
state, weighted Kaplan-Meier curves of time in care with robust errors by state. R does them twice: as one would who
knows it well, and as most would (``r_at_size.R``). Every side reads the same file in a process of its own, on one
thread, and is started anew for every repeat; processor seconds of the whole process and of the steps (medians), peak
memory, and how far apart the answers are go into ``r_at_size.json`` and from there into ``docs/performance.md``.
"""

import argparse
import json
import os
import resource
import shutil
import sys
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))
from at_size import ROOT, machine
from estimation import run

NUMBERS = ROOT / "benchmarks" / "r_at_size.json"
STEPS = ("read", "cohort", "covariates", "score", "weights", "balance", "risk difference", "kaplan-meier")
ASKED = {
    "age_band": "AGE",
    "sex": "SEX",
    "race": "RACE",
    "education": "EDUC",
    "employment": "EMPLOY",
    "housing": "LIVARAG",
    "referral": "PSOURCE",
    "substance": "SUB1",
    "frequency": "FREQ1",
    "prior_episodes": "NOPRIOR",
    "psychiatric": "PSYPROB",
}
BESIDE = ("ETHNIC", "SERVICES", "METHUSE", "STFIPS", "LOS", "REASON")


class Steps:
    """Processor seconds of each step of this process."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, function):
        """Call a function and keep what it cost."""
        before = _processor_seconds()
        result = function()
        self.seconds[name] = _processor_seconds() - before
        return result


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def ours(file: Path) -> dict:
    """Return what each of our steps cost, and the answers; libraries are loaded before, as R's are."""
    import polars as pl
    from pyarrow import csv, default_memory_pool, int8
    from scipy import linalg, special  # noqa: F401

    from iop_outcomes.designs.judge.balance import balance
    from iop_outcomes.designs.scores.balancing_weights import balancing_weights
    from iop_outcomes.estimates.estimators.weighting import weighted_means
    from iop_outcomes.estimates.measures import contrast
    from iop_outcomes.stats.linear.glm import fit_glm
    from iop_outcomes.stats.linear.matrix import model_matrix
    from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier

    step = Steps()
    columns = [*ASKED.values(), *BESIDE]

    def read():
        # In blocks and bytes: the whole file in memory would take five times what is kept of it.
        blocks = csv.ReadOptions(use_threads=False, block_size=2**20)
        kept = csv.ConvertOptions(include_columns=columns, column_types=dict.fromkeys(columns, int8()))
        return pl.from_arrow(csv.read_csv(file, read_options=blocks, convert_options=kept))

    records = step("read", read)
    members = step("cohort", partial(records.filter, in_cohort()))
    del records
    default_memory_pool().release_unused()
    frame = step("covariates", lambda: covariates(members))
    arm = (members["SERVICES"] == 6).to_numpy()
    state = members["STFIPS"].to_numpy()
    score = step("score", lambda: fit_glm(arm, model_matrix(frame)).fitted)
    weights = step("weights", lambda: balancing_weights(score, arm, "ATO"))
    table = step("balance", lambda: balance(frame, arm, weights, estimand="ATO"))
    completed = (members["REASON"] == 1).to_numpy().astype(float)
    effect = step(
        "risk difference",
        lambda: contrast(weighted_means(completed, arm, weights, cluster=state), "risk_difference"),
    )
    days, event = time_in_care(members["LOS"].to_numpy())

    def curves():
        some = (arm, ~arm)
        made = [kaplan_meier(days[a], event[a], weights[a], cluster=state[a], variance="robust") for a in some]
        return [curve.at([90])[["survival", "se"]].iloc[0].tolist() for curve in made]

    in_care = step("kaplan-meier", curves)[0]
    before = table[table["stage"] == "before"]
    return {
        "seconds": step.seconds,
        "values": {
            "members": members.height,
            "largest smd before": before["smd"].abs().max(),
            "risk difference": effect.value,
            "its se": effect.se,
            "in care at 90 days": in_care[0],
            "se of it": in_care[1],
        },
    }


def in_cohort():
    """Adults with a substance named and no medication planned, admitted to either service, whose stay is known."""
    import polars as pl

    service = pl.col("SERVICES").is_in([6, 7])
    return service & (pl.col("AGE") >= 3) & (pl.col("SUB1") > 1) & (pl.col("METHUSE") != 1) & (pl.col("LOS") > 0)


def covariates(members):
    """Return the covariates as categories, a missing one as a level of its own."""
    import pandas as pd
    import polars as pl

    from iop_outcomes.ingest.sources.teds_d.codebook import RACE, SUBSTANCE_GROUP

    order = list(dict.fromkeys(SUBSTANCE_GROUP.values()))
    groups = {code: order.index(group) for code, group in SUBSTANCE_GROUP.items()}
    order = list(dict.fromkeys(RACE.values()))
    hispanic = 100
    races = {code: order.index(race) + 1 for code, race in RACE.items()} | {-9: -9, hispanic: 0}
    origin = pl.col("ETHNIC")
    race = pl.when(origin == -9).then(-9).when(origin != 4).then(hispanic).otherwise(pl.col("RACE"))
    coded = members.with_columns(RACE=race.cast(pl.Int8))
    recoded = {"SUB1": groups, "RACE": races}
    return pd.DataFrame({name: categories(coded[c].to_numpy(), recoded.get(c)) for name, c in ASKED.items()})


def categories(values, groups=None):
    """Return numbers of one byte as categories, or their groups: counted, where pandas would sort them."""
    import numpy as np
    import pandas as pd

    byte = values.view(np.uint8)
    there = np.flatnonzero(np.bincount(byte, minlength=256)).astype(np.uint8)
    named = [value if groups is None else groups[value] for value in there.view(np.int8).tolist()]
    levels = sorted(set(named))
    code = np.zeros(256, dtype=np.int8)
    code[there] = [levels.index(name) for name in named]
    return pd.Categorical.from_codes(code[byte], levels)


def time_in_care(los):
    """Return days in care, an interval by its first day, and whether care ended within the year."""
    import numpy as np

    from iop_outcomes.ingest.sources.teds_d.codebook import STAY

    lowest = np.zeros(max(STAY) + 1)
    lowest[list(STAY)] = [low for low, _ in STAY.values()]
    return np.minimum(lowest[los], 365), (los != max(STAY)).astype(np.int32)


def measured(file: Path, repeats: int) -> dict[str, dict]:
    """Return medians of each side: seconds by step, of the whole process, peak memory; and its answers."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise SystemExit("Rscript is not found; Debian: r-base-core, r-cran-{data.table,survival,sandwich,survey}")
    script = str(Path(__file__).with_suffix(".R"))
    commands = {
        "ours": [sys.executable, __file__, str(file), "--side"],
        "R": [rscript, "--vanilla", script, str(file)],
        "R, usual": [rscript, "--vanilla", script, str(file), "usual"],
    }
    os.environ |= {"POLARS_MAX_THREADS": "1"}
    found: dict[str, list[dict]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            one = run(command)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            one["process"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found[name].append(one)
            print(f"{name}: {one['process']:.2f} CPU s, {one['megabytes']:,.0f} MB", flush=True)
    return {name: _together(runs) for name, runs in found.items()}


def _together(runs: list[dict]) -> dict:
    """Return the medians of several runs of one side; the answers are those of each run."""
    first = runs[0]
    return {
        "seconds": {step: round(median(one["seconds"][step] for one in runs), 3) for step in STEPS},
        "process": round(median(one["process"] for one in runs), 2),
        "megabytes": round(median(one["megabytes"] for one in runs)),
        "values": first["values"],
        "versions": first.get("versions", ""),
    }


def section(numbers: dict) -> str:
    """Return the section of the page: what each side takes, by step, and how far apart the answers are."""
    sides = numbers["sides"]
    mine, others = sides["ours"], {name: side for name, side in sides.items() if name != "ours"}
    steps = {name: sum(side["seconds"].values()) for name, side in sides.items()}
    later = {name: steps[name] - side["seconds"]["read"] for name, side in sides.items()}
    lines = [
        _row("step: CPU s", sides),
        "|" + "---|" * (1 + len(sides)),
        *(_row(step, (f"{side['seconds'][step]:.2f}" for side in sides.values())) for step in STEPS),
        _row("these steps", (f"**{seconds:.1f}**" for seconds in steps.values())),
        _row("those after reading", (f"**{seconds:.2f}**" for seconds in later.values())),
        _row("whole process", (f"{side['process']:.1f}" for side in sides.values())),
        _row("peak MB", (f"{side['megabytes']:,}" for side in sides.values())),
    ]
    ratios = [
        f"{name} takes {steps[name] / steps['ours']:.1f} times our processor time for the steps, "
        f"{later[name] / later['ours']:.1f} for those after reading, "
        f"{side['process'] / mine['process']:.1f} for the whole process with its start; "
        f"ours holds {mine['megabytes'] / side['megabytes']:.2f} of its memory"
        for name, side in others.items()
    ]
    apart = max(
        abs(side["values"][name] - value) / abs(value)
        for side in others.values()
        for name, value in mine["values"].items()
    )
    read = {name: side["seconds"]["read"] for name, side in sides.items()}
    share, slower = read["ours"] / steps["ours"], read["R"] / read["ours"]
    most, score = steps["R"] / read["ours"], mine["seconds"]["score"] / later["ours"]
    bound = (
        f"Reading is {share:.0%} of our time, and R's reader takes {slower:.1f} times as long on the same file. Were "
        f"all that follows free, R as one knows it well would take {most:.1f} times our time for the steps: on one "
        "thread no more is within reach of whoever begins with this text file and a reader like these, and twenty "
        f"times is not. Of what follows the score is {score:.0%}. People cannot be counted in its place, since there "
        "are about seven different rows of covariates for ten of them."
    )
    said = ". ".join(ratios) + f". Answers are at most {apart:.0e} apart (relative)."
    return "\n".join([*lines, "", said, "", bound])


def _row(name: str, cells) -> str:
    return f"| {' | '.join([name, *cells])} |"


def main() -> None:
    """Measure, keep the numbers, and say what they are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--note", default="", help="a sentence for the page on how the numbers were taken")
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps(ours(given.file), default=float))
        return
    with given.file.open("rb") as lines:
        records = sum(1 for _ in lines) - 1
    numbers = {
        "machine": machine(),
        "note": given.note,
        "records": records,
        "sides": measured(given.file, given.repeats),
    }
    NUMBERS.write_text(json.dumps(numbers, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(section(numbers))


if __name__ == "__main__":
    main()
