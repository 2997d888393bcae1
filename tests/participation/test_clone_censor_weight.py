"""Clone, censor, weight: by hand, by its properties, and where it must refuse."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import StudyError
from iop_outcomes.participation.clones import truncated
from weekly import motivated, weekly

RULES = {"full": {"least_hours": 6, "grace_weeks": 1}, "less": {"below_hours": 6, "grace_weeks": 1}}
BY_HAND = weekly("AAA", "AhA*", "hhh", "hh*")


def followed(data, **settings):
    asked = {"strategies": RULES, "covariates": [], "week_powers": 0, **settings}
    return iop.clone_censor_weight(data, **asked)


def by_week(table, column, **rows):
    for name, value in rows.items():
        table = table[table[name] == value]
    return table[column].tolist()


def test_four_people_by_hand():
    """Of five weeks at risk of leaving the full strategy two are kept: 0.4; of the less one five of seven."""
    found = followed(BY_HAND)
    assert by_week(found.weights, "n_uncensored", strategy="full") == [4, 1, 1]
    assert by_week(found.weights, "n_deviating", strategy="full") == [0, 3, 0]
    assert by_week(found.weights, "mean_weight", strategy="full") == pytest.approx([1, 2.5, 6.25])
    # Only the first person is left, and has no event.
    assert by_week(found.risks, "risk", strategy="full", weights="weighted") == [0, 0, 0]
    # Persons 2, 3 and 4 stay below in week 1, where 4 relapses; in week 2 person 3 stays and 2 comes.
    assert by_week(found.weights, "n_uncensored", strategy="less") == [4, 3, 1]
    assert by_week(found.risks, "risk", strategy="less", weights="weighted") == pytest.approx([0, 1 / 3, 1 / 3])
    last = found.differences[found.differences["weights"] == "weighted"].iloc[-1]
    assert (last["strategy"], last["against"], last["week"]) == ("full", "less", 2)
    assert last["risk_difference"] == pytest.approx(-1 / 3)


def test_weights_by_a_covariate_by_hand():
    """Among those who use (1) one of four stays, of the others two of four: weights 4 and 2.

    The one who uses relapses: risk 4 / (4 + 2 + 2) weighted, one of three unweighted.
    """
    data = weekly(*["AA*", "Ah", "Ah", "Ah", "AA", "AA", "Ah", "Ah"])
    data["uses"] = (data["person_id"] < 4).astype(int)
    found = followed(data, covariates=["uses"])
    assert by_week(found.risks, "risk", strategy="full", weights="weighted")[-1] == pytest.approx(1 / 2)
    assert by_week(found.risks, "risk", strategy="full", weights="unweighted")[-1] == pytest.approx(1 / 3)
    row = found.weights.query("strategy == 'full' and week == 1").iloc[0]
    assert row["ess"] == pytest.approx(8**2 / (4**2 + 2**2 + 2**2))
    assert (row["max_weight"], row["n_events"]) == (pytest.approx(4), 1)
    # Three of eight stay; 8/3 x 3/8 = 1.
    assert row["mean_stabilised"] == pytest.approx(1)


def test_a_model_that_is_right_makes_up_for_leavers_whoever_has_the_event():
    """Who uses stays with probability 1/2 in either week, others with 3/4; of those who use half relapse in week 1.

    Week 1: 4 x 2 + 12 x 4/3 of 24. Week 2: 1 x 4 + 9 x 16/9 = 20 of 2 x 2 + 12 x 4/3 = 20. The mean weight times the
    shares who stayed would be 2 x 16/24 x 10/14 = 0.95, since those who relapse are no longer there.
    """
    using = weekly(*["Ah"] * 4, *["AA*"] * 2, "AAh", "AAA").assign(uses=1)
    others = weekly(*["Ah"] * 4, *["AAh"] * 3, *["AAA"] * 9).assign(uses=0)
    data = pd.concat([using, others.assign(person_id=others["person_id"] + 100)], ignore_index=True)
    weights = followed(data, covariates=["uses"]).weights
    assert weights.query("strategy == 'full'")["mean_stabilised"].tolist() == pytest.approx([1, 1, 1])


def test_the_order_of_rows_and_the_names_of_people_do_not_matter():
    data = motivated(300, seed=1)
    asked = {"covariates": ["readiness", "use"], "week_powers": 2}
    expected = followed(data, **asked).risks
    shuffled = data.sample(frac=1, random_state=3)
    shuffled["person_id"] = shuffled["person_id"].map(lambda one: f"p{997 * one % 1009}")
    pd.testing.assert_frame_equal(followed(shuffled, **asked).risks, expected, rtol=1e-9)


def test_strategies_in_the_other_order_turn_the_sign():
    data = motivated(300, seed=1)
    asked = {"covariates": ["readiness", "use"]}
    one = followed(data, **asked)
    other = followed(data, strategies=dict(reversed(RULES.items())), **asked)
    np.testing.assert_allclose(other.differences["risk_difference"], -one.differences["risk_difference"], rtol=1e-9)
    # What the comparison by attendance says has no order of strategies: those who came more minus the others.
    assert one.naive["risk_difference"].item() == other.naive["risk_difference"].item()
    assert one.naive["gap"].item() == pytest.approx(other.naive["gap"].item(), rel=1e-9)


def test_the_bootstrap_by_weights_is_that_by_copies_of_rows():
    data = motivated(200, seed=2)
    drawn = np.random.default_rng(5).integers(0, 3, 200)
    copies = pd.concat(
        [
            data[data["person_id"] == person].assign(person_id=10 * person + copy)
            for person, times in enumerate(drawn)
            for copy in range(times)
        ]
    )
    from iop_outcomes.participation.clone_censor_weight import _risks
    from iop_outcomes.participation.clones import Clones
    from iop_outcomes.participation.person_weeks import read_person_weeks
    from iop_outcomes.participation.strategies import read_strategies

    columns = {"person": "person_id", "week": "week", "hours": "hours", "event": "event"}
    weeks = read_person_weeks(data, covariates=["readiness", "use"], **columns)
    every = [Clones.of(name, weeks, rule, 1) for name, rule in read_strategies(RULES).items()]
    times = drawn[weeks.person].astype(float)
    ours = _risks(every, [clones.staying(times) for clones in every], 95.0, times)
    written = followed(copies, covariates=["readiness", "use"], week_powers=1, truncate=95.0).risks
    for way, by_strategy in ours.items():
        for name, risk in by_strategy.items():
            np.testing.assert_allclose(risk, by_week(written, "risk", weights=way, strategy=name), rtol=1e-7)


def test_the_bootstrap_has_a_seed_and_respects_sites():
    data = motivated(200, seed=3).assign(site=lambda frame: frame["person_id"] % 8)
    asked = {"covariates": ["readiness", "use"], "bootstrap": 30}
    first, again = (followed(data, **asked, seed=7).differences for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["se"].equals(followed(data, **asked, seed=8).differences["se"])
    sites = followed(data, **asked, seed=7, cluster="site")
    assert sites.n_replicates == 30 and sites.differences["se"].iloc[-1] > 0
    last = first.iloc[-1]
    assert last["ci_low"] < last["risk_difference"] < last["ci_high"]


@pytest.mark.parametrize("percentile", [50, 90, 99, 100])
def test_weights_are_cut_at_the_percentile_of_the_rows_written_out(percentile):
    draw = np.random.default_rng(4)
    weights, drawn = draw.exponential(size=50) * (draw.random(50) > 0.2), draw.integers(0, 4, 50).astype(float)
    written = np.repeat(weights, drawn.astype(int))
    cut = np.percentile(written[written > 0], percentile)
    np.testing.assert_allclose(truncated(weights, drawn, percentile), np.minimum(weights, cut), rtol=1e-12)


def test_a_week_that_no_clone_reaches_has_no_risk():
    found = followed(weekly("AAh", "AAh", "hhh", "hhh*", "AAh"))
    assert np.isnan(by_week(found.risks, "risk", strategy="full", weights="weighted")[-1])
    assert by_week(found.weights, "n_uncensored", strategy="full") == [5, 3, 0]


def test_nothing_is_said_of_a_naive_comparison_that_strategies_do_not_name():
    data = motivated(200, seed=3)
    rules = {"full": {"least_hours": 6}, "some": {"least_hours": 1}}
    assert followed(data, strategies=rules, covariates=["use"]).naive.empty
    assert followed(data, covariates=["use"]).naive["label"].item().startswith("biased")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.drop(index=1), "1 follow a gap"),
        (lambda d: pd.concat([d, d.iloc[[2]]]), "1 person-week is repeated"),
        (lambda d: d.drop(index=0), "1 person starts later"),
        (lambda d: d.assign(event=d["event"].where(d.index != 0, 1)), "2 person-weeks lie after the person's event"),
        (lambda d: d.assign(hours=d["hours"].where(d.index > 1)), "missing in 2 person-weeks without an excuse"),
        (lambda d: d.assign(hours=-d["hours"]), "below zero"),
        (lambda d: d.assign(event=2 * d["event"]), "neither 0"),
        (lambda d: d.assign(week=d["week"] / 2), "whole numbers"),
        (lambda d: d.drop(columns="hours"), "no column 'hours'"),
        (lambda d: d.iloc[:0], "there is no row"),
    ],
)
def test_data_that_cannot_be_followed_are_refused(change, said):
    with pytest.raises(StudyError, match=said):
        followed(change(BY_HAND))


@pytest.mark.parametrize("name", ["hours", "event", "person_id"])
def test_what_has_another_role_is_no_covariate(name):
    with pytest.raises(StudyError, match=f"covariates: '{name}' is "):
        followed(BY_HAND, covariates=[name])


def test_a_spline_has_no_place_among_the_covariates_of_staying():
    with pytest.raises(StudyError, match="columns by name only, and no natural spline of readiness"):
        followed(motivated(50, seed=1), covariates=[{"spline": "readiness"}])


def test_a_strategy_that_nobody_follows_is_refused_by_name():
    rules = RULES | {"full": {"least_hours": 40, "grace_weeks": 1}}
    with pytest.raises(StudyError, match="strategy 'full': nobody follows it"):
        followed(BY_HAND, strategies=rules)


def test_staying_that_a_covariate_foretells_is_refused_by_name():
    data = motivated(200, seed=3).assign(foretold=lambda frame: (frame["hours"] > 6).astype(int))
    with pytest.raises(StudyError, match="strategy 'full', model of staying on it: separation"):
        followed(data, covariates=["foretold"])
