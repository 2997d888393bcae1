"""All specifications of a study in the order of their estimates, and what they amount to: the stage."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.specifications.fitting import Specification, specifications
from iop_outcomes.specifications.naming import MAIN_RULE
from iop_outcomes.specifications.worlds import worlds
from iop_outcomes.stats.joint_null import joint_null
from iop_outcomes.study.specifications import AS_ASKED
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.estimate import REFUSED, SHOWN, WITHHELD


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Make every specification of the study's first question: the stage ``specifications``."""
    found: list[Specification] = []
    for rule, time_zero, varied, own in worlds(study, made):
        of_world = {"arm_rule": rule, "time_zero": time_zero}
        found += [
            Specification({**of_world, **one.row, "locked": _is_locked({**of_world, **one.row}, study)}, one.added)
            for one in specifications(study, varied, own)
        ]
        tell(f"{rule}, {time_zero}: {len(found)} specifications so far")
    table = pd.DataFrame([one.row for one in found]).reindex(columns=tables.empty("specification").columns)
    table["number"] = np.arange(1, len(table) + 1)
    return {"specification": table, "specification_summary": summary(found, study)}


def summary(found: Sequence[Specification], study: StudyView) -> pd.DataFrame:
    """Return one row: median, shares and p-values of the specifications that are shown, and how many are not.

    Parameters
    ----------
    found : sequence of Specification
    study : StudyView
        Its draws and its seed.
    """
    status = [one.row["status"] for one in found]
    shown = [one for one in found if one.row["status"] == SHOWN]
    row: dict[str, object] = {
        "analysis": study.specifications.asked(study),
        "n_specifications": len(found),
        "n_shown": len(shown),
        "n_withheld": status.count(WITHHELD),
        "n_refused": status.count(REFUSED),
    }
    locked = next((one.row for one in shown if one.row["locked"]), None)
    if locked is not None:
        row["locked_rank"] = float(np.mean([one.row["value"] <= locked["value"] for one in shown]))
    try:
        together = _together(shown, study)
    except EstimationError as error:
        row["reason"] = _why_nothing(found) or str(error)
    else:
        names = ("median", "share_same_sign", "share_significant", "p_median", "p_significant", "n_draws")
        row |= {name: getattr(together, name) for name in names}
    return pd.DataFrame([row]).reindex(columns=tables.empty("specification_summary").columns)


def _why_nothing(found: Sequence[Specification]) -> str:
    """Return why most of those that are not shown are not, empty where some are shown."""
    reasons = Counter(str(one.row["reason"]) for one in found if one.row["status"] != SHOWN)
    return reasons.most_common(1)[0][0] if sum(reasons.values()) == len(found) > 0 else ""


def _together(shown: Sequence[Specification], study: StudyView):
    added = pd.DataFrame({number: one.added for number, one in enumerate(shown)}).fillna(0.0)
    values, errors, low, high = (
        np.array([one.row[name] for one in shown], dtype=float) for name in ("value", "se", "ci_low", "ci_high")
    )
    return joint_null(
        values,
        errors,
        added.to_numpy(float).T.reshape(len(shown), len(added)),
        reach=(high - low) / (2 * errors),
        n_draws=study.specifications.draws,
        seed=seed_of(study.seed, "specifications"),
    )


def _is_locked(row: dict[str, object], study: StudyView) -> bool:
    """Return whether a specification is the analysis as the study file has it."""
    analysis = study.analyses[study.specifications.asked(study)]
    return (
        row["arm_rule"] == MAIN_RULE
        and row["time_zero"] == study.cohort.time_zero
        and row["trimming"] == AS_ASKED
        and (row["outcome"], row["design"], row["estimator"]) == (analysis.outcome, analysis.design, analysis.estimator)
    )
