"""One replicate: a study of a world, gone from its raw tables to its verdicts, and what it said."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.release.stage import conclusions
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import good_sign, outcome_of
from iop_outcomes.tables.measure import measure_of
from iop_outcomes.tables.operating import CLAIM, STOPPED, STUDY, VERDICT

Tables = Mapping[str, pd.DataFrame]


def answers_of(study: Study, made: Tables, truth: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what a study that was run says: a row for every analysis and claim.

    Parameters
    ----------
    study : Study
    made : mapping of str to DataFrame
        From ``run_study``.
    truth : pandas.DataFrame, optional
        Table of that contract.

    Returns
    -------
    pandas.DataFrame
        Rows of the ``replicate`` table without world and number. Numbers are as computed, before rounding for release;
        verdicts are those that would be released.
    """
    verdict, claim = conclusions(study, made)
    rows = [_analysis(study, row, made["estimate"], truth) for _, row in verdict.iterrows()]
    found = {str(row["name"]): row for row in rows}
    return pd.DataFrame([*rows, *(_claim(study, row, found) for _, row in claim.iterrows())])


def stopped(error: StudyError) -> pd.DataFrame:
    """Return the row of a study that was refused as a whole."""
    return pd.DataFrame([{"kind": STUDY, "name": STUDY, "decision": STOPPED, "reasons": str(error)}])


def _analysis(
    study: Study, verdict: pd.Series, estimate: pd.DataFrame, truth: pd.DataFrame | None
) -> dict[str, object]:
    name, measure = str(verdict["analysis"]), measure_of(str(verdict["measure"]))
    outcome = outcome_of(study, str(verdict["outcome"]))
    return {
        "kind": VERDICT,
        "name": name,
        "decision": str(verdict["verdict"]),
        "reasons": str(verdict["reasons"]),
        "place": str(verdict["place"]),
        "analysis": name,
        "estimand": str(verdict["estimand"]),
        "measure": measure.name,
        **_numbers(estimate, verdict),
        "margin": float(verdict["margin"]),
        "side": float(good_sign(outcome, measure.name)),
        "truth": _true(truth, verdict),
    }


def _numbers(estimate: pd.DataFrame, verdict: pd.Series) -> dict[str, object]:
    """Return the row that was judged, with all its digits; nothing of one that is withheld."""
    from iop_outcomes.conclude.judging import main_rows

    rows = main_rows(estimate, str(verdict["analysis"]))
    if rows.empty:
        return {"status": "refused", **dict.fromkeys(("value", "se", "ci_low", "ci_high"), np.nan)}
    row = rows.iloc[0]
    return {"status": str(row["status"]), **{n: float(row[n]) for n in ("value", "se", "ci_low", "ci_high")}}


def _true(truth: pd.DataFrame | None, verdict: pd.Series) -> float:
    """Return the true value of the measure judged, missing where it is neither known nor none."""
    measure = measure_of(str(verdict["measure"]))
    if truth is None:
        return np.nan
    mine = truth[truth["outcome"].astype("str") == verdict["outcome"]]
    mine = mine[mine["estimand"].astype("str") == verdict["estimand"]]
    if mine.empty:
        return np.nan
    row = mine.iloc[0]
    if row["difference"] == 0:
        # Everybody's outcome is the same in both worlds, so that no measure of it differs.
        return measure.no_difference
    return float(row[measure.scale]) if measure.name in KNOWN else np.nan


#: Measures whose truth the ``truth`` table holds: comparisons of means, also of the mean time in care.
KNOWN = ("risk_difference", "mean_difference", "risk_ratio", "mean_ratio", "rmst_difference", "rmst_ratio")


def _claim(study: Study, claim: pd.Series, found: Mapping[str, dict[str, object]]) -> dict[str, object]:
    own = found[str(claim["analysis"])]
    asked = next(c for c in study.claims if c.claim == claim["claim"])
    outcome = outcome_of(study, study.analyses[asked.analysis].outcome)
    side = {"higher": 1, "lower": -1, "better": outcome.good}[asked.direction]
    follows = measure_of(str(own["measure"])).follows
    decided = {"decision": str(claim["verdict"]), "reasons": str(claim["reasons"]), "side": float(side * follows)}
    return own | {"kind": CLAIM, "name": str(claim["claim"])} | decided


def checked(rows: pd.DataFrame, world: str, number: int) -> pd.DataFrame:
    """Return the rows as a ``replicate`` table."""
    return tables.check(rows.assign(world=world, replicate=number), "replicate")
