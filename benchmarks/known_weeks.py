"""Worlds of person-weeks whose truth is known: who is ready for change comes more and relapses less.

``participation only``: neither the programme nor coming does anything. ``participation works``: a week of coming lowers
the odds of relapse in it, and of use in the next.
"""

import numpy as np
import pandas as pd

WEEKS, LANDMARK, GRACE = 12, 4, 2
COVARIATES = ["readiness", "use"]
#: As a study has it: hours of the week before, and whether these were as many as the strategies ask, tell who comes.
BEFORE = ["hours_before", "came_before"]
ENOUGH = 6
EFFECTS = {"participation only": 0.0, "participation works": -1.0}
STEPPING = "stepping up does nothing"
#: People of whom a truth is counted.
MANY = 200_000


def expit(values):
    return 1 / (1 + np.exp(-values))


def people_of(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Return what people bring: readiness, use, and the arm that those who use are sent to more often."""
    readiness = rng.normal(size=n)
    use = rng.random(n) < expit(-0.2 - 0.8 * readiness)
    return {"readiness": readiness, "use": use, "iop": rng.random(n) < expit(-0.2 + 0.8 * use + 0.4 * readiness)}


def hours_of(rng: np.random.Generator, comes: np.ndarray) -> np.ndarray:
    """Return hours attended: six or nine of a week in which somebody comes, none or three of another."""
    return np.where(comes, 6.0, 0.0) + 3.0 * rng.integers(0, 2, len(comes))


def person_weeks(
    rng: np.random.Generator,
    n: int,
    effect: float,
    forced: bool | None = None,
    since: int = GRACE,
    until: int = WEEKS,
    lapses: int = 0,
) -> pd.DataFrame:
    """Return one row per person and week up to relapse.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    effect : float
        What a week of coming does to the log odds of relapse in it, and half of that to use in the next.
    forced : bool, optional
        Whether everybody comes, or nobody does, from week ``since`` on; people decide unless told.
    since, until : int
        First week of being told, and the first after it.
    lapses : int
        Weeks of these in which each person may do the other thing before being told.
    """
    own = people_of(rng, n)
    readiness, use = own["readiness"], own["use"]
    habit, hours, there, parts = np.zeros(n), np.zeros(n), np.ones(n, dtype=bool), []
    lapsed = np.zeros(n, dtype=int)
    for week in range(WEEKS):
        comes = rng.random(n) < expit(0.2 + 0.45 * readiness - 0.55 * use + habit)
        if forced is not None and since <= week < until:
            lapsed += comes != forced
            comes = np.where(lapsed > lapses, forced, comes)
        before, habit, hours = hours, np.where(comes, 2.0, -2.0), hours_of(rng, comes)
        relapse = rng.random(n) < expit(-3.4 - 0.9 * readiness + 1.5 * use + effect * comes)
        rows = {"person_id": np.arange(n), "iop": own["iop"], "readiness": readiness, "use": use}
        rows |= {"hours": hours, "hours_before": before, "came_before": before >= ENOUGH, "event": relapse}
        parts.append(pd.DataFrame({name: values[there] for name, values in rows.items()}).assign(week=week))
        there &= ~relapse
        use = rng.random(n) < expit(-0.6 - 0.6 * readiness + 1.2 * use + effect / 2 * comes)
    return pd.concat(parts, ignore_index=True).astype({"use": int, "event": int, "iop": int, "came_before": int})


def true_difference(effect: float, **told: int) -> float:
    """Return the difference of risks in the programme had all its people come, against none.

    Parameters
    ----------
    effect : float
    **told : int
        ``since``, ``until`` and ``lapses`` of ``person_weeks``.
    """
    if not effect:
        return 0.0
    risks = []
    for forced in (True, False):
        weeks = person_weeks(np.random.default_rng(99), MANY, effect, forced, **told)
        people = weeks[weeks["iop"] == 1].groupby("person_id")["event"]
        risks.append(people.max().mean())
    return float(risks[0] - risks[1])


def weeks_of_care(rng: np.random.Generator, n: int, effect: float) -> pd.DataFrame:
    """Return weeks of people in outpatient care of whom the sicker step up: ``stepping up does nothing``, or works.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    effect : float
        What a week at the higher level does to the log odds of relapse in it.
    """
    own = people_of(rng, n)
    readiness, use = own["readiness"], own["use"]
    stepped, there, parts = np.zeros(n, dtype=bool), np.ones(n, dtype=bool), []
    for week in range(WEEKS):
        if week:
            stepped |= rng.random(n) < expit(-3.6 + 1.6 * use - 0.4 * readiness)
        relapse = rng.random(n) < expit(-3.2 - 0.6 * readiness + 1.2 * use + effect * stepped)
        rows = {"person_id": np.arange(n), "readiness": readiness, "use": use, "iop": stepped, "event": relapse}
        parts.append(pd.DataFrame({name: values[there] for name, values in rows.items()}).assign(week=week))
        there &= ~relapse
        use = rng.random(n) < expit(-0.6 - 0.6 * readiness + 1.5 * use)
    return pd.concat(parts, ignore_index=True).astype({"use": int, "event": int, "iop": int})
