"""Lines of claims: read, typed, and rid of those that were denied, taken back, replaced or sent twice."""

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Rule
from iop_outcomes.ingest.dated.codes import plain_code
from iop_outcomes.ingest.dated.rows import as_date, as_id, as_number, date_rules
from iop_outcomes.ingest.reading import LINE
from iop_outcomes.tables.declare import LARGEST_NUMBER

if TYPE_CHECKING:
    import polars as pl

REQUIRED = ("claim_id", "person_id", "from_date", "status")
#: Columns of a line that need not be there; of procedure and revenue code one must.
WANTED = (
    *("line_number", "to_date", "procedure_code", "revenue_code", "modifiers", "condition_codes", "diagnosis_codes"),
    *("units", "payer", "provider_id", "frequency", "original_claim_id", "paid_amount", "place_of_service"),
)

#: Words for what became of a line, in small letters.
STATUSES = {
    **dict.fromkeys(("paid", "p", "approved", "adjudicated"), "paid"),
    **dict.fromkeys(("denied", "d", "rejected"), "denied"),
    **dict.fromkeys(("reversed", "r", "v", "void", "voided", "reversal"), "reversed"),
    **dict.fromkeys(("pended", "pending", "suspended"), "pending"),
}
#: Last digit of the type of bill: a replacement and a void of an earlier claim (NUBC).
REPLACEMENT, VOID = "7", "8"
#: Modifiers of a service that was given again, or apart from another, on one day (CPT, CMS).
_AGAIN = r"\b(59|76|77|XE|XP|XS|XU)\b"
_SAME = ("person", "date", "end", "procedure", "revenue", "modifiers", "provider", "amount_of")


def typed(rows: "pl.LazyFrame", statuses: Mapping[str, str]) -> "pl.LazyFrame":
    """Return raw lines with ids, dates, codes and numbers in their types."""
    import polars as pl

    words = STATUSES | {code.strip().lower(): meaning for code, meaning in statuses.items()}
    status = as_id(pl.col("status")).str.to_lowercase()
    units, paid = as_number(pl.col("units")), as_number(pl.col("paid_amount"))
    below = (units < 0).fill_null(False) | (paid < 0).fill_null(False)
    date = as_date(pl.col("from_date"))
    return rows.select(
        LINE,
        claim=as_id(pl.col("claim_id")),
        line=as_id(pl.col("line_number")),
        person=as_id(pl.col("person_id")),
        date=date,
        end=pl.coalesce(as_date(pl.col("to_date")), date),
        became=status.replace_strict(words, default=None, return_dtype=pl.String),
        procedure=plain_code(pl.col("procedure_code")),
        # Programs that take revenue codes for numbers drop the zero in front.
        revenue=as_id(pl.col("revenue_code")).str.zfill(4),
        modifiers=pl.col("modifiers").str.to_uppercase().fill_null(""),
        conditions=pl.col("condition_codes").fill_null(""),
        diagnoses=pl.col("diagnosis_codes").str.to_uppercase().str.extract_all(r"[A-Z]\d[0-9A-Z.]{1,7}"),
        units=units.abs(),
        paid=paid.abs(),
        below=below,
        amount_of=pl.coalesce(units.abs(), 1.0),
        payer=as_id(pl.col("payer")),
        provider=as_id(pl.col("provider_id")),
        frequency=as_id(pl.col("frequency")).str.slice(-1),
        original=as_id(pl.col("original_claim_id")),
        place=as_id(pl.col("place_of_service")).str.zfill(2),
    )


def adjusted(lines: "pl.DataFrame") -> "pl.DataFrame":
    """Return the lines of all files with what their adjustments make of them.

    Returns
    -------
    DataFrame
        With ``by`` (7 or 8, where another claim replaced or took back this one), ``taken back``, ``takes back``,
        ``takes nothing`` and ``copy``. Only lines that keep every other rule take part, so that a bad line or a denied
        one takes nothing back.
    """
    import polars as pl

    stands = pl.col("became").is_in(["paid", "reversed"])
    named = lines.filter(stands, pl.col("original").is_not_null(), pl.col("frequency").is_in([REPLACEMENT, VOID]))
    named = named.filter(pl.col("claim") != pl.col("original"))
    replaced = named.group_by(claim="original").agg(by=pl.col("frequency").max())
    rows = lines.join(replaced, on="claim", how="left", maintain_order="left")
    is_void = (pl.col("frequency") == VOID).fill_null(False)
    whole = (
        (pl.col("became") == "paid").fill_null(False) & pl.col("by").is_null() & ~is_void & pl.col("date").is_not_null()
    )
    group = [*_SAME, "stands", "below"]
    rows = rows.with_columns(stands=whole).with_columns(
        number=pl.int_range(pl.len()).over(group, order_by=["file", LINE]),
        n_below=(pl.col("stands") & pl.col("below")).sum().over(_SAME),
        n_above=(pl.col("stands") & ~pl.col("below")).sum().over(_SAME),
    )
    above = pl.col("stands") & ~pl.col("below")
    below = pl.col("stands") & pl.col("below")
    first = pl.when(above & (pl.col("number") == pl.col("n_below"))).then("claim").max().over(group)
    later = above & (pl.col("number") > pl.col("n_below"))
    return rows.with_columns(
        (above & (pl.col("number") < pl.col("n_below"))).alias("taken back"),
        (below & (pl.col("number") < pl.col("n_above"))).alias("takes back"),
        (below & (pl.col("number") >= pl.col("n_above"))).alias("takes nothing"),
        (later & (pl.col("claim") != first) & ~pl.col("modifiers").str.contains(_AGAIN)).alias("copy"),
    )


def line_rules(drawn: datetime.date | None) -> list[Rule]:
    """Return the rules of adjusted lines; what a payer's own book-keeping takes off is foreseen."""
    import polars as pl

    became, by = pl.col("became"), pl.col("by")
    is_void = (pl.col("frequency") == VOID).fill_null(False)
    foreseen = [
        Rule("status: denied", became == "denied", expected=True),
        Rule("status: not decided yet", became == "pending", expected=True),
        Rule("status: reversed", became == "reversed", expected=True),
        Rule("frequency: a void, which takes another claim back", is_void, expected=True),
        Rule("claim_id: taken back by a void", by == VOID, expected=True),
        Rule("claim_id: replaced by a later claim", by == REPLACEMENT, expected=True),
        Rule("units: taken back by a line with units or an amount below zero", pl.col("taken back"), expected=True),
        Rule("units: takes back a line", pl.col("takes back"), expected=True),
        Rule("claim_id: the same service on another claim", pl.col("copy"), expected=True),
    ]
    stranger = pl.col("person").is_not_null() & pl.col("known").is_null()
    return [
        Rule("claim_id: empty", pl.col("claim").is_null()),
        Rule("person_id: empty", pl.col("person").is_null()),
        Rule("person_id: not among the accepted members", stranger),
        *date_rules("from_date", drawn),
        Rule("to_date: before from_date", pl.col("end") < pl.col("date")),
        Rule("status: a word that source.statuses does not name", became.is_null()),
        Rule("procedure_code, revenue_code: both empty", pl.col("procedure").is_null() & pl.col("revenue").is_null()),
        Rule(f"paid_amount: beyond {LARGEST_NUMBER:g}", pl.col("paid") > LARGEST_NUMBER),
        Rule("units: zero", (pl.col("units") == 0).fill_null(False)),
        Rule("units: takes back a line that is not there", pl.col("takes nothing")),
        *foreseen,
    ]
