"""How often answers about participation err where the truth is known, and what weighing many people costs.

    python benchmarks/participation.py --replicates 300 --kept /tmp/kept
    python benchmarks/participation.py --kept /tmp/kept --write docs/operating/participation.csv
    python benchmarks/participation.py --size 100000

A line for each world and way to ask: bias, standard error over standard deviation, coverage and rejection, each with
its Monte-Carlo error (``characteristics``). Groups formed by attendance have no truth that they could hold; how often
they find something is their rejection.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from known_weeks import (
    BEFORE,
    COVARIATES,
    EFFECTS,
    GRACE,
    LANDMARK,
    STEPPING,
    WEEKS,
    person_weeks,
    true_difference,
    weeks_of_care,
)

import iop_outcomes as iop
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.operating import characteristics
from iop_outcomes.participation import by_attendance, landmark
from iop_outcomes.tables.operating import VERDICT

SEED, PEOPLE = 1, 2400
STRATEGIES = {
    "full": {"least_hours": 6, "grace_weeks": GRACE},
    "less": {"below_hours": 6, "grace_weeks": GRACE},
}
#: Mean hours of a week in which somebody comes, and of another.
COMES, STAYS_AWAY = 7.5, 1.5
#: Six weeks, of which one may be missed: as a study asks, whose gate wants more people left on a strategy.
LENIENT = {"since": GRACE, "until": 6, "lapses": 1}
FORGIVING = {
    name: rule | {"last_week": LENIENT["until"] - 1, "lapses_allowed": LENIENT["lapses"]}
    for name, rule in STRATEGIES.items()
}
WORLDS = (*EFFECTS, STEPPING)
#: Weeks of follow-up of a trial of stepping up.
HORIZON = 6
#: How the marginal structural models count hours.
_COUNTED = ("mean hours", "hours of the week", "both, two bands")
NUMBERS = ("value", "se", "ci_low", "ci_high")
Row = dict[str, object]
COLUMNS = [
    *("world", "replicate", "kind", "name", "analysis", "decision", "measure", "estimand", "status", "reasons"),
    *NUMBERS,
]


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


def followed(data: pd.DataFrame, strategies: dict, replicates: int, seed: int) -> Row:
    found = iop.clone_censor_weight(
        data, strategies=strategies, covariates=[*COVARIATES, *BEFORE], bootstrap=replicates, seed=seed
    ).differences
    return numbers(found[found["weights"] == "weighted"].iloc[-1])


def at_landmark(data: pd.DataFrame) -> Row:
    rows = landmark(data, at_week=LANDMARK, least_hours=6, covariates=COVARIATES, recent=["use"], until_week=WEEKS - 1)
    row = rows.iloc[0]
    return {"value": -row["value"], "se": row["se"], "ci_low": -row["ci_high"], "ci_high": -row["ci_low"]}


def by_hours(data: pd.DataFrame, counting: str, borders: tuple[float, ...] = (3, 6, 9)) -> Row:
    found = iop.marginal_structural_model(
        data, covariates=COVARIATES, doses=(STAYS_AWAY, COMES), borders=borders, counting=counting
    ).differences
    return numbers(found[found["weights"] == "weighted"].iloc[0])


def of_hours(world: str, rng: np.random.Generator, seed: int, bootstrap: int) -> dict[str, Callable[[], Row]]:
    """Return the ways to ask what coming more does, of one world."""
    data = person_weeks(rng, PEOPLE, EFFECTS[world])
    programme = data[data["iop"] == 1].reset_index(drop=True)
    return {
        "groups formed by attendance (biased)": lambda: numbers(by_attendance(programme, least_hours=6).iloc[0]),
        "as assigned, IOP against outpatient": lambda: assigned(data),
        "clone, censor, weight": lambda: followed(programme, STRATEGIES, bootstrap, seed),
        "clone, censor, weight, one lapse of four weeks": lambda: followed(programme, FORGIVING, bootstrap, seed),
        "landmark": lambda: at_landmark(programme),
        "marginal structural model, mean hours": lambda: by_hours(programme, "mean"),
        "marginal structural model, hours of the week": lambda: by_hours(programme, "week"),
        "marginal structural model, both, two bands": lambda: by_hours(programme, "both", (6,)),
    }


def of_stepping_up(rng: np.random.Generator) -> dict[str, Callable[[], Row]]:
    """Return the ways to ask what stepping up does, of one world in which it does nothing."""
    data = weeks_of_care(rng, PEOPLE, 0.0)
    found = iop.sequential_trials(data, changed="iop", horizon=HORIZON, covariates=COVARIATES, per_protocol=True)
    last = {way: numbers(rows.iloc[-1]) for way, rows in found.differences.groupby("way")}
    return {
        "ever stepped up against never (biased)": lambda: numbers(found.naive.iloc[0]),
        "sequential trials": lambda: last["as started"],
        "sequential trials, per protocol": lambda: last["per protocol"],
    }


def replicate(world: str, number: int, bootstrap: int) -> Iterator[Row]:
    """Return what every way to ask says in one world: rows of the ``replicate`` table, without the truth."""
    rng = np.random.default_rng([SEED, number])
    ways = of_stepping_up(rng) if world == STEPPING else of_hours(world, rng, number, bootstrap)
    own = {"world": world, "replicate": number, "kind": VERDICT, "decision": "not asked", "measure": "risk_difference"}
    for name, ask in ways.items():
        row = own | {"name": name, "analysis": name, "estimand": "ATT" if world == STEPPING else "ATE"}
        try:
            yield row | {"status": "shown"} | ask()
        except StudyError as error:
            yield row | {"status": "refused", "reasons": str(error)}


def truths_of(world: str) -> dict[str, float]:
    """Return what each way should find; where a world gives it no truth of its own, nothing."""
    if world == STEPPING:
        return {"sequential trials": 0.0, "sequential trials, per protocol": 0.0}
    effect = EFFECTS[world]
    found = {
        "as assigned, IOP against outpatient": 0.0,
        "clone, censor, weight": true_difference(effect, since=GRACE),
        "clone, censor, weight, one lapse of four weeks": true_difference(effect, **LENIENT),
    }
    every_week = true_difference(effect, since=0)
    found |= {f"marginal structural model, {told}": every_week for told in _COUNTED}
    # That of people who came as they did until then no regime of hours forces, unless it is nothing.
    return found if effect else found | {"landmark": 0.0}


def seconds_to_weigh(n: int) -> None:
    """Print the processor seconds of weighing many people for 26 weeks."""
    draw, weeks = np.random.default_rng(SEED), 26
    readiness = np.repeat(draw.normal(size=n), weeks)
    use = (draw.random(n * weeks) < 1 / (1 + np.exp(0.6 * readiness))).astype(int)
    comes = draw.random(n * weeks) < 1 / (1 + np.exp(-2.5 - 0.5 * readiness + 0.8 * use))
    data = pd.DataFrame({"person_id": np.repeat(np.arange(n), weeks), "week": np.tile(np.arange(weeks), n)})
    data = data.assign(readiness=readiness, use=use, hours=np.where(comes, 9.0, 2.0), event=0)
    data.loc[data["week"] == weeks - 1, "event"] = (draw.random(n) < 0.3).astype(int)
    steps = (draw.random(n * weeks) < 0.02 * (1 + use)) & (data["week"] > 0)
    data["iop"] = steps.groupby(data["person_id"]).cummax().astype(int)
    rules = {
        "active": {"least_hours": 6, "grace_weeks": 2, "lapses_allowed": 6},
        "less": {"below_hours": 6, "grace_weeks": 2, "lapses_allowed": 16},
    }
    calls = {
        "clone_censor_weight": lambda: iop.clone_censor_weight(data, strategies=rules, covariates=COVARIATES),
        "marginal_structural_model": lambda: iop.marginal_structural_model(data, covariates=COVARIATES, doses=(2, 9)),
        "sequential_trials": lambda: iop.sequential_trials(data, changed="iop", horizon=HORIZON, covariates=COVARIATES),
    }
    for name, call in calls.items():
        started = time.process_time()
        call()
        print(f"{name}: {n:,} people x {weeks} weeks in {time.process_time() - started:.1f} processor seconds")


def main() -> None:
    """Draw what is not kept yet, and write a line for each world and way if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--bootstrap", type=int, default=200)
    parser.add_argument("--world", action="append", choices=WORLDS)
    parser.add_argument(
        "--kept", type=Path, default=Path("participation"), help="folder of the replicates drawn so far"
    )
    parser.add_argument("--shard", type=int, nargs=2, default=(0, 1), help="which of how many parts, from 0")
    parser.add_argument("--size", type=int, help="weigh so many people instead")
    parser.add_argument("--write", type=Path, help="CSV file for a line of each world and way, from all that is kept")
    chosen = parser.parse_args()
    if chosen.size:
        seconds_to_weigh(chosen.size)
    elif chosen.write:
        lines = summary(pd.concat([pd.read_csv(file) for file in sorted(chosen.kept.glob("*.csv"))]))
        lines.round(5).to_csv(chosen.write, index=False, lineterminator="\n")
    else:
        draw(chosen.kept, chosen.world or WORLDS, chosen.replicates, chosen.bootstrap, *chosen.shard)


def draw(kept: Path, worlds: Sequence[str], replicates: int, bootstrap: int, shard: int, n_shards: int) -> None:
    """Keep every replicate of a part that is not kept yet, one by one, so that a run that is killed goes on."""
    kept.mkdir(parents=True, exist_ok=True)
    there = [pd.read_csv(file)[["world", "replicate"]] for file in kept.glob("*.csv")]
    drawn = set(map(tuple, pd.concat(there).to_numpy())) if there else set()
    file = kept / f"{shard}-of-{n_shards}.csv"
    for world in worlds:
        for number in range(shard, replicates, n_shards):
            if (world, number) not in drawn:
                rows = pd.DataFrame(replicate(world, number, bootstrap)).reindex(columns=COLUMNS)
                rows.to_csv(file, mode="a", header=not file.exists(), index=False)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each world and way."""
    truths = {(world, name): truth for world in WORLDS for name, truth in truths_of(world).items()}
    rows = rows.sort_values("replicate", kind="stable").sort_values("world", key=_place, kind="stable")
    own = list(zip(rows["world"], rows["name"], strict=True))
    return characteristics(rows.assign(truth=[truths.get(one, np.nan) for one in own]))


def _place(worlds: pd.Series) -> pd.Series:
    return worlds.map(WORLDS.index)


if __name__ == "__main__":
    main()
