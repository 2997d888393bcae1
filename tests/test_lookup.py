"""Rows of one table for the keys of another."""

import pandas as pd
import pytest

from iop_outcomes.tables import lookup
from iop_outcomes.tables.lookup import positions, rows_of

PEOPLE = pd.DataFrame({"person_id": ["c", "a", "b"], "age_years": [30, 10, 20], "sex": pd.Categorical(list("mfm"))})


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_each_wanted_key_gets_its_place(kind):
    keys = PEOPLE["person_id"].astype(kind)
    assert positions(keys, pd.Series(["a", "z", "c", "a"])).tolist() == [1, -1, 0, 1]
    assert positions(keys, pd.Index(["c", "a", "b"])).tolist() == [0, 1, 2]


def test_rows_come_in_the_wanted_order_under_its_index():
    found = rows_of(PEOPLE, "person_id", pd.Series(["b", "c"], index=["E1", "E2"]))
    assert found.index.tolist() == ["E1", "E2"]
    assert found["age_years"].tolist() == [20, 30]
    assert found["sex"].tolist() == ["m", "m"]
    assert list(found) == ["age_years", "sex"]


def test_a_key_that_is_nowhere_gets_an_empty_row():
    found = rows_of(PEOPLE, "person_id", pd.Index(["a", "z"]))
    assert found.loc["a", "age_years"] == 10
    assert found.loc["z"].isna().all()


def test_keys_that_stand_elsewhere_than_those_looked_up_before_are_found_there(monkeypatch):
    monkeypatch.setattr(lookup, "FEW", 0)
    wanted = pd.Series(["a", "b"])
    assert positions(pd.Series(["c", "a", "b"]), wanted).tolist() == [1, 2]
    # As many of each as before, so that what was found then is tried first.
    assert positions(pd.Series(["b", "c", "a"]), wanted).tolist() == [2, 0]
    assert positions(pd.Series(["b", "c", "a"]), wanted).tolist() == [2, 0]
    assert positions(pd.Series(["b", "c", "z"]), wanted).tolist() == [-1, 0]
