"""A made-up clinic written as a FHIR R4 bulk export: appointments, encounters, results, forms, one resource a line.

Like exports that others made, it has times with offsets that change with the season, references by identifier, and a
name in every reference.
"""

import datetime
import json
import zipfile
from pathlib import Path

from dated_clinic import Clinic

Resources = dict[str, list[dict]]
SYSTEM = "https://clinic.example/mrn"
HCPCS, LOINC = "urn:oid:2.16.840.1.113883.6.285", "http://loinc.org"
ANSWER = {"positive": "LA6576-8", "negative": "LA6577-6"}
RACE = {"White": "2106-3", "Black": "2054-5"}


def resources(clinic: Clinic) -> Resources:
    """Return the resources of a clinic by type. A missed session is an appointment with the status ``noshow``."""
    return {
        "Patient": [_patient(row) for row in clinic.people.itertuples()],
        "Appointment": [_appointment(i, row) for i, row in enumerate(clinic.sessions.itertuples())],
        "Encounter": [
            _encounter(i, row, clinic.people.set_index("person")["site"][row.person])
            for i, row in enumerate(clinic.sessions.itertuples())
            if row.status == "attended"
        ],
        "Observation": [_test(i, row) for i, row in enumerate(clinic.tests.itertuples())],
        "QuestionnaireResponse": [_form(i, row) for i, row in enumerate(clinic.scores.itertuples())],
        "Condition": [_condition(i, row) for i, row in enumerate(clinic.diagnoses.itertuples())],
    }


def write(made: Resources, folder: Path, form: str = "folder") -> str:
    """Write an export and return its place: a ``folder``, or a ``zip`` with a log."""
    files = {f"{kind}.000.ndjson": "".join(json.dumps(each) + "\n" for each in own) for kind, own in made.items()}
    if form == "zip":
        with zipfile.ZipFile(folder / "export.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for name, text in files.items():
                packed.writestr(f"export/{name}", text)
        return "export.zip"
    (folder / "export").mkdir()
    for name, text in files.items():
        (folder / "export" / name).write_text(text, encoding="utf-8")
    return "export"


def offset(date: datetime.date) -> str:
    """Return the offset of the east of the United States, which has summer time from March to November."""
    return "-04:00" if 3 < date.month < 11 else "-05:00"


def who(person: str) -> dict:
    """Return a reference to a patient by identifier, with a name that nobody should read."""
    return {"reference": f"Patient?identifier={SYSTEM}|{person}", "display": "Mrs. Name Surname"}


def coded(code: str, system: str = HCPCS) -> dict:
    """Return a coded value."""
    return {"coding": [{"system": system, "code": code, "display": "in words"}]}


def _patient(row) -> dict:
    us_core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    origin = "2135-2" if row.hispanic else "2186-5"
    found = {
        "resourceType": "Patient",
        "id": f"patient-{row.person}",
        "identifier": [{"system": SYSTEM, "value": row.person}],
        "name": [{"family": "Surname", "given": ["Name"]}],
        "address": [{"line": ["1 Street"], "postalCode": "12345"}],
        "gender": row.sex,
        "birthDate": row.born.isoformat(),
        "extension": [
            {"url": us_core + "race", "extension": [{"url": "ombCategory", "valueCoding": {"code": RACE[row.race]}}]},
            {"url": us_core + "ethnicity", "extension": [{"url": "ombCategory", "valueCoding": {"code": origin}}]},
        ],
    }
    if row.died is not None and row.died == row.died:
        found["deceasedDateTime"] = f"{row.died}T03:00:00{offset(row.died)}"
    return found


def _appointment(number: int, row) -> dict:
    start = datetime.datetime.combine(row.date, datetime.time(9))
    return {
        "resourceType": "Appointment",
        "id": f"appointment-{number}",
        "status": "fulfilled" if row.status == "attended" else "noshow",
        "serviceType": [coded(row.code)],
        "start": f"{start.isoformat()}{offset(row.date)}",
        "minutesDuration": row.minutes,
        "participant": [{"actor": who(row.person), "status": "accepted"}],
    }


def _encounter(number: int, row, site: str) -> dict:
    start = datetime.datetime.combine(row.date, datetime.time(9))
    end = start + datetime.timedelta(minutes=row.minutes)
    return {
        "resourceType": "Encounter",
        "id": f"encounter-{number}",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [coded("185347001", "http://snomed.info/sct")],
        "subject": who(row.person),
        "appointment": [{"reference": f"Appointment/appointment-{number}"}],
        # The end is written with another offset than the start, and is the same instant.
        "period": {"start": f"{start.isoformat()}{offset(row.date)}", "end": _utc(end, offset(row.date))},
        "serviceProvider": {"reference": f"Organization?identifier={SYSTEM}|place-{site}"},
    }


def _utc(time: datetime.datetime, ahead: str) -> str:
    return (time - datetime.timedelta(hours=int(ahead[:3]))).isoformat() + "Z"


def _test(number: int, row) -> dict:
    return {
        "resourceType": "Observation",
        "id": f"test-{number}",
        "status": "final",
        "code": coded("19295-5", LOINC),
        "subject": who(row.person),
        "effectiveDateTime": f"{row.date}T08:00:00{offset(row.date)}",
        "valueCodeableConcept": coded(ANSWER[row.result], LOINC),
    }


def _form(number: int, row) -> dict:
    total = {"linkId": "/phq/44261-6", "answer": [{"valueInteger": int(row.total)}]}
    return {
        "resourceType": "QuestionnaireResponse",
        "id": f"form-{number}",
        "status": "completed",
        "subject": who(row.person),
        "authored": f"{row.date}T08:30:00{offset(row.date)}",
        "item": [{"linkId": "/phq", "item": [total]}],
    }


def _condition(number: int, row) -> dict:
    return {
        "resourceType": "Condition",
        "id": f"condition-{number}",
        "code": coded(row.code, "http://hl7.org/fhir/sid/icd-10-cm"),
        "subject": who(row.person),
        "recordedDate": row.date.isoformat(),
    }
