"""From the codes or labels of any year's file to the codes of 2015 to 2023, by ``teds_d_crosswalk.csv``.

The same number means another thing in the file of 2006-2014, and the file of 2021 holds labels, so every cell is
recoded by the layout of its file before files are joined.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

from iop_outcomes.ingest.reference import reference_rows
from iop_outcomes.ingest.sources.teds_d import codebook

if TYPE_CHECKING:
    import polars as pl

TABLE = "teds_d_crosswalk.csv"

Layout = Literal["2006-2014", "codes", "labels"]
#: Years of discharge that a file of each layout may hold.
YEARS: dict[Layout, range] = {
    "2006-2014": range(2006, 2015),
    "codes": range(2015, 2024),
    "labels": range(2015, 2024),
}

#: Stands for a cell that its layout does not know; no codebook has it, so it breaks the rule of its column.
UNREADABLE = -99

#: Words for a code that is the same in both.
_SAME = "same"
_RANGE = "-"


@cache
def recodings(layout: Layout) -> dict[str, dict[str, int]]:
    """Return for each variable of a layout what its cells become; a cell is a number, or a label without its marks."""
    found: dict[str, dict[str, int]] = {}
    for row in reference_rows(TABLE):
        if row["layout"] != layout:
            continue
        is_label = layout == "labels" and row["code"] != _SAME
        cells = {bare(row["raw"]): int(row["code"])} if is_label else _numbers(row["raw"], row["code"])
        for variable in row["variable"].split():
            found.setdefault(variable, {}).update(cells)
    if layout == "labels":
        found["STFIPS"] = {bare(name): code for code, (name, _, _) in codebook.STATES.items()}
    return found


def _numbers(raw: str, code: str) -> dict[str, int]:
    """Return a code, or every code of a range as ``8-14``, with what it becomes."""
    low, _, high = raw.partition(_RANGE) if raw[0] != _RANGE else (raw, "", raw)
    numbers = range(int(low), int(high or low) + 1)
    return {str(number): number if code == _SAME else int(code) for number in numbers}


def bare(label: str) -> str:
    """Return a label without capitals, blanks and marks, in which the files of several years differ."""
    return "".join(character for character in label.lower() if character.isascii() and character.isalnum())


def as_code(column: str, layout: Layout, labels: Iterable[str] = ()) -> "pl.Expr":
    """Return a column as codes of 2015 to 2023: null where missing, ``UNREADABLE`` where the layout has no such cell.

    Parameters
    ----------
    column : str
    layout : {'2006-2014', 'codes', 'labels'}
    labels : iterable of str
        Of a file with labels, every text that stands in the column: each is looked up once, and not in every row.

    Notes
    -----
    ``LOS`` alone keeps -9, which is not what an empty cell is there.
    """
    import polars as pl

    cell = pl.col(column)
    if column == "CASEID":
        return cell.str.strip_chars() if layout == "labels" else cell
    known = recodings(layout).get(column) if layout != "codes" else None
    if known is None:
        number = _number(cell)
    elif layout == "labels":
        codes = {text: _code_of(text, known) for text in labels}
        number = cell.replace_strict(codes, default=None, return_dtype=pl.Int16)
    else:
        recoded = {int(raw): code for raw, code in known.items()}
        number = _number(cell).replace_strict(recoded, default=None, return_dtype=pl.Int16)
    number = number.cast(pl.Int16)
    unreadable = number.is_null() & cell.is_not_null()
    code = pl.when(_is_known(column, number)).then(number)
    return pl.when(unreadable).then(pl.lit(UNREADABLE, pl.Int16)).otherwise(code).alias(column)


def known_code(column: str) -> "pl.Expr":
    """Return a column that holds codes of 2015 to 2023 as numbers, null where missing; ``CASEID`` as it is."""
    import polars as pl

    number = pl.col(column)
    return number if column == "CASEID" else pl.when(_is_known(column, number)).then(number).alias(column)


def _is_known(column: str, number: "pl.Expr") -> "pl.Expr":
    return number.is_not_null() if column == "LOS" else number != codebook.MISSING


def _code_of(label: str, known: Mapping[str, int]) -> int | None:
    return codebook.MISSING if label.strip() == str(codebook.MISSING) else known.get(bare(label))


def _number(cell: "pl.Expr") -> "pl.Expr":
    import polars as pl

    # Programs that know no missing integers write 6.0 for 6, so a whole number may come with decimals.
    real = cell.cast(pl.Float32, strict=False)
    return pl.when(real % 1 == 0).then(real).cast(pl.Int16, strict=False)


def injection_of_early_years(columns: "tuple[str, ...]") -> "list[pl.Expr]":
    """Return IDU of 2006-2014 as later files have it: known only of those for whom a substance is named.

    Its one code beside "reported" stands for everybody else, also for those of whom nothing was reported.
    """
    import polars as pl

    if not {"IDU", "SUB1"} <= set(columns):
        return []
    named = (pl.col("SUB1") > 1).fill_null(False)
    return [pl.when((pl.col("IDU") != 0) | named).then("IDU").alias("IDU")]


def joined_ages() -> "pl.Expr":
    """Return AGE with 55-64 and 65+ as the one band that the file of 2006-2014 has of them."""
    import polars as pl

    return pl.col("AGE").replace({11: codebook.OLDEST_OF_EARLY_YEARS, 12: codebook.OLDEST_OF_EARLY_YEARS})
