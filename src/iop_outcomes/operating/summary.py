"""What replicates come to: bias, spread, coverage and rejection of every analysis, and how often what is decided.

Every mean and share has the Monte-Carlo standard error of Morris, White & Crowther 2019, 10.1002/sim.8086 (table 6).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes import tables
from iop_outcomes.tables.conclusion import BETTER, CONTRADICTED, DIFFERENT, NO_DIFFERENCE, PRIMARY, SUPPORTED, WORSE
from iop_outcomes.tables.estimate import may_be_shown
from iop_outcomes.tables.measure import measure_of
from iop_outcomes.tables.operating import CLAIM, GATE, STOPPED, STUDY, VERDICT

#: What of a study as a whole is counted.
FIRST_ANSWER, ANY_ANSWER, ANY_CLAIM, WHOLE = "first answer", "any answer", "any claim", "study"
A_DIFFERENCE = "a difference"
WRONG_DIFFERENCE, WRONG_NO_DIFFERENCE, WRONG_CLAIM = "a wrong difference", "a wrong no difference", "wrongly decided"

#: Measure of an analysis that was not made.
NONE = "none"

Numbers = NDArray[np.float64]


def characteristics(replicate: pd.DataFrame) -> pd.DataFrame:
    """Return bias, spread, coverage and rejection of every analysis in every world.

    Parameters
    ----------
    replicate : pandas.DataFrame
        Table of that contract, as ``operate`` returns it.

    Returns
    -------
    pandas.DataFrame
        Table ``characteristic``. Ratios are judged as logarithms. An interval holds or misses the mean truth of its
        world. Estimates that the gate withholds do not count, as nobody sees them.

    References
    ----------
    Morris, White & Crowther 2019, 10.1002/sim.8086
    """
    rows = []
    for (world, name), mine in _verdicts(replicate).groupby(["world", "name"], sort=False, observed=True):
        own = {"world": world, "analysis": name, "n": _n_of(replicate, str(world))}
        made = mine[mine["measure"].astype("str") != NONE]
        first = (made if len(made) else mine).iloc[0]
        rows.append(own | {k: str(first[k]) for k in ("estimand", "measure")} | _of_one(mine, str(first["measure"])))
    return tables.check(pd.DataFrame(rows, columns=_names("characteristic")), "characteristic")


def decisions(replicate: pd.DataFrame) -> pd.DataFrame:
    """Return how often the gate, a verdict, a claim and the study as a whole come to what, in every world.

    A difference is better, worse or different. It is wrong where the truth is none or lies on the other side; no
    difference is wrong where the truth reaches the margin; a claim is wrong where it is supported (contradicted) and
    the truth is not on the side it claims (on the other). Where the truth of a measure is not known nothing is counted
    as wrong.

    Parameters
    ----------
    replicate : pandas.DataFrame
        Table of that contract.

    Returns
    -------
    pandas.DataFrame
        Table ``decision``.
    """
    rows = []
    for world in _in_order(replicate["world"]):
        mine, n = replicate[replicate["world"] == world], _n_of(replicate, world)
        counted = [*_by_name(mine), *_of_study(mine)]
        rows += [
            {"world": world, "kind": k, "name": name, "decision": d, "n": n, **_share(hits, n)}
            for k, name, d, hits in counted
        ]
    return tables.check(pd.DataFrame(rows, columns=_names("decision")), "decision")


def _names(table: str) -> list[str]:
    return [column.name for column in tables.contract(table).columns]


def _in_order(values: pd.Series) -> list[str]:
    return list(dict.fromkeys(values.astype("str")))


def _verdicts(replicate: pd.DataFrame) -> pd.DataFrame:
    return replicate[replicate["kind"] == VERDICT]


def _n_of(replicate: pd.DataFrame, world: str) -> int:
    return int(replicate.loc[replicate["world"] == world, "replicate"].nunique())


def _share(hits: int, n: int) -> dict[str, float]:
    share = hits / n if n else np.nan
    return {"share": share, "share_error": float(np.sqrt(share * (1 - share) / n)) if n else np.nan}


def _of_one(mine: pd.DataFrame, name: str) -> dict[str, float]:
    """Return what one analysis does in one world."""
    measure = measure_of(name)
    scaled = np.log if measure.scale == "ratio" else np.asarray
    truth = mine["truth"].dropna().to_numpy(float)
    shown = mine[may_be_shown(mine) & mine[["value", "se", "ci_low", "ci_high"]].notna().all(axis=1)]
    value, se, low, high = (shown[name].to_numpy(float) for name in ("value", "se", "ci_low", "ci_high"))
    none = measure.no_difference
    found = {"n_estimated": len(shown)} | _spread(scaled(value), se)
    found |= _rate("rejection", (low > none) | (high < none))
    if len(truth):
        true = float(truth.mean())
        found |= {"truth": true, "truth_error": _error_of_mean(truth)}
        found |= {"bias": float(np.mean(scaled(value))) - float(scaled(true)) if len(value) else np.nan}
        found |= {"bias_error": _error_of_mean(scaled(value))} | _rate("coverage", (low <= true) & (true <= high))
    return found


def _spread(value: Numbers, se: Numbers) -> dict[str, float]:
    """Return the spread of estimates against their standard errors (root mean square)."""
    n = len(value)
    if n < 2:
        return {}
    sd, mean_se = float(np.std(value, ddof=1)), float(np.sqrt(np.mean(se**2)))
    if not sd or not mean_se:
        return {"sd": sd, "mean_se": mean_se}
    ratio = mean_se / sd
    error = ratio * np.sqrt(np.var(se**2, ddof=1) / (4 * n * mean_se**4) + 1 / (2 * (n - 1)))
    return {"sd": sd, "mean_se": mean_se, "se_ratio": ratio, "se_ratio_error": float(error)}


def _rate(name: str, held: NDArray[np.bool_]) -> dict[str, float]:
    found = _share(int(held.sum()), len(held))
    return {name: found["share"], f"{name}_error": found["share_error"]}


def _error_of_mean(values: Numbers) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def _by_name(mine: pd.DataFrame) -> Iterator[tuple[str, str, str, int]]:
    """Return how often each analysis and claim came to what."""
    verdict, claim = _verdicts(mine), mine[mine["kind"] == CLAIM]
    for kind, rows, column in ((GATE, verdict, "status"), (VERDICT, verdict, "decision"), (CLAIM, claim, "decision")):
        for name in _in_order(rows["name"]):
            found = rows.loc[rows["name"] == name, column].astype("str").value_counts()
            yield from ((kind, name, str(decision), int(hits)) for decision, hits in sorted(found.items()))


def _of_study(mine: pd.DataFrame) -> Iterator[tuple[str, str, str, int]]:
    """Return in how many replicates something of the study as a whole is so."""
    side, differs, same = _judged(mine)
    decision = mine["decision"].astype("str")
    verdict, claim = mine["kind"] == VERDICT, mine["kind"] == CLAIM
    difference = decision.isin([BETTER, WORSE, DIFFERENT])
    wrong = (
        ((decision == BETTER) & (side <= 0))
        | ((decision == WORSE) & (side >= 0))
        | ((decision == DIFFERENT) & ~differs & side.notna())
    )
    wrong_claim = ((decision == SUPPORTED) & (side <= 0)) | ((decision == CONTRADICTED) & (side >= 0))
    for name, rows in ((FIRST_ANSWER, verdict & (mine["place"] == PRIMARY)), (ANY_ANSWER, verdict)):
        yield STUDY, name, A_DIFFERENCE, _replicates(mine, rows & difference)
        yield STUDY, name, WRONG_DIFFERENCE, _replicates(mine, rows & wrong)
        yield (
            STUDY,
            name,
            WRONG_NO_DIFFERENCE,
            _replicates(mine, rows & (decision == NO_DIFFERENCE) & ~same & side.notna()),
        )
    if claim.any():
        yield STUDY, ANY_CLAIM, SUPPORTED, _replicates(mine, claim & (decision == SUPPORTED))
        yield STUDY, ANY_CLAIM, WRONG_CLAIM, _replicates(mine, claim & wrong_claim)
    yield STUDY, WHOLE, STOPPED, _replicates(mine, decision == STOPPED)


def _replicates(mine: pd.DataFrame, where: pd.Series) -> int:
    return int(mine.loc[where, "replicate"].nunique())


def _judged(mine: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return how far the truth of each row lies on its better side, whether it is any, and within the margin."""
    known = mine.groupby("analysis", observed=True)["truth"].transform("mean")
    measures = mine["measure"].astype("object").fillna("").map(str)
    pairs = zip(measures, known, strict=True)
    away = pd.Series([measure_of(name).from_no_difference(true) for name, true in pairs], index=mine.index, dtype=float)
    pairs = zip(measures, mine["margin"], strict=True)
    margin = pd.Series([measure_of(name).from_no_difference(m) for name, m in pairs], index=mine.index, dtype=float)
    return away * mine["side"], away != 0, away.abs() < margin
