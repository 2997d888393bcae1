"""Which care a line is: by its procedure, its revenue code, a condition code of its claim, its diagnoses and units."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Rule
from iop_outcomes.ingest.dated.care import AMBULATORY
from iop_outcomes.ingest.dated.codes import System, care_codes, diagnosis_of, findings

if TYPE_CHECKING:
    import polars as pl

MINUTES_OF_A_DAY = 1440.0
#: Payer that stands for all that are not named.
ANY_PAYER = "*"
#: Condition codes of a claim and the level of its lines of treatment: Medicare's IOP, and partial hospitalisation.
CONDITIONS = {"92": "2.1", "41": "2.5"}
#: Mental disorders that make a psychiatric day programme one that may be compared, where a study asks for them.
MENTAL = ("F32", "F33", "F40", "F41")
#: Most days of one line of care with a bed; more is a mistake in a date.
MOST_DAYS = 366

#: Ways in which a service was held, by modifier and place of service (CPT, CMS; held against the pages of Medicare's
#: contractors on 2026-11-27). GQ, which is something recorded and sent, is neither of the two.
VIDEO, PHONE = r"\b(95|GT)\b", r"\b(93|FQ)\b"
VIDEO_PLACES = ("02", "10")

_SYSTEMS: dict[str, tuple[System, ...]] = {"procedure": ("HCPCS", "CPT"), "revenue": ("REVENUE",)}
_OF_A_CODE = ("kind", "level", "type", "minutes", "needs")


def coded(
    lines: "pl.DataFrame", codes: Mapping[str, str | None], minutes: Mapping[str, float], mental_health: bool
) -> "pl.DataFrame":
    """Return lines with ``kind``, ``level``, ``type``, ``minutes`` and ``code``, null where a line is no such care.

    Of procedure and revenue code the one of the higher level counts: a revenue code for a group stands on lines of a
    day's rate, too. A code that needs a diagnosis of substance use is none without one on the line.
    """
    import polars as pl

    substance = findings(("substance",), codes)
    diagnosed = pl.col("diagnoses").list.eval(diagnosis_of(pl.element(), substance, "name")).list.drop_nulls()
    is_substance = diagnosed.list.len() > 0
    mental = pl.col("diagnoses").list.eval(_mental()).list.any()
    lines = lines.with_columns(own=is_substance.fill_null(False), mental=mental.fill_null(False) & mental_health)
    for column, systems in _SYSTEMS.items():
        table = care_codes(systems, codes, minutes).rename({"code": column} | {c: f"{column} {c}" for c in _OF_A_CODE})
        lines = lines.join(table, on=column, how="left", maintain_order="left")
        day_rate = pl.col(f"{column} kind") == "day"
        meant = pl.col(f"{column} needs").is_null() | pl.col("own") | (day_rate & pl.col("mental"))
        lines = lines.with_columns(pl.when(meant).then(f"{column} {c}").alias(f"{column} {c}") for c in _OF_A_CODE)
    higher = (_rank("revenue level") > _rank("procedure level")) & (pl.col("procedure kind") != "care")
    by_revenue = pl.col("procedure kind").is_null() | higher
    lines = lines.with_columns(
        *[pl.when(by_revenue).then(f"revenue {c}").otherwise(f"procedure {c}").alias(c) for c in _OF_A_CODE],
        code=pl.when(by_revenue & pl.col("revenue kind").is_not_null())
        .then("revenue")
        .otherwise(pl.coalesce("procedure", "revenue")),
    )
    return _by_condition(lines)


def _mental() -> "pl.Expr":
    import polars as pl

    return pl.element().str.head(3).is_in(MENTAL)


def _rank(level: str) -> "pl.Expr":
    import polars as pl

    return pl.col(level).replace_strict({name: i for i, name in enumerate(AMBULATORY)}, default=-1).fill_null(-1)


def _by_condition(lines: "pl.DataFrame") -> "pl.DataFrame":
    """Return lines of treatment on a claim with a condition code of a day programme as days of that."""
    import polars as pl

    for code, level in CONDITIONS.items():
        said = pl.col("conditions").str.contains(rf"(^|[^0-9A-Z]){code}([^0-9A-Z]|$)")
        of_claim = said & pl.col("kind").is_in(["treatment", "day"])
        day = care_codes(("CONDITION",), {}, {}).filter(pl.col("code") == code)
        changes = {"kind": "day", "level": level, "minutes": day["minutes"][0]}
        lines = lines.with_columns(
            pl.when(of_claim).then(pl.lit(v)).otherwise(name).alias(name) for name, v in changes.items()
        )
    return lines


def with_lengths(lines: "pl.DataFrame", units: Mapping[str, Mapping[str, float]]) -> "pl.DataFrame":
    """Return lines with ``attended``, the minutes that are billed.

    Parameters
    ----------
    lines : DataFrame
    units : mapping
        By payer (``*`` for every other) and code, minutes of one unit, where a payer's unit is another than the code's.
    """
    import polars as pl

    rows = [(payer, code.upper(), float(length)) for payer, codes in units.items() for code, length in codes.items()]
    table = pl.DataFrame(rows, schema={"payer": pl.String, "code": pl.String, "unit": pl.Float64}, orient="row")
    own = lines.join(table, on=["payer", "code"], how="left", maintain_order="left")
    others = table.filter(pl.col("payer") == ANY_PAYER).select("code", any_unit="unit")
    own = own.join(others, on="code", how="left", maintain_order="left")
    unit, number = pl.coalesce("unit", "any_unit"), pl.coalesce("units", 1.0)
    by_code = pl.when(pl.col("kind") == "day").then("minutes").otherwise(pl.col("minutes") * number)
    return own.with_columns(attended=pl.coalesce(unit * number, by_code), payers_unit=unit.is_not_null())


def care_rules(spans: str) -> list[Rule]:
    """Return the rules of lines of care: what a unit is, and on which days it was given, must be known."""
    import polars as pl

    days = (pl.col("end") - pl.col("date")).dt.total_days() + 1
    day_rate, session = pl.col("kind") == "day", pl.col("kind").is_in(["day", "treatment", "assessment", "support"])
    several = day_rate & (days == 1) & (pl.col("units") > 1) & ~pl.col("payers_unit")
    rules = [
        Rule("units: several of a day's rate on one day; say under source.units what a unit of the payer is", several),
        Rule("units: more than a day", session & (pl.col("attended") > MINUTES_OF_A_DAY * days.clip(1))),
        Rule(f"to_date: more than {MOST_DAYS} days after from_date", days > MOST_DAYS),
    ]
    if spans == "refuse":
        words = "to_date: several days on one line, which are not told apart; see the setting 'spans'"
        rules.append(Rule(words, session & (days > 1)))
    return rules


def by_day(lines: "pl.DataFrame") -> "pl.DataFrame":
    """Return a row for each day of care: lines over several days as many as their units, spread evenly, or every day.

    Care with a bed is every day of its line. Of a day's rate over several days as many days as units are taken, evenly
    from the first to the last, and none twice; of other services all units are given evenly so, too.
    """
    import polars as pl

    days = (pl.col("end") - pl.col("date")).dt.total_days() + 1
    number = (
        pl.when(pl.col("kind") == "care")
        .then(days)
        .otherwise(pl.min_horizontal(pl.coalesce("units", 1.0).clip(1, MOST_DAYS).ceil().cast(pl.Int64), days))
    )
    lines = lines.with_columns(days=days, number=pl.when(pl.col("kind").is_null()).then(1).otherwise(number))
    places = pl.int_ranges(0, pl.col("number"))
    spread = lines.with_columns(part=places).explode("part")
    step = (pl.col("part") * (pl.col("days") - 1) / pl.max_horizontal(pl.col("number") - 1, 1)).round().cast(pl.Int64)
    whole = pl.when(pl.col("kind") == "day").then("attended").otherwise(pl.col("attended") / pl.col("number"))
    return spread.with_columns(
        date=pl.col("date") + pl.duration(days=step),
        attended=pl.when(pl.col("payers_unit")).then(pl.col("attended") / pl.col("number")).otherwise(whole),
        paid=pl.col("paid") / pl.col("number"),
    )
