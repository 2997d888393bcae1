"""Write what has been released, with the same bytes for the same content."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.disclosure.protection import Released

#: What stands in place of a number that may not be shown.
SUPPRESSED = "suppressed"
#: Text that a spreadsheet would take for a formula and run.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d*\.?\d*$)")


def release(table: Released, path: str | Path) -> None:
    """Write a released table as CSV, whole or not at all.

    Parameters
    ----------
    table : Released
        What ``protect`` returned.
    path : path
        File to write; its folder is made.

    Raises
    ------
    DisclosureError
        The table has not passed disclosure control.
    """
    if not isinstance(table, Released):
        raise DisclosureError(
            f"'{Path(path).name}' has not passed disclosure control; only what protect() returns is written to release/"
        )
    write_bytes(csv_bytes(table), path)


def csv_bytes(table: Released) -> bytes:
    """Return a released table as CSV: UTF-8, LF, whole numbers without a point, ``suppressed`` where a number was.

    Text that begins like a formula gets an apostrophe before it, as spreadsheets write it themselves.
    """
    text = pd.DataFrame({c: _text(table.frame[c]) for c in table.frame}, index=table.frame.index, dtype=object)
    text = text.mask(table.suppressed.reindex(columns=text.columns, fill_value=False), SUPPRESSED)
    return text.to_csv(index=False, lineterminator="\n").encode("utf-8")


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write a file aside and rename it, so that a killed run leaves no half of it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values):
        return values.map({True: "yes", False: "no"})
    if pd.api.types.is_numeric_dtype(values):
        # Of most columns many rows share a number, and numbers are slow to write.
        code, different = pd.factorize(values, use_na_sentinel=False)
        texts = np.array([_number(number) for number in different], dtype=object)
        return pd.Series(texts[code], index=values.index, dtype=object)
    return values.astype(object).where(values.notna(), "").map(inert)


def inert(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _number(value: float) -> str:
    if pd.isna(value):
        return ""
    return str(int(value)) if float(value).is_integer() else np.format_float_positional(value, trim="-")
