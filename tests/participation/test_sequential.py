"""Sequential trials of changing the level of care: by hand, against statsmodels, in worlds, and where they refuse."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import StudyError
from weekly import stepping

KNOWN = ["readiness", "use"]


def drawn(*lines: str) -> pd.DataFrame:
    """Return a person per line, a week per letter: ``o`` outpatient care, ``I`` stepped up; ``*`` ends in the event."""
    rows = [
        (person, week, int(mark == "I"), int(line.endswith("*") and week == len(line.rstrip("*")) - 1))
        for person, line in enumerate(lines)
        for week, mark in enumerate(line.rstrip("*"))
    ]
    return pd.DataFrame(rows, columns=["person_id", "week", "stepped", "event"])


def trials(data, **settings):
    return iop.sequential_trials(
        data, **{"changed": "stepped", "covariates": [], "horizon": 2, "week_powers": 0, **settings}
    )


def risks(found, arm, way="as started", column="risk"):
    rows = found.risks[(found.risks["arm"] == arm) & (found.risks["way"] == way)]
    return rows[column].tolist()


#: Weeks 1 and 2 begin a trial each; the first two people change in week 1, the third in week 2.
SIX = drawn("oII", "oI*", "ooI*", "ooo", "ooo*", "oo*")


def test_six_people_by_hand():
    """In week 1 two of six change, in week 2, of the three left who never did, one does: trials of two weeks from 1.

    Of those who did not change in week 1 one has the event in it, and two of the three left in the next.
    """
    found = trials(SIX)
    assert found.trials[["week", "n_changed", "n_stayed"]].to_numpy().tolist() == [[1, 2, 4]]
    assert risks(found, "changed") == pytest.approx([1 / 2, 1 / 2])
    assert risks(found, "stayed") == pytest.approx([1 / 4, 1 - 3 / 4 * 1 / 3])
    assert found.differences["risk_difference"].tolist() == pytest.approx([1 / 4, -1 / 4])


def test_who_changes_later_counts_until_then_per_protocol():
    """Person 3 changes in week 2 and stops counting as one who did not: of persons 4 and 5 one has the event."""
    found = trials(SIX, per_protocol=True)
    # Nothing is known of people but the week, so that those left weigh alike.
    assert risks(found, "stayed", "per protocol") == pytest.approx([1 / 4, 1 - 3 / 4 * 1 / 2])


def test_a_person_is_in_every_trial_until_the_change():
    data = drawn("oooI", "oooo", "oooo*", "oIII", "ooI*")
    found = trials(data, horizon=1)
    assert found.trials[["week", "n_changed", "n_stayed"]].to_numpy().tolist() == [[1, 1, 4], [2, 1, 3], [3, 1, 2]]
    assert found.people[["n", "n_events"]].to_numpy().tolist() == [[3, 1], [4, 1]]


def test_an_event_that_may_come_again_keeps_nobody_out_of_a_later_trial():
    """Person 1 tests positive in weeks 0 and 2 and steps up in week 1: of one, one. Of the two others one does."""
    data = drawn("oIII", "oooo", "oooo").assign(event=[1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    found = trials(data, recurring=True, last_trial=1)
    assert risks(found, "changed") == [0, 1]
    assert risks(found, "stayed") == [0, 1 / 2]
    with pytest.raises(StudyError, match="after the person's event"):
        trials(data)


def test_weights_make_those_who_stayed_like_those_who_changed():
    """Of six who use four change, of six others two: who stayed weighs 4/2 = 2 if they use and 2/4 if not.

    Those who stayed and use both have the event, of the others none: 4 / (4 + 2).
    """
    using = drawn(*["oI"] * 4, *["oo*"] * 2).assign(uses=1)
    others = drawn(*["oI"] * 2, *["oo"] * 4).assign(uses=0)
    data = pd.concat([using, others.assign(person_id=others["person_id"] + 10)], ignore_index=True)
    found = trials(data, covariates=["uses"], horizon=1)
    assert risks(found, "stayed") == pytest.approx([4 / 6])
    assert risks(found, "stayed", column="risk_unweighted") == pytest.approx([2 / 6])
    assert found.trials["ess_stayed"].tolist() == pytest.approx([6**2 / (2 * 2**2 + 4 * 0.5**2)])
    after = found.balance[found.balance["stage"] == "after"]
    assert after["smd"].tolist() == pytest.approx([0])
    everybody = trials(data, covariates=["uses"], horizon=1, estimand="ATE")
    assert risks(everybody, "stayed") == pytest.approx([1 / 2])


def test_statsmodels_gives_the_same_difference_and_the_same_error_by_person():
    """In the first week of follow-up the difference is a weighted regression on the arm, clustered by person."""
    import statsmodels.api as sm

    data = stepping(400, seed=1)
    found = trials(data, covariates=KNOWN, horizon=1, week_powers=1).differences.iloc[0]
    stepped_before = data.groupby("person_id")["stepped"].cumsum() - data["stepped"]
    rows = data[(data["week"] > 0) & (stepped_before == 0)]
    odds = sm.Logit(rows["stepped"], sm.add_constant(rows[["week", *KNOWN]].astype(float))).fit(disp=0, tol=1e-12)
    chance = odds.predict()
    weight = np.where(rows["stepped"], 1.0, chance / (1 - chance))
    theirs = sm.GEE(rows["event"], sm.add_constant(rows["stepped"]), groups=rows["person_id"], weights=weight).fit()
    n = rows["person_id"].nunique()
    assert found["risk_difference"] == pytest.approx(theirs.params["stepped"], rel=1e-6)
    assert found["se"] == pytest.approx(theirs.bse["stepped"] * np.sqrt(n / (n - 1)), rel=1e-6)


def test_who_was_sicker_and_lived_to_step_up_is_not_taken_for_the_effect():
    """Stepping up does nothing. Ever against never says that it helps: who relapsed early never did."""
    found = trials(stepping(1500, seed=3), covariates=KNOWN, horizon=5, week_powers=2, per_protocol=True)
    assert found.naive["ci_high"].item() < -0.05
    last = found.differences.groupby("way").last()
    assert ((last["ci_low"] < 0) & (last["ci_high"] > 0)).all()
    # Without weights it would seem to harm: the sicker step up.
    assert risks(found, "changed")[-1] - risks(found, "stayed", column="risk_unweighted")[-1] > 0.05


def test_where_stepping_up_works_it_is_found():
    last = trials(stepping(1500, seed=3, effect=-1.5), covariates=KNOWN, horizon=5, week_powers=2).differences.iloc[-1]
    assert last["ci_high"] < 0


def test_the_order_of_rows_and_the_names_of_people_do_not_matter():
    data = stepping(300, seed=2)
    shuffled = data.sample(frac=1, random_state=3)
    shuffled["person_id"] = shuffled["person_id"].map(lambda one: f"p{997 * one % 1009}")
    asked = {"covariates": KNOWN, "per_protocol": True, "horizon": 3, "stay_weeks": 2}
    pd.testing.assert_frame_equal(trials(shuffled, **asked).differences, trials(data, **asked).differences, rtol=1e-7)


@pytest.mark.slow
def test_intervals_hold_no_effect_as_often_as_they_say():
    found = [trials(stepping(800, seed), covariates=KNOWN, horizon=5, per_protocol=True) for seed in range(60)]
    last = pd.concat([one.differences.groupby("way", as_index=False).last() for one in found])
    covers = ((last["ci_low"] <= 0) & (last["ci_high"] >= 0)).groupby(last["way"]).mean()
    assert (covers >= 0.88).all()
    assert np.mean([one.naive["ci_high"].item() < 0 for one in found]) > 0.9


@pytest.mark.parametrize(
    ("data", "changes", "sentence"),
    [
        (SIX, {"horizon": 0}, "follow-up has a week or more"),
        (SIX, {"horizon": 9}, "can be followed for 9 weeks"),
        (SIX, {"estimand": "ATO"}, "there is no 'ATO' here"),
        (SIX.assign(stepped=2), {}, "neither 0 nor 1"),
        (drawn("ooo", "ooo*"), {}, "nobody changes in the weeks of the trials"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(data, changes, sentence):
    with pytest.raises(StudyError) as error:
        trials(data, **changes)
    assert sentence in str(error.value)
