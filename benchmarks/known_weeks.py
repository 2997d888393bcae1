"""Worlds of person-weeks whose truth is known: who is ready for change comes more and relapses less.

``participation only``: neither the programme nor coming does anything. ``participation works``: a week of coming lowers
the odds of relapse in it, and of use in the next.
"""

import numpy as np
import pandas as pd

WEEKS, LANDMARK, GRACE = 12, 4, 2
COVARIATES = ["readiness", "use"]
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
    rng: np.random.Generator, n: int, effect: float, forced: bool | None = None, since: int = GRACE
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
    since : int
    """
    own = people_of(rng, n)
    readiness, use = own["readiness"], own["use"]
    habit, there, parts = np.zeros(n), np.ones(n, dtype=bool), []
    for week in range(WEEKS):
        comes = rng.random(n) < expit(0.2 + 0.45 * readiness - 0.55 * use + habit)
        if forced is not None and week >= since:
            comes = np.full(n, forced)
        habit, hours = np.where(comes, 2.0, -2.0), hours_of(rng, comes)
        relapse = rng.random(n) < expit(-3.4 - 0.9 * readiness + 1.5 * use + effect * comes)
        rows = {"person_id": np.arange(n), "iop": own["iop"], "readiness": readiness, "use": use}
        rows |= {"hours": hours, "event": relapse}
        parts.append(pd.DataFrame({name: values[there] for name, values in rows.items()}).assign(week=week))
        there &= ~relapse
        use = rng.random(n) < expit(-0.6 - 0.6 * readiness + 1.2 * use + effect / 2 * comes)
    return pd.concat(parts, ignore_index=True).astype({"use": int, "event": int, "iop": int})


def true_difference(effect: float, since: int) -> float:
    """Return the difference of risks had everybody come, against nobody, from a week on."""
    if not effect:
        return 0.0
    risks = [
        person_weeks(np.random.default_rng(99), MANY, effect, forced, since).groupby("person_id")["event"].max().mean()
        for forced in (True, False)
    ]
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
