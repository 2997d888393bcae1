"""A marginal structural model for weekly hours: by hand, against statsmodels, in worlds, and where it must refuse."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import StudyError
from weekly import motivated, weekly

#: One week: of four who use (1) one comes nine hours, of four others three do; who had the event is starred.
ONE_WEEK = weekly("A", "h*", "h*", "h", "A*", "A", "A", "h").assign(uses=[1, 1, 1, 1, 0, 0, 0, 0])


def fitted(data, **settings):
    return iop.marginal_structural_model(
        data, **{"covariates": ["readiness", "use"], "borders": (6,), "doses": (2, 9), **settings}
    )


def of(table, way="weighted"):
    return table[table["weights"] == way].reset_index(drop=True)


def test_one_week_by_hand():
    """Half come. Who uses comes with probability 1/4, others 3/4: weights 1/2 : 1/4 = 2, and 1/2 : 3/4 = 2/3.

    Had all come nine hours: the one who uses weighs 2 and has no event, of the three others (2/3 each) one has it:
    (2/3) / 4. Had all come three: three who use (2/3 each), two of them with it, and one other (2) without: (4/3) / 4.
    """
    found = fitted(ONE_WEEK, covariates=["uses"], doses=(3, 9))
    assert of(found.risks)["risk"].tolist() == pytest.approx([1 / 3, 1 / 6])
    assert of(found.differences)["risk_difference"].tolist() == pytest.approx([-1 / 6])
    assert of(found.risks, "unweighted")["risk"].tolist() == pytest.approx([2 / 4, 1 / 4])
    row = found.weights.iloc[0]
    assert (row["n"], row["n_events"], row["mean_weight"], row["max_weight"]) == (
        8,
        3,
        pytest.approx(1),
        pytest.approx(2),
    )
    assert of(found.risks)[["n_near", "events_near"]].to_numpy().tolist() == [[4, 2], [4, 1]]
    assert of(found.risks)["ess_near"].tolist() == pytest.approx([4**2 / (3 * (2 / 3) ** 2 + 2**2)] * 2)


def test_excused_weeks_have_no_hours_and_leave_the_weight_as_it_is():
    """Nothing is known of people but the bands before, which both probabilities know: every weight is 1."""
    data = weekly("AeA", "hhh", "AAh*", "hhA", "hAA*", "AAA")
    asked = {"covariates": [], "excused": "excused", "week_powers": 0, "doses": (3, 9), "ridge": 1.0}
    found = fitted(data, **asked)
    assert found.weights["n"].tolist() == [6, 6, 6]
    assert found.weights["max_weight"].tolist() == pytest.approx([1, 1, 1])
    assert found.n_left_out == 0
    late = fitted(weekly("eAA", "hhh", "AAh*", "hhA", "hAA*", "AAA"), **asked)
    assert late.n_left_out == 1


@pytest.mark.parametrize("counting", ["mean", "both"])
def test_statsmodels_gives_the_same_weights_and_the_same_pooled_model(counting):
    import statsmodels.api as sm

    data = motivated(300, seed=4)
    found = fitted(data, week_powers=1, counting=counting)
    comes = (data["hours"] >= 6).astype(int)
    ordered = data.assign(comes=comes).sort_values(["person_id", "week"], ignore_index=True)
    same = ordered.groupby("person_id")
    before = same["comes"].shift(1)
    history = pd.DataFrame({"week": ordered["week"], "came": before == 1, "first": before.isna()}).astype(float)
    ratio = 1.0
    for sign, told in ((1, history), (-1, history.join(ordered[["readiness", "use"]]))):
        chance = sm.Logit(ordered["comes"], sm.add_constant(told)).fit(disp=0, tol=1e-12).predict()
        ratio = ratio * np.where(ordered["comes"], chance, 1 - chance) ** sign
    weight = np.exp(np.log(pd.Series(ratio)).groupby(ordered["person_id"]).cumsum())
    hours = ordered["hours"].groupby(ordered["person_id"]).cumsum() / (ordered["week"] + 1)
    counted = {"mean": {"so far": hours}, "both": {"own": ordered["hours"], "so far": hours}}[counting]
    design = sm.add_constant(pd.DataFrame({"week": ordered["week"]} | counted).astype(float))
    theirs = sm.GEE(
        ordered["event"], design, groups=ordered["person_id"], family=sm.families.Binomial(), weights=weight
    ).fit()
    ours = of(found.coefficients)
    np.testing.assert_allclose(ours["value"], theirs.params, rtol=1e-6)
    n = data["person_id"].nunique()
    np.testing.assert_allclose(ours["se"], theirs.bse * np.sqrt(n / (n - 1)), rtol=1e-6)
    by_week = pd.DataFrame({"week": ordered["week"], "w": weight}).groupby("week")["w"]
    np.testing.assert_allclose(found.weights["mean_weight"], by_week.mean(), rtol=1e-6)
    np.testing.assert_allclose(found.weights["max_weight"], by_week.max(), rtol=1e-6)


def test_the_order_of_rows_and_the_names_of_people_do_not_matter():
    data = motivated(200, seed=1)
    shuffled = data.sample(frac=1, random_state=3)
    shuffled["person_id"] = shuffled["person_id"].map(lambda one: f"p{997 * one % 1009}")
    pd.testing.assert_frame_equal(fitted(shuffled).risks, fitted(data).risks, rtol=1e-7)


def test_an_outcome_known_at_the_end_is_asked_of_the_last_week_alone():
    data = motivated(300, seed=2, weeks=4)
    at_end = data.assign(event=data["event"] * (data["week"] == 3))
    whole = at_end[at_end.groupby("person_id")["week"].transform("max") == 3]
    found = fitted(whole)
    assert of(found.coefficients)["name"].tolist() == ["(Intercept)", "hours a week"]


def test_a_curve_bends_where_it_is_asked_to():
    straight, curved = (fitted(motivated(400, seed=5), df=df, doses=(2, 4, 6, 9)) for df in (1, 2))
    log_odds = [np.diff(np.log(of(f.risks)["risk"] / (1 - of(f.risks)["risk"]))) for f in (straight, curved)]
    assert len(of(curved.coefficients)) == len(of(straight.coefficients)) + 1
    assert not np.allclose(log_odds[0], log_odds[1], rtol=1e-3)


@pytest.mark.slow
def test_where_hours_do_nothing_none_are_found_and_where_they_work_they_are():
    values = {}
    for effect in (0.0, -1.0):
        found = [fitted(motivated(1000, seed, effect=effect)) for seed in range(30)]
        rows = pd.concat([of(one.differences) for one in found])
        plain = pd.concat([of(one.differences, "unweighted") for one in found])
        values[effect] = rows["risk_difference"], plain["risk_difference"]
    weighted, plain = values[0.0]
    # Weights of some thirty times the mean leave a little in a thousand people.
    assert abs(weighted.mean()) < 0.03 and plain.mean() < -0.15
    forced = [motivated(50_000, 999, effect=-1.0, forced=comes) for comes in (True, False)]
    truth = np.subtract(*(data.groupby("person_id")["event"].max().mean() for data in forced))
    assert abs(values[-1.0][0].mean() - truth) < 0.08


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"borders": (9, 3)}, "borders: give hours above 0, each above the one before"),
        ({"borders": (20,)}, "the hours of all person-weeks lie in one band"),
        ({"doses": (3,)}, "doses: give two or more numbers of hours"),
        ({"doses": (3, 3)}, "one number of hours is given twice"),
        ({"truncate": 20}, "a percentile from 50 to 100"),
        ({"df": 0}, "df is 1 or more"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(changes, sentence):
    with pytest.raises(StudyError, match=None) as error:
        fitted(motivated(60, seed=1), **changes)
    assert sentence in str(error.value)


def test_nobody_with_the_event_is_refused():
    with pytest.raises(StudyError, match="event: nobody has it"):
        fitted(motivated(60, seed=1).assign(event=0))
