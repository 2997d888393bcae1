"""Small estimate tables to judge: write the numbers that matter, the rest is filled in."""

import numpy as np
import pandas as pd

from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.estimate import CHECK
from iop_outcomes.tables.missing_panel import PANEL, scenario
from report_tables import study as example


def one_outcome(outcome: str = "completion", measure: str | list[str] = "risk_difference", **changes) -> Study:
    """Return a study with one analysis, ``primary``; ``analyses`` adds others, each a mapping of what differs."""
    own = {"outcome": outcome, "design": "overlap", "estimator": "aipw", "measure": measure}
    analyses = {"primary": own | changes.pop("primary", {})}
    analyses |= {name: own | other for name, other in changes.pop("analyses", {}).items()}
    return example(analyses=analyses, **{"claims": [], **changes})


def contrast(study: Study, value, low, high, *, analysis: str = "primary", measure: str = "", **more) -> pd.DataFrame:
    """Return one contrast of an analysis as released; ``means`` adds both arms' own, in the unit of the measure."""
    asked = study.analyses[analysis]
    measure = measure or asked.measures[0]
    unit = outcome_of(study, asked.outcome).unit_of(measure)
    first, second = study.contrast(asked)
    same = {"analysis": analysis, "outcome": asked.outcome, "kind": "adjusted", "design": asked.design}
    same |= {"estimator": asked.estimator, "estimand": "ATO", "population": "everybody", "scenario": "main"}
    same |= {"day": np.nan, "se": np.nan, "status": "shown", "reason": ""}
    means = more.pop("means", None)
    rows = [same | {"role": "contrast", "arm": first, "against": second, "measure": measure, "unit": unit}]
    rows[0] |= {"value": value, "ci_low": low, "ci_high": high} | more
    for arm, mean in zip((first, second), means or (), strict=False):
        own = {"role": "arm", "arm": arm, "against": "", "measure": "mean"}
        rows.append(same | own | {"value": mean, "unit": outcome_of(study, asked.outcome).unit})
    return pd.DataFrame(rows)


def of_panel(rule: str) -> dict[str, str]:
    """Return what makes a contrast a row of the panel of missing rules."""
    return {"role": CHECK, "estimator": PANEL, "scenario": scenario(rule)}


def together(*tables: pd.DataFrame) -> pd.DataFrame:
    """Return several of them as one."""
    return pd.concat(tables, ignore_index=True)
