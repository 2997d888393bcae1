"""Long tables: written part by part, and read for some people only, they are what they are as a whole."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from iop_outcomes import stages, tables
from iop_outcomes.ingest.sources.teds_d import codebook
from iop_outcomes.kernel.errors import ContractError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.road import load_study
from iop_outcomes.tables import keys, parts, store
from iop_outcomes.tables.parts import Parts, filled, whole

PEOPLE = pd.DataFrame({"person_id": list("abcdefg"), "age_years": [20, 30, None, 40, 50, 60, 70]})


@pytest.fixture
def long(monkeypatch):
    """Call every table of more than four rows a long one."""
    for module in (parts, store):
        monkeypatch.setattr(module, "MOST_ROWS", 4)


def in_parts(frame: pd.DataFrame, n_rows: int) -> Parts:
    return Parts(lambda: (frame[start : start + n_rows] for start in range(0, len(frame), n_rows)), len(frame))


@pytest.mark.parametrize("n_rows", [1, 3, 4, 6])
def test_a_table_in_parts_is_stored_as_it_is_at_once(tmp_path, long, n_rows):
    store.write(PEOPLE, "person", tmp_path / "once.parquet")
    store.write(in_parts(PEOPLE, n_rows), "person", tmp_path / "parts.parquet")
    assert pq.ParquetFile(tmp_path / "parts.parquet").num_row_groups == 2
    if n_rows == 4:
        assert (tmp_path / "once.parquet").read_bytes() == (tmp_path / "parts.parquet").read_bytes()
    pd.testing.assert_frame_equal(store.read(tmp_path / "parts.parquet", "person"), tables.check(PEOPLE, "person"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"person_id": "a"}, "table 'person' breaks its contract: person_id: repeats a key that an earlier row has"),
        ({"age_years": 99}, "table 'person' breaks its contract: age_years: must be at most 90 (1 row)"),
    ],
)
def test_what_breaks_its_contract_in_a_later_part_is_not_written(tmp_path, long, change, sentence):
    wrong = pd.concat([PEOPLE[:6], PEOPLE[6:].assign(**change)])
    with pytest.raises(ContractError) as error:
        store.write(in_parts(wrong, 3), "person", tmp_path / "person.parquet")
    assert str(error.value) == sentence
    assert list(tmp_path.iterdir()) == []


def test_equal_digests_of_unlike_keys_are_no_repetition(monkeypatch):
    monkeypatch.setattr(keys, "digest", lambda part, key: pd.Series(0, part.index).to_numpy("uint64"))
    for frame, repeated in ((PEOPLE, False), (PEOPLE.assign(person_id="a"), True)):
        split = list(in_parts(frame, 3))
        digests = [keys.digest(part, ("person_id",)) for part in split]
        assert keys.repeats(split, ("person_id",), digests) is repeated


def test_columns_are_filled_if_any_part_has_a_cell():
    late = pd.DataFrame({"a": [None, None, 1.0], "b": [1.0, None, None], "c": [None] * 3})
    assert filled(in_parts(late, 1)) == filled(late) == {"a", "b"}
    assert filled(None) == set()


def test_of_a_long_table_the_rows_of_some_are_read_in_their_order(tmp_path, long):
    rows = {"session_id": list("123456"), "episode_id": list("xyxzyx"), "day": range(6), "status": "attended"}
    session = tables.check(pd.DataFrame(rows), "session")
    store.write(session, "session", tmp_path / "session.parquet")

    def read(*episodes):
        # A table that has no person is asked for episodes.
        only = {"person_id": pd.Series(["p"]), "episode_id": pd.Series(episodes, dtype="str")}
        return store.read(tmp_path / "session.parquet", only=only)

    expected = session[session["episode_id"].isin(["x", "z"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(read("x", "z", "x"), expected)
    # Sessions that are not of these people are still sessions.
    pd.testing.assert_frame_equal(read("nobody"), session)


def test_records_of_teds_in_parts_are_those_at_once(tmp_path, long, monkeypatch):
    records = [dict.fromkeys(codebook.LAYOUT, "1") | {"CASEID": str(100 - i), "DISYR": "2023"} for i in range(11)]
    rows = pd.DataFrame(records).assign(AGE=["5", "6", "-9"] * 3 + ["7", "7"], FREQ1_D=["-9"] * 5 + ["2"] * 6)
    rows.assign(STFIPS=["1", "6"] * 5 + ["9"], CBSA2020="-9", PREG="-9").to_csv(tmp_path / "t.csv", index=False)
    made = SOURCES["teds_d"](tmp_path, 1, path="t.csv")
    assert {name for name, table in made.items() if isinstance(table, Parts)} == {
        *("person", "episode", "baseline", "assessment"),
    }
    assert max(map(len, made["assessment"])) == 4
    for module in (parts, store):
        monkeypatch.setattr(module, "MOST_ROWS", 2**20)
    for name, table in SOURCES["teds_d"](tmp_path, 1, path="t.csv").items():
        assert len(made[name]) == len(table)
        pd.testing.assert_frame_equal(whole(made[name]), table)


@pytest.mark.slow
def test_a_study_of_long_tables_has_the_numbers_of_short_ones(tmp_path, monkeypatch):
    written = yaml.safe_load((Path(__file__).parent / "golden" / "study.yaml").read_text(encoding="utf-8"))
    study = load_study(written | {"source": written["source"] | {"n_people": 300, "n_sites": 4}})
    made = stages.run_stages(study, stages.between("", "outcomes"), {})
    for name in ("ingest", "cohort", "metrics", "covariates", "outcomes"):
        stage = stages.named(name)
        for table in stage.writes:
            store.write(made[table], table, tmp_path / stages.path(stage, table))
    for module in (parts, store):
        monkeypatch.setattr(module, "MOST_ROWS", 100)
    assert len(made["cohort"]) < len(made["episode"])
    for name in ("metrics", "covariates", "outcomes"):
        stage = stages.named(name)
        given = stages.read(stage, {t: tmp_path / p for t, p in stages.inputs(stage, []).items()})
        assert len(given["person"]) < len(made["person"])
        for table, frame in stage.run(study, given).items():
            expected = tables.check(made[table], table)
            pd.testing.assert_frame_equal(tables.check(frame, table), expected, check_exact=True)
