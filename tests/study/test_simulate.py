"""The section ``simulate``: which worlds a study asks for, and what cannot be drawn."""

import copy

import pytest

from iop_outcomes import study
from iop_outcomes.errors import StudyFileError
from iop_outcomes.operating.worlds import Worlds

SIMULATED = {
    "study": "small",
    "source": {"kind": "simulated", "n_people": 300, "true_effect": "benefit"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "metrics": {"completion": {}},
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {"primary": {"outcome": "completion", "design": "overlap", "estimator": "weighted"}},
}
REAL = SIMULATED | {"source": {"kind": "tables", "path": "data/raw"}}


def asks(content: dict, simulate: dict) -> study.Study:
    return study.parse(copy.deepcopy(content) | {"simulate": simulate})


def test_a_world_is_the_source_with_some_settings_changed():
    own = Worlds(asks(SIMULATED, {"worlds": {"harm": {"true_effect": "harm"}}}))
    drawn = own.drawn("harm", 1)
    assert drawn.source.settings == {"n_people": 300, "true_effect": "harm"}
    assert drawn.seed != own.drawn("harm", 2).seed
    assert own.study.source.settings["true_effect"] == "benefit"


def test_where_nothing_is_said_a_simulated_study_is_drawn_as_it_is():
    own = Worlds(asks(SIMULATED, {"replicates": 9}))
    assert {name: own.replicates(name) for name in own.by_name} == {"benefit": 9}


def test_where_nothing_is_said_real_people_get_no_effect_one_to_the_good_and_one_to_the_bad():
    worlds = Worlds(asks(REAL, {})).by_name
    assert {name: world.planted for name, world in worlds.items()} == {"none": 0.0, "benefit": 0.1, "harm": -0.1}


@pytest.mark.parametrize(
    ("content", "simulate", "sentence"),
    [
        (SIMULATED, {"worlds": {"harm": {"planted": -0.1}}}, "simulate.worlds.harm.planted: the source simulates its"),
        (SIMULATED, {"worlds": {"harm": {"true_efect": "harm"}}}, "simulate.worlds.harm: .*did you mean 'true_effect'"),
        (SIMULATED, {"worlds": {"few": {"n_people": 2}}}, "simulate.worlds.few.*n_people"),
        (SIMULATED, {"replicates": 1}, "simulate.replicates"),
        (SIMULATED, {"repeats": 5}, "simulate.*repeats"),
        (REAL, {"worlds": {"harm": {"true_effect": "harm"}}}, "has no setting 'true_effect' to change; say planted:"),
        (REAL, {"worlds": {"harm": {}}}, "simulate.worlds.harm: say planted: with the effect to plant, 0 for none"),
        (REAL, {"worlds": {"harm": {"planted": 2}}}, "simulate.worlds.harm.planted"),
        (SIMULATED | {"analyses": {}}, {}, "simulate: the study has no analysis, and so no verdict to count"),
    ],
)
def test_a_world_that_cannot_be_drawn_is_refused_when_the_study_is_read(content, simulate, sentence):
    with pytest.raises(StudyFileError, match=sentence):
        asks(content, simulate)
