"""How strong something unmeasured would have to be, held against what was measured, for the analyses of a study."""

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.omitted_variable import MULTIPLES, OmittedVariable, omitted_variable
from iop_outcomes.robustness.refit import Refit
from iop_outcomes.tables.controls import PARTIAL_R2, ROBUSTNESS_VALUE
from iop_outcomes.tables.measure import MEAN, names_of

#: Name of the arm among the columns of the regression, which no covariate of a study can have.
_ARM = "first arm"
_REFERENCE = "Cinelli & Hazlett 2020, linear regression of the outcome on the arm and the covariates of the design"


@check(
    name="omitted_variable",
    description="What a confounder must explain of arm and outcome, beside the strongest of the measured covariates",
    refits=True,
)
def omitted_variable_of_analysis(
    refit: Refit, *, benchmarks: list[str] | None = None, multiples: tuple[float, ...] = MULTIPLES
) -> list[dict[str, object]]:
    """Return robustness value and partial R² of the arm, and the estimate less confounders as strong as the measured.

    They are those of a linear regression without weights among the people whom the design uses and whose outcome is
    known, so that its estimate is near the analysis's own and not the same.

    Parameters
    ----------
    refit : Refit
        Of an outcome that members have once, under a design with covariates.
    benchmarks : list of str, optional
        Covariates that the confounder is compared with; unless told, the one that would take most of the estimate away.
    multiples : tuple of float
        How many times as strong as the benchmark it is.

    Raises
    ------
    EstimationError
        Members do not have the outcome once, nothing is adjusted for, or too few people are left for the regression.

    References
    ----------
    Cinelli & Hazlett 2020, J R Stat Soc B 82:39.
    """
    data, covariates = _regression_data(refit)
    found = omitted_variable(
        data,
        outcome=refit.question.outcome,
        arm=_ARM,
        covariates=covariates,
        benchmarks=benchmarks or covariates,
        multiples=multiples,
    )
    bounds = found.bounds if benchmarks else _strongest(found)
    return [*_summary(found), *(_bound(row, _difference(data, refit)) for _, row in bounds.iterrows())]


def _regression_data(refit: Refit) -> tuple[pd.DataFrame, list[str]]:
    comparison, outcome = refit.comparison, refit.question.outcome
    if outcome not in refit.question.data.columns or not set(refit.estimator.measures) & set(names_of(MEAN)):
        raise EstimationError(f"omitted_variable: '{outcome}' has no mean of both arms; ask it of a mean or a share")
    # What is the same for everybody cannot be a benchmark.
    covariates = [str(name) for name, values in comparison.covariates.items() if (values != values.iloc[0]).any()]
    if not covariates:
        raise EstimationError("omitted_variable: nothing is adjusted for, so that nothing measured can be a benchmark")
    values = refit.question.data[outcome].reindex(comparison.members.index)
    data = comparison.covariates[covariates].copy()
    data[outcome], data[_ARM] = values.astype(float), comparison.treated.astype(float)
    return data[(comparison.weight > 0) & values.notna().to_numpy()], covariates


def _strongest(found: OmittedVariable) -> pd.DataFrame:
    """Return the bounds of the benchmark that takes most of the estimate away when a confounder is as strong as it."""
    bounds, estimate = found.bounds, float(found.summary["estimate"])
    once = bounds[bounds["multiple"] == bounds["multiple"].min()]
    left = np.sign(estimate) * once["estimate"]
    strongest: pd.DataFrame = bounds[bounds["benchmark"] == once.loc[left.fillna(np.inf).idxmin(), "benchmark"]]
    return strongest


def _summary(found: OmittedVariable) -> list[dict[str, object]]:
    summary = found.summary
    return [
        {
            "measure": ROBUSTNESS_VALUE,
            "value": summary["robustness_value"],
            "ci_low": summary["robustness_value_of_interval"],
            "se_method": f"{_REFERENCE}; the interval's end is the value that moves its limit to no difference",
        },
        {"measure": PARTIAL_R2, "value": summary["partial_r2"], "se_method": _REFERENCE},
    ]


def _bound(row: pd.Series, measure: str) -> dict[str, object]:
    times = "" if row["multiple"] == 1 else f"{row['multiple']:g} times"
    numbers = {name: row[name] for name in ("estimate", "se", "ci_low", "ci_high")}
    return {
        "measure": measure,
        "value": numbers.pop("estimate"),
        **numbers,
        "se_scale": "identity",
        "scenario": f"{times} as strong as {row['benchmark']}".lstrip(),
        "se_method": _REFERENCE,
        "reason": row["reason"],
    }


def _difference(data: pd.DataFrame, refit: Refit) -> str:
    binary = set(data[refit.question.outcome].unique()) <= {0.0, 1.0}
    return "risk_difference" if binary else "mean_difference"
