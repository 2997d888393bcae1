"""One canonical table out of its sheets: columns, whose episode a row is of, which raw rows each record stands for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from iop_outcomes import tables as contracts
from iop_outcomes.ingest.identifying.pseudonyms import Pseudonyms
from iop_outcomes.ingest.reading import LINE, OWN
from iop_outcomes.ingest.sources.sheets.cells import Evaluated, Reach, evaluate
from iop_outcomes.ingest.sources.sheets.joining import join, joined_name, latest_by
from iop_outcomes.ingest.sources.sheets.mapping import Cell, TableMap
from iop_outcomes.ingest.sources.sheets.mapping import Mapping as Said
from iop_outcomes.ingest.sources.sheets.people import dates_in, person_keys
from iop_outcomes.ingest.sources.sheets.sheet import RECORD, Sheet, choose
from iop_outcomes.kernel.errors import SourceError, did_you_mean
from iop_outcomes.tables.canonical import CAME, SESSION_STATUSES

if TYPE_CHECKING:
    import polars as pl

#: Columns beside the canonical ones: whose row, of which sheet and record, and which rule of the mapping it breaks.
PERSON, SHEET = f"{OWN}person", f"{OWN}sheet"
WRONG = f"{OWN}wrong "

_DATE = r"^(\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})([ T].*)?$"


@dataclass
class Mapped:
    """Records meant for one canonical table.

    Attributes
    ----------
    rows : polars.DataFrame
        Canonical columns as text or numbers, ``PERSON``, ``SHEET``, ``RECORD``, and a mask for each rule of ``wrong``.
    wrong : dict of str to str
        Rule in words by the column of its mask.
    expected : set of str
        Those masks that mark rows of no use here by what the mapping says.
    used : dict of str to DataFrame
        By joined sheet, ``RECORD`` here and the record there.
    left_over : dict
        By joined sheet, records that no row got, by the reason in words.
    """

    rows: "pl.DataFrame"
    wrong: dict[str, str] = field(default_factory=dict)
    expected: set[str] = field(default_factory=set)
    used: "dict[str, pl.DataFrame]" = field(default_factory=dict)
    left_over: "dict[str, dict[str, pl.Series]]" = field(default_factory=dict)

    def mark(self, mask: "pl.Series", words: str, expected: bool = False) -> None:
        """Note which rows break a rule."""
        if not mask.fill_null(False).any():
            return
        name = next((n for n, w in self.wrong.items() if w == words), f"{WRONG}{len(self.wrong)}")
        before = self.rows[name] if name in self.rows.columns else False
        self.rows = self.rows.with_columns((mask.fill_null(False) | before).alias(name))
        self.wrong[name] = words
        if expected:
            self.expected.add(name)

    @property
    def sound(self) -> "pl.Series":
        """Which rows break no rule so far."""
        import polars as pl

        return self.rows.select(~pl.any_horizontal(pl.lit(False), *self.wrong)).to_series()


@dataclass
class Workshop:
    """What tables are made with, and what is known of people and episodes by then."""

    said: Said
    sheets: Mapping[str, Sheet]
    anchors: "pl.DataFrame"
    names: Pseudonyms
    complain: Callable[[SourceError], None]
    episodes: "pl.DataFrame | None" = None

    def make(self, table: str, part: TableMap, place: str) -> tuple[Mapped, Sheet]:
        """Return the records of one part of a table, and its sheet without the rows left out for this table."""
        sheet = choose(self.sheets[part.from_], part.only, part.leave_out)
        mapped, reach = self._reach(sheet, part)
        known = {column.name: column for column in contracts.contract(table).columns}
        done: dict[str, pl.Series] = reach.done  # type: ignore[assignment]
        for name in _in_order(part, place):
            try:
                cell = part.columns[name]
                found = evaluate(name, cell, known.get(name), reach, len(mapped.rows), f"{place}.{name}")
                done[name] = self._named(name, cell, found, known)
                _refuse_dates(done[name], name, place)
                for words, mask in found.wrong.items():
                    mapped.mark(mask, words)
            except SourceError as error:
                self.complain(SourceError(f"{place}.{name}: {error}" if place not in str(error) else str(error)))
        kept = [done[name].alias(name) for name in part.columns if name in done and not name.startswith("_")]
        mapped.rows = mapped.rows.with_columns(kept)
        self._whose(table, part, mapped, sheet, place)
        return mapped, sheet

    def _reach(self, sheet: Sheet, part: TableMap) -> tuple[Mapped, Reach]:
        """Return the rows with those of joined sheets, and what cells may read of them."""
        import polars as pl

        rows = sheet.rows
        mapped = Mapped(rows)
        for other, how in part.join.items():
            joined = join(rows, sheet, self.sheets[other], how, self.said)
            rows = joined.rows
            record = joined_name(other, RECORD)
            mapped.used[other] = rows.select(RECORD, pl.col(record).alias("there")).drop_nulls()
            mapped.left_over[other] = joined.left_over
        keys = person_keys(sheet, self.said)
        days = pl.DataFrame({"person": keys}).join(self.anchors, on="person", how="left", maintain_order="left")
        anchor = days["anchor"]
        whole = rows

        def text(column: str, other: str | None) -> "pl.Series":
            if other is None or other == part.from_:
                return whole[sheet.column(column)]
            return whole[joined_name(other, self.sheets[other].column(column))]

        def dates(column: str, other: str | None, cell: Cell) -> "tuple[pl.Series, list[str]]":
            origin = sheet if other in (None, part.from_) else self.sheets[str(other)]
            read, forms = dates_in(origin, column, self.said, cell)
            if origin is sheet:
                return read, forms
            there = pl.DataFrame({"record": origin.rows[RECORD], "date": read})
            found = pl.DataFrame({"record": whole[joined_name(origin.name, RECORD)]})
            return found.join(there, on="record", how="left", maintain_order="left")["date"], forms

        def since(read: "pl.Series") -> "pl.Series":
            return (read - anchor).dt.total_days()

        start = [pl.lit(sheet.name).alias(SHEET), pl.Series(PERSON, keys, dtype=pl.String)]
        mapped.rows = rows.select(RECORD).with_columns(start)
        return mapped, Reach(text, dates, since, {})

    def _named(self, name: str, cell: Cell, found: Evaluated, known: Mapping[str, object]) -> "pl.Series":
        """Return a column; ids of the clinic become numbers of ours, those the mapping itself gives stay."""
        import polars as pl

        if not name.endswith("_id") or name not in known or cell.codes or cell.constant or name in self.said.kept_ids:
            return found.values
        return self.names.of(
            name.removesuffix("_id"), found.values.cast(pl.String).str.strip_chars().str.to_lowercase()
        )

    def _whose(self, table: str, part: TableMap, mapped: Mapped, sheet: Sheet, place: str) -> None:
        """Add the person, the episode, an id of its own, and the end of observation, where the table has them."""
        import polars as pl

        known = {column.name for column in contracts.contract(table).columns}
        rows = mapped.rows
        if "person_id" in known and "person_id" not in rows.columns:
            mapped.rows = rows = rows.with_columns(self.names.of("person", rows[PERSON]).alias("person_id"))
        if table == "episode":
            self._episodes(part, mapped)
        elif "episode_id" in known and "episode_id" not in rows.columns:
            self._episode_of(table, part, mapped, sheet, place)
        own = f"{table}_id"
        if own in known and own not in mapped.rows.columns:
            number = mapped.rows[RECORD].cast(pl.String)
            mapped.rows = mapped.rows.with_columns((pl.lit(f"{part.from_}-") + number).alias(own))

    def _episodes(self, part: TableMap, mapped: Mapped) -> None:
        """Number the episodes of each person in order of their assignment, and say how long they were observed."""
        import polars as pl

        rows = mapped.rows
        if "episode_id" not in rows.columns and "assignment_day" in rows.columns:
            order = pl.struct("assignment_day", RECORD).rank("ordinal").over(PERSON)
            rows = rows.with_columns((pl.col("person_id") + "-" + order.cast(pl.String)).alias("episode_id"))
        if self.said.drawn and self.said.anchor and "observation_end_day" not in rows.columns:
            anchor = rows.select(person=PERSON).join(self.anchors, on="person", how="left", maintain_order="left")
            end = anchor.select((pl.lit(self.said.drawn) - pl.col("anchor")).dt.total_days()).to_series()
            rows = rows.with_columns(end.alias("observation_end_day"))
        mapped.rows = rows

    def _episode_of(self, table: str, part: TableMap, mapped: Mapped, sheet: Sheet, place: str) -> None:
        """Give each row the episode of its own row, of a column, or the one that was open on its day."""
        import polars as pl

        episodes, rows = self.episodes, mapped.rows
        if episodes is None:
            raise SourceError(f"{place}: rows of '{table}' belong to episodes; map the table 'episode' first")
        how = part.episode or ("row" if table == "baseline" else "day")
        if isinstance(how, dict):
            text = sheet.rows[sheet.column(how["column"])].str.strip_chars().str.to_lowercase()
            mapped.rows = rows.with_columns(self.names.of("episode", text).alias("episode_id"))
        elif how == "row":
            same = rows.join(episodes, on=[SHEET, RECORD], how="left", maintain_order="left")
            mapped.rows = rows.with_columns(same["episode_id"])
        else:
            if how not in rows.columns:
                raise SourceError(
                    f"{place}.episode: '{how}' is no column of days in this mapping; {did_you_mean(how, part.columns)}"
                )
            days = rows.select(pl.col(PERSON).alias("person"), pl.col(how).cast(pl.Float64).alias("day"))
            began = episodes.select(
                person=pl.col(PERSON), day=pl.col("assignment_day").cast(pl.Float64), episode_id="episode_id"
            )
            found = latest_by(days, began, "episode_id")
            mapped.rows = rows.with_columns(found.alias("episode_id"))
            early = found.is_null() & days["day"].is_not_null() & rows[PERSON].is_in(episodes[PERSON].to_list())
            mapped.mark(early, f"episode_id: no episode of the person had begun on its day ({how})")
        strange = mapped.rows["episode_id"].is_null() & ~mapped.rows[PERSON].is_in(
            episodes[PERSON].drop_nulls().to_list()
        ).fill_null(False)
        mapped.mark(strange, "episode_id: the person has no episode")


def late(mapped: Mapped, said: Said, anchors: "pl.DataFrame", table: str) -> None:
    """Mark rows with a day after the one on which the data were drawn: nobody can have seen it."""
    import polars as pl

    if said.drawn is None or said.anchor is None:
        return
    own = [c for c in contracts.contract(table).columns if c.unit == "study day" and c.name in mapped.rows.columns]
    anchor = mapped.rows.select(person=PERSON).join(anchors, on="person", how="left", maintain_order="left")["anchor"]
    last = anchor.to_frame().select((pl.lit(said.drawn) - pl.col("anchor")).dt.total_days()).to_series()
    for column in own:
        day = mapped.rows[column.name].cast(pl.Float64, strict=False)
        mapped.mark(day > last, f"{column.name}: after the day on which the data were drawn")


def one_of_each(mapped: Mapped, columns: list[str], words: str) -> "pl.DataFrame":
    """Take the first of the rows that are equal in some columns.

    Those that say nothing else become one record with it, and which record stands for which is returned; those that do
    are marked by a rule.
    """
    import polars as pl

    sound = mapped.sound
    among = mapped.rows.filter(sound)
    said = [c for c in among.columns if c not in (RECORD, SHEET, PERSON) and not c.startswith(WRONG)]
    first = among.with_columns(pl.col(RECORD).first().over(columns).alias("first"))
    alike = first.with_columns(
        same=pl.all_horizontal(pl.lit(True), *(pl.col(c).eq_missing(pl.col(c).first().over(columns)) for c in said))
    )
    others = alike.filter(pl.col("first") != pl.col(RECORD))
    again, differing = others.filter("same"), others.filter(~pl.col("same"))
    mapped.mark(mapped.rows[RECORD].is_in(differing[RECORD].to_list()), words, expected=True)
    mapped.rows = mapped.rows.filter(~pl.col(RECORD).is_in(again[RECORD].to_list()))
    return again.select(pl.col("first").alias(RECORD), pl.col(RECORD).alias("also"))


def together(mapped: Mapped, columns: list[str]) -> "pl.DataFrame":
    """Make one session of rows of one episode that are equal in some columns; return which record stands for which.

    Minutes are added up. It was attended where all rows were, in part where some were, and otherwise it is what comes
    first among the statuses.
    """
    import polars as pl

    sound = mapped.sound
    keys = list(dict.fromkeys(["episode_id", *columns]))
    good = mapped.rows.filter(sound)
    minutes = [pl.col(c).cast(pl.Float64, strict=False).sum() for c in good.columns if c.startswith("minutes_")]
    came = pl.col("status").is_in(CAME)
    rank = pl.col("status").cast(pl.Enum(SESSION_STATUSES), strict=False)
    status = (
        pl.when((pl.col("status") == "attended").all())
        .then(pl.lit("attended"))
        .when(came.any())
        .then(pl.lit("partial"))
        .otherwise(rank.min().cast(pl.String))
        .alias("status")
    )
    special = {"status", *keys, *(c for c in good.columns if c.startswith("minutes_"))}
    first = [pl.col(c).first() for c in good.columns if c not in special]
    grouped = good.with_columns(pl.col(RECORD).alias(LINE)).group_by(keys, maintain_order=True)
    made = grouped.agg(*first, *minutes, status, pl.col(LINE))
    stands_for = made.select(RECORD, pl.col(LINE).alias("also")).explode("also")
    mapped.rows = pl.concat([made.drop(LINE), mapped.rows.filter(~sound)], how="diagonal_relaxed").sort(RECORD)
    return stands_for


def _in_order(part: TableMap, place: str) -> list[str]:
    """Return the columns in an order in which each comes after those that it takes or is conditional on."""
    needs: dict[str, set[str]] = {}
    for name, cell in part.columns.items():
        needs[name] = {*([cell.take] if cell.take else []), *cell.when}
        needs[name] |= {str(p) for p in (cell.plus_days, cell.plus_weeks) if isinstance(p, str) and p in part.columns}
        unknown = needs[name] - set(part.columns)
        if unknown:
            hint = did_you_mean(sorted(unknown)[0], part.columns)
            raise SourceError(f"{place}.{name}: there is no column '{sorted(unknown)[0]}' in this mapping; {hint}")
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError:
        raise SourceError(f"{place}: columns take from each other in a circle; give one of them a column") from None


def _refuse_dates(values: "pl.Series", name: str, place: str) -> None:
    import polars as pl

    if values.dtype == pl.String and values.str.contains(_DATE).any():
        raise SourceError(
            f"{place}.{name}: the column holds calendar dates, which are never stored; say as: day, year, quarter "
            "or age"
        )
