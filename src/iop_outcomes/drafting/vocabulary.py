"""Words of clinics in English, Spanish, Portuguese and German: columns by their names, and codes by what is written."""

import re
from collections.abc import Iterable

#: What a column may be, by patterns of its plain name; the first that fits.
COLUMNS: dict[str, str] = {
    "person": r"\b(mrn|client|patient|chart|person|participant|consumer|medical record|paciente|cliente|expediente"
    r"|prontu[áa]rio|utente)\b"
    r"(?!.*\bname\b)|\bn[\w.º°]* (de )?historia|\b(klient|patient|fall)\w*(nr|nummer|id)\b",
    "appointment": r"\b(appt|appointment|visit|encounter|session|cita|consulta|atendimento) ?(id|no|number|#)"
    r"|terminnummer",
    "intake": r"intake|assess|referral|enrol|ordered on|order date|assigned|ingreso|acolhimento"
    r"|inscri[çc][ãa]o|aufnahme|zuweisung",
    "admission": r"admi(t|ssion)|admisi[oó]n|admiss[ãa]o|start of care|first service|behandlungsbeginn",
    "discharge": r"(d/?c|discharge|term\w*|closed|end of care|exit|left)\b.*(date|on|day)?$"
    r"|\b(egreso|entlass\w*|austritt\w*)\b|\balta$",
    "collected": r"collect|test date|specimen date|uds date|screen date|fecha de (la )?(muestra|prueba)"
    r"|data d[ae] (coleta|colheita)|probendatum",
    "date": r"\bdate\b|\bdos\b|week of|\bday\b|fecha|datum|\bdata\b|semana (de|del|do)|woche",
    "level": r"\bloc\b|level of care|\blevel\b|asam|program|track|\bn[ií]vel\b|stufe|versorgung",
    "status": r"status|attend|outcome|kept|show|result of (visit|appointment)|estado|asistencia"
    r"|comparec|presen[çc]a|anwesen|teilnahme",
    "service": r"service|type|activity|modality|group|session|\btipo\b|atendimento|leistung|terminart",
    "begins": r"^(start|begin|from|time in|in)( time)?$|start time|time in|hora (de )?in[ií]cio|^in[ií]cio$|^beginn$",
    "ends": r"^(end|stop|to|time out|out)( time)?$|end time|time out|hora (de )?fi[nm]|^t[ée]rmino$|^ende$",
    "minutes": r"minute|\bmins?\b|duration|length|minuto|duraci[oó]n|dura[çc][ãa]o|dauer",
    "hours": r"\bhours?\b|\bhrs?\b|\bhoras?\b|stunden",
    "mode": r"tele|virtual|video|format|in[- ]person|mode|modalidade?",
    "site": r"location|\bsite\b|facility|office|branch|clinic$|\bsede\b|centro|\bunidade\b|standort|einrichtung",
    "reason": r"reason|disposition|d/c type|discharge (status|type)|motivo|grund\b",
    "result": r"result|finding|reading|ergebnis|befund",
    "substance": r"primary (substance|drug)|drug of choice|\bdoc\b|substance|sustancia|subst[âa]ncia|substanz",
    "panel": r"panel|analyte|drug tested|test name|^test$|^drug$|^prueba$|^exame$|^droga$",
}
#: What is told of people at intake and may be a covariate.
COVARIATES: dict[str, str] = {
    "use_days": r"days? (used|of use)|use days|past 30|last 30|d[ií]as de (consumo|uso)|konsumtage",
    "employment": r"employ|work status|^job|empleo|trabajo|emprego|trabalho|ocupa[çc]|arbeit|beruf",
    "housing": r"housing|living|residence type|homeless|vivienda|moradia|habita[çc]|wohn(ung|situation)",
    "legal": r"legal|probation|justice|court",
    "prior_tx": r"prior|previous|earlier (tx|treatment|episodes)|tratam(ient|ent)os (previ|anterior)"
    r"|vorbehandlung",
    "payer": r"payer|payor|insur|coverage|funding|seguro|conv[êe]nio|kostentr[äa]ger",
    "education": r"educat|school|estudios|escolaridade|schul",
    "marital": r"marital|relationship|estado civil|familienstand",
    "referral_source": r"referr(al|ed) (source|by)|derivado por|zuweiser",
}
BORN = r"\b(dob|birth|born|nacimiento|nascimento)\b|geburt"
#: Columns of numbers that are days as a workbook keeps them, by their names.
DATED = "|".join(["dat", BORN, *(COLUMNS[role] for role in ("intake", "admission", "discharge", "collected", "date"))])
AGE = r"\b(age|edad|idade|alter)\b"
SEX = r"\b(sex|sexo|gender|g[eé]nero|geschlecht)\b"
RACE = r"race|ethnic|etnia|\bra[çc]a\b"

#: Codes of ours by what clinics write; the first pattern that fits the whole or a part of a text.
CODES: dict[str, list[tuple[str, str]]] = {
    "level_of_care": [
        (r"iop|intensiv|2\.1|9\+? ?h", "2.1"),
        (r"php|partial|tagesklinik|hospital.(de.)?d[ií]a|2\.5", "2.5"),
        (r"resid|station[äa]r|\b3\.", "3"),
        (r"\bop\b|outpatient|ambul|\bsop\b|standard|^1(\.0)?$|level 1", "1"),
    ],
    "status": [
        (r"resch|reprogram|remarcad|verschoben", "rescheduled"),
        (r"no.?show|^ns$|absent|^a$|\bdna\b|missed|did not|no (asisti|acudi)|falt[oóa]|^f$|ausente", "no_show"),
        (r"nicht (erschienen|gekommen)|gefehlt|unentschuldigt", "no_show"),
        (r"late.*(canc|cx)|(canc|cx).*(late|same.?day|24|tarde)|kurzfristig", "late_cancel"),
        (r"(canc|cx|abges).*(prog|prov|clinic|staff|couns|agency|centro|einrichtung|therapeut)", "cancel_program"),
        (r"canc|cx|^c$|abgesagt|absage", "cancel_patient"),
        (r"excus|^e$|^j$|justificad|entschuldigt", "excused"),
        (r"holiday|closed|festivo|feriado|cerrado|fechado|feiertag|geschlossen", "closed"),
        (r"left early|partial|parcial|teilweise", "partial"),
        (r"kept|attend|present|^p$|arrived|late|show|seen|complet|check|^y(es)?$", "attended"),
        (r"asisti|acudi|comparec|anwesend|erschienen|teilgenommen", "attended"),
    ],
    "type": [
        (r"indiv|1:1|one.on.one|einzel", "individual"),
        (r"assess|intake|eval|erstgespr", "assessment"),
        (r"famil|couple|pareja|paar", "family"),
        (r"peer|recovery coach", "peer"),
        (r"case m|care coord", "case_management"),
        (r"medic|mat\b|nurs|prescri|medik", "medication"),
        (r"educ|class|taller", "education"),
        (r"group|grp|iop|grup", "group"),
    ],
    "mode": [
        (r"phone|audio|tel[eé]fono|telefon", "phone"),
        (r"in.?person|face|^n(o)?$|on.?site|^false$|presencial|vor ort", "in_person"),
        (r"tele|video|zoom|virtual|^y(es)?$|^true$", "video"),
    ],
    "discharge_reason": [
        (r"never|lost|ama|drop|no contact|left|abscond|self|withdr|engag|abandon|abbruch|kontaktabbr", "dropout"),
        (r"complet|graduat|success|goals|alta terap|conclu|regul[äa]r|abgeschlossen", "completed"),
        (r"transf|referr|step|higher|moved|traslad|verleg", "transfer"),
        (r"jail|incarc|arrest|prison|pris[iãa]|\bpreso\b|c[aá]rcel|\bhaft\b|inhaft", "incarcerated"),
        (r"death|deceas|died|fallec|muert|[óo]bito|verstorben|\btod\b", "death"),
        (r"admin|terminat|non.?compl|rule|behav|expuls|disziplin", "terminated"),
    ],
    "result": [
        (r"neg|^-$|n(ot?|[ãa]o) detect|nicht nachweis|^nd$|none", "negative"),
        (r"inv|dilut|adulter|reject|unable|inv[aá]lid|ung[üu]ltig", "invalid"),
        (r"pos|^\+$|detect|presum|nachweis", "positive"),
        (r"refus|no sample|missed|not obtained|sin muestra|recus|keine probe", "missing"),
    ],
    "sex": [
        (r"^f|woman|female|mujer|weibl|\bfrau\b|^w$", "female"),
        (r"^m|\bman\b|male|hombre|^h$|m[äa]nnl|\bherr\b", "male"),
        (r"^x|other|non|trans|unk|otro|divers|^d$", "other"),
    ],
}  # fmt: skip

#: Panels of drug tests by the short names that laboratories give them.
PANELS: dict[str, str] = {
    r"thc|cannab|marij|maconha": "cannabis",
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
    r"etg|ets|[aá]lc|etoh|ethyl": "alcohol",
}

#: Free text of the main substance: patterns that the mapping is given.
SUBSTANCES: dict[str, str] = {
    "[aá]lc|etoh|beer|wine|liquor": "alcohol",
    "hero[ií]n|fent|opi|oxy|perc|hydroc|suboxone|meth?ad[oó]n": "opioid",
    "meth|am(ph|f)et|anfet|[ck]o[ck]a[ií]n|crack|stimul|adderall": "stimulant",
    "[ck]annab|weed|mari[jh]|maconha|thc|pot": "cannabis",
    "benzo|xanax|sedat|alpraz": "sedative",
}

#: Days of the week from Monday on: by their beginning, German and Portuguese ones as they are written short.
WEEKDAYS = (
    r"mon|lun|mo$|seg(unda|$)", r"tue|mar(t|$)|dienst|di$|ter([çc]a|$)", r"wed|mi[eé]|mittw|mi$|qua(rta|$)",
    r"thu|jue|donn|do$|qui(nta|$)", r"fri|vie|frei|fr$|sex(ta|$)", r"sat|s[aá]b|sams|sa$", r"sun|dom|sonnt|so$",
)  # fmt: skip


def code_of(column: str, text: str) -> str | None:
    """Return the code of ours that a text most likely is, or None."""
    bare = text.strip().casefold()
    return next((ours for pattern, ours in CODES[column] if re.search(pattern, bare)), None)


def codes_of_all(column: str, texts: Iterable[str]) -> dict[str, str | None]:
    """Return the code of ours for each text of one column; of H and M, M is mujer, a woman."""
    meant = {text: code_of(column, text) for text in texts}
    bare = {text.strip().casefold() for text in meant}
    if column == "sex" and "h" in bare and "f" not in bare:
        meant |= {text: "female" for text in meant if text.strip().casefold() == "m"}
    return meant


def weekday_of(name: str) -> int | None:
    """Return which day of the week a column is, from 0 for Monday; the last word of its name says it."""
    last = name.strip().casefold().rpartition(" ")[2]
    return next((number for number, day in enumerate(WEEKDAYS) if re.match(day, last)), None)


def panel_of(name: str) -> str | None:
    """Return the substance that a panel of this name looks for, or None."""
    bare = name.strip().casefold()
    return next((ours for pattern, ours in PANELS.items() if re.search(pattern, bare)), None)


def is_day(name: str) -> bool:
    """Is the name of a column the number of a day of a month?"""
    return bool(re.fullmatch(r"0?[1-9]|[12]\d|3[01]", name.strip()))
