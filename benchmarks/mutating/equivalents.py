"""Changes that cannot matter, each with the reason, as somebody has judged them."""

from pathlib import Path

import yaml

from mutating.changes import Change

_FILE = Path(__file__).resolve().parents[1] / "equivalent_mutations.yaml"

Known = dict[str, list[dict[str, str]]]


def read() -> Known:
    """Return what was judged, by module: the code of the line, the change, and why it cannot matter."""
    return yaml.safe_load(_FILE.read_text(encoding="utf-8")) or {}


def split(module: Path, left: list[Change], known: Known) -> tuple[list[Change], list[Change]]:
    """Return the survivors of a module that were judged equivalent, and the others.

    A judgement holds for a line as it is written: an edited line is to be judged again.
    """
    judged = {(entry["code"], entry["change"]) for entry in known.get(module.as_posix(), [])}
    return (
        [change for change in left if (change.code, change.said) in judged],
        [change for change in left if (change.code, change.said) not in judged],
    )
