"""Elements of FHIR resources: what stands at a path, codes, references however they are written, times and dates."""

import datetime
import re
from collections.abc import Collection, Iterator
from typing import Any

from iop_outcomes.ingest.dated.codes import plain

_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}")


def at(element: Any, *path: str) -> Any:
    """Return what stands at a path, the first where there are several; None where nothing does."""
    for name in path:
        while isinstance(element, list):
            element = element[0] if element else None
        if not isinstance(element, dict):
            return None
        element = element.get(name)
    return element


def several(element: Any, name: str) -> list[Any]:
    """Return the elements of a name, which may stand once, several times or not at all."""
    found = element.get(name) if isinstance(element, dict) else None
    return found if isinstance(found, list) else [] if found is None else [found]


def text_at(element: Any, *path: str) -> str | None:
    """Return text or a number at a path as text."""
    found = at(element, *path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else None


def codings(element: Any, *names: str) -> Iterator[str]:
    """Yield every code of some coded elements, as codes are compared."""
    for name in names:
        for concept in several(element, name):
            for coding in several(concept, "coding"):
                code = text_at(coding, "code")
                if code:
                    yield plain(code)


def listed(codes: Iterator[str], known: Collection[str]) -> tuple[str | None, str | None]:
    """Return the first code that is on a list, and the first of all."""
    every = list(codes)
    return next((code for code in every if code in known), None), (every[0] if every else None)


def words(concept: Any) -> list[str]:
    """Return everything a coded value may say a result with: codes, what they are called, text."""
    found = [text_at(coding, part) for coding in several(concept, "coding") for part in ("code", "display")]
    return [word for word in [*found, text_at(concept, "text")] if word]


def reference(element: Any) -> str | None:
    """Return whom or what a reference names, in one form: an id, or ``system|value`` where an identifier stands.

    References are written as ``Patient/1``, ``https://.../Patient/1/_history/2``, ``urn:uuid:1``,
    ``Patient?identifier=system|value``, or with an identifier instead.
    """
    written = text_at(element, "reference")
    if not written:
        value = text_at(element, "identifier", "value")
        return f"{text_at(element, 'identifier', 'system') or ''}|{value}" if value else None
    if "?" in written:
        asked = dict(part.split("=", 1) for part in written.partition("?")[2].split("&") if "=" in part)
        value = asked.get("identifier")
        return (value if "|" in value else f"|{value}") if value else None
    written = written.partition("/_history")[0].rstrip("/")
    return re.split(r"[/:#]", written)[-1] or None


def day(written: str | None) -> str | None:
    """Return the day on which something happened where it happened, whatever its offset; None for a month or a year."""
    return written[:10] if written and _DAY.match(written) else None


def minutes(start: str | None, end: str | None) -> float | None:
    """Return the minutes between two instants, whose offsets may differ; None without times, or for a day and more."""
    read = [_instant(each) for each in (start, end)]
    if read[0] is None or read[1] is None:
        return None
    length = (read[1] - read[0]).total_seconds() / 60
    return length if 0 < length < 24 * 60 else None


def _instant(written: str | None) -> datetime.datetime | None:
    if not written or "T" not in written:
        return None
    try:
        read = datetime.datetime.fromisoformat(written)
    except ValueError:
        return None
    return read if read.tzinfo else None
