"""Files that a release or an export brought, read as text: one that is broken is told in a sentence."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.kernel.errors import StudyError


def read_released(file: Path) -> pd.DataFrame:
    """Return a table as it stands in a file, every cell as text.

    Raises
    ------
    StudyError
        The file cannot be read as a table, as one that was cut off or edited.
    """
    try:
        return pd.read_csv(file, dtype="str", keep_default_na=False)
    except (ValueError, OSError):
        said = f"{file}: this is no table as a release has it; run the study again, or ask for it anew"
        raise StudyError(said) from None


def read_facts(file: Path) -> dict[str, Any]:
    """Return what a JSON file holds by name.

    Raises
    ------
    StudyError
        The file is missing or holds something else.
    """
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        raise StudyError(f"{file}: the file is not as it was written; run the study again, or ask for it anew")
    return facts
