"""A study file: every wrong name is answered in one sentence, and what cannot answer the question is refused."""

import copy
from pathlib import Path

import pytest
import yaml

from iop_outcomes import study
from iop_outcomes.kernel.errors import StudyFileError

GOOD = yaml.safe_load("""
study: small
source: {kind: simulated, n_people: 100, true_effect: none}
cohort:
  arms: {iop: {level_of_care: 2.1}, outpatient: {level_of_care: 1}}
  eligibility: [adult]
  follow_up_days: 180
covariates: [sex]
metrics:
  completion: {}
  retention_90: {metric: retention, day: 90}
designs:
  overlap: {method: overlap_weights}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
""")


def changed(path: str, value) -> dict:
    """Return the good study with one place changed; a value of None takes the place out."""
    content = copy.deepcopy(GOOD)
    *parents, last = path.split("/")
    place = content
    for parent in parents:
        place = place[parent]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


def test_a_good_study_is_read_with_its_defaults():
    small = study.parse(GOOD)
    assert small.cohort.arms == {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
    assert small.gate.max_smd == 0.1
    assert small.release.min_cell == 11
    assert small.contrast(small.analyses["primary"]) == ("iop", "outpatient")
    assert small.metric("retention_90")[1] == {"day": 90, "completed": None}


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("covariate", ["sex"], "there is no setting 'covariate'; did you mean 'covariates'?"),
        ("cohort", None, "the setting 'cohort' is missing"),
        ("source/kind", "teds", "there is no source 'teds'; did you mean 'teds_d'?"),
        ("source/people", 5, "source, kind 'simulated': there is no setting 'people'; did you mean 'n_people'?"),
        (
            "cohort/arms",
            {"iop": {"level_of_care": 2.1}},
            "designs.overlap: a design compares arms and the study has only 'iop'; add another to cohort.arms, or "
            "leave the design out",
        ),
        ("cohort/eligibility", ["adults"], "there is no eligibility rule 'adults'; did you mean 'adult'?"),
        ("metrics/complete", {}, "there is no metric 'complete'; did you mean 'completion'?"),
        (
            "metrics/retention_90",
            {"metric": "retention", "days": 90},
            "metrics.retention_90: there is no setting 'days'",
        ),
        ("designs/overlap/method", "overlap", "there is no design method 'overlap'; did you mean 'overlap_weights'?"),
        ("analyses/primary/design", "overlapp", "there is no design 'overlapp' in this study; did you mean 'overlap'?"),
        ("analyses/primary/estimator", "aipww", "there is no estimator 'aipww'; did you mean 'aipw'?"),
        ("analyses/primary/outcome", "complete", "there is no outcome 'complete' among this study's metrics"),
        ("analyses/primary/measure", "risk_diff", "gives no 'risk_diff'; did you mean 'risk_difference'?"),
        ("analyses/primary/estimand", "ATE", r"answers for the ATO, not the ATE; change the estimand or the design"),
        ("analyses/primary/contrast", ["iop", "op"], "there is no arm 'op'"),
        ("release", {"min_cell": 0}, "'release.min_cell': input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_name_is_answered_with_its_place_and_the_nearest_right_one(path, value, sentence):
    with pytest.raises(StudyFileError) as error:
        study.parse(changed(path, value), "small.yaml")
    assert str(error.value).startswith("small.yaml")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_study_is_of_the_format_it_names_and_of_the_first_where_it_names_none():
    assert study.parse(GOOD | {"format": 1}).format == 1
    assert study.parse(GOOD).format == 1


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (2, "the file is of format 2 and this version of iop-outcomes reads format 1; install a newer one, or write"),
        (0, "there is no such format of study files; write format: 1"),
        (True, "there is no such format of study files; write format: 1"),
        ("1.0", "there is no such format of study files; write format: 1"),
    ],
)
def test_another_format_is_answered_with_what_to_change_before_anything_else_is_complained_of(found, sentence):
    with pytest.raises(StudyFileError) as error:
        study.parse({"format": found, "a key of later days": 1}, "own.yaml")
    assert str(error.value).startswith(f"own.yaml, format: {sentence}")


def test_the_studies_of_the_project_name_their_format():
    files = sorted((Path(__file__).resolve().parents[1] / study.STUDIES).glob("*.yaml"))
    assert files
    for file in files:
        assert study.read_yaml(file.read_text(encoding="utf-8"), file.name)["format"] == 1


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "cohort/arms/iop",
            {"discharge_reason": "completed"},
            "'discharge_reason' is why care ended, known only after",
        ),
        ("cohort/arms/iop", {"hours_received": "9"}, "'hours_received' is the hours received, known only after"),
        ("cohort/arms/iop", {"site_id": "s1"}, "arms come from what was assigned, and 'site_id' is no assignment"),
        ("covariates", ["sex", "retention"], "'retention' is a metric, measured after time zero"),
        ("covariates", ["los"], "'los' is the length of stay, known only after time zero"),
        ("metrics/retention_90/day", 300, "'day' is 300, past the end of follow-up"),
    ],
)
def test_what_happened_after_time_zero_may_not_decide_who_is_compared(path, value, sentence):
    with pytest.raises(StudyFileError, match=sentence):
        study.parse(changed(path, value))


def test_a_key_given_twice_is_an_error_and_not_the_last_one_kept(tmp_path):
    (tmp_path / "twice.yaml").write_text("study: a\nseed: 1\nseed: 2\n")
    with pytest.raises(StudyFileError, match="line 3: this is not valid YAML: the key 'seed' stands here twice"):
        study.load("twice.yaml", tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("study: [", "not valid YAML"), ("just words", "holds keys and values"), ("", "holds keys and values")],
)
def test_a_file_that_is_no_study_is_answered_in_a_sentence(tmp_path, content, sentence):
    (tmp_path / "odd.yaml").write_text(content)
    with pytest.raises(StudyFileError, match=sentence):
        study.load("odd.yaml", tmp_path)


def test_a_study_is_found_by_name_or_by_path(tmp_path):
    folder = tmp_path / study.STUDIES
    folder.mkdir(parents=True)
    (folder / "demo.yaml").write_text("")
    (tmp_path / "mine.yaml").write_text("")
    assert study.find("demo", tmp_path) == folder / "demo.yaml"
    assert study.find("mine.yaml", tmp_path) == tmp_path / "mine.yaml"
    with pytest.raises(StudyFileError, match="there is no study 'dmo' in .*; did you mean 'demo'"):
        study.find("dmo", tmp_path)
