"""Words by which clinics call things: columns by their names, and codes by what is written."""

import re

#: What a column may be, by patterns of its plain name; the first that fits.
COLUMNS: dict[str, str] = {
    "person": r"\b(mrn|client|patient|chart|person|participant|consumer|medical record)\b(?!.*\bname\b)",
    "appointment": r"\b(appt|appointment|visit|encounter|session) ?(id|no|number|#)",
    "intake": r"intake|assess|referral|enrol|ordered on|order date|assigned",
    "admission": r"admi(t|ssion)|start of care|first service",
    "discharge": r"(d/?c|discharge|term\w*|closed|end of care|exit|left)\b.*(date|on|day)?$",
    "collected": r"collect|test date|specimen date|uds date|screen date",
    "date": r"\bdate\b|\bdos\b|week of|\bday\b",
    "level": r"\bloc\b|level of care|\blevel\b|asam|program|track",
    "status": r"status|attend|outcome|kept|show|result of (visit|appointment)",
    "service": r"service|type|activity|modality|group|session",
    "begins": r"^(start|begin|from|time in|in)( time)?$|start time|time in",
    "ends": r"^(end|stop|to|time out|out)( time)?$|end time|time out",
    "minutes": r"minute|\bmins?\b|duration|length",
    "hours": r"\bhours?\b|\bhrs?\b",
    "mode": r"tele|virtual|video|format|in[- ]person|mode",
    "site": r"location|\bsite\b|facility|office|branch|clinic$",
    "reason": r"reason|disposition|d/c type|discharge (status|type)",
    "result": r"result|finding|reading",
    "substance": r"primary (substance|drug)|drug of choice|\bdoc\b|substance",
    "panel": r"panel|analyte|drug tested|test name|^test$|^drug$",
}
#: What is told of people at intake and may be a covariate.
COVARIATES: dict[str, str] = {
    "use_days": r"days? (used|of use)|use days|past 30|last 30",
    "employment": r"employ|work status|^job",
    "housing": r"housing|living|residence type|homeless",
    "legal": r"legal|probation|justice|court",
    "prior_tx": r"prior|previous|earlier (tx|treatment|episodes)",
    "payer": r"payer|payor|insur|coverage|funding",
    "education": r"educat|school",
    "marital": r"marital|relationship",
    "referral_source": r"referr(al|ed) (source|by)",
}
AGE, BORN, SEX, RACE = r"^age\b", r"\b(dob|birth|born)\b", r"^(sex|gender)\b", r"race|ethnic"

#: Codes of ours by what clinics write; the first pattern that fits the whole or a part of a text.
CODES: dict[str, list[tuple[str, str]]] = {
    "level_of_care": [
        (r"iop|intensive|2\.1|9\+? ?h", "2.1"),
        (r"php|partial|2\.5", "2.5"),
        (r"resid|\b3\.", "3"),
        (r"\bop\b|outpatient|\bsop\b|standard|^1(\.0)?$|level 1", "1"),
    ],
    "status": [
        (r"resch", "rescheduled"),
        (r"no.?show|^ns$|absent|^a$|\bdna\b|missed|did not", "no_show"),
        (r"late.*(canc|cx)|(canc|cx).*(late|same.?day|24)", "late_cancel"),
        (r"(canc|cx).*(prog|prov|clinic|staff|couns|agency)", "cancel_program"),
        (r"canc|cx|^c$", "cancel_patient"),
        (r"excus|^e$", "excused"),
        (r"holiday|closed", "closed"),
        (r"left early|partial", "partial"),
        (r"kept|attend|present|^p$|arrived|late|show|seen|complet|check|^y(es)?$", "attended"),
    ],
    "type": [
        (r"indiv|1:1|one.on.one", "individual"),
        (r"assess|intake|eval", "assessment"),
        (r"famil|couple", "family"),
        (r"peer|recovery coach", "peer"),
        (r"case m|care coord", "case_management"),
        (r"medic|mat\b|nurs|prescri", "medication"),
        (r"educ|class", "education"),
        (r"group|grp|iop", "group"),
    ],
    "mode": [
        (r"phone|audio", "phone"),
        (r"in.?person|face|^n(o)?$|on.?site|^false$", "in_person"),
        (r"tele|video|zoom|virtual|^y(es)?$|^true$", "video"),
    ],
    "discharge_reason": [
        (r"never|lost|ama|drop|no contact|left|abscond|self|withdr|engag", "dropout"),
        (r"complet|graduat|success|goals", "completed"),
        (r"transf|referr|step|higher|moved", "transfer"),
        (r"jail|incarc|arrest|prison", "incarcerated"),
        (r"death|deceas|died", "death"),
        (r"admin|terminat|non.?compl|rule|behav", "terminated"),
    ],
    "result": [
        (r"neg|^-$|not detected|^nd$|none", "negative"),
        (r"inv|dilut|adulter|reject|unable", "invalid"),
        (r"pos|^\+$|detect|presum", "positive"),
        (r"refus|no sample|missed|not obtained", "missing"),
    ],
    "sex": [
        (r"^f|woman|female", "female"),
        (r"^m|\bman\b|male", "male"),
        (r"^x|other|non|trans|unk", "other"),
    ],
}  # fmt: skip

#: Panels of drug tests by the short names that laboratories give them.
PANELS: dict[str, str] = {
    r"thc|cannab|marij": "cannabis",
    r"coc|benzoylec": "cocaine",
    r"mamp|meth(amph)?$|^met$|methamph": "methamphetamine",
    r"amp": "amphetamine",
    r"fen": "fentanyl",
    r"mtd|methadone": "methadone",
    r"oxy": "oxycodone",
    r"opi|morph|heroin|6.?mam": "opioid",
    r"bup|suboxone": "buprenorphine",
    r"bzo|benzo": "benzodiazepine",
    r"bar": "barbiturate",
    r"pcp": "pcp",
    r"mdma|xtc": "mdma",
    r"etg|ets|alc|etoh|ethyl": "alcohol",
}

#: Free text of the main substance: patterns that the mapping is given.
SUBSTANCES: dict[str, str] = {
    "alc|etoh|beer|wine|liquor": "alcohol",
    "heroin|fent|opi|oxy|perc|hydroc|suboxone|methadone": "opioid",
    "meth|amphet|cocaine|crack|stimul|adderall": "stimulant",
    "cannab|weed|marij|thc|pot": "cannabis",
    "benzo|xanax|sedat|alpraz": "sedative",
}

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def code_of(column: str, text: str) -> str | None:
    """Return the code of ours that a text most likely is, or None."""
    bare = text.strip().casefold()
    return next((ours for pattern, ours in CODES[column] if re.search(pattern, bare)), None)


def panel_of(name: str) -> str | None:
    """Return the substance that a panel of this name looks for, or None."""
    bare = name.strip().casefold()
    return next((ours for pattern, ours in PANELS.items() if re.search(pattern, bare)), None)
