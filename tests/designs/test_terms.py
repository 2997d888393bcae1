"""Terms of a design: what becomes of them as columns, and what is answered where they cannot be had."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes import study as studies
from iop_outcomes.designs.frame import listed
from iop_outcomes.designs.judge.products import most_unlike_product
from iop_outcomes.designs.judge.second_moments import made_of, second_moments
from iop_outcomes.designs.terms import model_frame, settle
from iop_outcomes.kernel.errors import DesignError, StudyError, StudyFileError
from iop_outcomes.study.terms import in_words, names_of, read_covariates, terms_of
from null_clinic import content

PEOPLE = pd.DataFrame({"age": [20.0, 30, 40, 50], "use": [1.0, 2, 3, 6], "sex": pd.Categorical(list("fmfm"))})
ARM, SITE = np.array([0, 1, 0, 1]), pd.Series(["a", "a", "b", "b"])


def columns(*entries, people=PEOPLE, site=SITE) -> pd.DataFrame:
    """Return the columns that models take."""
    terms = terms_of(read_covariates(entries))
    return model_frame(people, settle(terms, people, ARM, site), site)


def test_without_terms_the_covariates_are_the_columns():
    assert columns("age", "use") is PEOPLE


def test_a_product_of_numbers_is_centred():
    assert columns({"product": ["age", "use"]})["age × use"].tolist() == [30, 5, 0, 45]


def test_a_product_of_a_category_and_a_number_has_a_column_for_each_level_but_the_first():
    assert columns({"product": ["sex", "use"]})["sex (m) × use"].tolist() == [0, -1, 0, 3]


def test_a_slope_by_site_is_what_each_site_adds_and_names_none():
    found = columns({"by_site": "use"})
    assert list(found) == ["age", "use", "sex", "use at site 2"]
    assert found["use at site 2"].tolist() == [0, 0, 0, 3]


def test_a_curve_stands_in_place_of_its_number():
    many = pd.DataFrame({"age": np.arange(200.0), "use": 1.0})
    terms = terms_of(read_covariates([{"spline": "age", "df": 3}]))
    found = model_frame(many, settle(terms, many, np.arange(200) % 2, None), None)
    assert list(found) == ["use", "age (curve 1)", "age (curve 2)", "age (curve 3)"]


def test_a_part_of_the_people_keeps_the_knots_of_all():
    many = pd.DataFrame({"age": np.arange(200.0)})
    settled = settle(terms_of(read_covariates([{"spline": "age"}])), many, np.arange(200) % 2, None)
    whole, part = model_frame(many, settled, None), model_frame(many.iloc[50:90], settled, None)
    pd.testing.assert_frame_equal(whole.iloc[50:90], part)


def test_names_and_words_of_terms():
    entries = read_covariates(["sex", {"spline": "age", "knots": 4}, {"product": ["age", "use"]}, {"by_site": "use"}])
    assert names_of(entries) == ["sex", "age", "use"]
    assert [in_words(term) for term in terms_of(entries)] == [
        "restricted cubic spline of age with 4 knots at Harrell's quantiles",
        "product of age and use",
        "use with a slope of its own at every site",
    ]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"spline": "height"}, "there is no column 'height'"),
        ({"spline": "sex"}, "'sex' is a category and has no curve"),
        ({"spline": "age", "df": 4}, None),
        ({"spline": "age", "knots": [0, 10, 60]}, "nobody lies between 1 pair of the knots listed"),
        ({"product": ["age", "height"]}, "there is no column 'height'"),
    ],
)
def test_what_cannot_be_a_term_is_answered_in_a_sentence(entry, says):
    if says is None:
        few = PEOPLE.assign(age=[20.0, 20, 20, 50])
        with pytest.raises(DesignError, match="the spline of 'age' cannot be made: its 5 knots fall together"):
            columns(entry, people=few)
        return
    with pytest.raises(DesignError, match=says):
        columns(entry)


def test_a_slope_by_site_needs_sites():
    with pytest.raises(DesignError, match="'use' by site needs sites"):
        columns({"by_site": "use"}, site=None)


@pytest.mark.parametrize(
    "entry",
    [{"spline": "age", "df": 4, "knots": 3}, {"splin": "age"}, {"product": ["age"]}, {"spline": "age", "df": 1}, 3],
)
def test_a_study_file_says_what_a_covariate_may_be(tmp_path, entry):
    with pytest.raises(StudyFileError, match=r"covariates.*allowed are the name of a column, \{spline: age, df: 4\}"):
        studies.parse(content(tmp_path, covariates=["severity", entry]))


def test_a_column_known_only_later_is_no_term_either(tmp_path):
    with pytest.raises(StudyFileError, match="known only after time zero"):
        studies.parse(content(tmp_path, covariates=[{"spline": "discharge_day"}]))


def by_sites(n: int = 2000) -> pd.DataFrame:
    """Return people of four sites; the severe go to IOP and do worse, at each site in another measure."""
    rng = np.random.default_rng(4)
    site, use = np.arange(n) % 4, rng.normal(size=n)
    slope = np.array([-1.5, -0.5, 0.5, 1.5])[site]
    iop = rng.random(n) < 1 / (1 + np.exp(-slope * use))
    return pd.DataFrame(
        {
            "arm": np.where(iop, "iop", "outpatient"),
            "use": use,
            "site": site.astype(str),
            "y": slope * use + rng.normal(size=n),
        }
    )


def test_slopes_by_site_mend_what_one_slope_cannot():
    data = by_sites()
    asked = {"outcome": "y", "arm": "arm", "cluster": "site", "estimator": "weighted"}
    asked["design_settings"] = {"by_site": "intercepts"}
    one = iop_outcomes.estimate(data, covariates=["use"], **asked).iloc[0]
    own = iop_outcomes.estimate(data, covariates=["use", {"by_site": "use"}], **asked).iloc[0]
    assert one["value"] > 0.5
    assert abs(own["value"]) < 0.1
    assert own["se"] > 0


def test_slopes_by_site_are_refused_where_sites_are_not_adjusted_for():
    asked = {"outcome": "y", "arm": "arm", "covariates": [{"by_site": "use"}], "cluster": "site"}
    with pytest.raises(StudyError, match="this design does not adjust for sites; set by_site: intercepts"):
        iop_outcomes.estimate(by_sites(200), **asked)


def test_squares_are_of_numbers_with_more_than_two_values():
    people = PEOPLE.assign(flag=[0.0, 1, 0, 1])
    found = second_moments(people)
    assert list(found) == ["age squared", "use squared"]
    assert found["age squared"].tolist() == pytest.approx([1.8, 0.2, 0.2, 1.8])
    assert made_of("age squared") == ("age",)
    assert made_of("sex (m) × use") == ("sex", "use")
    assert made_of("age") == ()


def test_the_product_that_differs_most_is_found_by_hand():
    # Arm 1 has the corners (1, 1), (-1, -1), arm 2 the others, each 50 times: the product is 1 against -1, always.
    x, y = np.tile([1.0, -1, 1, -1], 50), np.tile([1.0, -1, -1, 1], 50)
    arm = np.tile([True, True, False, False], 50)
    people = pd.DataFrame({"x": x, "y": y, "z": np.random.default_rng(1).normal(size=200)})
    found = most_unlike_product(people, arm, np.ones(200))
    assert found is not None
    assert (found.names, found.by_chance) == (("x", "y"), False)
    assert found.errors > 1e6
    # Two more in each arm at the other corners: means 98/102 and -98/102, of variance 1 - (98/102)^2.
    more = pd.DataFrame({"x": [1.0, -1, 1, -1], "y": [-1.0, 1, 1, -1], "z": 0.0})
    people, arm = pd.concat([people, more], ignore_index=True), np.append(arm, [True, True, False, False])
    found = most_unlike_product(people, arm, np.ones(204))
    assert found is not None
    share = 98 / 102
    assert found.names == ("x", "y")
    assert found.smd == pytest.approx(2 * share / np.sqrt(1 - share**2), rel=1e-9)
    assert found.errors == pytest.approx(2 * share / np.sqrt(2 * (1 - share**2) / 102), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_of_arms_by_lot_no_product_is_named(seed):
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(rng.normal(size=(400, 8)), columns=list("abcdefgh"))
    people["sex"] = rng.choice(["f", "m"], 400)
    found = most_unlike_product(people, rng.random(400) < 0.5, rng.exponential(size=400))
    assert found is not None
    assert found.by_chance


def test_the_weights_of_a_design_with_terms_are_known_as_estimated():
    rng = np.random.default_rng(2)
    use = rng.normal(size=600)
    iop = rng.random(600) < 1 / (1 + np.exp(-(use**2 - 1)))
    data = pd.DataFrame({"arm": np.where(iop, "iop", "outpatient"), "use": use, "y": use**2 + rng.normal(size=600)})
    found = iop_outcomes.estimate(data, outcome="y", arm="arm", covariates=[{"spline": "use"}], estimator="weighted")
    assert "estimated propensity score counted" in found["se_method"].iloc[0]
    # Without counting, a strong predictor of the outcome that is balanced would leave the error three times as large.
    assert abs(found["value"].iloc[0]) < 3 * found["se"].iloc[0]


def test_a_call_that_takes_names_only_says_so():
    with pytest.raises(StudyError, match="columns by name only, and no natural spline of use"):
        listed(["sex", {"spline": "use"}])
