"""How near the simulated tables come to published figures.

``python -m iop_outcomes.simulate.calibration`` rewrites the tables in docs/simulator.md. Everything is measured on the
canonical tables, as it would be on real ones, never on the latent course behind them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.simulate.world import World

Records = Mapping[str, pd.DataFrame]

TEDS_2004 = "TEDS 2004"
TEDS_2019 = "TEDS-D 2019"
TRIALS = "CTN-0094"

#: Weeks of the trials' words.
TRIAL_WEEKS = 24

#: Published value and tolerance, both in the unit of the quantity, by source and quantity.
#: TEDS 2004: SAMHSA, TEDS 2004 Discharges, tables 2.5 and 3.4. TEDS-D 2019: SAMHSA's codebook, all services, shares
#: among the known. CTN-0094: public.ctn0094data 1.0.6, people randomised, weeks of the words pooled over trials.
PUBLISHED: dict[tuple[str, str], tuple[float, float]] = {
    (TEDS_2004, "IOP among IOP and outpatient, %"): (22.3, 3),
    (TEDS_2004, "outpatient: completed, %"): (36.4, 3),
    (TEDS_2004, "outpatient: transfer, %"): (11.7, 3),
    (TEDS_2004, "outpatient: dropout, %"): (27.2, 3),
    (TEDS_2004, "outpatient: terminated, %"): (10.5, 3),
    (TEDS_2004, "outpatient: any other, %"): (14.2, 3),
    (TEDS_2004, "IOP: completed, %"): (37.7, 3),
    (TEDS_2004, "IOP: transfer, %"): (17.9, 4),
    (TEDS_2004, "IOP: dropout, %"): (23.2, 6),
    (TEDS_2004, "IOP: terminated, %"): (14.0, 4),
    (TEDS_2004, "IOP: any other, %"): (7.2, 6),
    (TEDS_2004, "outpatient: median stay, days"): (69, 7),
    (TEDS_2004, "outpatient: median stay of the completed, days"): (104, 8),
    (TEDS_2004, "outpatient: median stay of dropouts, days"): (45, 8),
    (TEDS_2004, "outpatient: median stay of transfers, days"): (29, 8),
    (TEDS_2004, "outpatient: median stay of the terminated, days"): (53, 8),
    (TEDS_2019, "female, %"): (35.8, 2),
    (TEDS_2019, "alcohol primary, %"): (32.8, 2),
    (TEDS_2019, "heroin primary, %"): (24.6, 2),
    (TEDS_2019, "methamphetamine primary, %"): (13.0, 2),
    (TEDS_2019, "no use in the past 30 days, %"): (26.3, 3),
    (TEDS_2019, "any prior episode, %"): (59.3, 3),
    (TEDS_2019, "full time employed, %"): (17.8, 3),
    (TEDS_2019, "unemployed, %"): (40.4, 3),
    (TEDS_2019, "homeless, %"): (16.9, 3),
    (TEDS_2019, "referred by a court, %"): (25.4, 3),
    (TEDS_2019, "psychiatric problem, %"): (45.0, 3),
    (TRIALS, "weeks without a test, %"): (46.5, 3),
    (TRIALS, "weeks negative, %"): (36.1, 3),
    (TRIALS, "weeks positive, %"): (16.1, 3),
    (TRIALS, "weeks positive and negative, %"): (1.2, 0.6),
    (TRIALS, "last week seen, median"): (20, 3),
    (TRIALS, "seen in week 12 or later, %"): (65.8, 5),
    (TRIALS, "positive weeks in which use is reported, %"): (63, 6),
    (TRIALS, "negative weeks in which none is reported, %"): (93, 4),
}


def measure(records: Records) -> dict[tuple[str, str], float]:
    """Return the simulated value of every published quantity.

    Parameters
    ----------
    records : mapping of str to DataFrame
        Canonical tables of a world as observed.
    """
    return (
        {(TEDS_2004, name): value for name, value in _stays(records["episode"]).items()}
        | {(TEDS_2019, name): value for name, value in _case_mix(records).items()}
        | {(TRIALS, name): value for name, value in _tests_and_contact(records).items()}
    )


def compare(records: Records) -> pd.DataFrame:
    """Return published beside simulated: source, quantity, published, tolerance, simulated."""
    simulated = measure(records)
    rows = [(*name, *target, simulated[name]) for name, target in PUBLISHED.items()]
    return pd.DataFrame(rows, columns=["source", "quantity", "published", "tolerance", "simulated"])


def true_effects(world: World) -> pd.DataFrame:
    """Return three outcomes in both worlds, and the unadjusted difference that the observed study shows.

    Returns
    -------
    pandas.DataFrame
        Indexed by outcome: ``iop``, ``outpatient`` (means in the two worlds), ``true_difference`` and
        ``unadjusted_difference``, in percentage points.
    """
    worlds = {arm: outcomes(world.tables(arm)) for arm in ("iop", "outpatient")}
    seen, iop = outcomes(world.tables()), world.people.iop
    frame = pd.DataFrame({arm: 100 * outcomes.mean() for arm, outcomes in worlds.items()})
    frame["true_difference"] = frame["iop"] - frame["outpatient"]
    frame["unadjusted_difference"] = 100 * (seen[iop].mean() - seen[~iop].mean())
    return frame.rename_axis("outcome")


def _stays(episode: pd.DataFrame) -> dict[str, float]:
    admitted = episode[episode["admission_day"].notna() & episode["discharge_reason"].notna()]
    reason = admitted["discharge_reason"].astype("str").replace(["incarcerated", "death", "other"], "any other")
    stay = admitted["discharge_day"] - admitted["admission_day"]
    iop = admitted["level_of_care"] == "2.1"
    values = {"IOP among IOP and outpatient, %": 100 * iop.mean()}
    for arm, chosen in {"outpatient": ~iop, "IOP": iop}.items():
        for name, share in reason[chosen].value_counts(normalize=True).items():
            values[f"{arm}: {name}, %"] = 100 * share
    values["outpatient: median stay, days"] = stay[~iop].median()
    for name, group in {"completed": "the completed", "dropout": "dropouts", "transfer": "transfers"}.items():
        values[f"outpatient: median stay of {group}, days"] = stay[~iop & (reason == name)].median()
    values["outpatient: median stay of the terminated, days"] = stay[~iop & (reason == "terminated")].median()
    return values


def _case_mix(records: Records) -> dict[str, float]:
    baseline = records["baseline"]

    def share(column: str, level: str) -> float:
        known = baseline[column].dropna()
        return 100 * float((known == level).mean())

    return {
        "female, %": 100 * float((records["person"]["sex"] == "female").mean()),
        "alcohol primary, %": share("primary_substance", "alcohol"),
        "heroin primary, %": share("primary_substance", "heroin"),
        "methamphetamine primary, %": share("primary_substance", "methamphetamine"),
        "no use in the past 30 days, %": 100 * float((baseline["use_days_at_baseline"].dropna() == 0).mean()),
        "any prior episode, %": 100 * float((baseline["prior_episodes"].dropna() > 0).mean()),
        "full time employed, %": share("employment", "full time"),
        "unemployed, %": share("employment", "unemployed"),
        "homeless, %": share("housing", "homeless"),
        "referred by a court, %": share("referral", "court"),
        "psychiatric problem, %": share("psychiatric_comorbidity", "yes"),
    }


def _tests_and_contact(records: Records) -> dict[str, float]:
    negative, positive, due, seen = _weeks(records)
    both = negative & positive
    anything = seen | negative | positive
    last = np.where(anything.any(axis=1), TRIAL_WEEKS - anything[:, ::-1].argmax(axis=1), 0)
    asked, used = _reported_weeks(records)
    return {
        "weeks without a test, %": 100 * (due & ~negative & ~positive).sum() / due.sum(),
        "weeks negative, %": 100 * (negative & ~positive).sum() / due.sum(),
        "weeks positive, %": 100 * (positive & ~negative).sum() / due.sum(),
        "weeks positive and negative, %": 100 * both.sum() / due.sum(),
        "last week seen, median": float(np.median(last)),
        "seen in week 12 or later, %": 100 * float((last >= 12).mean()),
        "positive weeks in which use is reported, %": 100 * used[positive & asked].mean(),
        "negative weeks in which none is reported, %": 100 * (~used)[negative & ~positive & asked].mean(),
    }


def _weeks(records: Records) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return, by person and trial week: a negative test, a positive one, a test due, a session attended."""
    tests = records["drug_test"]
    tests = tests[~tests["prescribed"]]
    session = records["session"]
    came = session[session["minutes_attended"] > 0]
    person = tests["person_id"].str[1:].astype(int).to_numpy() - 1
    who_came = came["episode_id"].str[1:].astype(int).to_numpy() - 1
    n = len(records["person"])
    result = tests["result"]
    return (
        _grid(person[result == "negative"], tests["day"][result == "negative"], n),
        _grid(person[result == "positive"], tests["day"][result == "positive"], n),
        _grid(person, tests["day"], n),
        _grid(who_came, came["day"], n),
    )


def _reported_weeks(records: Records) -> tuple[np.ndarray, np.ndarray]:
    calendar = records["use_report"].query("source == 'tlfb'")
    person = calendar["person_id"].str[1:].astype(int).to_numpy() - 1
    n = len(records["person"])
    used = (calendar["days_used"] > 0).to_numpy()
    return _grid(person, calendar["day"], n), _grid(person[used], calendar["day"][used], n)


def _grid(person: np.ndarray, day: pd.Series, n: int) -> np.ndarray:
    grid = np.zeros((n, TRIAL_WEEKS), dtype=bool)
    week = day.to_numpy() // 7
    inside = (week >= 0) & (week < TRIAL_WEEKS)
    grid[person[inside], week[inside]] = True
    return grid


def outcomes(records: Records) -> pd.DataFrame:
    """Return completion, retention to day 90 and abstinence in weeks 9 to 12 of every episode, straight from tables."""
    episode = records["episode"]
    negative, positive, due, _ = _weeks(records)
    end = slice(8, 12)
    missed = (due & ~negative & ~positive)[:, end].any(axis=1)
    discharged = episode["discharge_day"].where(episode["admission_day"].notna(), 0).fillna(np.inf)
    return pd.DataFrame(
        {
            "completion": episode["discharge_reason"] == "completed",
            "retention to day 90": discharged >= 90,
            "abstinence in weeks 9 to 12, missing = use": ~(positive[:, end].any(axis=1) | missed),
        }
    ).astype(float)
