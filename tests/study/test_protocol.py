"""A protocol is locked once; what is changed afterwards is told by name."""

import json

import pytest
import yaml

import iop_outcomes
from iop_outcomes.kernel.errors import StudyError, StudyFileError
from iop_outcomes.release.page.target import protocol as in_words
from iop_outcomes.release.page.target import target_trial
from iop_outcomes.study.protocol import lock, lock_file, read_lock, state
from worlds_of_weeks import CONTENT


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(CONTENT))
    return path


def changed(**keys):
    return iop_outcomes.load_study(CONTENT | keys)


def test_a_lock_stands_beside_the_study_and_says_whether_there_were_results(file, tmp_path):
    study = iop_outcomes.load_study(CONTENT)
    made = lock(study, file, tmp_path / "results")
    assert made.before_results
    assert read_lock(file) == made
    assert lock(study, file, tmp_path / "results") == made
    said = in_words({"protocol": state(study, file)})
    assert said == f"The protocol ({made.digest[:12]}) was locked before there were any results, and is as it was."


def test_results_that_are_there_are_told(file, tmp_path):
    (tmp_path / "results" / "estimates").mkdir(parents=True)
    (tmp_path / "results" / "estimates" / "estimate.parquet").touch()
    study = iop_outcomes.load_study(CONTENT)
    lock(study, file, tmp_path / "results")
    assert "was locked after results of it had been made" in in_words({"protocol": state(study, file)})


def test_words_and_release_change_no_protocol_and_a_changed_margin_is_named(file, tmp_path):
    made = lock(iop_outcomes.load_study(CONTENT), file, tmp_path / "results")
    assert state(changed(title="Other", release={"min_cell": 20}), file)["changed"] == []
    other = changed(margin=0.1, gate={"min_ess": 25, "max_smd": 0.2})
    assert state(other, file)["changed"] == ["gate", "margin"]
    said = in_words({"protocol": state(other, file)})
    assert f"({made.digest[:12]}) and has been changed since: gate and margin. It is now" in said
    with pytest.raises(StudyError, match=r"has changed since \(gate, margin\); a lock is not made anew"):
        lock(other, file, tmp_path / "results")


def test_a_study_without_lock_says_so_and_a_broken_lock_is_told(file):
    study = iop_outcomes.load_study(CONTENT)
    assert "was not locked before outcomes were read" in in_words({"protocol": state(study, file)})
    assert in_words({}) == ""
    lock_file(file).write_text(json.dumps({"digest": "x"}))
    with pytest.raises(StudyFileError, match="this is no lock of a protocol"):
        state(study, file)


def test_the_trial_stands_beside_what_the_study_does():
    table = target_trial(changed(target_trial={"estimand": "Those who would accept either"}))
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["How they are assigned"] == (
        "By chance",
        "By clinicians, payers, courts and people themselves; made alike in sex and age years",
    )
    assert rows["For whom the answer holds"][0] == "Those who would accept either"
    assert len(table.rows) == 8


def test_of_a_trial_it_is_not_said_that_clinicians_assigned():
    trial = {"primary": CONTENT["analyses"]["primary"] | {"randomised": True}}
    rows = {row[0]: row[1:] for row in target_trial(changed(analyses=trial)).rows}
    said = "By chance, as the study says; made alike in sex and age years, too"
    assert rows["How they are assigned"] == ("By chance", said)
    both = trial | {"further": CONTENT["analyses"]["primary"]}
    rows = {row[0]: row[1:] for row in target_trial(changed(analyses=both)).rows}
    assert "for some comparisons by chance, as the study says" in rows["How they are assigned"][1]
