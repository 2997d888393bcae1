"""Three arms of adolescents' treatment (aod.csv, none left out) against R 4.2.2.

Scores are those of nnet 7.3-18 ``multinom(treat ~ illact + crimjust + subprob + subdep + white)``, run until it no
longer moves. Effects solve the estimating equations of PSweight 2.1.2 for several groups (weights h/e, a Hajek mean per
arm; and augmented, with an outcome model per arm), with its sandwich: all equations stacked, their derivative by
numDeriv. Its divisor is n and ours n - 1. Standardised differences are those of ``glm(y ~ treat + ...)``, predicted for
everybody.
"""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.multinomial import fit_multinomial
from reference import reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Effects"

ARMS = ("community", "metcbt5", "scy")
COVARIATES = ["illact", "crimjust", "subprob", "subdep", "white"]
ASKED = {"arm": "treat", "covariates": COVARIATES}

#: Coefficients against community, and standard errors; deviance.
COEFFICIENTS = [
    [-0.0436622032913, -0.0875902092571, 0.0965411351269, 0.0873307153788, 0.00695878008432, 0.282467101553],
    [-0.0305000494622, 0.0215950364939, -0.0977197778857, 0.0501379215992, -0.0950881227892, 0.105896492185],
]
ERRORS = [
    [0.111028867222, 0.0991317537864, 0.0969125028547, 0.102155959733, 0.0975485138662, 0.262229747807],
    [0.111009861066, 0.0993023864655, 0.0968904079154, 0.101996285823, 0.0977103270092, 0.268522932827],
]
DEVIANCE = 1309.5584466371

#: Outcome, estimand (ATT: like metcbt5) and form; metcbt5 less community with its standard error, metcbt5 less scy.
EFFECTS = {
    ("y", "ATE", "weighted"): (0.056372043091, 0.049975777226, 0.026119202552, 0.050041816602),
    ("y", "ATE", "augmented"): (0.056557878656, 0.049940539711, 0.026801505025, 0.049913635033),
    ("y", "ATO", "weighted"): (0.058209186188, 0.049992361793, 0.02564692785, 0.050043023494),
    ("y", "ATO", "augmented"): (0.058333591695, 0.049982007184, 0.026347290877, 0.049936560912),
    ("y", "ATM", "weighted"): (0.062845743451, 0.05048985985, 0.024304503837, 0.050359734144),
    ("y", "ATM", "augmented"): (0.062939110246, 0.050479129916, 0.025122998684, 0.050248214374),
    ("y", "ATT", "weighted"): (0.056605684856, 0.050373246973, 0.034005498718, 0.050549263606),
    ("yc", "ATE", "weighted"): (0.13306490852, 0.097044838224, 0.048883903393, 0.10261705841),
    ("yc", "ATE", "augmented"): (0.13380027091, 0.096824249021, 0.050618677218, 0.10209380439),
    ("yc", "ATO", "weighted"): (0.13674714837, 0.097020165714, 0.049062279841, 0.10255431978),
    ("yc", "ATO", "augmented"): (0.13755993611, 0.09686490924, 0.051065599201, 0.10207989277),
    ("yc", "ATM", "weighted"): (0.14477733887, 0.09779253603, 0.045881893743, 0.1035117785),
    ("yc", "ATM", "augmented"): (0.14648959033, 0.097760135286, 0.049024182439, 0.10315836102),
    ("yc", "ATT", "weighted"): (0.14229173058, 0.096820743315, 0.063830183416, 0.10226228545),
}

#: metcbt5 less community and less scy, standardised to everybody and to metcbt5.
STANDARDISED = {
    ("y", "ATE"): (0.059542905070723, 0.022850925354219),
    ("y", "ATT"): (0.059462075278289, 0.022822469089574),
    ("yc", "ATE"): (0.14420157601911, 0.050417876497126),
    ("yc", "ATT"): (0.14420157601911, 0.050417876497126),
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    data = pd.read_csv(reference_data("oracles", "data", "aod.csv"))
    return data.assign(y=(data["suf12"] > 0).astype(int), yc=data["suf12"])


def test_the_scores_are_multinom(frame, agree):
    agree.data = "aod, three arms"
    arm = pd.Categorical(frame["treat"], categories=ARMS).codes
    fit = fit_multinomial(arm, model_matrix(frame[COVARIATES]), names=ARMS)
    agree("nnet, multinom", fit.coefficients, COEFFICIENTS, rel=1e-7, scale=0.1)
    agree.se("nnet, multinom", fit.standard_errors, ERRORS, rel=1e-7)
    agree.statistic("nnet, multinom", fit.deviance, DEVIANCE, rel=1e-12)


@pytest.mark.parametrize(("outcome", "estimand", "form"), EFFECTS)
def test_effects_of_one_population(frame, agree, found, outcome, estimand, form):
    """Of the ATE of the continuous outcome 0.1331; refitted on two arms it would be 0.1418."""
    agree.data = found.data = "aod, three arms"
    of_form = {"weighted": {}, "augmented": {"estimator": "aipw", "outcome_model": "per_arm"}}[form]
    asked = {"outcome": outcome, "estimand": estimand, "estimator": "weighted"} | of_form
    if estimand == "ATT":
        asked["design_settings"] = {"target": "metcbt5"}
    expected = np.reshape(EFFECTS[outcome, estimand, form], (2, 2))
    values, errors = [], []
    for other in ("community", "scy"):
        row = iop_outcomes.estimate(frame, contrast=("metcbt5", other), **ASKED, **asked).iloc[0]
        values.append(row["value"])
        errors.append(row["se"] * np.sqrt(1 - 1 / len(frame)))
    method = f"PSweight's equations for several groups, {form}"
    agree(method, values, expected[:, 0], rel=1e-9)
    agree.se(method, errors, expected[:, 1], rel=1e-8)
    number = f"that of PSweight's equations for several groups, {form}"
    found.equal(asked["estimator"], number, values, expected[:, 0])
    found.equal(asked["estimator"], f"{number} times √(n/(n − 1))", errors, expected[:, 1], of="standard error")


@pytest.mark.parametrize(("outcome", "estimand"), STANDARDISED)
def test_standardised_outcome_models_of_three_arms(frame, agree, outcome, estimand):
    agree.data = "aod, three arms"
    asked = {"outcome": outcome, "estimand": estimand, "estimator": "outcome_regression"}
    values = [
        iop_outcomes.estimate(frame, contrast=("metcbt5", other), **ASKED, **asked)["value"].iloc[0]
        for other in ("community", "scy")
    ]
    agree("glm, standardised over three arms", values, STANDARDISED[outcome, estimand], rel=1e-8)


def test_two_arms_by_themselves_are_another_question(frame):
    asked = {"outcome": "yc", "estimand": "ATE", "estimator": "weighted", "contrast": ("metcbt5", "community")}
    assert iop_outcomes.estimate(frame, **ASKED, **asked)["value"].iloc[0] == pytest.approx(0.13306490852)
    alone = iop_outcomes.estimate(frame, **ASKED, **asked, arms=("metcbt5", "community"))
    assert alone["value"].iloc[0] == pytest.approx(0.1417939, rel=1e-6)
