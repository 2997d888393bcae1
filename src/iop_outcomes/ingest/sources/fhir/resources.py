"""What is kept of each type of resource: one row, or one for each result of an observation or a form."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from iop_outcomes.ingest.dated.codes import plain
from iop_outcomes.ingest.sources.fhir.elements import (
    at,
    codings,
    day,
    listed,
    minutes,
    reference,
    several,
    text_at,
    words,
)
from iop_outcomes.ingest.sources.fhir.export import Resource

Row = dict[str, Any]
#: Codes that are on the lists of care, and of findings and diagnoses.
Known = Mapping[str, Collection[str]]

RACE = "us-core-race"
ETHNICITY = "us-core-ethnicity"


def patient(found: Resource, known: Known) -> Iterator[Row]:
    """Keep birth, death, sex, race and origin, and the identifiers by which others refer to the patient."""
    names = [
        f"{text_at(each, 'system') or ''}|{text_at(each, 'value')}"
        for each in several(found, "identifier")
        if text_at(each, "value")
    ]
    yield {
        "person": text_at(found, "id"),
        "born": text_at(found, "birthDate"),
        "sex": text_at(found, "gender"),
        "race": _extension(found, RACE),
        "origin": _extension(found, ETHNICITY),
        "died": day(text_at(found, "deceasedDateTime")),
        "identifiers": names,
    }


def _extension(found: Resource, name: str) -> str | None:
    """Return the code of a US Core extension: that of the first category."""
    for extension in several(found, "extension"):
        if (text_at(extension, "url") or "").endswith(name):
            for part in several(extension, "extension"):
                if text_at(part, "url") == "ombCategory":
                    return text_at(part, "valueCoding", "code")
    return None


def encounter(found: Resource, known: Known) -> Iterator[Row]:
    """Keep who was seen when, for how long and where, and as what."""
    start, end = text_at(found, "period", "start"), text_at(found, "period", "end")
    on_list, first = listed(codings(found, "type", "serviceType"), known["care"])
    place = reference(at(found, "serviceProvider")) or reference(at(found, "location", "location"))
    yield {
        "id": text_at(found, "id"),
        "who": reference(at(found, "subject")),
        "status": text_at(found, "status"),
        "class": text_at(found, "class", "code"),
        "listed": on_list,
        "first": first,
        "date": day(start),
        "end": day(end),
        "attended": minutes(start, end),
        "site": place,
        "appointment": reference(at(found, "appointment")),
    }


def appointment(found: Resource, known: Known) -> Iterator[Row]:
    """Keep who was expected when and for how long, and what became of it."""
    start = text_at(found, "start")
    length = minutes(start, text_at(found, "end"))
    actors = [at(each, "actor") for each in several(found, "participant")]
    patients = [each for each in actors if _is_patient(each)]
    on_list, first = listed(codings(found, "serviceType", "appointmentType", "reasonCode"), known["care"])
    stated = text_at(found, "minutesDuration")
    yield {
        "id": text_at(found, "id"),
        "who": reference(patients[0]) if patients else None,
        "status": text_at(found, "status"),
        "reason": next(codings(found, "cancelationReason"), None),
        "listed": on_list,
        "first": first,
        "date": day(start),
        "scheduled": length if length is not None else float(stated) if stated and stated.isdigit() else None,
        "site": next((reference(each) for each in actors if _is_place(each)), None),
    }


def _is_patient(actor: Any) -> bool:
    return "Patient" in (text_at(actor, "reference") or "") or text_at(actor, "type") == "Patient"


def _is_place(actor: Any) -> bool:
    return "Location" in (text_at(actor, "reference") or "")


def episode_of_care(found: Resource, known: Known) -> Iterator[Row]:
    """Keep whose treatment of which level began and ended when."""
    on_list, first = listed(codings(found, "type"), known["care"])
    yield {
        "id": text_at(found, "id"),
        "who": reference(at(found, "patient")),
        "status": text_at(found, "status"),
        "listed": on_list,
        "first": first,
        "date": day(text_at(found, "period", "start")),
        "end": day(text_at(found, "period", "end")),
        "site": reference(at(found, "managingOrganization")),
    }


def procedure(found: Resource, known: Known) -> Iterator[Row]:
    """Keep what was done to whom when, and in which encounter."""
    start = text_at(found, "performedDateTime") or text_at(found, "performedPeriod", "start")
    on_list, first = listed(codings(found, "code"), known["care"])
    yield {
        "id": text_at(found, "id"),
        "who": reference(at(found, "subject")),
        "status": text_at(found, "status"),
        "listed": on_list,
        "first": first,
        "date": day(start),
        "attended": minutes(start, text_at(found, "performedPeriod", "end")),
        "encounter": reference(at(found, "encounter")),
    }


def condition(found: Resource, known: Known) -> Iterator[Row]:
    """Keep who was diagnosed with what since when."""
    when = text_at(found, "onsetDateTime") or text_at(found, "onsetPeriod", "start") or text_at(found, "recordedDate")
    yield {
        "id": text_at(found, "id"),
        "who": reference(at(found, "subject")),
        "status": next(codings(found, "verificationStatus"), None),
        "codes": list(codings(found, "code")),
        "date": day(when),
    }


def observation(found: Resource, known: Known) -> Iterator[Row]:
    """Keep each result: that of the observation, and of each of its components."""
    when = (
        text_at(found, "effectiveDateTime")
        or text_at(found, "effectiveInstant")
        or text_at(found, "effectivePeriod", "start")
        or text_at(found, "issued")
    )
    about = {
        "id": text_at(found, "id"),
        "who": reference(at(found, "subject")),
        "status": text_at(found, "status"),
        "date": day(when),
    }
    components = several(found, "component")
    for part in [found, *components]:
        code, _ = listed(codings(part, "code"), known["findings"])
        # A panel without a result of its own is told by its components.
        if part is not found or code or not components:
            yield about | {"code": code} | _value(part)


def _value(part: Any) -> Row:
    """Return everything that may say a result, the answer as it stands, and as a number."""
    number = next(
        (
            text
            for path in (("valueQuantity", "value"), ("valueInteger",), ("valueString",))
            if (text := text_at(part, *path))
        ),
        None,
    )
    said = [*words(at(part, "valueCodeableConcept"))]
    said += [word for each in several(part, "interpretation") for word in words(each)]
    plain_text = text_at(part, "valueString")
    return {
        "words": said + ([plain_text] if plain_text else []),
        "said": number or (said[0] if said else None),
        "value": number,
    }


def questionnaire_response(found: Resource, known: Known) -> Iterator[Row]:
    """Keep each answer, by the last part of its link id or the whole of it, whichever is a known code."""
    about = {
        "id": text_at(found, "id"),
        "who": reference(at(found, "subject")),
        "status": text_at(found, "status"),
        "date": day(text_at(found, "authored")),
    }
    items = list(_items(found))
    for item in items:
        link = text_at(item, "linkId") or ""
        code, _ = listed(iter([plain(link), plain(link.rstrip("/").rpartition("/")[2])]), known["findings"])
        number = _answer(several(item, "answer")[:1])
        yield about | {"code": code, "words": [], "said": number, "value": number}
    if not items:
        yield about | {"code": None, "words": [], "said": None, "value": None}


def _items(element: Any) -> Iterator[Any]:
    """Yield every item that is answered, whatever group it stands in."""
    for item in several(element, "item"):
        if several(item, "answer"):
            yield item
        yield from _items(item)
        for answer in several(item, "answer"):
            yield from _items(answer)


def _answer(answers: list[Any]) -> str | None:
    for answer in answers:
        for path in (("valueInteger",), ("valueDecimal",), ("valueQuantity", "value"), ("valueString",)):
            if (text := text_at(answer, *path)) is not None:
                return text
        # An answer chosen from a list has its score in an extension.
        for extension in several(at(answer, "valueCoding"), "extension"):
            if "ordinalValue" in (text_at(extension, "url") or ""):
                return text_at(extension, "valueDecimal")
        return text_at(answer, "valueCoding", "code")
    return None


READ: dict[str, Callable[[Resource, Known], Iterator[Row]]] = {
    "Patient": patient,
    "Encounter": encounter,
    "Appointment": appointment,
    "EpisodeOfCare": episode_of_care,
    "Procedure": procedure,
    "Condition": condition,
    "Observation": observation,
    "QuestionnaireResponse": questionnaire_response,
}
