"""Tables of public facts that sources read: codes and what they mean, each with where it comes from.

They stand in ``data/reference`` of the project, and inside the package where it is installed from a wheel. A source
names those it reads among its raw files, so that a changed line is noticed as a changed record is.
"""

import csv
from pathlib import Path

from iop_outcomes.ingest.reading import files_of_path

_HERE = Path(__file__).resolve()
#: Where the tables may stand: inside an installed package, or in the project that the package is run from.
_PLACES = (_HERE.parents[1] / "reference", _HERE.parents[3] / "data" / "reference")


def reference_file(name: str) -> Path:
    """Return the file of one reference table.

    Raises
    ------
    FileNotFoundError
        The package was built without its tables, which is a fault of the package and of no study.
    """
    for place in _PLACES:
        if (place / name).is_file():
            return place / name
    raise FileNotFoundError(f"the reference table '{name}' is not part of this installation")


def reference_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of one reference table, every cell as text."""
    with reference_file(name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def files_and_codes(folder: Path, *, path: str, **settings: object) -> list[Path]:
    """Return the raw files of a source whose care and findings are codes, and the tables of these codes."""
    return [*files_of_path(folder, path=path), *(reference_file(name) for name in ("care_codes.csv", "findings.csv"))]
