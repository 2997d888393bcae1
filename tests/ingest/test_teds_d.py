"""TEDS-D: codes to canonical tables, and what is refused."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes import tables
from iop_outcomes.ingest.reading import read as read_raw
from iop_outcomes.ingest.sources.teds_d.layouts import file_of_layout, held
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import SOURCES
from reference import reference_data

#: A record that breaks no rule: a man of 30-34 in Arizona, white and not Hispanic, in intensive outpatient care, seven
#: days, completed, heroin daily by injection at admission, none at discharge.
RECORD = {
    "DISYR": 2023, "CASEID": 1, "STFIPS": 4, "SERVICES": 6, "LOS": 7, "REASON": 1, "AGE": 6, "SEX": 1, "RACE": 5,
    "ETHNIC": 4, "PREG": -9, "SUB1": 5, "SUB2": 2, "SUB3": 1, "FREQ1": 3, "FREQ1_D": 1, "ROUTE1": 4, "EMPLOY": 3,
    "NOPRIOR": 0, "METHUSE": 2,
}  # fmt: skip


def file_of(folder: Path, *changes: dict, name: str = "teds.csv") -> str:
    frame = pd.DataFrame([RECORD | {"CASEID": i} | row for i, row in enumerate(changes, start=1)])
    frame.to_csv(folder / name, index=False)
    return name


def read(folder: Path, *changes: dict, **settings) -> dict[str, pd.DataFrame]:
    source = SOURCES["teds_d"]
    return source(folder, 1, **source.check({"path": file_of(folder, *changes)} | settings))


def test_one_record_is_one_episode_of_one_person_in_one_state(tmp_path):
    found = read(tmp_path, {})
    assert found["person"].iloc[0].to_dict() == {
        "person_id": "1", "age_band": "30-34", "sex": "male", "race_ethnicity": "White"
    }  # fmt: skip
    assert found["site"].iloc[0].to_dict() == {"site_id": "Arizona", "type": "state", "region": "West"}
    episode = found["episode"].iloc[0]
    assert episode[["site_id", "level_of_care", "discharge_reason", "period"]].tolist() == [
        "Arizona", "2.1", "completed", "2023"
    ]  # fmt: skip
    assert episode[["assignment_day", "admission_day", "stay_days_low", "stay_days_high"]].tolist() == [0, 0, 7, 7]
    baseline = found["baseline"].iloc[0]
    assert baseline["primary_substance"] == "opiates"
    assert baseline["primary_substance_detail"] == "heroin"
    assert baseline["n_substances"] == 2
    assert (baseline["employment"], baseline["prior_episodes"], baseline["pregnant"]) == ("unemployed", "none", "no")
    # Asked at admission on day 0, and at discharge after the seven days of the stay.
    assert found["assessment"][["item", "day", "value"]].values.tolist() == [["FREQ1", 0, 3], ["FREQ1_D", 7, 1]]


@pytest.mark.parametrize(
    ("services", "level"),
    list(enumerate(["detox_inpatient"] * 2 + ["3"] * 3 + ["2.1", "1", "detox_ambulatory"], start=1)),
)
def test_the_service_at_admission_is_the_assigned_level(tmp_path, services, level):
    assert read(tmp_path, {"SERVICES": services})["episode"]["level_of_care"].tolist() == [level]


@pytest.mark.parametrize(
    ("los", "low", "high"),
    [(1, 1, 1), (30, 30, 30), (31, 31, 45), (33, 61, 90), (36, 181, 365), (37, 366, None)],
)
def test_a_stay_is_an_interval_and_never_the_code(tmp_path, los, low, high):
    found = read(tmp_path, {"LOS": los, "FREQ1_D": 2})
    episode = found["episode"].iloc[0]
    assert episode["stay_days_low"] == low
    assert episode["stay_days_high"] == high if high else pd.isna(episode["stay_days_high"])
    assert found["assessment"].query("item == 'FREQ1_D'")["day"].tolist() == [low]


def test_an_empty_stay_is_rejected_unless_the_study_says_what_it_is(tmp_path):
    found = read(tmp_path, {}, {"LOS": None}, max_rejected_share=0.5)
    assert found["rejected"][["line", "rule"]].values.tolist() == [[3, "LOS: empty, see the setting 'empty_los'"]]
    episode = read(tmp_path, {}, {"LOS": None}, empty_los="seven_or_more")["episode"].iloc[1]
    assert episode["stay_days_low"] == 7
    assert pd.isna(episode["stay_days_high"])


def test_minus_nine_and_empty_cells_are_missing(tmp_path):
    found = read(tmp_path, {"SUB1": -9, "SUB2": None, "SUB3": -9, "FREQ1": -9, "EMPLOY": -9, "SEX": -9})
    baseline = found["baseline"].iloc[0]
    assert baseline[["primary_substance", "n_substances", "employment"]].isna().all()
    assert found["person"]["sex"].isna().all()
    assert found["assessment"]["item"].tolist() == ["FREQ1_D"]


@pytest.mark.parametrize(
    ("race", "ethnic", "label"),
    [(5, 2, "Hispanic"), (-9, 1, "Hispanic"), (4, 4, "Black"), (9, 4, "Asian or Pacific Islander"), (4, -9, None)],
)
def test_race_is_told_of_those_known_not_to_be_hispanic(tmp_path, race, ethnic, label):
    found = read(tmp_path, {"RACE": race, "ETHNIC": ethnic})["person"]["race_ethnicity"].iloc[0]
    assert found == label if label else pd.isna(found)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"SERVICES": 9}, "SERVICES: not a code of the codebook"),
        ({"SERVICES": None}, "SERVICES: missing"),
        ({"SERVICES": -1}, "SERVICES: not a code of the codebook"),
        ({"LOS": 38}, "LOS: not a code of the codebook"),
        ({"LOS": -9}, "LOS: not a code of the codebook"),
        ({"REASON": -9}, "REASON: missing"),
        ({"STFIPS": 3}, "STFIPS: not a code of the codebook"),
        ({"DISYR": 2022}, "DISYR: not the year 2023 of the study"),
        ({"EMPLOY": 5}, "EMPLOY: not a code of the codebook"),
        ({"EMPLOY": "x"}, "EMPLOY: not a code of the codebook"),
        ({"EMPLOY": "2.5"}, "EMPLOY: not a code of the codebook"),
        ({"FREQ1": 4}, "FREQ1: not a code of the codebook"),
        ({"CASEID": None}, "CASEID: empty"),
    ],
)
def test_a_record_that_breaks_a_rule_is_kept_by_line_and_rule(tmp_path, change, rule):
    found = read(tmp_path, {}, {}, change, max_rejected_share=0.5)
    assert found["rejected"][["file", "line", "table", "rule"]].values.tolist() == [["teds.csv", 4, "episode", rule]]
    assert found["intake"].values.tolist() == [["teds.csv", "episode", 3, 2, 1]]
    assert len(found["episode"]) == len(found["person"]) == len(found["baseline"]) == 2


def test_of_two_different_records_of_one_case_none_is_taken(tmp_path):
    found = read(tmp_path, {"EMPLOY": 1}, {"EMPLOY": 2}, {"CASEID": 1}, max_rejected_share=1)
    assert found["intake"].values.tolist() == [["teds.csv", "episode", 3, 1, 2]]
    assert found["rejected"]["rule"].unique().tolist() == [
        "CASEID: rows of one key that contradict each other; none is taken"
    ]


@pytest.mark.parametrize(
    ("columns", "settings", "sentence"),
    [
        ({"SERVICES": "SERVICE"}, {}, "teds.csv: there is no column 'SERVICES'; did you mean 'SERVICE'?"),
        ({"EMPLOY": "EMPLOI"}, {}, "teds.csv: TEDS-D has no column 'EMPLOI'; did you mean 'EMPLOY'?"),
        ({"FREQ1_D": "SERVSETD"}, {}, "teds.csv: this is the layout of 2006 to 2014, and source.year names none of"),
        ({}, {"year": 2010}, "teds.csv: this is the layout of 2015 to 2023, and source.year names none of these"),
        ({}, {"path": "tedds.csv"}, "source.path: there is no file or folder 'tedds.csv'; did you mean 'teds.csv'?"),
    ],
)
def test_a_file_of_another_layout_is_answered_in_one_sentence(tmp_path, columns, settings, sentence):
    pd.DataFrame([RECORD]).rename(columns=columns).to_csv(tmp_path / "teds.csv", index=False)
    source = SOURCES["teds_d"]
    with pytest.raises(SourceError) as error:
        source(tmp_path, 1, **source.check({"path": "teds.csv"} | settings))
    assert str(error.value).startswith(sentence)


def test_a_header_alone_is_refused(tmp_path):
    with pytest.raises(SourceError, match="the file has a header and no rows"):
        pd.DataFrame(columns=list(RECORD)).to_csv(tmp_path / "teds.csv", index=False)
        SOURCES["teds_d"](tmp_path, 1, path="teds.csv")


def test_codes_written_with_decimals_are_the_same_codes(tmp_path):
    whole, decimals = (
        read(tmp_path, {}),
        read(tmp_path, {key: float(value) for key, value in RECORD.items() if key != "CASEID"}),
    )
    pd.testing.assert_frame_equal(decimals["baseline"], whole["baseline"])


@pytest.mark.parametrize("cell", ["7", "7.0", " 7", '"7"', "+7", "seven", "70000", "-9", ""])
def test_a_plain_file_read_as_numbers_at_once_has_the_codes_that_its_text_has(tmp_path, cell):
    path = tmp_path / "teds.csv"
    cells = {"DISYR": "2023", "CASEID": "a1", **dict.fromkeys(["STFIPS", "SERVICES", "REASON", "AGE", "SEX"], "1")}
    lines = [",".join([*cells, "LOS"]), ",".join([*cells.values(), cell]), "", ",".join([*cells.values(), "3"])]
    path.write_text("\n".join(lines) + "\n")
    file = file_of_layout(read_raw(path), [2023], "refuse")
    assert held(file).records.collect().equals(file.records.collect())


def test_earlier_names_lower_case_and_gzip_make_no_difference(tmp_path):
    new = read(tmp_path, {})
    old = pd.DataFrame([RECORD]).rename(columns={"SEX": "gender"})
    (tmp_path / "old.csv.gz").write_bytes(gzip.compress(old.to_csv(index=False).encode()))
    found = SOURCES["teds_d"](tmp_path, 1, path="old.csv.gz")
    for name in ("person", "episode", "baseline", "assessment"):
        pd.testing.assert_frame_equal(found[name], new[name])


def test_what_it_cannot_give_is_said(tmp_path):
    source = SOURCES["teds_d"]
    given = read(tmp_path, {})
    for place, reason in source.cannot.items():
        table, _, column = place.partition(".")
        assert reason.startswith("TEDS-D")
        assert table in tables.CANONICAL
        assert column not in given.get(table, ()) if column else table not in given


@settings(max_examples=5)
@given(order=st.permutations(range(4)))
def test_the_order_of_the_records_makes_no_difference(tmp_path_factory, order):
    folder = tmp_path_factory.mktemp("order")
    records = [{"CASEID": i, "LOS": 30 + i, "SUB1": 2 + i} for i in range(4)]
    straight, shuffled = read(folder, *records), read(folder, *[records[i] for i in order])
    for name in ("person", "site", "episode", "baseline"):
        key = straight[name].columns[0]
        pd.testing.assert_frame_equal(shuffled[name].sort_values(key, ignore_index=True), straight[name])


@pytest.mark.oracle
def test_the_thousand_real_records_of_2023():
    file = reference_data("teds", "tedsd_2023_sample1000_recoded.csv")
    found = SOURCES["teds_d"](file.parent, 1, path=file.name, empty_los="seven_or_more")
    assert found["intake"].values.tolist() == [[file.name, "episode", 1000, 1000, 0]]
    levels = found["episode"]["level_of_care"].value_counts()
    assert (levels["2.1"], levels["1"]) == (108, 544)
    # 339 stays are known, of one to six days; the others are a week or more without an upper bound.
    assert found["episode"]["stay_days_high"].notna().sum() == 339
    # Arizona: 110 outpatient discharges, every one completed, and no intensive outpatient care.
    arizona = found["episode"].query("site_id == 'Arizona' and level_of_care in ['1', '2.1']")
    assert arizona["level_of_care"].tolist() == ["1"] * 110
    assert (arizona["discharge_reason"] == "completed").all()
    for name, frame in found.items():
        pd.testing.assert_frame_equal(tables.check(frame, name), frame)


@pytest.mark.oracle
def test_without_the_setting_the_sample_is_refused_with_the_way_out():
    file = reference_data("teds", "tedsd_2023_sample1000_recoded.csv")
    with pytest.raises(SourceError, match=r"661 of 1,000 rows .* LOS: empty, see the setting 'empty_los' \(661 rows\)"):
        SOURCES["teds_d"](file.parent, 1, path=file.name)
