"""Person-weeks drawn as ``A`` (nine hours), ``h`` (three), ``.`` (none), ``e`` (excused), ``*`` after the last."""

import numpy as np
import pandas as pd

HOURS = {"A": 9.0, "h": 3.0, ".": 0.0, "e": np.nan}


def weekly(*lines: str) -> pd.DataFrame:
    """Return one person per line, in weeks 0, 1, 2, ...; a line that ends in ``*`` ends in the event."""
    rows = []
    for person, line in enumerate(lines):
        marks = line.rstrip("*")
        for week, mark in enumerate(marks):
            last = week == len(marks) - 1
            rows.append(
                {
                    "person_id": person,
                    "week": week,
                    "hours": HOURS[mark],
                    "excused": int(mark == "e"),
                    "event": int(last and line.endswith("*")),
                }
            )
    return pd.DataFrame(rows)


def motivated(n: int, seed: int, *, effect: float = 0.0, forced: bool | None = None, weeks: int = 12) -> pd.DataFrame:
    """Return person-weeks of a world in which the motivated come more and use less.

    ``effect`` is what a week of six hours or more does to the log odds of relapse in that week. Nobody is made to do
    anything unless ``forced`` says what everybody does from week 2 on: come, or stay away.
    """
    draw = np.random.default_rng(seed)
    readiness = draw.normal(size=n)
    use = draw.random(n) < _chance(-0.2 - 0.8 * readiness)
    comes = draw.random(n) < _chance(0.8 * readiness)
    there, rows = np.ones(n, dtype=bool), []
    for week in range(weeks):
        comes = draw.random(n) < _chance(0.3 + 0.7 * readiness - 0.8 * use + np.where(comes, 2.0, -2.0))
        if forced is not None and week >= 2:
            comes[:] = forced
        relapse = draw.random(n) < _chance(-3.2 - 0.6 * readiness + 0.9 * use + effect * comes)
        rows.append(
            pd.DataFrame(
                {
                    "person_id": np.flatnonzero(there),
                    "week": week,
                    "readiness": readiness[there],
                    "use": use[there].astype(int),
                    "hours": np.where(comes, 9.0, 2.0)[there],
                    "event": relapse[there].astype(int),
                }
            )
        )
        there &= ~relapse
        use = draw.random(n) < _chance(-0.6 - 0.6 * readiness + 1.2 * use)
    return pd.concat(rows, ignore_index=True)


def stepping(n: int, seed: int, *, effect: float = 0.0, weeks: int = 10) -> pd.DataFrame:
    """Return person-weeks of outpatient care in which the sicker step up, ``stepped`` from that week on.

    ``effect`` is what a week after stepping up does to the log odds of relapse in it.
    """
    draw = np.random.default_rng(seed)
    readiness = draw.normal(size=n)
    use = draw.random(n) < _chance(-0.2 - 0.8 * readiness)
    stepped, there, rows = np.zeros(n, dtype=bool), np.ones(n, dtype=bool), []
    for week in range(weeks):
        stepped = stepped | ((week > 0) & (draw.random(n) < _chance(-3.6 + 1.6 * use - 0.4 * readiness)))
        relapse = draw.random(n) < _chance(-3.2 - 0.6 * readiness + 1.2 * use + effect * stepped)
        told = {"person_id": np.arange(n), "readiness": readiness, "use": use, "stepped": stepped, "event": relapse}
        rows.append(pd.DataFrame({name: values[there] for name, values in told.items()}).assign(week=week))
        there &= ~relapse
        use = draw.random(n) < _chance(-0.6 - 0.6 * readiness + 1.5 * use)
    return pd.concat(rows, ignore_index=True).astype({"use": int, "stepped": int, "event": int})


def _chance(logit):
    return 1 / (1 + np.exp(-logit))
