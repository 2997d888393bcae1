"""Long tables: written part by part, and read for some people only, they are what they are as a whole."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from iop_outcomes import in_memory, stages, tables
from iop_outcomes.history import sessions
from iop_outcomes.ingest.sources.teds_d import codebook
from iop_outcomes.kernel.errors import ContractError, SourceError
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


FOLDER = {
    "person": pd.DataFrame({"person_id": list("pq"), "death_day": [None, "40"]}),
    "episode": pd.DataFrame({"episode_id": list("xy"), "person_id": list("pq"), "assignment_day": "0"}),
    "session": pd.DataFrame(
        [
            ("s1", "x", "0", "attended", "60"),
            ("s2", "y", "41", "no_show", ""),  # after the person's death
            ("s3", "x", "1", "attended", "60"),
            ("s4", "z", "1", "attended", "60"),  # of no episode
            ("s5", "x", "2", "attended", "60"),
            ("s1", "x", "0", "attended", "60"),  # the first row again
            ("s3", "x", "1", "no_show", ""),  # what contradicts the third
            ("s6", "y", "one", "attended", "60"),
            ("s7", "y", "3", "partial", "30"),
        ],
        columns=["session_id", "episode_id", "day", "status", "minutes_scheduled"],
    ),
    "drug_test": pd.DataFrame(
        [
            ("p", "0", "opioids", "negative"),
            ("q", "1", "alcohol", "positive"),
            ("p", "2", "opioids", "missing"),
            ("q", "3", "any", "positive"),
            ("p", "0", "opioids", "positive"),  # stronger than the first
            ("q", "50", "cannabis", "negative"),  # after the person's death, and the only one of its kind
        ],
        columns=["person_id", "day", "substance", "result"],
    ),
}


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4])
def test_a_long_file_is_sifted_in_parts_as_at_once(tmp_path, monkeypatch, n_rows):
    for name, rows in FOLDER.items():
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    settings = {"path": ".", "max_rejected_share": 1.0}
    once = SOURCES["tables"](tmp_path, 1, **settings)
    monkeypatch.setattr(parts, "MOST_ROWS", n_rows)
    monkeypatch.setattr(parts, "LONG", 2)
    found = SOURCES["tables"](tmp_path, 1, **settings)
    assert once["session"]["session_id"].tolist() == ["s1", "s5", "s7"]
    assert once["drug_test"]["result"].tolist() == ["positive", "missing", "positive", "positive"]
    assert isinstance(found["session"], Parts)
    assert isinstance(found["drug_test"], Parts)
    # Whoever looks at the first part only leaves all parts to the next.
    assert len(next(iter(found["session"]))) <= n_rows
    for name, frame in once.items():
        assert len(found[name]) == len(frame)
        pd.testing.assert_frame_equal(whole(found[name]), frame)


def test_what_a_long_file_holds_of_more_than_one_row_is_asked_of_all_of_it(tmp_path, monkeypatch):
    for name, rows in FOLDER.items():
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    monkeypatch.setattr(parts, "LONG", 2)
    with pytest.raises(SourceError, match=r"session.csv: 5 of 9 rows cannot become rows of 'session'"):
        SOURCES["tables"](tmp_path, 1, path=".", max_rejected_share=0.5)


@pytest.mark.slow
def test_a_study_of_long_tables_has_the_numbers_of_short_ones(tmp_path, monkeypatch):
    written = yaml.safe_load((Path(__file__).parent / "golden" / "study.yaml").read_text(encoding="utf-8"))
    study = load_study(written | {"source": written["source"] | {"n_people": 300, "n_sites": 4}})
    read = in_memory.run_stages(study, stages.between("", "ingest"), {})
    # In no order, so that those of a member lie in several parts.
    read["session"] = read["session"].sample(frac=1, random_state=1, ignore_index=True)
    made = in_memory.run_stages(study, stages.between("ingest", "outcomes"), read)
    for name in ("ingest", "cohort", "metrics", "covariates", "outcomes"):
        stage = stages.named(name)
        for table in stage.writes:
            store.write(made[table], table, tmp_path / stages.path(stage, table))
    for module in (parts, store):
        monkeypatch.setattr(module, "MOST_ROWS", 100)
    monkeypatch.setattr(parts, "LONG", 100)
    monkeypatch.setattr(sessions, "SHARD_SESSIONS", 500)
    assert len(made["cohort"]) < len(made["episode"])
    for name in ("cohort", "metrics", "covariates", "hindsight", "outcomes"):
        stage = stages.named(name)
        given = stages.read(stage, {t: tmp_path / p for t, p in stages.inputs(stage, []).items()})
        assert name in ("cohort", "hindsight") or len(given["person"]) < len(made["person"])
        assert name == "covariates" or isinstance(given["session"], Parts)
        for table, frame in stage.run(study, given).items():
            expected = tables.check(made[table], table)
            pd.testing.assert_frame_equal(tables.check(frame, table), expected, check_exact=True)
