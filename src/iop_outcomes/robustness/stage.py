"""How sure one can be of an estimate: the gate first, then the checks of the study on what may be shown."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from iop_outcomes.designs.stage import compare, read_comparisons
from iop_outcomes.estimates.gate import apply_gate
from iop_outcomes.estimates.stage import question_of
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import CHECKS, ESTIMATORS
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.study.view import Readable, StudyView
from iop_outcomes.tables.estimate import ADJUSTED, CHECK, CONTRAST, EVERYBODY, MAIN, REFUSED, may_be_shown


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path, design: str
) -> dict[str, pd.DataFrame]:
    """Apply the gate to the estimates of one design and check those that are shown: the stage ``robustness``."""
    estimate = apply_gate(made["estimate"], made["diagnostic"], study)
    shown = estimate[may_be_shown(estimate) & (estimate["kind"] == ADJUSTED)]
    checked = [check_rows(shown, study)] if len(shown) else []
    if len(shown) and any(CHECKS[name].refits for name, _ in study.checks_made()):
        for refit in refits(shown, made, study, design):
            checked.append(check_again(refit, study))
            tell(f"{refit.rows['analysis'].iloc[0]}: checked")
    return {"estimate": pd.concat([estimate, *checked], ignore_index=True)}


def check_rows(shown: pd.DataFrame, study: Readable) -> pd.DataFrame:
    """Return the rows of those checks of a study that read finished rows.

    Parameters
    ----------
    shown : pandas.DataFrame
        Rows of the ``estimate`` contract that may be shown.
    study : Study
        Its ``sensitivity`` section names the checks.
    """
    rows = [
        _labelled(CHECKS[name](shown, **CHECKS[name].check(settings)), name)
        for name, settings in study.checks_made()
        if not CHECKS[name].refits
    ]
    return pd.concat(rows, ignore_index=True) if rows else shown.iloc[:0]


def check_again(refit: Refit, study: Readable) -> pd.DataFrame:
    """Return the rows of those checks of a study that make an analysis anew; one that cannot be made says why."""
    rows = []
    for name, settings in study.checks_made():
        if not CHECKS[name].refits:
            continue
        try:
            found = CHECKS[name](refit, **CHECKS[name].check(settings))
        except StudyError as error:
            found = [{"measure": refit.measure or "none", "status": REFUSED, "reason": str(error)}]
        first = refit.rows[refit.rows["role"] == CONTRAST].iloc[0]
        same = ["analysis", "outcome", "arm", "against", "kind", "design", "estimand", "day", "status"]
        alike = {column: first[column] for column in same} | {"population": EVERYBODY, "scenario": MAIN}
        rows.append(_labelled(pd.DataFrame([alike | row for row in found], columns=refit.rows.columns), name))
    return pd.concat(rows, ignore_index=True) if rows else refit.rows.iloc[:0]


def refits(shown: pd.DataFrame, made: dict[str, pd.DataFrame], study: Readable, design: str) -> Iterator[Refit]:
    """Yield the analyses of one design that may be shown, each able to be made anew."""
    covariates, outcomes = made["covariates"], made["outcomes"].set_index("member_id")
    comparisons, _ = read_comparisons(covariates, made["propensity"], made["diagnostic"], study, design)
    led = set()
    for name, analysis in study.analyses.items():
        own = shown[shown["analysis"] == name]
        if own.empty:
            continue
        arms, estimator = study.contrast(analysis), ESTIMATORS[analysis.estimator]
        leads = not analysis.randomised and arms not in led
        led |= {arms} if leads else set()
        together = comparisons[arms].together
        people = covariates[covariates["arm"].isin(arms if together is None else together.arms)]
        yield Refit(
            own,
            question_of(study, name, outcomes.reindex(people["member_id"])),
            comparisons[arms],
            estimator,
            estimator.check_in_study(analysis.settings, f"analyses.{name}"),
            analysis.measures[0],
            people,
            partial(compare, study=study, design=design, arms=arms),
            study,
            leads,
        )


def _labelled(rows: pd.DataFrame, check: str) -> pd.DataFrame:
    """Return the rows of a check under its own place in the key: the role, and a scenario that begins with its name."""
    named = rows["scenario"].astype("object").where(rows["scenario"] != MAIN, "")
    scenario = [f"{check}: {said}" if said else check for said in named]
    return rows.assign(role=CHECK, estimator=check, scenario=scenario)
