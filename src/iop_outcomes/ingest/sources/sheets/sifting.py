"""Records that the mapping made, held against the contract of their table, and every raw row entered in the ledger."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes import tables as contracts
from iop_outcomes.ingest import by_contract
from iop_outcomes.ingest.accepting import Intake, Rule, to_table
from iop_outcomes.ingest.assigned import Assigned
from iop_outcomes.ingest.crosschecks import STRONGEST, cross_rules, heirlooms, with_parents
from iop_outcomes.ingest.examining import Complain
from iop_outcomes.ingest.reading import LINE, OWN, RawFile
from iop_outcomes.ingest.sources.sheets.ledger import Ledger
from iop_outcomes.ingest.sources.sheets.mapping import Mapping as Said
from iop_outcomes.ingest.sources.sheets.mapping import TableMap
from iop_outcomes.ingest.sources.sheets.people import dates_in
from iop_outcomes.ingest.sources.sheets.sheet import RECORD, Sheet, last_record
from iop_outcomes.ingest.sources.sheets.table import PERSON, SHEET, Workshop, late, one_of_each, together
from iop_outcomes.kernel.errors import SourceError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

_ASIDE = f"{OWN}aside"

#: Tables of which one row is one thing however often a sheet has it: the columns that say which, and the rule.
_ONE_PER = {
    "person": (["person_id"], "person_id: a later row of the person that says something else; the first is taken"),
    "site": (["site_id"], "site_id: another row of the place that says something else; the first is taken"),
}


class Sifter:
    """Makes the canonical tables one after the other, parents first."""

    def __init__(
        self, said: Said, sheets: Mapping[str, Sheet], ledger: Ledger, max_rejected_share: float, complain: Complain
    ):
        self.said, self.sheets, self.ledger, self.complain = said, sheets, ledger, complain
        self.max_rejected_share = max_rejected_share
        self.categories: Sequence[str] = ()
        self.quantities: Sequence[str] = ()
        self._parents: dict[str, pl.DataFrame] = {}
        self._assigned = Assigned()

    def table(self, name: str, workshop: Workshop) -> pd.DataFrame | None:
        """Return one canonical table, or None where a sheet that it needs could not be read."""
        import polars as pl

        parts, first = [], 0
        for number, part in enumerate(self.said.tables[name], start=1):
            if not {part.from_, *part.join} <= set(self.sheets):
                return None
            several = len(self.said.tables[name]) > 1
            place = f"source.tables.{name}" + (f", part {number}" if several else "")
            rows = _Part(name, part, place, first).made(workshop)
            first = rows.end
            parts.append(rows)
        mapped = pl.concat([part.rows for part in parts], how="diagonal_relaxed")
        if name == "episode":
            keys = [SHEET, RECORD, PERSON, "assignment_day", "episode_id"]
            if set(keys) <= set(mapped.columns):
                workshop.episodes = mapped.filter(pl.col(_ASIDE).is_null()).select(keys)
        rules = [rule for part in parts for rule in part.rules]
        kept, rejected = self._sift(name, mapped, list(dict.fromkeys(rules)))
        for made in parts:
            made.enter(self.ledger, rejected, self.said)
        self._parents[name] = heirlooms(kept, name)
        own = [c for c in kept.columns if OWN not in c and c in mapped.columns]
        typed = by_contract.covariates_typed(
            kept.select(own), contracts.contract(name), parts[0].label, self.categories, self.quantities
        )
        return to_table(typed, name)

    def _sift(
        self, name: str, mapped: "pl.DataFrame", said: Sequence[tuple[str, str, bool]]
    ) -> "tuple[pl.DataFrame, pl.DataFrame]":
        """Return the accepted rows, and record, rule and assignment of the others."""
        import polars as pl

        contract = contracts.contract(name)
        own = tuple(c for c in mapped.columns if not c.startswith(OWN))
        label = " + ".join(dict.fromkeys(self.sheets[part.from_].file for part in self.said.tables[name]))
        raw = RawFile(label, own, mapped.lazy())
        raw.need(contract.required)
        rows = by_contract.typed(mapped.lazy(), [c for c in contract.columns if c.name in own])
        rows = with_parents(rows, name, self._parents)
        free = [c for c in own if c not in {column.name for column in contract.columns}]
        ours = by_contract.contract_rules(contract, own) + by_contract.covariate_rules(free)
        ours += cross_rules(name, rows.collect_schema().names())
        rules = [Rule(words, pl.col(mask), expected) for mask, words, expected in said]
        rules += [_unless_said(rule, rules) for rule in ours]
        intake = Intake(self.max_rejected_share, self.complain, self._assigned)
        kept = intake.sift(raw, name, rows, rules, contract.key, STRONGEST.get(name))
        rejected = intake.rejected().rename({"line": "record"}).drop("file", "table")
        return kept, rejected.with_columns(pl.col("record").cast(pl.Int64))


def _unless_said(rule: Rule, said: Sequence[Rule]) -> Rule:
    """Return a rule of a contract that is not told again of rows of which the mapping's own rules tell more."""
    import polars as pl

    column = rule.words.partition(":")[0]
    # Without its day, or with a wrong one, a row has no episode either.
    alike = [one for one in said if column == "episode_id" or one.words.startswith(f"{column}:")]
    told = pl.any_horizontal(pl.col(_ASIDE).is_not_null(), *(one.broken.fill_null(False) for one in alike))
    return Rule(rule.words, rule.broken & ~told, rule.expected)


class _Part:
    """One sheet's share of a table: its records with numbers of their own, and what raw rows each stands for."""

    def __init__(self, table: str, part: TableMap, place: str, first: int):
        self.table, self.part, self.place, self.first = table, part, place, first
        self.end = first

    def made(self, workshop: Workshop) -> "_Part":
        """Make the records of this part."""
        import polars as pl

        self.mapped, self.sheet = workshop.make(self.table, self.part, self.place)
        self.joined = workshop.sheets
        late(self.mapped, workshop.said, workshop.anchors, self.table)
        self.label = self.sheet.file
        self._join_rows(workshop)
        aside = self.sheet.aside.rename({"rule": _ASIDE}).with_columns(pl.lit(self.sheet.name).alias(SHEET))
        rows = pl.concat([self.mapped.rows, aside.drop("expected")], how="diagonal_relaxed")
        rows = rows.with_columns((pl.col(RECORD) + self.first).alias(LINE).cast(pl.UInt32))
        if _ASIDE not in rows.columns:
            rows = rows.with_columns(pl.lit(None, dtype=pl.String).alias(_ASIDE))
        masks = [f"{mask} {self.first}" for mask in self.mapped.wrong]
        renamed = dict(zip(self.mapped.wrong, masks, strict=True))
        self.rules = [(renamed[m], words, m in self.mapped.expected) for m, words in self.mapped.wrong.items()]
        words = self.sheet.aside.select("rule", "expected").unique(maintain_order=True).rows()
        self.rows = rows.rename(renamed)
        for number, (rule, expected) in enumerate(words):
            mask = f"{_ASIDE} {self.first} {number}"
            self.rows = self.rows.with_columns((pl.col(_ASIDE) == rule).alias(mask))
            self.rules.append((mask, rule, expected))
        self.end = self.first + last_record(self.sheet.places) + 1
        return self

    def _join_rows(self, workshop: Workshop) -> None:
        """Take one of rows that are one thing, and make one session of several rows."""
        import polars as pl

        self.stands_for: pl.DataFrame | None = None
        columns, words = _ONE_PER.get(self.table, ([], ""))
        if self.part.one_per:
            columns = self.part.one_per
            words = f"another row of one {' and '.join(columns)} that says something else; the first is taken"
        if self.table == "person" and workshop.said.anchor and workshop.said.anchor.sheet == self.part.from_:
            self._by_day(workshop)
        for name in (*self.part.one_per, *self.part.together):
            if name not in self.mapped.rows.columns:
                hint = did_you_mean(name, self.part.columns)
                raise SourceError(f"{self.place}: there is no column '{name}' in this mapping; {hint}")
        if set(columns) <= set(self.mapped.rows.columns) and columns:
            self.stands_for = one_of_each(self.mapped, columns, words)
        if self.part.together:
            if "status" not in self.mapped.rows.columns or "episode_id" not in self.mapped.rows.columns:
                raise SourceError(f"{self.place}.together: only sessions with a status are put together")
            counted = [name for name in self.part.together if name == "status" or name.startswith("minutes_")]
            if counted:
                raise SourceError(
                    f"{self.place}.together: rows of one session differ in '{counted[0]}', which is put together from "
                    "all of them; name what they have in common, as day and type"
                )
            self.stands_for = together(self.mapped, self.part.together)

    def _by_day(self, workshop: Workshop) -> None:
        """Put the rows of a person in order of their dates, so that the first is that of day 0."""
        anchor = workshop.said.anchor
        assert anchor is not None
        dates, _ = dates_in(self.sheet, anchor.column, workshop.said)
        self.mapped.rows = self.mapped.rows.with_columns(dates.alias(f"{OWN}date")).sort(
            f"{OWN}date", RECORD, nulls_last=True
        ).drop(f"{OWN}date")  # fmt: skip

    def enter(self, ledger: Ledger, rejected: "pl.DataFrame", said: Said) -> None:
        """Enter the raw rows of this part in the ledger, and those of sheets that are only joined."""
        import polars as pl

        mine = rejected.filter(pl.col("record").is_between(self.first, self.end - 1))
        mine = mine.with_columns(pl.col("record") - self.first)
        if self.stands_for is not None:
            others = self.stands_for.filter(pl.col(RECORD) != pl.col("also"))
            more = mine.join(others, left_on="record", right_on=RECORD, how="inner")
            mine = pl.concat([mine, more.drop("record").rename({"also": "record"}).select(mine.columns)])
        ledger.add(self.table, self.sheet.places.rename({RECORD: "record"}), mine)
        roots = {one.from_ for parts in said.tables.values() for one in parts}
        for name, used in self.mapped.used.items():
            if name not in roots:
                self._enter_joined(ledger, name, used, mine)

    def _enter_joined(self, ledger: Ledger, name: str, used: "pl.DataFrame", mine: "pl.DataFrame") -> None:
        import polars as pl

        other = self.joined[name]
        lost = used.filter(pl.col(RECORD).is_in(mine["record"].to_list()))
        well = used.filter(~pl.col(RECORD).is_in(mine["record"].to_list()))["there"].to_list()
        words = "its row of the sheet it is joined to was set aside"
        parts = [
            other.aside.select(pl.col(RECORD).alias("record"), "rule"),
            lost.filter(~pl.col("there").is_in(well)).select(record="there").with_columns(rule=pl.lit(words)),
            *(
                pl.DataFrame({"record": records}).with_columns(rule=pl.lit(why))
                for why, records in self.mapped.left_over[name].items()
            ),
        ]
        rejected = pl.concat([part.select(pl.col("record").cast(pl.Int64), "rule") for part in parts])
        ledger.add(self.table, other.places.rename({RECORD: "record"}), rejected)
