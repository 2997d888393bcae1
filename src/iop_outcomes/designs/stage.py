"""The comparisons of a study: each contrast under each design, made without sight of an outcome."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.judge.diagnostics import preference_score
from iop_outcomes.designs.judge.gate import FAIL, judge_design
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.study import Study
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.capability import unmet

Arms = tuple[str, str]

#: Check of the row that says why a contrast could not be designed at all.
POSSIBLE = "comparison"


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path, design: str
) -> dict[str, pd.DataFrame]:
    """Make the arms comparable by one design and judge the result: the stage ``design``."""
    return build_design(made["covariates"], made["capability"], study, design, tell)


def build_design(
    covariates: pd.DataFrame,
    capability: pd.DataFrame,
    study: Study,
    design: str,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, pd.DataFrame]:
    """Make the arms of every contrast comparable by one design, and judge how well that went.

    A contrast that cannot be made (an arm without members, separation) does not stop the others: it keeps a failing row
    among the diagnostics, with the reason in a sentence.

    Parameters
    ----------
    covariates, capability : pandas.DataFrame
        Tables of those contracts.
    study : Study
        Names the design, its contrasts and the gate.
    design : str
        Name of the design in the study.
    tell : callable
        Gets a line per contrast, for progress.

    Returns
    -------
    dict
        ``propensity``, ``balance`` and ``diagnostic`` tables.
    """
    made: dict[str, list[pd.DataFrame]] = {"propensity": [], "balance": [], "diagnostic": []}
    for arms in study.contrasts_by_design[design]:
        try:
            _refuse_empty_arms(covariates, capability, study, arms)
            comparison = _compare(covariates, study, design, arms)
        except StudyError as error:
            made["diagnostic"].append(_impossible(design, arms, str(error)))
            tell(f"{arms[0]} v {arms[1]}: {error}")
            continue
        labels = {"contrast": comparison.contrast, "design": design}
        levels = balance(
            comparison.covariates, comparison.treated, comparison.weight, estimand=comparison.estimand
        ).assign(**labels)
        made["propensity"].append(comparison.members.assign(**labels).reset_index())
        made["balance"].append(levels)
        made["diagnostic"].append(judge_design(comparison, study.gate_thresholds, balance_table=levels))
        tell(f"{comparison.contrast}: done")
    return {name: pd.concat(parts, ignore_index=True) if parts else tables.empty(name) for name, parts in made.items()}


def read_comparisons(
    covariates: pd.DataFrame, propensity: pd.DataFrame, diagnostic: pd.DataFrame, study: Study, design: str
) -> tuple[dict[Arms, Comparison], dict[Arms, str]]:
    """Return the comparisons that ``build_design`` made, and why the others could not be.

    Parameters
    ----------
    covariates, propensity, diagnostic : pandas.DataFrame
        Tables of those contracts.
    study : Study
    design : str

    Returns
    -------
    comparisons : dict of arms to Comparison
    refusals : dict of arms to str
    """
    comparisons, refusals = {}, {}
    impossible = diagnostic[diagnostic["check"] == POSSIBLE].set_index("analysis")["reason"]
    for arms in study.contrasts_by_design[design]:
        place = _place(design, arms)
        if place in impossible.index:
            refusals[arms] = impossible[place]
            continue
        mine = (propensity["contrast"] == f"{arms[0]} v {arms[1]}") & (propensity["design"] == design)
        members = propensity[mine].drop(columns=["contrast", "design"]).set_index("member_id").sort_index()
        comparisons[arms] = _comparison(covariates, study, design, arms, members)
    return comparisons, refusals


def _compare(covariates: pd.DataFrame, study: Study, design: str, arms: Arms) -> Comparison:
    chosen = _in_arms(covariates, arms)
    treated = (chosen["arm"] == arms[0]).to_numpy()
    settings = study.designs[design].settings
    method = DESIGN_METHODS[study.designs[design].method]
    cluster = chosen["cluster"].to_numpy() if "cluster" in chosen else None
    model = _model_frame(chosen, study)
    members = method(
        model, treated, cluster, seed_of(study.seed, design), **method.check(settings, f"designs.{design}")
    )
    members = members.assign(treated=treated)
    scored = members["score"].notna().any()
    members["preference_score"] = preference_score(members["score"], treated) if scored else float("nan")
    return _comparison(covariates, study, design, arms, members)


def _comparison(covariates: pd.DataFrame, study: Study, design: str, arms: Arms, members: pd.DataFrame) -> Comparison:
    chosen = _in_arms(covariates, arms).loc[members.index]
    method = DESIGN_METHODS[study.designs[design].method]
    return Comparison(
        design=design,
        method=method.name,
        estimand=method.estimand,
        arms=arms,
        members=members,
        covariates=_model_frame(chosen, study),
        cluster=chosen.get("cluster"),
        settings=study.designs[design].settings,
    )


def _in_arms(covariates: pd.DataFrame, arms: Arms) -> pd.DataFrame:
    chosen = covariates[covariates["arm"].isin(arms)].set_index("member_id").sort_index()
    for name in chosen.select_dtypes("category"):
        chosen[name] = chosen[name].cat.remove_unused_categories()
    return chosen


def _model_frame(chosen: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the covariates of the design, with their missing indicators; not those that only break down tables."""
    wanted = set(study.covariates)
    return chosen[[c for c in chosen if c in wanted or c.removesuffix("_missing") in wanted]]


def _refuse_empty_arms(covariates: pd.DataFrame, capability: pd.DataFrame, study: Study, arms: Arms) -> None:
    for arm in arms:
        if (covariates["arm"] == arm).any():
            continue
        needs = tuple(f"episode.{column}" for column in study.cohort.arms[arm])
        why = unmet(needs, capability) or "no eligible person was assigned to it"
        raise StudyError(f"the arm '{arm}' is empty: {why}")


def _place(design: str, arms: Arms) -> str:
    return f"{arms[0]} v {arms[1]}, {design}"


def _impossible(design: str, arms: Arms, reason: str) -> pd.DataFrame:
    row = {"analysis": _place(design, arms), "check": POSSIBLE, "status": FAIL, "reason": reason}
    return pd.DataFrame([row])
