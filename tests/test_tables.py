"""Contracts: what a table must look like, and how a broken rule is told."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import tables
from iop_outcomes.kernel.errors import ContractError
from iop_outcomes.tables import store
from iop_outcomes.tables.capability import capabilities
from iop_outcomes.tables.checks import kept

PEOPLE = pd.DataFrame(
    {"person_id": ["a", "b", "b", None], "age_years": [20, 99, 30, 40], "sex": ["female", "?", "male", None]}
)


def test_every_broken_rule_is_found_with_its_rows():
    broken = tables.violations(tables.conform(PEOPLE, "person"), "person")
    assert {(v.column, v.rule): list(v.rows) for v in broken} == {
        ("age_years", "must be at most 90"): [1],
        ("sex", "must be one of female, male, other"): [1],
        ("person_id", "may not be empty"): [3],
        ("person_id", "repeats a key that an earlier row has"): [2],
    }


WRONG = {
    "episode_id": [None, "e1"],
    "assignment_day": [2.5, 40_000],
    "level_of_care": ["9"],
    "stay_days_low": [-1.0],
    "admission_day": [1.5, np.inf],
}


@pytest.mark.parametrize("column, value", [(c, v) for c, values in WRONG.items() for v in values])
def test_the_quick_look_at_a_table_sees_whatever_the_rules_see(column, value):
    right = {"episode_id": ["e1", "e2"], "person_id": ["p", "p"], "assignment_day": [0, 3], "admission_day": [0, None]}
    right |= {"level_of_care": ["1", None], "stay_days_low": [1.0, None]}
    wrong = right | {column: [right[column][0], value]}
    for columns, is_right in ((right, True), (wrong, False)):
        frame = tables.conform(pd.DataFrame(columns), "episode")
        assert kept(frame, tables.contract("episode")) == (not tables.violations(frame, "episode")) == is_right


def test_the_quick_look_compares_keys_of_several_columns_without_those_that_are_not_whole():
    columns = {"person_id": ["a", "a", "b", "a"], "day": [1, 2, 1, 1], "substance": ["x", "x", "x", "y"]}
    rows = pd.DataFrame(columns | {"result": "negative"})
    test = tables.contract("drug_test")
    assert kept(tables.conform(rows, "drug_test"), test)
    assert not kept(tables.conform(pd.concat([rows, rows[:1]]), "drug_test"), test)
    # The same key, but for a cell that is empty in both: that is another rule.
    holed = tables.conform(pd.concat([rows, rows[:1]]).assign(substance=[None, "x", "x", "y", None]), "drug_test")
    assert {v.column for v in tables.violations(holed, "drug_test")} == {"substance"}


def test_the_sentence_has_counts_and_columns_but_no_values():
    with pytest.raises(ContractError) as error:
        tables.check(PEOPLE, "person")
    assert "age_years: must be at most 90 (1 row)" in str(error.value)
    assert "99" not in str(error.value)


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ({"age_years": [1]}, "table 'person': column 'person_id' is missing; it needs person_id"),
        ({"person_id": ["a"], "age_year": [1]}, "there is no column 'age_year'; did you mean 'age_years'?"),
        ({"person_id": ["a"], "age_years": ["old"]}, "column 'age_years': 1 value cannot be read as number"),
    ],
)
def test_a_wrong_table_is_answered_by_name(frame, sentence):
    with pytest.raises(ContractError, match=sentence.replace("?", r"\?")):
        tables.check(pd.DataFrame(frame), "person")


@pytest.mark.parametrize("assigned", [[2.5, 0.0], [1e11, 0.0], [np.inf, 0.0], [2**40, 0]])
def test_a_day_that_is_no_day_is_a_broken_rule_and_never_cut_to_one(assigned):
    rows = {"episode_id": ["e1", "e2"], "person_id": ["p1", "p2"], "assignment_day": assigned}
    with pytest.raises(
        ContractError, match=r"table 'episode' breaks its contract: assignment_day: must be .* \(1 row\)"
    ):
        tables.check(pd.DataFrame(rows), "episode")


@pytest.mark.parametrize("moments", [pd.to_datetime(["2023-03-01"]), pd.to_timedelta([60], unit="D")])
def test_dates_and_durations_are_no_numbers(moments):
    rows = {"episode_id": ["e1"], "person_id": ["p1"], "assignment_day": [0], "stay_days_high": moments}
    with pytest.raises(ContractError, match="column 'stay_days_high': dates and durations cannot be read as number"):
        tables.check(pd.DataFrame(rows), "episode")


def test_an_unknown_table_is_answered_with_the_nearest():
    with pytest.raises(ContractError, match="did you mean 'session'"):
        tables.contract("sessions")


def test_types_are_those_of_the_contract():
    people = tables.check(PEOPLE.iloc[[0]], "person")
    assert people.dtypes.astype(str).to_dict() == {"person_id": "str", "age_years": "float64", "sex": "category"}


def test_what_conforms_already_is_the_same_and_may_be_changed_by_itself():
    frame = tables.check(
        pd.DataFrame({"person_id": ["a", "b"], "age_years": [30, 40], "sex": ["male", None]}), "person"
    )
    again = tables.conform(frame, "person")
    pd.testing.assert_frame_equal(again, frame)
    again.loc[0, "age_years"] = 99
    assert frame["age_years"].tolist() == [30, 40]
    # In another order it is put in that of the contract.
    assert tables.conform(frame[["sex", "age_years", "person_id"]], "person").columns.tolist() == list(frame.columns)


@pytest.mark.parametrize("name", sorted(tables.CONTRACTS))
def test_every_contract_holds_an_empty_table_and_comes_back_from_disk(name, tmp_path):
    store.write(tables.empty(name), name, tmp_path / f"{name}.parquet")
    assert list(store.read(tmp_path / f"{name}.parquet").columns) == [c.name for c in tables.contract(name).columns]


def test_a_table_comes_back_from_disk_as_it_went(tmp_path):
    episode = tables.check(
        pd.DataFrame(
            {
                "episode_id": ["e1", "e2"],
                "person_id": ["p1", "p2"],
                "assignment_day": [0, 3],
                "discharge_day": [np.nan, 40],
                "level_of_care": ["2.1", "1"],
            }
        ),
        "episode",
    )
    store.write(episode, "episode", tmp_path / "episode.parquet")
    pd.testing.assert_frame_equal(store.read(tmp_path / "episode.parquet"), episode)


def test_the_same_table_gives_the_same_bytes(tmp_path):
    people = PEOPLE.iloc[[0]]
    for name in ("one", "two"):
        store.write(people, "person", tmp_path / f"{name}.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_table_that_breaks_its_contract_is_not_written_at_all(tmp_path):
    with pytest.raises(ContractError):
        store.write(PEOPLE, "person", tmp_path / "person.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_parquet_is_answered_in_a_sentence(tmp_path):
    (tmp_path / "person.parquet").write_text("half a fi")
    with pytest.raises(ContractError, match="is not a Parquet file; delete it"):
        store.read(tmp_path / "person.parquet")


def test_a_column_left_empty_is_not_said_to_lack_its_table():
    person = pd.DataFrame({"person_id": ["p1"], "age_years": [40.0]})
    cannot = {"person": "there is no file of the table 'person'", "cost": "there is no file of the table 'cost'"}
    found = capabilities({"person": person}, cannot).set_index("name")["reason"]
    assert (found["person"], found["person.sex"]) == ("", "the source leaves it empty")
    assert found["cost"] == "there is no file of the table 'cost'"
