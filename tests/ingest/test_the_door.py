"""What a file may hold and what it may not (bounds, types, codes, ids, line ends), answered in a sentence or a rule."""

import datetime as dt
import gzip

import pandas as pd
import pytest

from iop_outcomes import study
from iop_outcomes.ingest import csv_text
from iop_outcomes.ingest.stage import ingest
from iop_outcomes.kernel.errors import SourceError, StudyFileError

ARMS = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}


def four_people() -> dict[str, pd.DataFrame]:
    """Return four people with an episode and a baseline row each."""
    i = [1, 2, 3, 4]
    person = pd.DataFrame({"person_id": [f"p{k}" for k in i], "age_years": 30.0})
    episode = {"episode_id": [f"e{k}" for k in i], "person_id": person["person_id"], "assignment_day": 0}
    episode |= {"discharge_day": [50, 60, 70, 80], "level_of_care": ["2.1", "1", "2.1", "1"]}
    baseline = pd.DataFrame({"episode_id": episode["episode_id"], "severity": [1.5, 2.5, 3.5, 4.5]})
    return {"person": person, "episode": pd.DataFrame(episode), "baseline": baseline}


def read(path, tables: dict[str, pd.DataFrame], kind="csv", **source) -> dict[str, pd.DataFrame]:
    """Write the tables and read them as a study does."""
    for name, frame in tables.items():
        frame.to_csv(path / f"{name}.csv", index=False) if kind == "csv" else frame.to_parquet(path / f"{name}.parquet")
    source = {"kind": "tables", "path": str(path), "max_rejected_share": 0.5} | source
    return ingest(study.parse({"study": "own", "source": source, "cohort": {"arms": ARMS}}))


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        ("episode", "discharge_day", 99999, "discharge_day: must be at most 36525"),
        ("episode", "discharge_day", 43831, "discharge_day: must be at most 36525"),  # 1 January 2020 as a number
        ("episode", "discharge_day", -43831, "discharge_day: must be at least -36525"),
        ("episode", "discharge_day", 9999, "discharge_day: 9999 and -9999 stand for a missing value in many programs"),
        ("person", "age_years", 999, "age_years: must be at most 90"),
        ("person", "age_years", 1e308, "age_years: must be at most 90"),
        ("baseline", "severity", 1e308, "severity: a number must lie between -1e+12 and 1e+12"),
        ("baseline", "severity", float("inf"), "severity: a number must lie between -1e+12 and 1e+12"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_number_out_of_bounds_is_set_aside_by_name(tmp_path, table, column, value, rule, kind):
    tables = four_people()
    tables[table][column] = tables[table][column].astype(float)
    tables[table].loc[1, column] = value
    made = read(tmp_path, tables, kind)
    found = made["rejected"].query(f"table == '{table}'")
    assert any(text.startswith(rule) for text in found["rule"])
    assert len(made[table]) == 3


@pytest.mark.parametrize("day", [36525, 9998, -36525])
def test_a_day_within_a_hundred_years_is_taken(tmp_path, day):
    tables = four_people()
    tables["episode"]["assignment_day"] = min(day, 0)
    tables["episode"].loc[1, "discharge_day"] = day
    assert len(read(tmp_path, tables)["episode"]) == 4


@pytest.mark.parametrize(
    ("values", "held"),
    [
        (pd.to_datetime(["2023-03-01"] * 4), "calendar dates"),
        ([dt.date(2023, 3, 1)] * 4, "calendar dates"),
        (pd.to_timedelta([60, 61, 62, 63], unit="D"), "durations"),
        ([dt.time(9, 30)] * 4, "times of day"),
        ([[1, 2]] * 4, "lists, structures or bytes"),
        ([{"a": 1}] * 4, "lists, structures or bytes"),
        ([b"x"] * 4, "lists, structures or bytes"),
    ],
)
@pytest.mark.parametrize(("table", "column"), [("episode", "discharge_day"), ("baseline", "waited")])
def test_a_column_of_a_type_that_is_no_number_or_text_is_refused_by_name(tmp_path, values, held, table, column):
    tables = four_people()
    tables[table][column] = values
    with pytest.raises(SourceError, match=f"{table}.parquet: the column '{column}' holds {held}; give "):
        read(tmp_path, tables, "parquet")


def test_numerals_with_leading_zeros_are_codes_and_other_numbers_quantities(tmp_path):
    tables = four_people()
    tables["baseline"] = tables["baseline"].assign(site_code=["01", "02", "10", "02"], visits=["1", "2", "10", "2"])
    made = read(tmp_path, tables)["baseline"]
    assert made["site_code"].tolist() == ["01", "02", "10", "02"]
    assert made["visits"].tolist() == [1, 2, 10, 2]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_missing_code_among_whole_numbers_has_to_be_declared(tmp_path, kind):
    tables = four_people()
    tables["baseline"]["employed"] = [1, 2, -9, 1]
    with pytest.raises(SourceError, match="'employed' holds -9 among whole numbers above zero; say source.missing"):
        read(tmp_path, tables, kind)
    made = read(tmp_path, tables, kind, categories=["employed"])["baseline"]
    assert made["employed"].tolist() == ["1", "2", "-9", "1"]
    made = read(tmp_path, tables, kind, quantities=["employed"])["baseline"]
    assert made["employed"].tolist() == [1, 2, -9, 1]


def test_a_temperature_below_zero_is_no_code(tmp_path):
    tables = four_people()
    tables["baseline"]["balance"] = [10, -9, -4, 2]
    assert read(tmp_path, tables)["baseline"]["balance"].tolist() == [10, -9, -4, 2]


def test_an_id_written_as_a_number_is_one_id(tmp_path):
    tables = four_people()
    tables["person"]["person_id"] = [1, 2, 3, 4]
    tables["episode"]["person_id"] = [1.0, 2.0, 3.0, 4.0]  # as pandas writes ids once one of them was missing
    made = read(tmp_path, tables)
    assert made["episode"]["person_id"].tolist() == ["1", "2", "3", "4"]
    assert made["rejected"].empty


def test_carriage_returns_alone_are_answered_and_with_line_feeds_they_are_read(tmp_path):
    read(tmp_path, four_people())
    file = tmp_path / "episode.csv"
    unix = file.read_bytes()
    for ending in (b"\r\n", b"\n"):
        file.write_bytes(unix.replace(b"\n", ending))
        assert len(read_again(tmp_path)["episode"]) == 4
    file.write_bytes(unix.replace(b"\n", b"\r"))
    with pytest.raises(SourceError, match=r"episode.csv: some lines end in a carriage return alone"):
        read_again(tmp_path)


def read_again(path) -> dict[str, pd.DataFrame]:
    """Read a folder as it is."""
    return read(path, {})


@pytest.mark.parametrize("name", ["line_in_file", "rule 0", "line", "index", "count", "literal"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_covariate_may_have_any_name(tmp_path, name, kind):
    tables = four_people()
    tables["baseline"][name] = [1, 2, 3, 4]
    assert read(tmp_path, tables, kind)["baseline"][name].tolist() == [1, 2, 3, 4]


def test_a_level_of_care_that_does_not_exist_is_answered_when_the_study_is_read():
    arms = ARMS | {"iop": {"level_of_care": "2.l"}}
    said = r"cohort.arms.iop.level_of_care: there is no code '2.l'; known: 0.5, 1, 2.1, 2.5, 3, 4"
    with pytest.raises(StudyFileError, match=said):
        study.parse({"study": "own", "source": {"kind": "simulated", "true_effect": "none"}, "cohort": {"arms": arms}})


@pytest.mark.parametrize("ending", ["csv.gz", "parquet"])
@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_packed_file_that_is_cut_off_is_answered(tmp_path, ending, kept):
    file = tmp_path / f"person.{ending}"
    tables = four_people()
    read(tmp_path, tables)
    (tmp_path / "person.csv").unlink()
    person = tables["person"]
    person.to_parquet(file) if ending == "parquet" else person.to_csv(file, index=False)
    whole = file.read_bytes()
    file.write_bytes(whole[:kept])
    with pytest.raises(SourceError, match=f"person.{ending}: "):
        read_as_it_lies(tmp_path)


def read_as_it_lies(folder):
    """Read a folder whose files are written."""
    source = {"kind": "tables", "path": str(folder)}
    return ingest(study.parse({"study": "own", "source": source, "cohort": {"arms": ARMS}}))


def test_a_packed_file_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text, "LARGEST_UNCHECKED", 100_000)
    read(tmp_path, four_people())
    (tmp_path / "person.csv").unlink()
    with gzip.open(tmp_path / "person.csv.gz", "wb") as packed:
        packed.write(b"person_id,age_years\n" + b"0" * 10_000_000)
    with pytest.raises(SourceError, match="person.csv.gz: the file unpacks to more than 300 times its size"):
        read_as_it_lies(tmp_path)


def test_a_damaged_page_inside_a_parquet_file_is_answered(tmp_path):
    read(tmp_path, four_people())
    (tmp_path / "baseline.csv").unlink()
    file = tmp_path / "baseline.parquet"
    pd.DataFrame({"episode_id": [f"e{i}" for i in range(2000)], "site": "x"}).to_parquet(file, compression="zstd")
    content = bytearray(file.read_bytes())
    content[40:60] = b"\xff" * 20
    file.write_bytes(content)
    with pytest.raises(SourceError, match="baseline.parquet: (the file is damaged|this is not a Parquet file)"):
        read_as_it_lies(tmp_path)


@pytest.mark.parametrize("target", ["/etc/hosts", "/nowhere", "/dev/zero", "site.csv", "../elsewhere.csv"])
def test_a_link_out_of_the_folder_is_refused_and_not_followed(tmp_path, target):
    folder = tmp_path / "raw"
    folder.mkdir()
    (tmp_path / "elsewhere.csv").write_text("site_id\ns1\n")
    read(folder, four_people())
    (folder / "site.csv").symlink_to(target)
    with pytest.raises(
        SourceError, match="site.csv: this is a link that leads out of the source's folder or to nothing"
    ):
        read_as_it_lies(folder)


def test_a_link_inside_the_folder_and_a_link_to_the_folder_are_followed(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    read(folder, four_people())
    (folder / "kept").mkdir()
    (folder / "person.csv").rename(folder / "kept" / "people.csv")
    (folder / "person.csv").symlink_to("kept/people.csv")
    (tmp_path / "linked").symlink_to(folder)
    assert len(read_as_it_lies(tmp_path / "linked")["person"]) == 4


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ufffe"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("place", ["baseline.ward", "person.race_ethnicity", "person.person_id"])
def test_a_control_character_in_any_text_sets_its_row_aside_by_count(tmp_path, character, kind, place):
    tables, (table, column) = four_people(), place.split(".")
    tables["baseline"]["ward"] = ["a", "b", "a", "b"]
    tables["person"]["race_ethnicity"] = "White"
    tables[table].loc[2, column] = f"a{character}b"
    if (character, kind) == ("\x00", "csv"):
        with pytest.raises(SourceError, match="the text holds zero bytes"):
            read(tmp_path, tables, kind)
        return
    made = read(tmp_path, tables, kind)
    mine = made["rejected"].set_index(["table", "rule"]).index
    assert mine.tolist().count((table, f"{column}: holds a control character")) == 1
    assert len(made[table]) == 3


def test_labels_stored_as_a_list_are_read_as_text(tmp_path):
    tables = four_people()
    tables["baseline"]["ward"] = pd.Categorical([" a ", "NA", "b", "b"])
    assert read(tmp_path, tables, "parquet")["baseline"]["ward"].isna().tolist() == [False, True, False, False]


def test_only_the_columns_that_are_named_are_read(tmp_path):
    tables = four_people()
    wide = pd.DataFrame({f"item_{i}": ["1", "2", "1", "2"] for i in range(3000)})
    tables["baseline"] = pd.concat([tables["baseline"], wide], axis=1)
    with pytest.raises(
        SourceError, match="baseline.csv: it has 3,002 columns and at most 1,000 are read; name those of "
    ):
        read(tmp_path, tables)
    made = read(tmp_path, tables, columns={"baseline": {"item_7": "item_7", "*": None}})
    assert made["baseline"].columns.tolist() == ["episode_id", "item_7"]
    with pytest.raises(SourceError, match=r"'\*' stands for all columns not named; write '\*': null"):
        read(tmp_path, tables, columns={"baseline": {"*": "all"}})


def test_a_file_without_a_header_is_answered_without_a_value_of_it(tmp_path):
    tables = four_people()
    read(tmp_path, tables)
    tables["person"].assign(person_id="Jane Doe").to_csv(tmp_path / "person.csv", index=False, header=False)
    with pytest.raises(SourceError) as error:
        read_as_it_lies(tmp_path)
    assert str(error.value) == (
        "person.csv: there is no column 'person_id'; it has 2 columns; see that the first line names them"
    )


def test_contradicting_reports_without_days_used_are_set_aside(tmp_path):
    tables = four_people()
    use = {"person_id": ["p1", "p1", "p2"], "day": 3, "window_days": 7, "substance": "opioid"}
    tables["use_report"] = pd.DataFrame(use | {"source": "tlfb", "amount": [1.0, 2.0, 1.0]})
    made = read(tmp_path, tables, max_rejected_share=1.0)
    assert made["use_report"]["person_id"].tolist() == ["p2"]
    assert made["rejected"]["rule"].str.contains("rows of one key that contradict each other; none is taken").sum() == 2
