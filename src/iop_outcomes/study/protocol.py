"""The protocol of a study: what its answer rests on, locked before outcomes are read, and what has changed since.

Words, rules of release and the place of the raw data are no part of it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iop_outcomes.kernel.contents import whole
from iop_outcomes.kernel.errors import StudyError, StudyFileError

if TYPE_CHECKING:
    from iop_outcomes.study import Study

#: Keys of a study file that change no answer.
NOT_IN_IT = ("title", "extend", "release", "simulate", "source", "ledger", "target_trial")
#: What the locked digests are kept in, beside the study file.
ENDING = ".lock.json"


@dataclass(frozen=True)
class Lock:
    """The digests of a protocol as it was locked.

    Attributes
    ----------
    digest : str
        Of the whole.
    sections : mapping of str to str
        Of each key of the study file.
    before_results : bool
        Were there no results of the study when it was locked?
    """

    digest: str
    sections: Mapping[str, str]
    before_results: bool


def protocol(study: "Study") -> dict[str, Any]:
    """Return what the answer of a study rests on, by key of its file, defaults filled in."""
    content = study.model_dump(mode="json")
    source = {key: value for key, value in content["source"].items() if key != "path"}
    return {key: value for key, value in content.items() if key not in NOT_IN_IT} | {"source": source}


def digests(study: "Study") -> tuple[str, dict[str, str]]:
    """Return the digest of a study's protocol, and of each of its keys."""
    sections = {key: _digest(value) for key, value in protocol(study).items()}
    return _digest(sections), sections


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def lock_file(file: Path) -> Path:
    """Return where the lock of a study file lies: beside it."""
    return file.with_name(file.stem + ENDING)


def read_lock(file: Path) -> Lock | None:
    """Return the lock of a study file, None where it has none.

    Raises
    ------
    StudyFileError
        The lock cannot be read.
    """
    place = lock_file(file)
    if not place.is_file():
        return None
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        sections = {str(key): str(value) for key, value in content["sections"].items()}
        return Lock(str(content["digest"]), sections, bool(content["before_results"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StudyFileError(
            f"{place.name}: this is no lock of a protocol; put back the file that iop-outcomes lock wrote, or remove "
            "it and say so where results are reported"
        ) from None


def lock(study: "Study", file: Path, results: Path) -> Lock:
    """Write the lock of a study beside its file, and return it; one that is there is left as it is.

    Parameters
    ----------
    study : Study
    file : path
        The study file.
    results : path
        Folder of the study's results, to say whether outcomes could have been known.

    Raises
    ------
    StudyError
        It was locked before, and the protocol is not what it was.
    """
    known = read_lock(file)
    whole_digest, sections = digests(study)
    if known is not None:
        changed = changes(study, known)
        if changed:
            raise StudyError(
                f"{lock_file(file).name}: the protocol was locked before and has changed since ({', '.join(changed)}); "
                "a lock is not made anew, so that the report can say so; keep it, or start a study of another name"
            )
        return known
    made = Lock(whole_digest, sections, not any((results / "estimates").glob("**/*.parquet")))
    content = {"digest": made.digest, "sections": dict(made.sections), "before_results": made.before_results}
    with whole(lock_file(file)) as aside:
        aside.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return made


def changes(study: "Study", known: Lock) -> list[str]:
    """Return the keys of a study file that are not what they were when it was locked."""
    _, now = digests(study)
    names = [*known.sections, *(name for name in now if name not in known.sections)]
    # A key that a later version of the program added, and that the study leaves out, was no part of the protocol.
    empty = _digest(None)
    return [name for name in names if known.sections.get(name, empty) != now.get(name, empty)]


def state(study: "Study", file: Path | None) -> dict[str, Any]:
    """Return what the record of a run says of the protocol.

    Parameters
    ----------
    study : Study
    file : path or None
        The study file, None for a study that has none.

    Returns
    -------
    dict
        ``digest`` of the protocol as it is; ``locked``, its digest when it was locked, or None; ``before_results``;
        ``changed``, keys that are not what they were.
    """
    known = None if file is None else read_lock(file)
    now, _ = digests(study)
    if known is None:
        return {"digest": now, "locked": None, "before_results": None, "changed": []}
    return {
        "digest": now,
        "locked": known.digest,
        "before_results": known.before_results,
        "changed": changes(study, known),
    }
