"""How often answers about participation err where the truth is known, and what weighing many people costs.

    python benchmarks/participation.py --replicates 300 --write docs/operating/participation.csv
    python benchmarks/participation.py --size 100000

A line for each world and way to ask: bias, standard error over standard deviation, coverage and rejection, each with
its Monte-Carlo error (``characteristics``). Groups formed by attendance have no truth that they could hold; how often
they find something is their rejection.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from known_weeks import COVARIATES, EFFECTS, GRACE, LANDMARK, WEEKS, person_weeks, true_difference

import iop_outcomes as iop
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.operating import characteristics
from iop_outcomes.participation import by_attendance, landmark
from iop_outcomes.tables.operating import VERDICT

SEED, PEOPLE = 1, 2500
STRATEGIES = {
    "full": {"least_hours": 6, "grace_weeks": GRACE},
    "less": {"below_hours": 6, "grace_weeks": GRACE},
}
#: Mean hours of a week in which somebody comes, and of another.
COMES, STAYS_AWAY = 7.5, 1.5
NUMBERS = ("value", "se", "ci_low", "ci_high")
Row = dict[str, object]


def numbers(row: pd.Series, value: str = "risk_difference") -> Row:
    return {"value": float(row[value])} | {name: float(row[name]) for name in NUMBERS[1:]}


def assigned(data: pd.DataFrame) -> Row:
    """Return the difference between those sent to IOP and to outpatient care."""
    first = data.drop_duplicates("person_id").set_index("person_id")
    people = first.assign(relapse=data.groupby("person_id")["event"].max())
    rows = iop.estimate(
        people, outcome="relapse", arm="iop", covariates=COVARIATES, design="overlap_weights", estimator="aipw"
    )
    return numbers(rows.iloc[0], "value")


def followed(data: pd.DataFrame, replicates: int, seed: int) -> Row:
    found = iop.clone_censor_weight(
        data, strategies=STRATEGIES, covariates=COVARIATES, bootstrap=replicates, seed=seed
    ).differences
    return numbers(found[found["weights"] == "weighted"].iloc[-1])


def at_landmark(data: pd.DataFrame) -> Row:
    rows = landmark(data, at_week=LANDMARK, least_hours=6, covariates=COVARIATES, recent=["use"], until_week=WEEKS - 1)
    row = rows.iloc[0]
    return {"value": -row["value"], "se": row["se"], "ci_low": -row["ci_high"], "ci_high": -row["ci_low"]}


def by_hours(data: pd.DataFrame) -> Row:
    found = iop.marginal_structural_model(
        data, covariates=COVARIATES, doses=(STAYS_AWAY, COMES), borders=(3, 6, 9)
    ).differences
    return numbers(found[found["weights"] == "weighted"].iloc[0])


def replicate(world: str, number: int, truths: dict[str, float], bootstrap: int) -> Iterator[Row]:
    """Return what every way to ask says in one world: rows of the ``replicate`` table."""
    data = person_weeks(np.random.default_rng([SEED, number]), PEOPLE, EFFECTS[world])
    programme = data[data["iop"] == 1].reset_index(drop=True)
    ways = {
        "groups formed by attendance (biased)": lambda: numbers(by_attendance(programme, least_hours=6).iloc[0]),
        "as assigned, IOP against outpatient": lambda: assigned(data),
        "clone, censor, weight": lambda: followed(programme, bootstrap, number),
        "landmark": lambda: at_landmark(programme),
        "marginal structural model": lambda: by_hours(programme),
    }
    own = {"world": world, "replicate": number, "kind": VERDICT, "decision": "not asked", "measure": "risk_difference"}
    for name, ask in ways.items():
        row = own | {"name": name, "analysis": name, "truth": truths[name], "estimand": "ATE"}
        try:
            yield row | {"status": "shown"} | ask()
        except StudyError as error:
            yield row | {"status": "refused", "reasons": str(error)}


def truths_of(world: str) -> dict[str, float]:
    """Return what each way should find; where a world gives it no truth of its own, missing."""
    effect = EFFECTS[world]
    nothing = np.nan if effect else 0.0
    return {
        "groups formed by attendance (biased)": np.nan,
        "as assigned, IOP against outpatient": 0.0,
        "clone, censor, weight": true_difference(effect, GRACE),
        # Of people who came until then as they did, which no regime of hours forces.
        "landmark": nothing,
        "marginal structural model": true_difference(effect, 0),
    }


def seconds_to_weigh(n: int) -> None:
    """Print the processor seconds of weighing many people for 26 weeks."""
    draw, weeks = np.random.default_rng(SEED), 26
    readiness = np.repeat(draw.normal(size=n), weeks)
    use = (draw.random(n * weeks) < 1 / (1 + np.exp(0.6 * readiness))).astype(int)
    comes = draw.random(n * weeks) < 1 / (1 + np.exp(-2.5 - 0.5 * readiness + 0.8 * use))
    data = pd.DataFrame({"person_id": np.repeat(np.arange(n), weeks), "week": np.tile(np.arange(weeks), n)})
    data = data.assign(readiness=readiness, use=use, hours=np.where(comes, 9.0, 2.0), event=0)
    data.loc[data["week"] == weeks - 1, "event"] = (draw.random(n) < 0.3).astype(int)
    rules = {
        "active": {"least_hours": 6, "grace_weeks": 2, "lapses_allowed": 6},
        "less": {"below_hours": 6, "grace_weeks": 2, "lapses_allowed": 16},
    }
    calls = {
        "clone_censor_weight": lambda: iop.clone_censor_weight(data, strategies=rules, covariates=COVARIATES),
        "marginal_structural_model": lambda: iop.marginal_structural_model(data, covariates=COVARIATES, doses=(2, 9)),
    }
    for name, call in calls.items():
        started = time.process_time()
        call()
        print(f"{name}: {n:,} people x {weeks} weeks in {time.process_time() - started:.1f} processor seconds")


def main() -> None:
    """Print a line for each world and way, and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--bootstrap", type=int, default=200)
    parser.add_argument("--world", action="append", choices=[*EFFECTS])
    parser.add_argument("--size", type=int, help="weigh so many people instead")
    parser.add_argument("--write", type=Path, help="CSV file; rows of worlds that are not asked for stay")
    chosen = parser.parse_args()
    if chosen.size:
        seconds_to_weigh(chosen.size)
        return
    lines = []
    for world in chosen.world or EFFECTS:
        truths = truths_of(world)
        rows = [row for k in range(chosen.replicates) for row in replicate(world, k, truths, chosen.bootstrap)]
        lines.append(characteristics(pd.DataFrame(rows)))
        print(lines[-1].round(3).to_string(index=False), flush=True)
    if chosen.write:
        kept = pd.read_csv(chosen.write) if chosen.write.exists() else lines[0][:0]
        found = pd.concat(lines).astype({"world": "str"})
        whole = pd.concat([kept[~kept["world"].isin(found["world"])], found])
        whole.round(5).to_csv(chosen.write, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
