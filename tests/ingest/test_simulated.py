"""The source `simulated`, as a study asks for it."""

from pathlib import Path

import pytest

from iop_outcomes import tables
from iop_outcomes.cohort.eligibility import adult, no_intensive_care_in_prior_60_days, substance_use_diagnosis
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import SOURCES

SOURCE = SOURCES["simulated"]


def read(seed=1, **settings):
    return SOURCE(Path("."), seed, **SOURCE.check({"true_effect": "benefit", "n_people": 600} | settings))


@pytest.fixture(scope="module")
def records():
    return read()


def test_every_table_is_canonical_and_counted(records):
    for name, table in records.items():
        tables.check(table, name)
    intake = records["intake"].set_index("table")
    assert (intake["n_in"] == intake["n_accepted"]).all()
    assert all(intake.loc[name, "n_in"] == len(records[name]) for name in intake.index)
    assert len(records["rejected"]) == 0


def test_it_gives_every_canonical_table(records):
    assert set(records) == set(tables.CANONICAL) - {"capability"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"people": 5}, "there is no setting 'people'"),
        ({"true_effect": "cure"}, "'true_effect'"),
        ({"n_people": 0}, "'n_people'"),
        ({"missing_covariates": 1}, "'missing_covariates'"),
        ({"weeks": 2}, "'weeks'"),
    ],
)
def test_wrong_settings_are_answered_in_a_sentence(settings, sentence):
    with pytest.raises(StudyFileError, match=sentence):
        read(**settings)


def test_the_effect_must_be_named():
    with pytest.raises(StudyFileError, match="'true_effect' is missing"):
        SOURCE.check({})


def test_settings_reach_the_simulator():
    few = read(n_sites=3, weeks=10, n_people=50)
    assert len(few["person"]) == 50
    assert len(few["site"]) == 3
    assert few["episode"]["observation_end_day"].eq(69).all()


@pytest.mark.parametrize("rule", [adult, substance_use_diagnosis, no_intensive_care_in_prior_60_days])
def test_every_eligibility_rule_has_somebody_to_exclude(records, rule):
    candidates = records["episode"].set_index("episode_id").assign(time_zero_day=0)
    candidates = candidates.join(records["person"].set_index("person_id"), on="person_id")
    candidates = candidates.join(records["baseline"].set_index("episode_id"))
    passed = rule(candidates, records).mean()
    assert 0.8 < passed < 1
