"""FHIR R4 bulk export: resources to episodes, sessions and results, and what is set aside."""

import json

import pandas as pd
import pytest

from dated_clinic import DRAWN, arms_study, clinic, of_one
from fhir_export import coded, resources, who, write
from iop_outcomes import tables as contracts
from iop_outcomes.ingest.accepting import refuse
from iop_outcomes.ingest.sources.fhir.elements import day, minutes, reference
from iop_outcomes.ingest.sources.fhir.source import read_fhir
from iop_outcomes.ingest.stage import examine, ingest
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.study import parse
from iop_outcomes.tables.capability import capabilities
from reference import reference_data

SETTINGS = {"codes": {}, "break_days": 30, "drawn": None, "max_rejected_share": 1.0}


def read(made: dict, folder, form: str = "folder", **settings) -> dict[str, pd.DataFrame]:
    return read_fhir(folder, 1, SETTINGS | {"path": write(made, folder, form)} | settings, refuse)


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    return read(resources(clinic(8)), tmp_path_factory.mktemp("eight"))


def test_every_resource_of_a_clinic_is_accepted_and_an_encounter_is_the_appointment_it_was(eight):
    assert (eight["intake"]["n_rejected"] == 0).all()
    made = clinic(8)
    assert (
        eight["session"]["status"].astype("str").value_counts().to_dict()
        == made.sessions["status"].value_counts().to_dict()
    )
    came = made.sessions[made.sessions["status"] == "attended"]
    assert eight["session"]["minutes_attended"].sum() == came["minutes"].sum()
    assert eight["session"]["minutes_scheduled"].sum() == made.sessions["minutes"].sum()
    assert eight["episode"]["level_of_care"].tolist().count("2.1") == 4
    assert eight["site"]["site_id"].nunique() == 4
    assert (eight["drug_test"]["result"] == "positive").sum() == (made.tests["result"] == "positive").sum()
    assert sorted(eight["assessment"]["value"]) == sorted(made.scores["total"])
    assert (eight["baseline"]["primary_substance"] == "opiates").all()
    assert eight["person"]["death_day"].dropna().tolist() == [300]
    for name, frame in eight.items():
        pd.testing.assert_frame_equal(contracts.check(frame, name), frame)


def test_neither_dates_nor_names_nor_ids_of_the_export_reach_a_table(eight):
    theirs = {
        "Surname",
        "Name",
        "patient-",
        "place-",
        "appointment-",
        "2022-",
        "2023-",
        "12345",
        *clinic(8).people["person"],
    }
    for name in (n for n in eight if n not in ("intake", "rejected")):
        cells = {str(cell) for column in eight[name] for cell in eight[name][column].dropna()}
        assert not [cell for cell in cells if any(part in cell for part in theirs)], name


def test_a_zip_holds_the_same(eight, tmp_path):
    found = read(resources(clinic(8)), tmp_path, "zip")
    for name, frame in found.items():
        pd.testing.assert_frame_equal(frame, eight[name])


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ({"reference": "Patient/1"}, "1"),
        ({"reference": "https://host.example/fhir/Patient/1/_history/3"}, "1"),
        ({"reference": "urn:uuid:5af-1"}, "5af-1"),
        ({"reference": "Patient?identifier=http://a|7"}, "http://a|7"),
        ({"reference": "Patient?identifier=7"}, "|7"),
        ({"reference": "Patient?name=x"}, None),
        ({"identifier": {"system": "http://a", "value": "7"}}, "http://a|7"),
        ({"display": "Mrs. Name"}, None),
        ("Patient/1", None),
    ],
)
def test_references_are_written_in_many_ways(written, named):
    assert reference(written) == named


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        ("2022-03-01T09:00:00-05:00", "2022-03-01T10:30:00-05:00", 90),
        # The clocks went forward at two, so that one hour passed from half past one to half past three.
        ("2022-03-13T01:30:00-05:00", "2022-03-13T03:30:00-04:00", 60),
        ("2022-03-01T09:00:00-05:00", "2022-03-01T15:30:00Z", 90),
        ("2022-03-01T09:00:00-05:00", "2022-03-05T09:00:00-05:00", None),
        ("2022-03-01", "2022-03-01", None),
        ("2022-03-01T09:00:00", "2022-03-01T10:00:00-05:00", None),
        (None, "soon", None),
    ],
)
def test_lengths_pass_over_changing_offsets(start, end, length):
    assert minutes(start, end) == length


def test_the_day_is_that_of_the_place_and_a_month_is_no_day():
    assert day("2022-03-01T23:30:00-05:00") == "2022-03-01"
    assert day("2022-03") is None


def one(*sessions: tuple[str, str]) -> dict:
    return resources(of_one(*sessions))


def test_an_encounter_without_an_appointment_is_a_session_and_its_procedure_names_the_care(tmp_path):
    made = one(("2022-03-01", "x"), ("2022-03-03", "x"))
    made["Appointment"] = []
    for encounter in made["Encounter"]:
        del encounter["appointment"]
    made["Encounter"][1]["class"] = {"code": "VR"}
    made["Procedure"] = [
        {
            "resourceType": "Procedure", "id": f"p{i}", "status": "completed", "code": coded(code),
            "subject": who("1"), "encounter": {"reference": f"Encounter/encounter-{i}"}, "performedDateTime": date,
        }
        for i, code, date in ((0, "H0015", "2022-03-01"), (1, "H0005", "2022-03-03"))
    ]  # fmt: skip
    found = read(made, tmp_path)
    assert found["episode"]["level_of_care"].tolist() == ["2.1"]
    session = found["session"].sort_values("day")[["day", "type", "mode", "minutes_attended"]].astype(object)
    assert session.values.tolist() == [[0, "group", "in_person", 60], [2, "group", "video", 60]]


def test_a_named_episode_of_care_has_its_own_level_and_end(tmp_path):
    made = one(("2022-03-01", "H0005"), ("2022-03-03", "H0005"), ("2022-09-01", "H0005"))
    made["EpisodeOfCare"] = [
        {
            "resourceType": "EpisodeOfCare", "id": "e", "status": "finished", "type": [coded("IOPPROG")],
            "patient": who("1"), "period": {"start": "2022-02-27", "end": "2022-04-30T10:00:00-04:00"},
        }
    ]  # fmt: skip
    episode = read(made, tmp_path, codes={"IOPPROG": "2.1"})["episode"].sort_values("assignment_day")
    columns = ["assignment_day", "admission_day", "last_contact_day", "discharge_day", "level_of_care"]
    assert episode[columns].astype(object).where(episode[columns].notna(), None).values.tolist() == [
        [0, 2, 4, 62, "2.1"], [186, 186, 186, None, "1"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reason", "became"),
    [
        ("fulfilled", None, "attended"), ("noshow", None, "no_show"), ("cancelled", None, "cancel_patient"),
        ("cancelled", "pat-crs", "cancel_patient"), ("cancelled", "prov-dna", "cancel_program"), ("booked", None, None),
    ],
)  # fmt: skip
def test_what_became_of_an_appointment(tmp_path, status, reason, became):
    made = one(("2022-03-01", "H0005"), ("2022-03-08", "H0005"))
    made["Encounter"] = []
    made["Appointment"][1] |= {"status": status} | ({"cancelationReason": coded(reason)} if reason else {})
    found = read(made, tmp_path)
    assert found["session"].sort_values("day")["status"].tolist() == ["attended"] + ([became] if became else [])


def test_a_panel_and_a_form_are_told_part_by_part(tmp_path):
    made = one(("2022-03-01", "H0005"))
    made["Observation"] = [
        {
            "resourceType": "Observation", "id": "o", "status": "final", "code": coded("panel"), "subject": who("1"),
            "effectiveDateTime": "2022-03-01T08:00:00-05:00",
            "component": [
                {"code": coded("19295-5"), "valueCodeableConcept": {"text": "Positive"}},
                {"code": coded("19359-9"), "valueString": "Not detected"},
                {"code": coded("2345-7"), "valueQuantity": {"value": 5}},
            ],
        }
    ]  # fmt: skip
    ordinal = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
    chosen = {"valueCoding": {"code": "LA6569-3", "extension": [{"url": ordinal, "valueDecimal": 1}]}}
    made["QuestionnaireResponse"] = [
        {
            "resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": who("1"),
            "authored": "2022-03-02", "item": [
                {"linkId": "/44250-9", "answer": [chosen]}, {"linkId": "q2", "answer": [{"valueInteger": 3}]},
            ],
        }
    ]  # fmt: skip
    found = read(made, tmp_path, codes={"q2": "answer:PHQ9:2"})
    assert found["drug_test"][["day", "substance", "result"]].astype(object).values.tolist() == [
        [0, "cocaine", "negative"], [0, "opiates", "positive"]
    ]  # fmt: skip
    assert found["assessment"][["day", "item", "value"]].astype(object).values.tolist() == [[1, "1", 1], [1, "2", 3]]
    assert "Observation.000.ndjson, part 2" in found["intake"]["file"].tolist()


def test_a_resource_that_breaks_a_rule_is_set_aside_by_name(tmp_path):
    made = resources(clinic(8))
    broken = [
        ("Appointment", {"start": "2022-03"}, "start: is no date"),
        ("Appointment", {"start": "2029-03-01T09:00:00-05:00"}, "start: after the day on which the data were drawn"),
        ("Appointment", {"status": "booked"}, "status: says not what became of the appointment"),
        ("Appointment", {"participant": []}, "participant: empty"),
        ("Encounter", {"status": "entered-in-error"}, "status: says not that it took place"),
        (
            "Encounter",
            {"subject": {"reference": "Patient/somebody"}},
            "subject: names nobody among the accepted patients",
        ),
        ("Encounter", {"status": "gone"}, "status: empty, or none of FHIR's"),
        ("Encounter", {"period": {"start": "1780-01-01"}}, "period.start: before 1900"),
        ("Observation", {"status": "cancelled"}, "status: says not that it holds"),
        (
            "Observation",
            {"valueCodeableConcept": {"text": "see the note"}},
            "result: says neither positive nor negative",
        ),
        ("Observation", {"code": coded("2345-7")}, "code: no code of the study or of the lists: not used"),
        ("Condition", {"verificationStatus": coded("refuted")}, "verificationStatus: refuted or entered in error"),
        ("Condition", {"code": coded("S72")}, "code: no code of the study or of the lists: not used"),
    ]
    expected, rows = set(), dict.fromkeys(made, 0)
    for kind, change, rule in broken:
        made[kind][rows[kind]] |= change
        rows[kind] += 1
        expected.add((f"{kind}.000.ndjson", rows[kind], rule))
    place = tmp_path / write(made, tmp_path)
    with (place / "Other.ndjson").open("w") as lines:
        lines.write('{"resourceType": "Practitioner", "id": "1"}\nno JSON\n\n[1, 2]\n{"exportId": 1}\n')
    expected |= {
        ("Other.ndjson", 1, "a resource of the type Practitioner is not read"),
        ("Other.ndjson", 2, "is no JSON object"),
        ("Other.ndjson", 4, "is no JSON object"),
        ("Other.ndjson", 5, "is no FHIR resource: no resourceType"),
    }  # fmt: skip
    found = read_fhir(tmp_path, 1, SETTINGS | {"path": "export", "drawn": DRAWN}, refuse)
    assert set(found["rejected"][["file", "line", "rule"]].itertuples(index=False, name=None)) == expected


def test_a_patient_in_two_files_is_one(tmp_path):
    made = one(("2022-03-01", "H0005"))
    place = tmp_path / write(made, tmp_path)
    (place / "Patient.001.ndjson").write_text(json.dumps(made["Patient"][0]))
    found = read_fhir(tmp_path, 1, SETTINGS | {"path": "export"}, refuse)
    assert found["rejected"]["rule"].tolist() == ["id: a file read before has this patient"]


def test_what_it_cannot_give_is_said(eight):
    state = capabilities(eight, SOURCES["fhir"].cannot).set_index("name")
    for place in SOURCES["fhir"].cannot:
        assert not state["available"][place], place
    assert state["available"]["session.missed"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nowhere", "source.path: there is no file or folder 'nowhere'"),
        ("plain.txt", "plain.txt: a FHIR export is a folder or a zip of .ndjson files"),
        ("torn.zip", "torn.zip: the file is damaged or cut off"),
        ("empty", "empty: there is no .ndjson file in it"),
        ("export", "fhir: 4 rows were read, and none bears a code of outpatient or intensive outpatient treatment"),
    ],
)
def test_an_export_that_cannot_be_read_is_answered_in_one_sentence(tmp_path, path, sentence):
    write(one(("2022-03-01", "other")), tmp_path)
    (tmp_path / "plain.txt").write_text("x")
    (tmp_path / "torn.zip").write_text("x")
    (tmp_path / "empty").mkdir()
    source = SOURCES["fhir"]
    with pytest.raises(SourceError) as error:
        source(tmp_path, 1, **source.check({"path": path}))
    assert str(error.value).startswith(sentence)


@pytest.mark.oracle
def test_a_foreign_export_is_read_whole():
    place = reference_data("fhir", "synthea_10_bulk.zip")
    found = read_fhir(place.parent, 1, SETTINGS | {"path": place.name, "max_rejected_share": 0.1}, refuse)
    intake = found["intake"].set_index("file")[["n_in", "n_accepted"]]
    assert {name: row.tolist() for name, row in intake.iterrows()} == {
        "Patient.000.ndjson": [13, 13], "Encounter.000.ndjson": [1215, 1212], "Procedure.000.ndjson": [2056, 2056],
        "Condition.000.ndjson": [555, 2], "Location.000.ndjson": [44, 0], "Organization.000.ndjson": [43, 0],
        "log.ndjson": [4, 0],
    }  # fmt: skip
    assert found["person"]["death_day"].notna().sum() == 3
    study = parse(arms_study({"kind": "fhir", "path": str(place)}, drawn=False))
    with pytest.raises(SourceError, match="fhir: 3,930 rows were read, and none bears a code of outpatient"):
        ingest(study)
    assert len(examine(study).problems) == 1
