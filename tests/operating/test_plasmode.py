"""Plasmode: real people, and arms and outcomes drawn anew with an effect that is known."""

import numpy as np
import pandas as pd
import pytest

import null_clinic
from iop_outcomes import in_memory, stages, study
from iop_outcomes.errors import StudyError
from iop_outcomes.operating.outcome_draws import fit_outcome
from iop_outcomes.operating.plasmode import Plasmode, fit_plasmode
from iop_outcomes.operating.worlds import Worlds
from iop_outcomes.study.outcome import Outcome
from iop_outcomes.study.simulate import Simulate

N = 4000


def people(n: int = N) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a covariate that the first arm has more of, and who is in it."""
    rng = np.random.default_rng(3)
    severity = rng.normal(size=n)
    return pd.DataFrame({"severity": severity}), rng.random(n) < 1 / (1 + np.exp(-severity))


def fitted(kind: str, unit: str, better: str, values: np.ndarray):
    covariates, first = people()
    outcome = Outcome("y", "y", kind, unit, better)
    return fit_outcome(outcome, pd.Series(values(covariates["severity"].to_numpy(), first)), covariates, first)


def shares(severity, first):
    # The arm raises the log odds by 2 in the records: this is not what is planted, and must be gone.
    return np.random.default_rng(4).random(N) < 1 / (1 + np.exp(-(0.5 * severity + 2 * first)))


def test_the_effect_that_the_records_hold_is_taken_out():
    model = fitted("binary", "share", "higher", lambda s, a: shares(s, a).astype(float))
    severity = people()[0]["severity"]
    assert np.abs(model.means(0) - 1 / (1 + np.exp(-0.5 * severity))).max() < 0.06


@pytest.mark.parametrize(("better", "sign"), [("higher", 1), ("lower", -1)])
def test_an_effect_to_the_good_lowers_what_is_better_low(better, sign):
    model = fitted("binary", "share", better, lambda s, a: shares(s, a).astype(float))
    inside = (model.means(0) > 0.1) & (model.means(0) < 0.9)
    assert (model.means(0.1) - model.means(0))[inside] == pytest.approx(sign * 0.1)


def test_shares_end_at_0_and_1():
    model = fitted("binary", "share", "higher", lambda s, a: (s > -2).astype(float))
    assert model.means(0.5).max() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "unit", "values"),
    [
        ("binary", "share", lambda s, a: shares(s, a).astype(float)),
        ("proportion", "share", lambda s, a: np.clip(0.5 + 0.1 * s + np.random.default_rng(5).normal(0, 0.2, N), 0, 1)),
        ("count", "sessions", lambda s, a: np.random.default_rng(6).poisson(np.exp(0.3 * s + 1)).astype(float)),
    ],
)
def test_what_is_drawn_has_the_mean_that_is_called_true(kind, unit, values):
    model, luck = fitted(kind, unit, "higher", values), np.random.default_rng(7).random((50, N))
    for effect in (0.0, 0.1):
        drawn = np.mean([model.values(np.full(N, effect), one) for one in luck], axis=0)
        spread = np.std([model.values(np.full(N, effect), one).mean() for one in luck]) / np.sqrt(len(luck))
        assert drawn.mean() == pytest.approx(model.means(effect).mean(), abs=4 * spread + 1e-9)


def test_numbers_have_the_spread_of_the_records():
    model = fitted("count", "sessions", "higher", lambda s, a: 5 + s + np.random.default_rng(6).exponential(2, N))
    drawn = model.values(np.zeros(N), np.random.default_rng(8).random(N))
    assert np.std(drawn - model.means(0)) == pytest.approx(2, rel=0.1)
    assert model.means(0.1) - model.means(0) == pytest.approx(0.1 * model.unit)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """The models of a clinic of 400, a tenth of whose outcomes are not known."""
    folder = tmp_path_factory.mktemp("clinic")
    for name, frame in null_clinic.clinic(400).items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    own = study.parse(null_clinic.content(folder, simulate={"replicates": 2}))
    made = in_memory.run_stages(own, stages.between("", "outcomes"), {})
    made["outcomes"].loc[:39, "completion"] = np.nan
    return fit_plasmode(own, made)


def test_only_arm_and_outcome_are_drawn_and_what_is_missing_stays_missing(clinic: Plasmode):
    made, _ = clinic.draw(0.0, seed=1)
    before, after = clinic.made["covariates"], made["covariates"]
    pd.testing.assert_frame_equal(before.drop(columns="arm"), after.drop(columns="arm"))
    assert 0.3 < (before["arm"].astype("str") != after["arm"].astype("str")).mean() < 0.7
    assert (
        made["cohort"]
        .set_index("member_id")["arm"]
        .astype("str")
        .equals(after.set_index("member_id")["arm"].astype("str").reindex(made["cohort"]["member_id"]))
    )
    outcome = made["outcomes"]["completion"]
    assert outcome.isna().equals(clinic.made["outcomes"]["completion"].isna())
    assert set(outcome.dropna()) == {0.0, 1.0}


def test_the_same_seed_draws_the_same_and_another_draws_others(clinic: Plasmode):
    one, again, other = (clinic.draw(0.1, seed)[0]["outcomes"] for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not one["completion"].equals(other["completion"])


def test_the_truth_is_what_was_planted(clinic: Plasmode):
    for effect in (0.0, 0.1, -0.1):
        _, truth = clinic.draw(effect, seed=1)
        assert truth["difference"].tolist() == pytest.approx([effect] * 3)  # ATE, ATT, ATO
        assert truth["outcome"].astype("str").unique().tolist() == ["completion"]


def test_the_arms_come_out_as_often_as_the_records_say(clinic: Plasmode):
    first = [(clinic.draw(0.0, seed)[0]["cohort"]["arm"] == "iop").mean() for seed in range(40)]
    assert np.mean(first) == pytest.approx(clinic.score.mean(), abs=4 * np.std(first) / np.sqrt(40))


def test_who_has_nobody_like_them_in_the_other_arm_keeps_their_own(clinic: Plasmode):
    score = clinic.score.copy()
    score.iloc[:50] = np.nan
    kept = Plasmode(clinic.study, clinic.made, score, clinic.drawn)
    before = clinic.made["covariates"]["arm"].astype("str").iloc[:50]
    for seed in range(3):
        assert kept.draw(0.0, seed)[0]["covariates"]["arm"].astype("str").iloc[:50].equals(before)


@pytest.mark.slow
def test_a_replicate_goes_the_road_from_outcomes_on(clinic: Plasmode):
    worlds = Worlds(clinic.study)
    worlds.__dict__["plasmode"] = clinic
    assert list(worlds.by_name) == ["none", "benefit", "harm"]
    rows = {name: worlds.replicate(name, 1).set_index("kind").loc["verdict"] for name in worlds.by_name}
    assert {name: row["truth"] for name, row in rows.items()} == pytest.approx(
        {"none": 0, "benefit": 0.1, "harm": -0.1}
    )
    # The same people with the same luck in the same arms: only the effect differs.
    assert rows["harm"]["value"] < rows["none"]["value"] < rows["benefit"]["value"]


def test_three_arms_are_refused():
    arms = {name: {"level_of_care": code} for name, code in (("iop", "2.1"), ("outpatient", "1"), ("day", "2.5"))}
    three = study.parse(null_clinic.content(".", cohort={"arms": arms}, designs={}, analyses={}))
    with pytest.raises(StudyError, match="between two arms and the study has 3"):
        fit_plasmode(three.model_copy(update={"simulate": Simulate()}), {})
