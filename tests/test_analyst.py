"""One call for analysts, on a hundred people."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import iop_outcomes
from iop_outcomes import tables
from iop_outcomes.kernel.errors import StudyError

COVARIATES = ["severity", "substance"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Six hundred people at eight sites; severity decides arm and outcome."""
    generator = np.random.default_rng(1)
    n = 600
    severity = generator.normal(size=n)
    iop = generator.random(n) < 1 / (1 + np.exp(-severity))
    days = generator.exponential(60 * np.exp(0.3 * iop - 0.2 * severity))
    return pd.DataFrame(
        {
            "arm": np.where(iop, "iop", "outpatient"),
            "severity": severity,
            "substance": generator.choice(["alcohol", "opioid"], n),
            "site": generator.choice(list("abcdefgh"), n),
            "abstinent": (generator.random(n) < 0.4 + 0.2 * iop - 0.1 * np.tanh(severity)).astype(float),
            "days": np.minimum(days, 180).round(1),
            "left": (days < 180).astype(float),
        },
        index=[f"p{i}" for i in range(n)],
    )


ASKED = {"arm": "arm", "covariates": COVARIATES, "cluster": "site"}


@pytest.mark.parametrize("estimator", ["unadjusted", "weighted", "outcome_regression", "aipw", "tmle"])
def test_an_estimate_is_rows_of_the_contract(people, estimator):
    rows = iop_outcomes.estimate(people, outcome="abstinent", estimator=estimator, estimand="ATE", **ASKED)
    assert tables.violations(rows, "estimate") == []
    assert rows["role"].tolist() == ["contrast", "arm", "arm"]
    assert rows["arm"].tolist() == ["iop", "iop", "outpatient"]
    assert rows["against"].tolist() == ["outpatient", "", ""]
    assert rows["estimand"].tolist() == ["ATE"] * 3
    assert rows["se_method"].str.contains("8 clusters").all()
    if estimator != "unadjusted":
        assert abs(rows["value"][0] - 0.2) < 3 * rows["se"][0]


def test_several_measures_share_the_rows_of_the_arms(people):
    measures = ["risk_difference", "risk_ratio", "odds_ratio"]
    rows = iop_outcomes.estimate(people, outcome="abstinent", measure=measures, **ASKED)
    assert rows["measure"].tolist() == ["risk_difference", "mean", "mean", "risk_ratio", "odds_ratio"]
    first, second = rows["value"][1], rows["value"][2]
    assert rows["value"][3] == approx(first / second)


def test_a_design_made_once_serves_every_estimate(people):
    made = iop_outcomes.weigh(people, estimand="ATT", **ASKED)
    assert made.index.equals(people.index)
    assert (made.loc[made["treated"], "weight"] == 1).all()
    given = iop_outcomes.estimate(people, outcome="abstinent", design=made, **ASKED)
    named = iop_outcomes.estimate(people, outcome="abstinent", design="att_weights", **ASKED)
    assert given["value"].tolist() == named["value"].tolist()
    assert given["estimand"][0] == "ATT"


def test_matching_and_balance(people):
    made = iop_outcomes.match(people, ratio=1, caliper=0.2, **ASKED)
    kept = made[made["weight"] > 0]
    assert kept["treated"].sum() == (~kept["treated"]).sum()
    rows = iop_outcomes.estimate(people, outcome="abstinent", design=made, estimator="matched", **ASKED)
    assert rows["n"][0] == len(kept)
    table = iop_outcomes.balance(people, design=made, **ASKED)
    worst = table.groupby("stage")["smd"].agg(lambda smd: smd.abs().max())
    assert worst["after"] < 0.3 * worst["before"]


@pytest.mark.parametrize(
    ("estimator", "settings", "measure"),
    [
        ("rmst", {"until_day": 120}, "rmst_difference"),
        ("weighted_kaplan_meier", {"day": 90}, "survival_difference"),
        ("cox", {}, "hazard_ratio"),
    ],
)
def test_survival(people, estimator, settings, measure):
    rows = iop_outcomes.survival(people, time="days", event="left", estimator=estimator, **ASKED, **settings)
    assert tables.violations(rows, "estimate") == []
    assert rows["measure"][0] == measure
    assert rows["n_events"][0] == people["left"].sum()


@pytest.mark.slow
def test_the_bootstrap_checks_the_formula(people):
    rows = iop_outcomes.estimate(
        people, outcome="abstinent", estimator="weighted", bootstrap=40, arm="arm", covariates=COVARIATES
    )
    assert rows["boot_se"][0] == approx(rows["se"][0], rel=0.35)
    assert rows["boot_ci_low"][0] < rows["value"][0] < rows["boot_ci_high"][0]
    assert rows["boot_se"].isna().tolist() == [False, True, True]


def test_arms_may_be_named_or_coded(people):
    coded = people.assign(arm=(people["arm"] == "iop").astype(int))
    other = people.replace({"arm": {"iop": "intensive", "outpatient": "standard"}})
    asked = {"outcome": "abstinent", "covariates": COVARIATES, "arm": "arm"}
    expected = iop_outcomes.estimate(people, **asked)["value"][0]
    assert iop_outcomes.estimate(coded, **asked)["value"][0] == expected
    assert iop_outcomes.estimate(other, contrast=("intensive", "standard"), **asked)["value"][0] == expected
    swapped = iop_outcomes.estimate(other, contrast=("standard", "intensive"), **asked)
    assert swapped["value"][0] == approx(-expected)


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        ({}, {"outcome": "abstinence"}, "did you mean 'abstinent'"),
        ({}, {"covariates": ["severty"]}, "did you mean 'severity'"),
        ({}, {"estimator": "aipww"}, "did you mean 'aipw'"),
        ({}, {"design": "overlap"}, "there is no design method 'overlap'"),
        ({}, {"design": "overlap_weights", "estimand": "ATT"}, "answers for the ATO, not the ATT"),
        ({}, {"estimand": "ATX"}, "there is no estimand 'ATX'"),
        ({}, {"estimator": "tmle"}, "'tmle' cannot estimate the ATO"),
        ({}, {"measure": "risk_diff"}, "did you mean 'risk_difference'"),
        ({}, {"contrast": ("iop", "residential")}, "nobody is in arm 'residential'"),
        ({"arm": list("abc") * 200}, {}, "it holds 3 arms; say by contrast"),
        ({"severity": np.nan}, {}, "missing or infinite values in severity"),
        ({}, {"design": pd.DataFrame({"weight": [1.0]}), "estimand": "ATE"}, "make it from the same data"),
        ({}, {"flods": 3}, "there is no setting 'flods'; did you mean 'folds'?"),
        ({}, {"folds": 1}, "folds: 1 asked for"),
        ({}, {"bootstrap": -1}, "bootstrap: -1 replicates asked for"),
        ({}, {"covariates": "severity"}, "give a list of columns"),
        ({}, {"covariates": ["severity", "arm"]}, "'arm' is the arm"),
        ({}, {"covariates": ["severity", "abstinent"]}, "'abstinent' is the outcome"),
        ({"arm": "iop"}, {}, "everybody is in arm 'iop'"),
        ({"abstinent": "yes"}, {}, "abstinent: it holds str and an outcome is a number"),
        ({"abstinent": np.inf}, {}, "abstinent: 600 values are infinite"),
        ({"site": "a"}, {"cluster": "site"}, "all rows are in one"),
    ],
)
def test_what_cannot_be_done_is_answered_in_one_sentence(people, change, settings, said):
    asked = {"outcome": "abstinent", "arm": "arm", "covariates": COVARIATES, **settings}
    with pytest.raises(StudyError, match=said) as caught:
        iop_outcomes.estimate(people.assign(**change), **asked)
    assert "\n" not in str(caught.value)


def test_outcomes_of_other_types_are_the_same_outcome(people):
    """Missing values may be NaN, None or pandas' NA; answers 0/1 or true and false."""
    asked = {"outcome": "abstinent", "arm": "arm", "covariates": COVARIATES, "cluster": "site"}
    some = people["abstinent"].mask(np.arange(len(people)) % 9 == 0)
    expected = iop_outcomes.estimate(people.assign(abstinent=some), **asked)
    for other in (some.astype("Int64"), some.astype("boolean"), some.astype(object).where(some.notna(), None)):
        found = iop_outcomes.estimate(people.assign(abstinent=other), **asked)
        pd.testing.assert_frame_equal(found, expected)
    assert "67 missing outcomes" in expected["se_method"][0]


def test_an_arm_in_one_cluster_is_told(people):
    sites = people["site"].where(people["arm"] == "outpatient", "its own")
    rows = iop_outcomes.estimate(people.assign(site=sites), outcome="abstinent", **ASKED)
    assert rows["reason"][0].startswith("arm 'iop' in one cluster, which does not show how clusters differ")
    assert rows[["se", "ci_low", "ci_high"]].isna().all(axis=1).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"left": 2.0}, "left: 600 values are neither 0"),
        ({"left": "yes"}, "left: it holds str"),
        ({"left": 0.0}, "nobody in arm 'iop' has the event"),
    ],
)
def test_follow_up_that_makes_no_sense_is_answered_in_one_sentence(people, change, said):
    with pytest.raises(StudyError, match=said):
        iop_outcomes.survival(people.assign(**change), time="days", event="left", estimator="cox", **ASKED)


FOLLOWED = {"time": "days", "event": "left", "estimator": "rmst", "until_day": 90} | ASKED


def test_times_of_other_types_are_the_same_times(people):
    """Durations are read in the unit that the call names, days unless it says otherwise."""
    some = people["days"].mask(np.arange(len(people)) % 9 == 0)
    expected = iop_outcomes.survival(people.assign(days=some), **FOLLOWED)
    assert "67 members without known follow-up" in expected["se_method"][0]
    durations = pd.to_timedelta(some, unit="D")
    others = {
        "durations": durations,
        "durations as objects": durations.astype(object).where(some.notna(), None),
        "Arrow's durations": durations.astype("duration[us][pyarrow]"),
        "Arrow's numbers": some.astype("double[pyarrow]"),
        "nullable": some.astype("Float64"),
        "objects": some.astype(object).where(some.notna(), None),
    }
    for name, days in others.items():
        found = iop_outcomes.survival(people.assign(days=days), **FOLLOWED)
        pd.testing.assert_frame_equal(found, expected, obj=name)


def test_events_and_arms_of_other_types_are_the_same(people):
    expected = iop_outcomes.survival(people, **FOLLOWED)
    left, arm = people["left"], people["arm"]
    for change in (
        {"left": left.astype(bool)},
        {"left": left.astype("boolean")},
        {"left": left.astype("Int64")},
        {"left": left.astype("category")},
        {"left": left.astype(bool).astype("bool[pyarrow]")},
        {"arm": pd.Categorical(arm, ["residential", "outpatient", "iop"])},
        {"arm": arm.astype("string[pyarrow]")},
        {"severity": people["severity"].astype(object)},
    ):
        found = iop_outcomes.survival(people.assign(**change), **FOLLOWED)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12)
    for coded in ((arm == "iop"), (arm == "iop").astype(float), (arm == "iop").astype("Int8")):
        found = iop_outcomes.survival(people.assign(arm=coded), **FOLLOWED)
        assert found["value"].tolist() == expected["value"].tolist()
    repeated = iop_outcomes.survival(people.set_axis(["same"] * len(people)), **FOLLOWED)
    pd.testing.assert_frame_equal(repeated, expected)


def test_a_time_has_a_unit(people):
    """Restricted means in years are those in days over 365.25; the day they speak of is in years too."""
    days = iop_outcomes.survival(people, **FOLLOWED)
    years = iop_outcomes.survival(
        people.assign(days=people["days"] / 365.25), unit="years", **FOLLOWED | {"until_day": 90 / 365.25}
    )
    durations = pd.to_timedelta(people["days"], unit="D")
    read = iop_outcomes.survival(people.assign(days=durations), unit="years", **FOLLOWED | {"until_day": 90 / 365.25})
    for found in (years, read):
        for column in ("value", "se", "ci_low", "ci_high", "day"):
            assert found[column].tolist() == approx((days[column] / 365.25).tolist(), rel=1e-9)
        assert found["time_unit"].tolist() == ["years"] * 3
    assert days["time_unit"].tolist() == ["days"] * 3


def test_fractional_days_by_hand():
    """Areas to 1.2: (0.3 + 0.4 + 0.6 + 0.9 + 1.2)/5 = 0.68 and (0.3 + 0.5 + 0.6 + 1 + 1.2)/5 = 0.72."""
    ten = pd.DataFrame(
        {"t": [0.3, 0.4, 0.6, 0.9, 1.2, 0.3, 0.5, 0.6, 1, 1.2], "e": 1, "arm": ["iop"] * 5 + ["outpatient"] * 5}
    )
    asked = {"time": "t", "event": "e", "arm": "arm", "covariates": [], "design": "unweighted"}
    rows = iop_outcomes.survival(ten, until_day=1.2, **asked)
    assert rows["value"].tolist() == approx([-0.04, 0.68, 0.72])
    assert rows["day"].tolist() == [1.2] * 3
    assert tables.violations(rows, "estimate") == []
    with pytest.raises(StudyError, match=r"set until_day, at most 1.2, to which both arms are followed"):
        iop_outcomes.survival(ten, **asked)


def test_times_equal_but_for_rounding_are_tied():
    """R ties 0.1 + 0.2 and 0.3: hazard ratio 1.591581 and not 1.537733."""
    ten = pd.DataFrame(
        {
            "t": [0.1 + 0.2, 0.3, 0.6, 0.9, 1.2, 0.3, 0.5, 0.1 * 6, 1, 1.2],
            "e": [1, 1, 1, 0, 1, 1, 1, 0, 1, 0],
            "arm": ["iop"] * 5 + ["outpatient"] * 5,
        }
    )
    asked = {"time": "t", "event": "e", "arm": "arm", "covariates": [], "design": "unweighted"}
    assert iop_outcomes.survival(ten, estimator="cox", **asked)["value"][0] == approx(1.591581471, rel=1e-8)
    found = iop_outcomes.survival(ten, estimator="weighted_kaplan_meier", day=0.3, **asked)
    assert found["value"].tolist() == approx([-0.2, 0.6, 0.8])


CALLS = {
    "estimate": lambda d: iop_outcomes.estimate(d, outcome="abstinent", **ASKED),
    "survival": lambda d: iop_outcomes.survival(d, **FOLLOWED),
    "weigh": lambda d: iop_outcomes.weigh(d, **ASKED),
    "match": lambda d: iop_outcomes.match(d, **ASKED),
    "balance": lambda d: iop_outcomes.balance(d, **ASKED),
}
USED = {"estimate": ["abstinent"], "survival": ["days", "left"], "weigh": [], "match": [], "balance": []}


@pytest.mark.parametrize(
    ("call", "name"), [(call, name) for call in CALLS for name in ["arm", "severity", "substance", "site", *USED[call]]]
)
def test_a_column_that_occurs_twice_is_refused(people, call, name):
    twice = pd.concat([people, people[[name]]], axis=1)
    with pytest.raises(StudyError, match=f"the data have 2 columns called '{name}'"):
        CALLS[call](twice)


def test_a_column_that_nobody_asks_for_may_occur_twice(people):
    twice = pd.concat([people, people[["left"]]], axis=1)
    found = iop_outcomes.estimate(twice, outcome="abstinent", **ASKED)
    pd.testing.assert_frame_equal(found, CALLS["estimate"](people))


def test_a_design_table_with_two_weights_and_a_week_that_occurs_twice_are_refused(people):
    made = iop_outcomes.weigh(people, **ASKED)
    twice = pd.concat([made, made[["weight"]]], axis=1)
    twice.attrs.update(made.attrs)
    with pytest.raises(StudyError, match="needs one column 'weight'"):
        iop_outcomes.estimate(people, outcome="abstinent", design=twice, **ASKED)
    weeks = pd.DataFrame([[1, 1, 3]], columns=pd.Index([1, 2, 2], name="week"))
    with pytest.raises(StudyError, match="has the week '2' more than once"):
        iop_outcomes.endpoints.score(weeks)


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        ({"days": -1.0}, {}, "days: 600 rows have negative follow-up times"),
        ({"days": pd.Timestamp("2020-03-01")}, {}, r"days: it holds datetime64"),
        ({"days": "12"}, {}, "days: it holds str"),
        ({"left": "1"}, {}, "left: it holds str"),
        ({"left": 0.5}, {}, "left: 600 values are neither 0"),
        ({"days": np.nan}, {}, "nobody in arm 'iop' whom the design uses has known days"),
        ({"severity": pd.Timestamp("2020-03-01")}, {}, "covariates: 'severity' holds dates"),
        ({"severity": pd.Timedelta("3D")}, {}, "covariates: 'severity' holds durations"),
        ({}, {"unit": "fortnights"}, "there is no unit 'fortnights' of time; known: days, months"),
        ({}, {"time": "left"}, "'left': it is given as time and as event"),
        ({}, {"event": "arm"}, "'arm': it is given as event and as arm"),
        ({}, {"covariates": None}, "covariates: give a list of columns"),
        ({}, {"covariates": ["severity", "severity"]}, "'severity' is named more than once"),
        ({}, {"contrast": "iop"}, "a contrast needs two different arms"),
        ({}, {"estimator": "aipw"}, "does not estimate times to an event; those that do are aalen_johansen, cox"),
        ({}, {"until_day": np.inf}, "nobody in arm 'iop' is followed to day inf"),
    ],
)
def test_frames_that_make_no_sense_are_answered_in_one_sentence(people, change, settings, said):
    with pytest.raises(StudyError, match=said) as caught:
        iop_outcomes.survival(people.assign(**change), **FOLLOWED | settings)
    assert "\n" not in str(caught.value)


def test_lists_in_a_column_are_refused(people):
    for name, said in (("days", "days: it holds object"), ("arm", "'arm': it holds neither"), ("severity", "neither")):
        with pytest.raises(StudyError, match=said):
            iop_outcomes.survival(people.assign(**{name: [[1]] * len(people)}), **FOLLOWED)


def test_estimators_of_a_day_need_it_in_another_unit(people):
    asked = {"time": "days", "event": "left", "estimator": "weighted_kaplan_meier", "unit": "weeks"} | ASKED
    weeks = people.assign(days=people["days"] / 7)
    with pytest.raises(StudyError, match="needs the time it speaks of, in weeks; set day"):
        iop_outcomes.survival(weeks, **asked)
    days = iop_outcomes.survival(people, **asked | {"unit": "days", "day": 70})
    assert iop_outcomes.survival(weeks, day=10, **asked)["value"].tolist() == approx(days["value"].tolist())


def test_outcomes_that_are_durations_or_numerals_are_refused(people):
    for outcome in (pd.to_timedelta(people["days"], unit="D"), people["abstinent"].astype(str)):
        with pytest.raises(StudyError, match="abstinent: it holds .* and an outcome is a number"):
            iop_outcomes.estimate(people.assign(abstinent=outcome), outcome="abstinent", **ASKED)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"left": 0.0}, "nobody in arm 'iop' has the event"),
        ({"left": lambda d: (d["arm"] == "iop").astype(float)}, "nobody in arm 'outpatient' has the event"),
        ({"days": lambda d: np.where(d["arm"] == "iop", 1.0, 9.0), "left": 1.0}, "has no finite value"),
        ({"arm": "iop"}, "everybody is in arm 'iop'"),
    ],
)
def test_hazard_ratios_that_cannot_be_had_are_refused(people, change, said):
    asked = {"time": "days", "event": "left", "estimator": "cox", "arm": "arm", "covariates": []}
    with pytest.raises(StudyError, match=said):
        iop_outcomes.survival(people.assign(**change), design="unweighted", **asked)


@pytest.mark.parametrize("estimator", ["rmst", "weighted_kaplan_meier", "cox", "standardised_cox"])
@pytest.mark.parametrize("n", [2, 600])
def test_no_interval_is_a_missing_one_with_a_reason(people, estimator, n):
    """Everybody has the event on day 60: a value, no standard error, and why, also for one person an arm."""
    both = people.groupby("arm").head(n // 2) if n == 2 else people
    same = both.assign(days=60.0, left=1.0)
    settings = {"rmst": {"until_day": 60}, "cox": {}}.get(estimator, {"day": 30})
    asked = {"time": "days", "event": "left", "arm": "arm", "covariates": [], "estimand": "ATE"}
    rows = iop_outcomes.survival(same, estimator=estimator, design="ate_weights", **asked, **settings)
    assert rows["value"].notna().all()
    assert rows[["se", "ci_low", "ci_high"]].isna().all(axis=None)
    assert rows["reason"].notna().all()


def test_importing_the_package_imports_nothing_else():
    code = "import sys, iop_outcomes; print(sorted(m for m in ('numpy', 'pandas', 'scipy') if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert {"estimate", "survival", "weigh", "match", "balance", "endpoints"} <= set(dir(iop_outcomes))
    with pytest.raises(AttributeError, match="no attribute 'estimat'"):
        iop_outcomes.estimat  # noqa: B018
