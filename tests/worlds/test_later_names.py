"""Worlds built on what came later, by a name that says so: each is refused in one sentence when the file is loaded."""

import pytest

from iop_outcomes import study
from iop_outcomes.cohort.build import apply_rule, candidates_of, without_later
from iop_outcomes.kernel.errors import StudyError, StudyFileError
from iop_outcomes.study import Cohort
from iop_outcomes.study.later_names import spoken_of
from null_clinic import CONTENT, clinic, content, run
from small import episodes, records


def refused(tmp_path, **sections) -> str:
    """Return the sentence in which the study is refused."""
    with pytest.raises(StudyFileError) as error:
        study.parse(content(tmp_path, **sections), "own.yaml")
    said = str(error.value)
    assert said.startswith("own.yaml, ") and "\n" not in said
    return said


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ({"one_of": {"column": "discharge_reason", "values": ["completed"]}}, "is why care ended, known only after"),
        ({"recorded": {"column": "discharge_day"}}, "is when care ended, known only after"),
        ({"recorded": {"column": "observation_end_day"}}, "is how long the person was observed, known only after"),
        ({"one_of": {"column": "n_sessions", "values": ["9"]}}, "speaks of the sessions of the treatment"),
        ({"one_of": {"column": "completion", "values": ["1"]}}, "is a metric, measured after time zero"),
    ],
)
def test_eligibility_by_what_came_later_is_refused(tmp_path, rule, what):
    said = refused(tmp_path, cohort={"eligibility": [rule]})
    assert f"cohort.eligibility.{next(iter(rule))}: " in said
    assert f"{what}" in said and "cannot decide who is eligible" in said


@pytest.mark.parametrize("raw", ["discharge_reason", "DischargeReason", "Reason for discharge", "LOS", "tx_completed"])
@pytest.mark.parametrize("ours", ["assigned_treatment", "level_of_care", "site_id", "stepped_down_from"])
def test_a_later_column_may_not_be_called_an_assignment(tmp_path, raw, ours):
    source = {"columns": {"episode": {raw: ours}}}
    said = refused(tmp_path, source=source)
    assert f"source.columns.episode: '{raw}' speaks of " in said
    assert f"cannot become '{ours}', which must be known at assignment" in said


@pytest.mark.parametrize(("table", "ours"), [("baseline", "severity"), ("person", "age_years")])
def test_a_later_column_may_not_be_called_a_baseline_fact(tmp_path, table, ours):
    said = refused(tmp_path, source={"columns": {table: {"n_sessions_day84": ours}}})
    assert f"source.columns.{table}: 'n_sessions_day84' speaks of the sessions of the treatment" in said


def test_a_later_column_may_be_left_out_or_keep_its_own_name(tmp_path):
    columns = {"episode": {"Discharge reason": "discharge_reason"}, "baseline": {"n_sessions_day84": None}}
    assert study.parse(content(tmp_path, source={"columns": columns})).study == "world"


def test_the_codes_of_an_ending_are_no_arms(tmp_path):
    arms = {"iop": {"assigned_treatment": "completed"}, "outpatient": {"assigned_treatment": ["other", "dropout"]}}
    assert "cohort.arms.iop.assigned_treatment: 'completed' says how care ended" in refused(
        tmp_path, cohort={"arms": arms}
    )
    values = {"episode.assigned_treatment": {"Dropped out": "op", "Completed": "iop"}}
    assert "source.values.episode.assigned_treatment: 'Dropped out' says how care ended" in refused(
        tmp_path, source={"values": values}
    )


@pytest.mark.parametrize("role", ["covariates", "describe_by"])
def test_a_name_that_sounds_late_must_be_stated_to_be_early(tmp_path, role):
    said = refused(tmp_path, **{role: ["n_sessions_day84"]})
    assert "state so with measured_by_assignment: [n_sessions_day84]" in said
    stated = content(tmp_path, **{role: ["n_sessions_day84"]}, measured_by_assignment=["n_sessions_day84"])
    assert study.parse(stated).measured_by_assignment == ["n_sessions_day84"]


def test_what_is_late_by_definition_cannot_be_stated_away(tmp_path):
    assert "'los' is the length of stay" in refused(tmp_path, covariates=["los"], measured_by_assignment=["los"])


@pytest.mark.parametrize(
    "name",
    ["prior_completed_treatments", "completed_high_school", "use_days_30", "week_0_use", "marital_status"],
)
def test_names_that_only_look_like_it_are_no_matter(name):
    assert spoken_of(name) == ""


def test_a_rule_never_sees_what_came_later_whatever_it_asks_for():
    # As a plug-in of somebody's own might ask, whose settings no checker knows.
    tables = records(episodes({"discharge_reason": "completed"}, {"discharge_reason": "dropout"}))
    candidates = candidates_of(tables, Cohort(arms=CONTENT["cohort"]["arms"]))
    assert "discharge_reason" in candidates
    with pytest.raises(StudyError, match="there is no baseline column 'discharge_reason'"):
        apply_rule("recorded", {"column": "discharge_reason"}, candidates, without_later(tables))


def test_the_same_clinic_is_read_where_nothing_is_spoilt(tmp_path):
    assert len(run(tmp_path, clinic())["cohort"]) == 800
