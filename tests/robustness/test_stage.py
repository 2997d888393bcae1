"""Checks of a study: each on its own rows, none on what is withheld, and those that refit equal to doing it by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

import iop_outcomes
from iop_outcomes import study, tables
from iop_outcomes.in_memory import run_study
from iop_outcomes.kernel.registry import CHECKS, DESIGN_METHODS, ESTIMATORS, check
from iop_outcomes.robustness.by_site import by_site
from iop_outcomes.robustness.stage import refits
from iop_outcomes.tables.estimate import ADJUSTED, CHECK, KEY, is_contrast

CONTENT = yaml.safe_load("""
study: checked
seed: 5
source: {kind: simulated, n_people: 700, n_sites: 6, true_effect: benefit}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
  follow_up_days: 120
covariates: [age_years, sex, use_days_at_baseline]
metrics: {completion: {}}
designs:
  overlap: {method: overlap_weights}
  pairs: {method: nearest_match}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: [risk_difference, risk_ratio]}
  paired: {outcome: completion, design: pairs, estimator: matched}
gate: {min_ess: 10, max_smd: 0.5, max_unadjusted_smd: 5}
sensitivity:
  [e_value, by_site, leave_one_site_out, {bootstrap: {replicates: 20}}, hidden_bias, wild_bootstrap, omitted_variable]
""")


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    return run_study(study.parse(CONTENT))


def checks(made, analysis: str) -> pd.DataFrame:
    """Return the rows of the checks of an analysis, by scenario."""
    table = made["estimate"]
    return table[(table["analysis"] == analysis) & (table["role"] == CHECK)].set_index("scenario")


def people(made) -> pd.DataFrame:
    """Return what an analyst would have: a row per member with arm, covariates, site and outcome."""
    outcomes = made["outcomes"].set_index("member_id")["completion"]
    frame = made["covariates"].set_index("member_id").join(outcomes).sort_index()
    return frame.assign(arm=frame["arm"].astype(str), sex=frame["sex"].astype(str))


def estimate(frame: pd.DataFrame, **asked) -> pd.Series:
    """Return what an analyst finds who asks for the defaults of a study file."""
    covariates = ["age_years", "sex", "use_days_at_baseline"]
    found = iop_outcomes.estimate(
        frame,
        outcome="completion",
        arm="arm",
        covariates=[*covariates, *(c for c in frame if c.endswith("_missing"))],
        cluster="cluster",
        design="overlap_weights",
        design_settings=DESIGN_METHODS["overlap_weights"].study_defaults,
        **ESTIMATORS["aipw"].study_defaults,
        **asked,
    )
    return found.iloc[0]


def test_rows_of_checks_have_their_own_place_in_the_key(made):
    tables.check(made["estimate"], "estimate")
    assert not made["estimate"].duplicated(list(KEY)).any()
    assert set(checks(made, "primary").index) == {
        "e_value",
        "by_site",
        "leave_one_site_out: lowest",
        "leave_one_site_out: highest",
        "bootstrap",
        "hidden_bias",
        "wild_bootstrap",
        "omitted_variable",
        *(f"omitted_variable: {times}as strong as use_days_at_baseline" for times in ("", "2 times ", "3 times ")),
        "placebo",
    }


def test_leaving_out_a_site_is_the_whole_analysis_without_its_people(made):
    frame = people(made)
    by_hand = [estimate(frame[frame["cluster"] != site]) for site in frame["cluster"].unique()]
    values = sorted(row["value"] for row in by_hand)
    found = checks(made, "primary")
    assert found.loc["leave_one_site_out: lowest", "value"] == pytest.approx(values[0], rel=1e-9)
    assert found.loc["leave_one_site_out: highest", "value"] == pytest.approx(values[-1], rel=1e-9)
    assert "of 6 estimates, each without one site" in found.loc["leave_one_site_out: lowest", "se_method"]


def test_of_one_site_it_is_the_whole_analysis_without_sites(made):
    one = made | {"covariates": made["covariates"].assign(cluster="all")}
    table = made["estimate"]
    shown = table[(table["analysis"] == "primary") & (table["role"] != CHECK) & (table["kind"] == ADJUSTED)]
    refit = next(refits(shown, one, study.parse(CONTENT), "overlap"))
    (row,) = by_site(refit)
    by_hand = replace(refit, comparison=replace(refit.comparison, cluster=None)).contrast()
    assert (row["value"], row["se"]) == pytest.approx((by_hand.value, by_hand.se), rel=1e-9)


def test_every_site_has_its_row_with_the_fewest_of_an_arm_or_why_there_is_no_estimate(made):
    sizes = people(made).groupby(["cluster", "arm"]).size().unstack(fill_value=0).min(axis=1)
    table = made["estimate"]
    mine = table[(table["estimator"] == "by_site") & (table["analysis"] == "primary")]
    rows = mine.set_index(mine["population"].str.removeprefix("site = "))
    assert sorted(rows.index) == sorted(sizes.index)
    shown = rows[rows["status"] == "shown"]
    assert len(shown) and (shown["n"] == sizes[shown.index]).all()
    assert (rows.loc[sizes[sizes < 20].index, "reason"] == "too few people of an arm").all()


def test_a_confounder_is_held_against_the_strongest_covariate_as_by_the_call(made):
    frame = people(made).assign(iop=lambda people: (people["arm"] == "iop").astype(float))
    covariates = [*made["covariates"].columns.drop(["member_id", "arm", "cluster"])]
    asked = {"outcome": "completion", "arm": "iop", "covariates": covariates, "benchmarks": ["use_days_at_baseline"]}
    by_hand, found = iop_outcomes.omitted_variable(frame, **asked), checks(made, "primary")
    value = found[found["measure"] == "robustness_value"].iloc[0]
    assert value["value"] == pytest.approx(by_hand.summary["robustness_value"], rel=1e-9)
    twice = found.loc["omitted_variable: 2 times as strong as use_days_at_baseline"]
    assert twice["ci_low"] == pytest.approx(by_hand.bounds.query("multiple == 2")["ci_low"].iloc[0], rel=1e-9)


def test_the_placebo_is_made_once_for_a_design_and_its_arms(made):
    table = made["estimate"]
    rows = table[table["estimator"] == "placebo"].set_index("analysis")
    assert rows.index.tolist() == ["primary", "paired"]
    assert (rows["value"].abs() < 3 * rows["se"]).all()


@pytest.mark.slow
def test_a_bootstrap_repeats_design_and_estimate_as_the_analysts_call_does(made):
    from iop_outcomes.kernel.seeds import seed_of

    by_hand = estimate(people(made), bootstrap=20, seed=seed_of(5, "primary"))
    found = checks(made, "primary").loc["bootstrap"]
    assert found["value"] == pytest.approx(by_hand["value"], rel=1e-9)
    ours = found[["se", "ci_low", "ci_high"]].to_numpy(float)
    np.testing.assert_allclose(ours, by_hand[["boot_se", "boot_ci_low", "boot_ci_high"]].to_numpy(float), rtol=1e-9)


def test_hidden_bias_is_of_pairs_and_a_check_that_cannot_be_made_says_why(made):
    gamma = checks(made, "paired").loc["hidden_bias"]
    assert gamma["measure"] == "tipping_gamma"
    assert gamma["value"] >= 1
    refused = checks(made, "primary").loc["hidden_bias"]
    assert refused["status"] == "refused"
    assert "the design 'overlap' makes no pairs" in refused["reason"]


def test_the_wild_bootstrap_tries_every_pattern_of_six_sites_and_says_whether_the_interval_agrees(made):
    for analysis in ("primary", "paired"):
        found = checks(made, analysis).loc["wild_bootstrap"]
        assert found["measure"] == "wild_bootstrap_p"
        # A pattern and its mirror image say the same: 64 of them give p-values in steps of 2/64.
        assert (found["value"] * 32) == pytest.approx(round(found["value"] * 32))
        assert "all 64 patterns of signs" in found["se_method"]
        own = made["estimate"][is_contrast(made["estimate"], ADJUSTED) & (made["estimate"]["analysis"] == analysis)]
        main = own.iloc[0]
        outside = not main["ci_low"] <= 0 <= main["ci_high"]
        agrees = outside == (found["value"] < 0.05)
        assert found["se_method"].endswith(f"{'agrees' if agrees else 'does not agree'} with the interval")


def test_the_bias_that_takes_a_result_away_by_hand():
    """Of nine pairs that differ the first arm did better in eight; all ranks are ties, so that z is the sign test's."""
    from iop_outcomes.robustness.rosenbaum import tipping_gamma

    gamma = tipping_gamma([1] * 8 + [-1], alternative="greater", level=0.025)
    share = gamma / (1 + gamma)
    assert (8 - 9 * share) / np.sqrt(9 * share * (1 - share)) == pytest.approx(1.959964, abs=1e-5)


@pytest.mark.slow
def test_nothing_that_is_withheld_is_made_again():
    asked = []

    @check(description="counts what it is given", refits=True)
    def trial(refit):
        asked.append(refit.rows["analysis"].iloc[0])
        return [{"measure": refit.measure, "value": refit.contrast().value}]

    try:
        gated = CONTENT | {"gate": {"min_ess": 100_000}, "sensitivity": ["trial"]}
        withheld = run_study(study.parse(gated))["estimate"]
        assert asked == []
        shown = run_study(study.parse(CONTENT | {"sensitivity": ["trial"]}))["estimate"]
        assert asked == ["primary", "paired"]
    finally:
        del CHECKS._plugins["trial"]
    assert set(withheld["status"]) == {"withheld"}
    again = shown[shown["scenario"] == "trial"].set_index("analysis")["value"]
    first = shown[is_contrast(shown, "adjusted")].drop_duplicates("analysis").set_index("analysis")["value"]
    pd.testing.assert_series_equal(again, first, rtol=1e-12)
