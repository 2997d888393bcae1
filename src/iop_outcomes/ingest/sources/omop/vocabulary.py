"""Concepts of OMOP that are fixed, and the codes behind concept ids where the database brings its vocabulary."""

from typing import TYPE_CHECKING

from iop_outcomes.ingest.dated.codes import plain_code
from iop_outcomes.ingest.dated.rows import as_id
from iop_outcomes.ingest.sources.omop.store import Store

if TYPE_CHECKING:
    import polars as pl

#: Standard concepts of the OMOP vocabularies Gender, Race, Ethnicity and Visit.
SEX = {"8507": "male", "8532": "female", "8521": "other"}
RACE = {
    "8527": "White",
    "8516": "Black",
    "8515": "Asian or Pacific Islander",
    "8557": "Asian or Pacific Islander",
    "8657": "American Indian or Alaska Native",
}
HISPANIC, NOT_HISPANIC = "38003563", "38003564"
#: Inpatient visit, emergency room and inpatient visit, inpatient psychiatric facility.
INPATIENT = ("9201", "262", "8971")

#: Words in the name of a drug's concept that make it a medication for opioid use disorder.
OPIOID_MEDICATION = r"(?i)buprenorphine|methadone"


class Concepts:
    """Codes and names by concept id, as far as the database brings a table ``concept``."""

    def __init__(self, store: Store):
        import polars as pl

        raw = store.read("concept")
        schema = dict.fromkeys(("id", "code", "name"), pl.String)
        self._table = pl.DataFrame(schema=schema).lazy()
        if raw is not None:
            self._table = raw.rows.select(
                id=as_id(pl.col("concept_id")), code=plain_code(pl.col("concept_code")), name="concept_name"
            ).unique("id", keep="first", maintain_order=True)

    def with_codes(self, rows: "pl.LazyFrame", columns: dict[str, str]) -> "pl.LazyFrame":
        """Return rows with a new column for each of some columns of concept ids: the code behind it."""
        for column, name in columns.items():
            known = self._table.select(**{column: "id", name: "code"})
            rows = rows.join(known, on=column, how="left", maintain_order="left")
        return rows

    def named(self, pattern: str) -> "pl.LazyFrame":
        """Return the ``id`` of every concept whose name matches a pattern."""
        import polars as pl

        return self._table.filter(pl.col("name").str.contains(pattern)).select("id")
