"""TEDS-D of every layout: the same records, written as each year's file was, are the same people."""

from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes.ingest.sources.teds_d import codebook, crosswalk
from iop_outcomes.ingest.stage import examine, source_files
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.study import parse
from reference import reference_data
from teds_layouts import CODES, records, write_codes, write_early, write_labels

N = 400
TAKEN = {"service_at_discharge": "stands_for_admission"}


def read(folder: Path, path, year, **settings) -> dict[str, pd.DataFrame]:
    source = SOURCES["teds_d"]
    return source(folder, 1, **source.check({"path": path, "year": year} | settings))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    records(N, 2021).to_csv(folder / "plain.csv", index=False)
    return read(folder, "plain.csv", 2021)


def test_labels_in_latin_1_are_the_codes_they_stand_for(plain, tmp_path):
    write_labels(records(N, 2021), tmp_path / "tedsd_puf_2021.csv")
    found = read(tmp_path, "tedsd_puf_2021.csv", 2021)
    assert found["intake"]["n_rejected"].tolist() == [0]
    for name in ("person", "site", "episode", "baseline", "assessment"):
        pd.testing.assert_frame_equal(found[name], plain[name])
    # "None" is an answer, and not a missing value.
    assert (found["baseline"]["primary_substance"] == "none").sum() == (records(N, 2021)["SUB1"] == 1).sum() > 0


@pytest.mark.parametrize("name", ["tedsd_puf_2021.csv", "tedsd_puf_2021.tsv", "teds-d-2021-ds0001-bndl-data-tsv.zip"])
def test_zips_names_and_line_ends_make_no_difference(plain, tmp_path, name):
    write_codes(records(N, 2021), tmp_path / name)
    found = read(tmp_path, ".", 2021)
    assert found["intake"]["file"].tolist() == [name]
    for table in ("person", "episode", "baseline", "assessment"):
        pd.testing.assert_frame_equal(found[table], plain[table])


@pytest.mark.parametrize("separator", [",", "\t"])
def test_the_codes_of_2006_to_2014_are_recoded_by_their_own_meaning(plain, tmp_path, separator):
    write_early(records(N, 2010), tmp_path / "tedsd_2006_2014.csv", separator)
    found = read(tmp_path, "tedsd_2006_2014.csv", 2010, **TAKEN)
    bands = plain["person"]["age_band"].astype("str").replace({"55-64": "55+", "65+": "55+"})
    assert found["person"]["age_band"].astype("str").tolist() == bands.tolist()
    assert found["person"]["race_ethnicity"].astype("str").equals(plain["person"]["race_ethnicity"].astype("str"))
    for name in [c for c in plain["baseline"] if c != "self_help_at_admission"]:
        early, late = (frame["baseline"][name].astype(object).fillna("missing") for frame in (found, plain))
        assert early.tolist() == late.tolist(), name
    assert found["episode"]["level_of_care"].tolist() == plain["episode"]["level_of_care"].tolist()
    assert found["episode"]["period"].unique().tolist() == ["2010"]


def test_the_service_at_discharge_is_no_arm_unless_the_study_takes_it_for_one(tmp_path):
    write_early(records(9, 2010), tmp_path / "early.csv")
    with pytest.raises(SourceError, match=r"early.csv: it holds the service at discharge \(SERVSETD\) and not that at"):
        read(tmp_path, "early.csv", 2010)
    late = records(9, 2015).rename(columns={"SERVICES": "SERVICES_D"})
    late.to_csv(tmp_path / "tedsd_2015_puf.csv", index=False)
    with pytest.raises(SourceError, match=r"tedsd_2015_puf.csv: it holds the service at discharge \(SERVICES_D\)"):
        read(tmp_path, "tedsd_2015_puf.csv", 2015)
    assert len(read(tmp_path, "tedsd_2015_puf.csv", 2015, **TAKEN)["episode"]) == 9


@pytest.mark.slow
def test_several_years_are_one_study_with_the_vocabulary_that_all_have(tmp_path):
    write_early(records(N, 2014), tmp_path / "tedsd_2006-2014.csv")
    write_codes(records(N, 2017), tmp_path / "tedsd_puf_2017.csv")
    write_labels(records(N, 2021), tmp_path / "tedsd_puf_2021.csv")
    (tmp_path / "tedsa_puf_2021.csv").write_text("admissions are another file\n")
    found = read(tmp_path, ".", [2014, 2017, 2021], **TAKEN)
    assert found["intake"]["n_accepted"].tolist() == [N, N, N]
    # The program numbers its cases anew each year.
    assert found["person"]["person_id"].is_unique
    assert found["episode"]["period"].value_counts().to_dict() == {"2014": N, "2017": N, "2021": N}
    assert set(found["person"]["age_band"].dropna()) == {*list(codebook.AGE.values())[:10], "55+"}
    assert found["baseline"]["self_help_at_admission"].isna().sum() > N
    study = parse(_study({"path": str(tmp_path), "year": [2014, 2017, 2021]} | TAKEN))
    assert [path.name for path in source_files(study)] == [
        "tedsd_2006-2014.csv", "tedsd_puf_2017.csv", "tedsd_puf_2021.csv", "teds_d_crosswalk.csv"
    ]  # fmt: skip


def test_another_year_of_the_pooled_file_is_set_aside_and_no_reason_to_refuse(tmp_path):
    pooled = pd.concat([records(20, 2013), records(80, 2014)])
    write_early(pooled, tmp_path / "early.csv")
    found = read(tmp_path, "early.csv", 2013, **TAKEN)
    assert found["intake"][["n_in", "n_accepted", "n_rejected"]].values.tolist() == [[100, 20, 80]]
    assert found["rejected"]["rule"].unique().tolist() == ["DISYR: not the year 2013 of the study"]


def strange_states() -> pd.DataFrame:
    """Forty records of each of four states: as it should be, all completed, one day each, outpatient only."""
    frame = records(160, 2023).assign(REASON=[1, 2] * 80, LOS=20, SERVICES=[6, 6, 7, 7] * 40)
    frame["STFIPS"] = [36] * 40 + [4] * 40 + [37] * 40 + [72] * 40
    frame.loc[40:79, "REASON"] = 1
    frame.loc[80:119, "LOS"] = 1
    frame.loc[120:, "SERVICES"] = 7
    return frame


def test_states_that_cannot_be_what_they_say_are_set_aside_by_name(tmp_path):
    strange_states().to_csv(tmp_path / "teds.csv", index=False)
    found = read(tmp_path, "teds.csv", 2023, state_gate=["all_completed", "one_day_stays", "one_arm"])
    assert found["site"]["site_id"].tolist() == ["New York"]
    assert found["rejected"].groupby("rule", observed=True).size().to_dict() == {
        "STFIPS: at least 95% of the state's (intensive) outpatient discharges are completed": 40,
        "STFIPS: at least 50% of the state's (intensive) outpatient stays are of one day": 40,
        "STFIPS: the state has intensive outpatient or outpatient discharges, and none of the other": 40,
    }
    assert len(read(tmp_path, "teds.csv", 2023)["episode"]) == 160


def test_a_state_with_few_records_is_not_judged(tmp_path):
    strange_states().groupby("STFIPS").head(29).to_csv(tmp_path / "teds.csv", index=False)
    found = read(tmp_path, "teds.csv", 2023, state_gate=["all_completed", "one_day_stays", "one_arm"])
    assert len(found["episode"]) == 4 * 29


def test_a_check_tells_of_states_that_the_study_keeps(tmp_path):
    strange_states().to_csv(tmp_path / "teds.csv", index=False)
    found = examine(parse(_study({"path": str(tmp_path / "teds.csv"), "state_gate": ["one_arm"]})))
    assert found.problems == []
    assert [note.rpartition("; ")[2] for note in found.notes] == [
        "source.state_gate: [all_completed] sets it aside", "source.state_gate: [one_day_stays] sets it aside"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "path", "year", "sentence"),
    [
        (("tedsd_puf_2019.csv", "tedsd_puf_2019.zip"), ".", 2019, "source.path: there are 2 files of 2019 in"),
        (("tedsd_puf_2019.csv",), ".", 2020, "source.path: there is no file of 2020 in"),
        (("tedsd_puf_2019.csv",), ["tedsd_puf_2019.csv"] * 2, 2019, "source.path: a file stands there twice; name"),
        (("tedsd_puf_2019.csv",), [".", "tedsd_puf_2019.csv"], 2019, "source.path: '"),
        (("tedsd_puf_2019.csv",), "tedsd_puf_2019.csv", 2012, "tedsd_puf_2019.csv: this is the layout of 2015 to 2023"),
        (("tedsd_puf_2019.csv",), "tedsd_puf_2019.csv", [], "source.year: the list is empty; name the years"),
        (("tedsd_broken_2019.zip",), ".", 2019, "tedsd_broken_2019.zip: the file is damaged, cut off or locked"),
        (("tedsd_puf_2019.sav",), "tedsd_puf_2019.sav", 2019, "tedsd_puf_2019.sav: a file of TEDS-D ends in .csv"),
    ],
)
def test_files_that_cannot_be_meant_are_answered_in_one_sentence(tmp_path, files, path, year, sentence):
    for name in files:
        write_codes(records(3, 2019), tmp_path / name)
        if "broken" in name:
            (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:200])
    with pytest.raises(SourceError) as error:
        read(tmp_path, path, year)
    assert str(error.value).startswith(sentence)


def test_a_label_that_no_codebook_has_costs_its_record_and_is_not_told(tmp_path):
    write_labels(records(20, 2021), tmp_path / "labels.csv")
    text = (tmp_path / "labels.csv").read_bytes()
    (tmp_path / "labels.csv").write_bytes(text.replace(b"Arizona", b"Arizoma", 1))
    found = read(tmp_path, "labels.csv", 2021)
    assert found["rejected"]["rule"].tolist() == ["STFIPS: not a code of the codebook"]


@pytest.mark.oracle
@pytest.mark.parametrize("layout", ["2006-2014", "labels"])
def test_every_code_of_the_codebooks_is_in_the_crosswalk(layout):
    labels = pd.read_csv(
        reference_data("teds", "tedsd_code_labels_2006_2022.csv"), dtype=str, keep_default_na=False
    ).replace({"variable": {"GENDER": "SEX", "SERVSETD": "SERVICES"}})
    years = ["2006-2014"] if layout == "2006-2014" else ["2020", "2021", "2022"]
    labels = labels[labels["file_year"].isin(years) & labels["variable"].isin(CODES)]
    if layout == "2006-2014":
        labels = labels[labels["variable"] != "STFIPS"]
    known = crosswalk.recodings(layout)
    cell = labels["value"] if layout == "2006-2014" else labels["label"].map(crosswalk.bare)
    unknown = [(name, text) for name, text in zip(labels["variable"], cell, strict=True) if text not in known[name]]
    assert unknown == []
    if layout == "labels":
        codes = [known[name][text] for name, text in zip(labels["variable"], cell, strict=True)]
        assert codes == labels["value"].astype(int).tolist()


def _study(source: dict) -> dict:
    arms = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
    return {
        "study": "teds", "source": {"kind": "teds_d"} | source, "cohort": {"arms": arms, "time_zero": "admission"},
        "covariates": ["sex"], "metrics": {"completion": {}}, "designs": {"w": {"method": "overlap_weights"}},
        "analyses": {"primary": {"outcome": "completion", "design": "w", "estimator": "aipw"}},
    }  # fmt: skip
