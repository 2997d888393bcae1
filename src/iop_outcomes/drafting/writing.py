"""The draft of a study as text: a mapping of what was guessed, each guess told with its count, the rest asked for."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from iop_outcomes.drafting.guessing import DISCHARGES, GRID, INTAKES, PANELS, TESTS, UNKNOWN, VISITS, Guess
from iop_outcomes.drafting.looking import Seen, tells_nobody
from iop_outcomes.drafting.phrases import codes_of, quoted, slots_of, substances, where
from iop_outcomes.drafting.questions import questions
from iop_outcomes.drafting.vocabulary import (
    AGE,
    BORN,
    COVARIATES,
    RACE,
    SEX,
    codes_of_all,
    is_day,
    panel_of,
    weekday_of,
)
from iop_outcomes.ingest.sources.sheets.header import plain
from iop_outcomes.kernel.errors import counted

#: Names of columns that are told of a sheet that is taken for nothing.
_MOST_NAMES = 30
#: Half of the sessions last no more minutes than this nowhere: such lengths are hours.
_LONGEST_HOURS = 12


class Draft:
    """Lines of a study, and what a person must confirm of it.

    Parameters
    ----------
    guesses : sequence of Guess
        One for each sheet, with its name.
    others : sequence of str
        Names of files that are no sheets.
    """

    def __init__(self, guesses: Sequence[Guess], others: Sequence[str] = ()):
        self.guesses, self.others = list(guesses), list(others)
        self.confirm: list[str] = []
        self.covariates: list[str] = []

    def of(self, kind: str) -> Guess | None:
        """Return the first sheet of a kind."""
        return next((guess for guess in self.guesses if guess.kind == kind), None)

    def text(self, study: str, path: str) -> str:
        """Return the study file.

        Parameters
        ----------
        study : str
            Its name.
        path : str
            Folder of the files.
        """
        tables = [line for part in (self._people(), self._visits(), self._tests()) for line in part]
        people = self.of(INTAKES)
        person = next((g.columns["person"].name for g in self.guesses if "person" in g.columns), None)
        day = people.get("intake", "admission", "date") if people else None
        self.confirm.append("drawn: the day on which the data were drawn")
        lines = [
            "# Drafted by iop-outcomes new-study from names, values and shapes. Look at every line marked 'guess', and",
            "# take what you have confirmed off to_confirm. iop-outcomes check tells what is still open.",
            "format: 1",
            f"study: {study}",
            "source:",
            "  kind: sheets",
            f"  path: {quoted(path)}",
            f"  person: {quoted(person)}" if person else "  person: MRN   # needed: the column of the person",
            *self._person_form(),
            f"  anchor: {{sheet: {people.name}, column: {quoted(day.name)}}}   # guess: day 0 is a person's first"
            if people and day
            else "  anchor: null   # needed: {sheet: ..., column: ...}, the date from which days are counted",
            "  drawn: null   # needed: the day on which the data were drawn, as 2025-02-28",
            "  sheets:" if any(g.kind != UNKNOWN for g in self.guesses) else "  sheets: {}   # needed: see below",
            *self._sheets(person or ""),
            "  tables:" if any(not line.lstrip().startswith("#") for line in tables) else "  tables: {}   # needed",
            *tables,
            "  to_confirm:",
            *(f"    - {json.dumps(line, ensure_ascii=False)}" for line in self.confirm),
            "",
            *questions(self.of(INTAKES), self.of(DISCHARGES), self.of(VISITS) or self.of(GRID), self.covariates),
        ]
        return "\n".join(lines) + "\n"

    def _person_form(self) -> Iterator[str]:
        """Compare people by their digits where the sheets write the same numbers in several ways."""
        columns = [set(g.columns["person"].texts) for g in self.guesses if g.kind != UNKNOWN]
        bare = [{re.sub(r"\D", "", text).lstrip("0") for text in texts} for texts in columns]
        largest = max(range(len(columns)), key=lambda i: len(columns[i]), default=0)
        for i, (texts, digits) in enumerate(zip(columns, bare, strict=True)):
            shared = len(texts & columns[largest]), len((digits & bare[largest]) - {""})
            if i != largest and shared[1] > max(2 * shared[0], 10):
                yield "  person_form: digits   # guess: 0012 and MRN-12 are one person"
                self.confirm.append("person_form: people are told apart by their digits alone, without leading zeros")
                return

    def _sheets(self, person: str) -> Iterator[str]:
        yield from (f"    # {name}: not read, because it is no text file or workbook" for name in self.others)
        for guess in self.guesses:
            look = guess.look
            if guess.kind == UNKNOWN:
                told = [column.name for column in look.columns if tells_nobody(column.name)][:_MOST_NAMES]
                n_others = len(look.columns) - len(told)
                more = f" and {counted(n_others, 'other')}" if n_others else ""
                place = f"{look.file.name}{f', sheet {look.sheet}' if look.sheet else ''}"
                yield f"    # {place}: what is it? Its columns: {', '.join(told)}{more}"
                continue
            yield f"    {guess.name}:   # guess: {guess.kind}, {counted(look.n_rows, 'row')}"
            yield from where(look)
            if look.encoding:
                yield f"      encoding: {look.encoding}   # guess: look whether names with accents come out right"
                self.confirm.append(f"sheets.{guess.name}.encoding: {look.encoding}")
            own = guess.columns["person"].name
            if own != person:
                yield f"      person: {quoted(own)}"
            yield from self._forms(guess)
            yield from self._leave_out(guess)
            yield from self._long(guess)
            called = look.file.name if look.of_sheets else look.pattern or look.file.name
            self.confirm.append(f"sheets.{guess.name}: {called} holds {guess.kind}")

    def _forms(self, guess: Guess) -> Iterator[str]:
        """Name the forms of the dates; where they can be read in two ways a person must say which."""
        dated = [column for column in guess.look.columns if column.forms]
        forms = list(dict.fromkeys(form for column in dated for form in column.forms if form != "YYYY-MM-DD"))
        told = [form for form in forms if not any(c.is_ambiguous and form in c.forms for c in dated)]
        unsure = [column.name for column in dated if column.is_ambiguous]
        if unsure and not told:
            names = ", ".join(map(quoted, unsure))
            yield f"      dates: [M/D/YYYY]   # needed: nothing in {names} tells it from D/M/YYYY"
            self.confirm.append(f"sheets.{guess.name}.dates: M/D/YYYY and not D/M/YYYY")
        elif told:
            yield f"      dates: [{', '.join(map(quoted, told))}]"

    def _leave_out(self, guess: Guess) -> Iterator[str]:
        """Leave nothing out, and ask where rows have no status."""
        status = guess.columns.get("status") if guess.kind == VISITS else None
        if status is not None and len(status.there) < guess.look.n_rows:
            n = guess.look.n_rows - len(status.there)
            rows = counted(n, "row")
            yield f'      # leave_out: {{{quoted(status.name)}: [""]}}   # {rows} without a status: left out?'

    def _long(self, guess: Guess) -> Iterator[str]:
        if guess.kind not in (PANELS, GRID):
            return
        pairs: Mapping[str, str]
        if guess.kind == PANELS:
            pairs = {column.name: panel_of(column.name) or plain(column.name) for column in guess.many}
            names, what = ("panel", "reading"), "substance of each panel"
        else:
            pairs, names, what = slots_of(guess.many), ("slot", "letter"), "days or weeks of the grid, from 0"
        listed = ", ".join(f"{quoted(column)}: {ours}" for column, ours in pairs.items())
        yield "      long:   # guess"
        yield '        columns: "#"' if is_day(plain(guess.many[0].name)) else f"        columns: {{{listed}}}"
        yield f"        name: {names[0]}"
        yield f"        value: {names[1]}"
        self.confirm.append(f"sheets.{guess.name}.long: {what}")

    def _people(self) -> Iterator[str]:
        """Yield the tables that are made of intakes and discharges."""
        intakes, discharges = self.of(INTAKES), self.of(DISCHARGES)
        if intakes is None:
            yield "    # needed: person and episode, from a sheet of intakes with the level of care that was ordered"
            return
        yield from ("    person:", f"      from: {intakes.name}")
        age, born = intakes.look.column(AGE), intakes.look.column(BORN)
        sex, race = intakes.look.column(SEX), intakes.look.column(RACE)
        lines = []
        if age is not None:
            lines.append(f"        age_years: {quoted(age.name)}")
        elif born is not None:
            lines.append(f"        age_years: {{column: {quoted(born.name)}, as: age}}")
        lines += list(self._coded("person", "sex", sex)) if sex else []
        lines += [f"        race_ethnicity: {quoted(race.name)}"] if race else []
        yield from ["      columns:", *lines] if lines else ["      columns: {}"]
        if site := intakes.get("site"):
            yield from ("    site:", f"      from: {intakes.name}", f"      columns: {{site_id: {quoted(site.name)}}}")
        yield from self._episode(intakes, discharges)
        yield from self._baseline(intakes, [column for column in (age, born, sex, race) if column])

    def _episode(self, intakes: Guess, discharges: Guess | None) -> Iterator[str]:
        yield from ("    episode:", f"      from: {intakes.name}")
        day = intakes.get("intake", "admission", "date")
        assert day is not None
        if discharges is not None:
            yield from self._join(intakes, discharges, day)
        yield from ("      columns:", f"        assignment_day: {quoted(day.name)}   # guess")
        if site := intakes.get("site"):
            yield f"        site_id: {quoted(site.name)}"
        yield f"        period: {{column: {quoted(day.name)}, as: year}}"
        yield from self._coded("episode", "level_of_care", intakes.columns["level"])
        where = discharges or intakes
        sheet = f"sheet: {where.name}, " if discharges else ""
        for role, ours in (("admission", "admission_day"), ("discharge", "discharge_day")):
            column = where.columns.get(role)
            if column is not None and column is not day:
                yield f"        {ours}: {{{sheet}column: {quoted(column.name)}}}   # guess"
        if reason := where.get("reason"):
            yield from self._coded("episode", "discharge_reason", reason, sheet=where.name if discharges else "")
        self.confirm.append(f"tables.episode.assignment_day: {day.name} is the day on which the level was ordered")

    def _join(self, intakes: Guess, discharges: Guess, day: Seen) -> Iterator[str]:
        """Join discharges by person and day of intake where both have it, and else by their day."""
        mine, theirs = intakes.columns["person"].name, discharges.columns["person"].name
        same = discharges.get("intake")
        if same is not None:
            keys = f"{quoted(mine)}: {quoted(theirs)}, {quoted(day.name)}: {quoted(same.name)}"
            yield f"      join: {{{discharges.name}: {{by: {{{keys}}}}}}}   # guess"
        else:
            left = quoted(discharges.columns["discharge"].name)
            yield f"      join: {{{discharges.name}: {{day: {left}, here: {quoted(day.name)}}}}}   # guess"
        self.confirm.append(f"tables.episode.join: how rows of {discharges.name} belong to those of {intakes.name}")

    def _baseline(self, intakes: Guess, used: Sequence[Seen]) -> Iterator[str]:
        """Yield the covariates; columns that nobody asked for are not read."""
        lines, taken = [], [id(c) for c in (*used, *intakes.columns.values())]
        for ours, pattern in COVARIATES.items():
            column = intakes.look.column(pattern)
            if column is None or id(column) in taken:
                continue
            if column.is_number or column.is_coded:
                taken.append(id(column))
                lines.append(f"        {ours}: {quoted(column.name)}")
                self.covariates.append(ours)
        if substance := intakes.get("substance"):
            lines += list(substances(substance))
            self.covariates.append("primary_substance")
            self.confirm.append("tables.baseline.primary_substance: the patterns of the substances")
        if not lines:
            return
        yield from (
            "    baseline:",
            f"      from: {intakes.name}",
            "      columns:   # guess: all told by the day of intake",
        )
        yield from lines
        self.confirm.append("tables.baseline: every column was told by the day of intake")
        others = [c.name for c in intakes.look.columns if id(c) not in [*taken, *map(id, intakes.columns.values())]]
        if others:
            yield f"        # not read: {', '.join(others)}"

    def _visits(self) -> Iterator[str]:
        visits = self.of(VISITS) or self.of(GRID)
        if visits is None:
            yield "    # session: no sheet of appointments with what became of each was found"
            return
        yield from ("    session:", f"      from: {visits.name}", "      columns:")
        if appointment := visits.columns.get("appointment"):
            yield f"        session_id: {quoted(appointment.name)}"
        if visits.kind == GRID:
            yield from self._grid_day(visits)
            yield from self._coded("session", "status", visits.many[0], among=visits.many, column="letter")
            yield "        # minutes_scheduled: {constant: 180}   # needed for hours: minutes of a session"
            return
        date = visits.get("date", "intake", "begins")
        assert date is not None
        yield f"        day: {quoted(date.name)}"
        yield from self._coded("session", "status", visits.columns["status"])
        for role, ours in (("service", "type"), ("mode", "mode")):
            if (column := visits.columns.get(role)) and column.is_coded:
                yield from self._coded("session", ours, column)
        begins, ends = visits.columns.get("begins"), visits.columns.get("ends")
        if begins and ends:
            yield f"        minutes_scheduled: {{between: [{quoted(begins.name)}, {quoted(ends.name)}]}}"
        elif column := visits.get("minutes", "hours"):
            unit = "hours" if column.middle <= _LONGEST_HOURS else "minutes"
            yield f"        minutes_scheduled: {{column: {quoted(column.name)}, unit: {unit}}}   # guess: the unit"
            self.confirm.append(f"tables.session.minutes_scheduled: {column.name} is in {unit}")
        else:
            return
        yield "        minutes_attended: {take: minutes_scheduled, when: {status: [attended]}, otherwise: 0}"
        yield "        hours_source: {constant: scheduled}"

    def _grid_day(self, grid: Guess) -> Iterator[str]:
        start = grid.get("date", "intake", "admission")
        daily = is_day(plain(grid.many[0].name))
        weekly = not daily and weekday_of(plain(grid.many[0].name)) is None
        plus = "plus_weeks" if weekly else "plus_days"
        self.confirm.append(f"tables.session.day: the date from which the {'weeks' if weekly else 'days'} count")
        if daily:
            month = f"dates: [{quoted(grid.look.star_form)}], " if grid.look.star_form else ""
            name = quoted(grid.look.star or "MONTH")
            mark = "guess" if month else "needed: the month of the register"
            yield f"        day: {{column: {name}, {month}plus_days: slot, first: 1}}   # {mark}"
            return
        name = quoted(start.name) if start else "WEEK"
        mark = "guess" if start else "needed: the date of the grid"
        yield f"        day: {{column: {name}, {plus}: slot}}   # {mark}"

    def _tests(self) -> Iterator[str]:
        tests = self.of(PANELS) or self.of(TESTS)
        if tests is None:
            yield "    # drug_test: no sheet of drug tests was found"
            return
        date = tests.get("collected", "date", "intake")
        yield from ("    drug_test:", f"      from: {tests.name}", "      columns:")
        yield (
            f"        day: {quoted(date.name)}"
            if date
            else "        day: COLLECTED   # needed: the date of the specimen"
        )
        if tests.kind == PANELS:
            yield "        substance: panel"
            yield from self._coded("drug_test", "result", tests.many[0], among=tests.many, column="reading")
        else:
            panel = tests.columns.get("panel")
            yield f"        substance: {quoted(panel.name) if panel else '{constant: any}'}   # guess"
            yield from self._coded("drug_test", "result", tests.columns["result"])
        yield "        matrix: {constant: urine}   # guess"
        yield "        # prescribed: {constant: true, when: {substance: [buprenorphine]}, otherwise: false}   # who is?"
        self.confirm.append("tables.drug_test.matrix: the specimens are urine; no substance is prescribed to anybody")

    def _coded(
        self, table: str, ours: str, seen: Seen, among: Sequence[Seen] = (), column: str = "", sheet: str = ""
    ) -> Iterator[str]:
        """Yield a column of codes: a line for each code that may be told, with its rows and what it is taken for."""
        counts, n_others, n_rows = codes_of([seen, *(c for c in among if c is not seen)])
        yield f"        {ours}:"
        if sheet:
            yield f"          sheet: {sheet}"
        yield f"          column: {quoted(column or seen.name)}"
        known_codes = codes_of_all(ours, counts)
        yield "          codes:" if any(known_codes.values()) else "          codes: {}"
        for text, n in counts.items():
            meant = known_codes[text]
            known = f"{json.dumps(text, ensure_ascii=False)}: {quoted(meant or '?')}"
            mark = "guess" if meant else "needed: which of ours?"
            yield f"            {'' if meant else '# '}{known}   # {mark}, {counted(n, 'row')}"
        if n_others:
            rare = counted(n_others, "other text stands", "other texts stand")
            yield f"            # needed: {rare} in {counted(n_rows, 'row')}, too few or too long to be told here"
        self.confirm.append(f"tables.{table}.{ours}: {counted(len(counts), 'code')}")
