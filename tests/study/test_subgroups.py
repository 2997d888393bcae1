"""Levels of a modifier, and what a study may not ask of subgroups."""

import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.designs.modifiers import levels_by_person
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.study.subgroups import Modifier

PEOPLE = pd.DataFrame(
    {
        "work": ["full", "part", "none", "missing", "army"],
        "episodes": [0.0, 1.0, 2.0, 5.0, 1.0],
        "episodes_missing": [0, 0, 0, 0, 1],
    }
)
CONTENT = {
    "study": "own",
    "source": {"kind": "simulated", "n_people": 200, "true_effect": "none"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "covariates": ["sex", "prior_episodes"],
    "metrics": {"completion": {}},
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {
        "primary": {"outcome": "completion", "design": "overlap", "estimator": "weighted"},
        "stay": {"outcome": "time_in_care", "design": "overlap", "estimator": "rmst"},
    },
}


def test_codes_are_put_together_and_those_nobody_names_have_a_level():
    found = levels_by_person(Modifier(levels={"employed": ["full", "part"], "not": ["none"]}), PEOPLE, "work")
    assert found.tolist() == ["employed", "employed", "not", "missing", "any other"]
    assert found.cat.categories.tolist() == ["employed", "not", "any other", "missing"]


def test_a_number_is_cut_and_one_that_was_filled_in_is_missing():
    found = levels_by_person(Modifier(column="episodes", cut=[1, 3]), PEOPLE, "earlier")
    assert found.tolist() == ["below 1", "1 to below 3", "1 to below 3", "3 or more", "missing"]


def test_a_number_that_is_not_cut_is_refused_by_name():
    with pytest.raises(StudyFileError, match="'episodes' cannot be read so: it is a number; say at which numbers"):
        levels_by_person(Modifier(), PEOPLE, "episodes")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"by": ["gender"]}, "'gender' is neither a covariate of the study nor in describe_by; "),
        ({"by": ["discharge_reason"]}, "'discharge_reason' is neither a covariate"),
        ({"by": ["sex"], "analyses": ["stay"]}, "which gives no mean of both arms"),
        ({"by": ["sex"], "analyses": ["first"]}, "there is no analysis 'first'"),
        ({"by": {"sex": {"column": "prior_episodes"}}}, "that is the name of another column"),
        ({"by": {"early": {"column": "prior_episodes", "cut": [2, 1]}}}, "cut must increase"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(asked, sentence):
    with pytest.raises(StudyFileError) as error:
        iop_outcomes.load_study(CONTENT | {"subgroups": asked})
    assert sentence in str(error.value)
    assert "subgroups" in str(error.value)
