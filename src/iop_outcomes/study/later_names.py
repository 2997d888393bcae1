"""Names that speak of what happened after time zero, so that a study that would build on them is refused when loaded.

A name proves nothing: what is called otherwise is judged by its days and by how closely it goes with the length of stay
(``cohort.hindsight``). A name that does say it is answered here, at once.
"""

import re
from collections.abc import Iterable

#: Columns known only later, with what they are.
LATER = {
    "discharge_reason": "why care ended",
    "discharge_day": "when care ended",
    "last_contact_day": "when care ended",
    "observation_end_day": "how long the person was observed",
    "stay_days_low": "the length of stay",
    "stay_days_high": "the length of stay",
    "length_of_stay": "the length of stay",
    "los": "the length of stay",
    "admission_day": "whether and when treatment began",
    "death_day": "whether the person died",
    "hours_received": "the hours received",
    "minutes_attended": "the hours received",
    "sessions_attended": "the sessions attended",
}

#: Codes that say how care ended, and so are no treatment that anybody is assigned to.
ENDINGS = (
    "completed",
    "complete",
    "completer",
    "graduated",
    "dropout",
    "dropped_out",
    "terminated",
    "incarcerated",
    "death",
    "died",
)

#: Words of a name that point to a time before the assignment, whatever else the name says.
_BEFORE = (
    *("admission", "baseline", "before", "childhood", "earlier", "ever", "history", "hx", "intake", "lifetime", "past"),
    *("pre", "preceding", "previous", "prior"),
)
#: What else is completed: schooling, and forms.
_SCHOOLING = ("college", "degree", "education", "form", "ged", "grade", "hs", "questionnaire", "school", "schooling")

#: Patterns of a name in small letters with underscores, and what they speak of.
_SPOKEN = (
    (r"(^|_)(discharged?|dsch|disch|dischg)(_|$)", "discharge"),
    (r"(^|_)(complet(e|ed|er|ion)|graduat(ed|ion))(_|$)", "completing treatment"),
    (r"(^|_)(length_of_stay|los|stay|stay_days|days_in_(care|treatment|program|programme))(_|$)", "the length of stay"),
    (r"(^|_)(drop(ped)?_?out|retained|retention|attrition|left_care)(_|$)", "leaving or staying in care"),
    (r"(^|_)(attended|attendance|sessions|no_shows?)(_|$)", "the sessions of the treatment"),
    (r"(^|_)(day|week|wk|month)_?[1-9]\d*(_|$)", "a day after the assignment"),
    (r"(^|_)(follow_?up|post_?treatment|end_of_treatment|eot|outcomes?|at_end|at_exit)(_|$)", "what came after"),
)


def spoken_of(name: str, stated: Iterable[str] = ()) -> str:
    """Return what a name says of the time after the assignment, in words; empty where it says nothing of it.

    Parameters
    ----------
    name : str
    stated : iterable of str
        Names that the study states were measured by assignment; their sound does not count, what ``LATER`` lists does.

    Examples
    --------
    >>> spoken_of("discharge_reason")
    'why care ended'
    >>> spoken_of("n_sessions_day84")
    'the sessions of the treatment'
    >>> spoken_of("prior_completed_treatments")
    ''
    """
    plain = _plain(name)
    if plain in LATER:
        return LATER[plain]
    parts = plain.split("_")
    if name in stated or set(parts) & set(_BEFORE):
        return ""
    for pattern, what in _SPOKEN:
        if re.search(pattern, plain) and not (what.startswith("completing") and set(parts) & set(_SCHOOLING)):
            return what
    return ""


def is_ending(code: object) -> bool:
    """Return whether a code says how care ended."""
    return _plain(str(code)) in ENDINGS


def _plain(name: str) -> str:
    """Return a name in small letters with underscores: ``DischargeReason`` and ``Discharge reason`` are one."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name))
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")
