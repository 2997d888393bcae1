"""Which code is which care, test, answer or diagnosis: lists in ``data/reference``, and what a study says instead.

Codes are compared without capitals, blanks and points. A study may add a code, give it another meaning, or take it off.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from iop_outcomes.ingest.reference import reference_rows
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.tables.canonical import LEVELS_OF_CARE

if TYPE_CHECKING:
    import polars as pl

CARE, FINDINGS = "care_codes.csv", "findings.csv"

#: ``day`` is a contact of a day's rate, ``care`` care with a bed or the like that is no session.
CARE_KINDS = ("day", "treatment", "assessment", "support", "opioid_medication", "care")
FINDING_KINDS = ("test", "answer", "substance", "mental", "result")
System = Literal["HCPCS", "CPT", "REVENUE", "CONDITION", "RXNORM", "LOINC", "ICD10CM", "SNOMED", "RESULT"]

_CARE_COLUMNS = ("code", "kind", "level", "type", "minutes", "needs")
HOW = (
    "write a level of care (2.1), a day's rate of one (day:2.1), assessment, support, opioid_medication, "
    "test:SUBSTANCE, answer:INSTRUMENT:ITEM, substance:NAME, mental:NAME, or null to take the code off the list"
)


def plain_code(cell: "pl.Expr") -> "pl.Expr":
    """Return codes as they are compared."""
    return cell.str.strip_chars().str.to_uppercase().str.replace_all(r"[.\s]", "")


def plain(code: str) -> str:
    """Return one code as codes are compared."""
    return "".join(str(code).upper().replace(".", "").split())


def check_codes(codes: Mapping[str, str | None]) -> None:
    """Refuse a meaning of a code that is none.

    Raises
    ------
    SourceError
        Says what a code may mean.
    """
    for code, meaning in codes.items():
        if meaning is None:
            continue
        kind, _, rest = meaning.partition(":")
        as_care = meaning in LEVELS_OF_CARE or (kind in ("assessment", "support", "opioid_medication") and not rest)
        as_day = kind == "day" and rest in LEVELS_OF_CARE
        as_finding = (kind in ("test", "substance", "mental") and rest) or (kind == "answer" and rest.count(":") == 1)
        if not (as_care or as_day or as_finding):
            raise SourceError(f"source.codes.{code}: '{meaning}' is no meaning of a code; {HOW}")


def care_codes(
    systems: tuple[System, ...], codes: Mapping[str, str | None], minutes: Mapping[str, float]
) -> "pl.DataFrame":
    """Return the codes of care of some systems, one row each: ``code``, ``kind``, ``level``, ``type``, ``minutes``,
    ``needs``.

    Parameters
    ----------
    systems : tuple of str
        A short number may be a code in several systems; only those that a column may hold are looked up in it.
    codes : mapping
        What the study says that a code is; it goes before the list.
    minutes : mapping
        By code, minutes of one unit, or of a day where the code is a day's rate; before the list, too.
    """
    import polars as pl

    rows = {
        plain(row["code"]): (row["kind"], row["level_of_care"], row["type"], row["minutes"], row["needs"])
        for row in reference_rows(CARE)
        if row["system"] in systems
    }
    for code, meaning in codes.items():
        old = rows.pop(plain(code), None)
        own = _as_care(meaning) if meaning is not None else None
        if own is not None:
            kept = old[2:] if old else ("", "", "")
            rows[plain(code)] = (*own, *kept)
    for code, length in minutes.items():
        if plain(code) in rows:
            kind, level, form, _, needs = rows[plain(code)]
            rows[plain(code)] = (kind, level, form, str(length), needs)
    table = pl.DataFrame(
        [(code, *row) for code, row in rows.items()], schema=dict.fromkeys(_CARE_COLUMNS, pl.String), orient="row"
    )
    empty_as_null = pl.when(pl.all() != "").then(pl.all())
    return table.with_columns(empty_as_null).with_columns(pl.col("minutes").cast(pl.Float64))


def _as_care(meaning: str) -> tuple[str, str] | None:
    """Return kind and level of what a study says of a code; None where it is no care."""
    kind, _, rest = meaning.partition(":")
    if meaning in LEVELS_OF_CARE:
        return ("treatment" if meaning in ("1", "2.1", "2.5") else "care", meaning)
    if kind == "day":
        return ("day", rest)
    return (kind, "") if kind in CARE_KINDS else None


def findings(kinds: tuple[str, ...], codes: Mapping[str, str | None]) -> "pl.DataFrame":
    """Return the codes of some kinds of findings, one row each: ``code``, ``kind``, ``name``, ``item``."""
    import polars as pl

    rows = {
        plain(row["code"]): (row["kind"], row["name"], row["item"])
        for row in reference_rows(FINDINGS)
        if row["kind"] in kinds
    }
    for code, meaning in codes.items():
        rows.pop(plain(code), None)
        kind, _, rest = (meaning or "").partition(":")
        if kind in kinds:
            name, _, item = rest.partition(":")
            rows[plain(code)] = (kind, name, item)
    columns = dict.fromkeys(("code", "kind", "name", "item"), pl.String)
    return pl.DataFrame([(code, *row) for code, row in rows.items()], schema=columns, orient="row")


def results() -> dict[str, str]:
    """Return by word or code of a result, in small letters, what it is: negative, positive or invalid."""
    return {row["code"].lower(): row["name"] for row in reference_rows(FINDINGS) if row["kind"] == "result"}


def diagnosis_of(cell: "pl.Expr", table: "pl.DataFrame", column: str) -> "pl.Expr":
    """Return of a code of a diagnosis what a column of the list says: the longest beginning of it that stands there."""
    import polars as pl

    code = plain_code(cell)
    known = dict(zip(table["code"], table[column], strict=True))
    longest_first = sorted({len(each) for each in known}, reverse=True)
    found = [
        # A short code of ICD-10 stands for all below it; the numbers of SNOMED are codes as a whole.
        code.str.head(length).replace_strict(
            {k: v for k, v in known.items() if len(k) == length and (k[0].isalpha() or length > 4)},
            default=None,
            return_dtype=pl.String,
        )
        if length <= 4
        else code.replace_strict(
            {k: v for k, v in known.items() if len(k) == length}, default=None, return_dtype=pl.String
        )
        for length in longest_first
    ]
    return pl.coalesce(found)
