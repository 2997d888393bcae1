"""Omitted variables: by hand, by simulation of the confounder that was left out, and where nothing can be said."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import StudyError


def people(n: int = 2000, seed: int = 1) -> pd.DataFrame:
    """Return people whose arm and outcome go with two covariates; x explains more of both than z."""
    draw = np.random.default_rng(seed)
    x, z = draw.normal(size=(2, n))
    arm = (0.8 * x + 0.4 * z + draw.normal(size=n) > 0).astype(float)
    site = draw.choice(["a", "b", "c"], n)
    outcome = 0.2 * arm + 0.6 * x + 0.3 * z + 0.1 * (site == "b") + draw.normal(size=n)
    return pd.DataFrame({"arm": arm, "x": x, "z": z, "site": site, "outcome": outcome})


def asked(data, covariates=("x", "site"), **settings):
    return iop.omitted_variable(data, outcome="outcome", arm="arm", covariates=list(covariates), **settings)


def test_robustness_values_by_hand():
    """t = 2 with 100 degrees of freedom: f = 0.2, f² = 0.04, (√(0.0016 + 0.16) − 0.04) / 2 = 0.181."""
    found = iop.robustness.robustness_value([2.0, -2.0, 0.0], 100)
    assert found.tolist() == pytest.approx([0.181, 0.181, 0], abs=5e-4)
    # Half of the estimate takes half the f; and an interval that holds zero takes nothing.
    assert iop.robustness.robustness_value(4.0, 100, share=0.5) == pytest.approx(found[0])
    assert iop.robustness.robustness_value(1.9, 100, level=0.95) == 0


def test_a_confounder_of_just_that_strength_brings_the_estimate_to_zero():
    """The robustness value, given to a confounder as its share of arm and of outcome, leaves nothing (equation 18)."""
    found = asked(people()).summary
    r2, df = found["robustness_value"], found["degrees_of_freedom"]
    bias = np.sqrt(r2 * r2 / (1 - r2)) * found["se"] * np.sqrt(df)
    assert bias == pytest.approx(found["estimate"], rel=1e-9)
    assert found["partial_r2"] == pytest.approx(found["t"] ** 2 / (found["t"] ** 2 + df))


def test_leaving_out_a_covariate_moves_the_estimate_by_no_more_than_its_own_bound():
    """z was left out. Its true shares, set into the formula, give the regression that has it."""
    data = people()
    without, whole = asked(data).summary, asked(data, ["x", "site", "z"]).summary
    r2_outcome = _share(data, "outcome", ["arm", "x", "site"], "z")
    r2_arm = _share(data, "arm", ["x", "site"], "z")
    bias = np.sqrt(r2_outcome * r2_arm / (1 - r2_arm)) * without["se"] * np.sqrt(without["degrees_of_freedom"])
    assert without["estimate"] - bias == pytest.approx(whole["estimate"], rel=1e-8)
    # x is stronger than z with both, so that a confounder as strong as x takes more away.
    bound = asked(data, benchmarks=["x"], multiples=[1]).bounds.iloc[0]
    assert bound["estimate"] < whole["estimate"]
    assert bound["r2_arm"] > r2_arm and bound["r2_outcome"] > r2_outcome


def _share(data, response, names, name):
    """Return what one more covariate explains of what the others leave, by two regressions."""
    from iop_outcomes.stats import fit_glm, model_matrix

    left = [
        fit_glm(data[response], model_matrix(data, own), family="gaussian").deviance for own in (names, [*names, name])
    ]
    return 1 - left[1] / left[0]


def test_the_levels_of_a_category_count_together():
    data = people()
    bound = asked(data, benchmarks=["site"], multiples=[1]).bounds.iloc[0]
    r2 = _share(data, "arm", ["x"], "site")
    assert bound["r2_arm"] == pytest.approx(r2 / (1 - r2))


def test_a_confounder_stronger_than_can_be_is_said_to_be_none():
    bound = asked(people(), benchmarks=["x"], multiples=[50]).bounds.iloc[0]
    assert np.isnan(bound["estimate"]) and bound["reason"].startswith("nothing can be this much stronger")


def test_turning_the_outcome_turns_the_estimate_and_nothing_else():
    data = people()
    one, other = (asked(data.assign(outcome=sign * data["outcome"]), benchmarks=["x"]) for sign in (1, -1))
    assert other.summary["estimate"] == pytest.approx(-one.summary["estimate"])
    assert other.summary["robustness_value"] == pytest.approx(one.summary["robustness_value"])
    np.testing.assert_allclose(other.bounds["estimate"], -one.bounds["estimate"])


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        ({}, {"benchmarks": ["y"]}, "benchmarks: 'y' is no covariate"),
        ({}, {"covariates": ["x", "arm"]}, "'arm' is the arm"),
        ({}, {"share": 2}, "share and level"),
        ({"arm": 1.0}, {}, "everybody has the same value"),
        ({"x": 2.0}, {"benchmarks": ["x"]}, "'x' does not vary"),
        ({"outcome": np.nan}, {}, "outcome: missing for 50 people"),
    ],
)
def test_what_cannot_be_asked_is_refused(change, settings, said):
    with pytest.raises(StudyError, match=said):
        asked(people(50).assign(**change), **settings)


def test_an_arm_that_follows_from_a_covariate_is_refused():
    data = people(50).assign(again=lambda frame: 1 - frame["arm"])
    with pytest.raises(StudyError, match="arm: it follows from the covariates"):
        asked(data, ["again"])
