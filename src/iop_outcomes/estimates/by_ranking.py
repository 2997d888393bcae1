"""For whom does the first arm do more, explored for one analysis of a study: the stage ``heterogeneity``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes import tables
from iop_outcomes.designs.stage import read_comparisons
from iop_outcomes.estimates.effects_by_person import EffectsByPerson, effects_by_person
from iop_outcomes.estimates.gate import apply_gate
from iop_outcomes.estimates.heterogeneity import Heterogeneity, group_of, heterogeneity
from iop_outcomes.estimates.sample import Sample, take_sample
from iop_outcomes.estimates.stage import question_of
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.estimate import REFUSED, SHOWN, may_be_shown
from iop_outcomes.tables.exploring import CALIBRATION, SPREAD, group_name

Row = dict[str, Any]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Predict effects crosswise and hold them against those they were not learned from: the stage ``heterogeneity``."""
    name = study.heterogeneity.asked(study)
    analysis = study.analyses[name]
    arms = study.contrast(analysis)
    comparisons, refusals = read_comparisons(
        made["covariates"], made["propensity"], made["diagnostic"], study, analysis.design
    )
    refused = made["refusal"].query("kind == 'metric'").set_index("name")["reason"]
    try:
        reason = refusals.get(arms) or refused.get(analysis.outcome)
        rows = [_refused(str(reason))] if reason else _explored(study, name, comparisons[arms], made)
    except StudyError as error:
        rows = [_refused(str(error))]
    table = pd.DataFrame(rows).assign(analysis=name, outcome=analysis.outcome, arm=arms[0], against=arms[1])
    table = _gated(table.reindex(columns=tables.empty("heterogeneity").columns), made["diagnostic"], study)
    tell(f"{name}: {table['status'].iloc[0]}")
    return {"heterogeneity": table}


def _gated(table: pd.DataFrame, diagnostic: pd.DataFrame, study: StudyView) -> pd.DataFrame:
    """Return the rows as the gate lets the analysis stand; it knows the names of another table's numbers only."""
    judged = apply_gate(table.assign(n_events=np.nan), diagnostic, study).drop(columns="n_events")
    judged.loc[~may_be_shown(judged), "p_value"] = np.nan
    return judged


def _explored(study: StudyView, name: str, comparison: Any, made: dict[str, pd.DataFrame]) -> list[Row]:
    asked = study.heterogeneity
    data = made["outcomes"].set_index("member_id").reindex(comparison.population.members.index)
    question = question_of(study, name, data)
    sample = take_sample(question, comparison)
    effects = effects_by_person(sample, folds=asked.folds, learner=asked.learner, seed=question.seed)
    found = heterogeneity(effects, groups=asked.groups, cluster=comparison.cluster)
    return _rows(found, sample, effects, asked.groups)


def _rows(found: Heterogeneity, sample: Sample, effects: EffectsByPerson, groups: int) -> list[Row]:
    group = group_of(effects, groups)
    people = pd.DataFrame([_people(sample, group == own) for own in range(1, groups + 1)])
    numbers = ["value", "se", "ci_low", "ci_high"]
    of_groups = found.groups[numbers].join(people).assign(part=[group_name(n, groups) for n in found.groups["group"]])
    ends = [found.calibration.rename({"slope": "value"}), found.spread[numbers]]
    first, last = (
        pd.concat([row, people.min(), pd.Series({"part": part})])
        for row, part in zip(ends, (CALIBRATION, SPREAD), strict=True)
    )
    rows = pd.concat([first.to_frame().T, of_groups, last.to_frame().T], ignore_index=True)
    found_rows: list[Row] = rows.assign(status=SHOWN).to_dict("records")
    return found_rows


def _people(sample: Sample, inside: NDArray[np.bool_]) -> dict[str, float]:
    """Return the fewest people of an arm in a group, and the fewest of them with, and without, an outcome of 0 or 1."""
    known = [inside & arm & sample.observed for arm in (sample.first, sample.second)]
    binary = sample.kind == "binary"
    with_it = [float(sample.outcome[one].sum()) if binary else np.nan for one in known]
    sizes = [float(one.sum()) for one in known]
    without = [n - own for n, own in zip(sizes, with_it, strict=True)]
    return {"least_n": min(sizes), "least_with": min(with_it), "least_without": min(without)}


def _refused(reason: str) -> Row:
    return {"part": CALIBRATION, "status": REFUSED, "reason": reason}
