"""Replicates of a small simulated study: made once, kept, and the same however many processes make them."""

import copy

import pandas as pd
import pytest

from iop_outcomes import study as studies
from iop_outcomes.errors import DisclosureError, StudyError
from iop_outcomes.operating import operate
from iop_outcomes.operating.files import operating_files
from iop_outcomes.operating.running import digest_of
from iop_outcomes.operating.stage import run
from iop_outcomes.operating.worlds import Worlds, asking
from iop_outcomes.release.operating import release_operating
from iop_outcomes.tables import store

CONTENT = {
    "study": "small",
    "source": {"kind": "simulated", "n_people": 300, "n_sites": 4, "true_effect": "none"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}, "follow_up_days": 90},
    "covariates": ["sex", "use_days_at_baseline"],
    "metrics": {"completion": {}},
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {"primary": {"outcome": "completion", "design": "overlap", "estimator": "weighted"}},
    "gate": {"min_ess": 0, "on_failure": "flag"},
    "claims": [{"claim": "IOP leads to more completed treatment", "analysis": "primary"}],
    "simulate": {"replicates": 2, "worlds": {"none": {}, "harm": {"true_effect": "harm", "replicates": 3}}},
}


def small(**changes) -> studies.Study:
    return studies.parse(copy.deepcopy(CONTENT) | changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished run: its folder, its replicates, and the lines it told."""
    folder, told = tmp_path_factory.mktemp("operating"), []
    return folder, operate(small(), folder, tell=told.append), told


@pytest.mark.slow
def test_every_world_is_drawn_as_often_as_it_asks_with_people_of_its_own(made):
    _, replicate, told = made
    verdicts = replicate[replicate["kind"] == "verdict"]
    assert verdicts.groupby("world", observed=True)["replicate"].nunique().to_dict() == {"none": 2, "harm": 3}
    assert verdicts["value"].nunique() == len(verdicts) == 5
    assert told[-1] == "harm: 3 of 3 replicates"


@pytest.mark.slow
def test_the_truth_is_that_of_the_world(made):
    _, replicate, _ = made
    truth = replicate[replicate["kind"] == "verdict"].groupby("world", observed=True)["truth"].mean()
    assert truth["none"] == 0 > truth["harm"]


@pytest.mark.slow
def test_a_claim_stands_beside_the_verdict_it_rests_on(made):
    _, replicate, _ = made
    claim = replicate[(replicate["kind"] == "claim") & (replicate["world"] == "none")]
    assert set(claim["name"].astype("str")) == {"IOP leads to more completed treatment"}
    assert set(claim["side"]) == {1.0}


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_makes_nothing_twice(made, monkeypatch):
    folder, before, _ = made
    parts = sorted(folder.rglob("*.parquet"))
    parts[0].unlink()
    whole, made_again = Worlds.replicate, []

    def counted(worlds, world, number):
        made_again.append((world, number))
        return whole(worlds, world, number)

    monkeypatch.setattr(Worlds, "replicate", counted)
    told = []
    after = operate(small(), folder, tell=told.append)
    assert made_again == [("harm", 1)]
    assert told[0] == "4 of 5 replicates are finished already"
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.slow
def test_more_replicates_are_added_and_other_settings_start_anew():
    more = CONTENT["simulate"]["worlds"] | {"none": {"replicates": 9}}
    assert digest_of(Worlds(small())) == digest_of(Worlds(small(simulate={"replicates": 2, "worlds": more})))
    assert digest_of(Worlds(small())) != digest_of(Worlds(small(margin=0.1)))


def test_a_number_asked_for_at_the_door_holds_for_every_world():
    worlds = Worlds(asking(small(), 7))
    assert {name: worlds.replicates(name) for name in worlds.by_name} == {"none": 7, "harm": 7}
    assert asking(small(), 0) == small()


@pytest.mark.slow
def test_two_processes_make_what_one_makes(made, tmp_path):
    _, replicate, _ = made
    pd.testing.assert_frame_equal(operate(small(), tmp_path, cores=2), replicate)


@pytest.mark.slow
def test_an_analysis_that_cannot_be_made_is_a_row_and_not_an_end():
    few = small(source=CONTENT["source"] | {"n_people": 20}, covariates=["payer", "referral", "primary_substance"])
    replicate = Worlds(few).replicate("none", 1)
    assert replicate["decision"].astype("str").tolist() == ["refused", "not testable"]


@pytest.mark.slow
def test_a_study_of_which_every_replicate_is_refused_ends_in_the_sentence(tmp_path):
    unknown = small(covariates=["shoe_size"])
    assert Worlds(unknown).replicate("none", 1)["decision"].tolist() == ["stopped"]
    with pytest.raises(StudyError, match="every replicate of the study was refused, the first since .*shoe_size"):
        operate(unknown, tmp_path)


@pytest.mark.slow
def test_the_stage_writes_its_files_and_releases_what_rests_on_nobody(tmp_path):
    own = small(simulate={"replicates": 2})
    assert run(own, tmp_path / "operating") == [tmp_path / "operating" / name for name in operating_files(own)]
    released = pd.read_csv(tmp_path / "operating" / "release" / "characteristic.csv")
    assert released[["world", "analysis", "n"]].to_dict("records") == [{"world": "none", "analysis": "primary", "n": 2}]
    assert len(store.read(tmp_path / "operating" / "decision.parquet"))


def test_what_rests_on_records_of_real_people_is_not_released(tmp_path):
    real = small(source={"kind": "tables", "path": str(tmp_path)}, simulate=None)
    assert "release/decision.csv" not in operating_files(real)
    with pytest.raises(DisclosureError, match="rest on the records of real people and are not released"):
        release_operating(real, {}, tmp_path / "release")
    assert not (tmp_path / "release").exists()
