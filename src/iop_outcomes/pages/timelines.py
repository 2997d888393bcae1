"""Worked timelines: what happened to one person, drawn in letters, and the value a metric must give.

They stand in the ``Examples`` section of each metric's docstring, are printed in ``docs/metrics.md``, and are run by
``tests/metrics/test_examples.py``, so that the documentation cannot be wrong. A metric without one fails that test::

    Examples
    --------
    Two sessions of four were attended; the excused one does not count.

        day      0      7      14     21
        session  A..N...A..E...N..C...
        value    2/4
        value    2/5    denominator=strict

A timeline is an indented block. Each line is a name, two or more spaces, and what happened; all lines of a block begin
in one column. Lines drawn day by day have one symbol a day from day 0, or one a week from week 1, with ``.`` where
nothing happened:

=============  =======================================================================================================
``day``        ruler: each number must stand above its day; ``week`` is the ruler of weekly lines
``session``    A attended, P partial, N no show, L late cancellation, X cancelled by the person, C cancelled by the
               programme, E excused, R rescheduled, Z closed; 60 minutes long, a partial one half attended
``hours``      below ``session``: length of each session in hours, a digit each
``type``       below ``session``: i individual, g group, f family, e education, p peer, c case management, m medication
``mode``       below ``session``: v video, t telephone, p in person
``urine``      by week: - negative, + positive, * both, o due and missed, _ not due
``test``       by day: - negative, + positive (substance opioid)
``panel``      ``0: opioid+ cocaine-; 7: methadone+prescribed``, day and results by substance; panels separated by ;
``use``        by day: - denied, + used (substance opioid, asked by timeline follow-back)
``drinks``     by day: number of drinks, a digit
``controlled`` by day: j jail, h hospital, r residential care
``report``     ``0-29: 3``, of days 0 to 29 three with use; several reports are separated by semicolons
``service``    ``14: H0015``, a contact with that code on day 14; several are separated by semicolons
``PHQ9`` ...   an assessment, ``0: 3 2 . 1``, day and answers to item 1, 2, ... (``.`` none), or ``0: FREQ1=2``
``episode``    ``discharge_day=20 discharge_reason=dropout``; admitted on day 0 unless ``admission_day`` says otherwise
``person``     ``age_years=16 sex=female``
``observed``   days of follow-up; left out, as long as the longest line, or 180 without such lines
``died``       day of death, which ends the follow-up
``value``      what the metric gives, as a number or a calculation, then two or more spaces and its settings;
               ``none: reason`` where there is no value
=============  =======================================================================================================
"""

import functools
import inspect
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import yaml

from iop_outcomes import tables
from iop_outcomes.history.history import History

STATUS = {
    "A": "attended",
    "P": "partial",
    "N": "no_show",
    "L": "late_cancel",
    "X": "cancel_patient",
    "C": "cancel_program",
    "E": "excused",
    "R": "rescheduled",
    "Z": "closed",
}
TYPE = {
    "i": "individual",
    "g": "group",
    "f": "family",
    "e": "education",
    "p": "peer",
    "c": "case_management",
    "m": "medication",
}
MODE = {"v": "video", "t": "phone", "p": "in_person"}
RESULT = {"-": ("negative",), "+": ("positive",), "*": ("negative", "positive"), "o": ("missing",), "_": ()}
CONTROLLED = {"j": "jail", "h": "inpatient", "r": "residential"}

#: Lines drawn by symbols, and the days one symbol stands for.
DRAWN = {"session": 1, "use": 1, "drinks": 1, "test": 1, "controlled": 1, "urine": 7}

#: Lines that say something about the timeline instead of drawing records.
NOT_DRAWN = ("day", "week", "observed", "died", "value")

Rows = dict[str, list[dict]]


@dataclass(frozen=True)
class Answer:
    """One value a metric must give on a timeline: ``value`` is NaN and ``reason`` set where it must give none."""

    value: float
    reason: str
    settings: dict[str, object]
    text: str


@dataclass(frozen=True)
class Example:
    """A timeline as it stands in a docstring, and the answers expected of a metric."""

    text: str
    answers: tuple[Answer, ...]

    @functools.cached_property
    def history(self) -> History:
        """The history drawn."""
        lines = _lines(self.text)
        rows: Rows = defaultdict(list)
        for name, content in lines:
            if name not in NOT_DRAWN:
                _TRACKS.get(name, _assessment(name))(content, rows)
        return _history(rows, lines)


def sections_of(function: Callable) -> list[str | Example]:
    """Return the ``Examples`` section of a docstring: paragraphs of prose, and timelines read."""
    document = inspect.getdoc(function) or ""
    _, found, section = document.partition("\nExamples\n--------\n")
    if not found:
        return []
    section = re.split(r"\n\w[\w ]*\n-{3,}\n", section)[0]
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", section) if block.strip()]
    return [read(inspect.cleandoc(block)) if block.startswith(" ") else block for block in blocks]


def read(text: str) -> Example:
    """Return one timeline, drawn as this module says.

    Raises
    ------
    ValueError
        A ruler is wrong; an example is part of the code, so that is a bug. An unknown symbol is found when the history
        is drawn.
    """
    answers = []
    for name, content in _lines(text):
        if name == "value":
            answers.append(_answer(content))
        elif name in ("day", "week"):
            _check_ruler(content, first=0 if name == "day" else 1)
    return Example(text, tuple(answers))


def _lines(text: str) -> list[tuple[str, str]]:
    """Return names and contents; contents begin in one column, so that symbols below each other are the same day."""
    starts = [re.match(r"(\S+)\s\s+", line) for line in text.splitlines()]
    column = min(start.end() for start in starts)
    return [(start.group(1), start.string[column:].rstrip()) for start in starts]


def _check_ruler(content: str, first: int) -> None:
    for mark in re.finditer(r"\d+", content):
        if int(mark.group()) != mark.start() + first:
            raise ValueError(f"the ruler's {mark.group()} stands above {mark.start() + first}")


def _answer(content: str) -> Answer:
    given, *settings = re.split(r"\s\s+", content, maxsplit=1)
    chosen = {}
    for setting in settings[0].split() if settings else ():
        name, _, value = setting.partition("=")
        chosen[name] = yaml.safe_load(value)
    none, _, reason = given.partition(": ")
    value = float("nan") if none == "none" else float(pd.eval(given, engine="python"))
    return Answer(value, reason, chosen, content)


def _history(rows: Rows, lines: list[tuple[str, str]]) -> History:
    """Return the person drawn, e1, beside another, e2, whose filled episode shows that the source knows such things."""
    told = {name: int(content) for name, content in lines if name in ("observed", "died")}
    drawn = max((len(content) * DRAWN[name] for name, content in lines if name in DRAWN), default=180)
    last_day = told["died"] if "died" in told else told.get("observed", drawn) - 1
    episode = {"episode_id": "e1", "person_id": "p1", "assignment_day": 0, "admission_day": 0, "level_of_care": "1"}
    other = episode | {"episode_id": "e2", "person_id": "p2", "discharge_day": 0, "discharge_reason": "completed"}
    person = {"person_id": "p1", "age_years": 40, "sex": "female"}
    for about, given in ((episode, "episode"), (person, "person")):
        for row in rows.pop(given, ()):
            about.update(row)
    given = {**rows, "episode": [episode, other], "person": [person, person | {"person_id": "p2"}]}
    records = _no_records() | {name: tables.conform(pd.DataFrame(content), name) for name, content in given.items()}
    cohort = pd.DataFrame([episode, other])[["person_id"]].assign(
        member_id=["e1", "e2"], site_id="s1", arm="outpatient"
    )
    cohort = cohort.assign(time_zero_day=0, follow_up_end_day=last_day)
    return History.of(
        tables.conform(cohort.assign(end_reason="death" if "died" in told else "end_of_follow_up"), "cohort"), records
    )


@functools.cache
def _no_records() -> dict[str, pd.DataFrame]:
    return {name: tables.empty(name) for name in tables.CANONICAL}


def _marks(content: str, symbols, name: str) -> list[tuple[int, str]]:
    """Return positions and symbols, skipping dots and spaces."""
    marks = [(at, symbol) for at, symbol in enumerate(content) if symbol not in ". "]
    unknown = sorted({symbol for _, symbol in marks if symbol not in symbols})
    if unknown:
        raise ValueError(f"timeline '{name}': unknown symbol {unknown[0]!r}; allowed are {' '.join(symbols)}")
    return marks


def _sessions(content: str, rows: Rows) -> None:
    for day, symbol in _marks(content, STATUS, "session"):
        row = {"session_id": f"s{day}", "episode_id": "e1", "day": day, "status": STATUS[symbol]}
        rows["session"].append(row | {"minutes_scheduled": 60, "minutes_attended": {"A": 60, "P": 30}.get(symbol, 0)})


def _beside_sessions(name: str, change: Callable[[dict, str], dict], symbols) -> Callable[[str, Rows], None]:
    def fill(content: str, rows: Rows) -> None:
        on_day = {row["day"]: row for row in rows["session"]}
        for day, symbol in _marks(content, symbols, name):
            on_day[day].update(change(on_day[day], symbol))

    return fill


def _longer(session: dict, hours: str) -> dict:
    return {column: session[column] * int(hours) for column in ("minutes_scheduled", "minutes_attended")}


def _tests(days: int, name: str) -> Callable[[str, Rows], None]:
    def fill(content: str, rows: Rows) -> None:
        for at, symbol in _marks(content, RESULT, name):
            for later, result in enumerate(RESULT[symbol]):
                row = {"person_id": "p1", "day": at * days + later, "substance": "opioid", "result": result}
                rows["drug_test"].append(row)

    return fill


def _panels(content: str, rows: Rows) -> None:
    for panel in content.split(";"):
        day, _, results = panel.partition(":")
        for substance, sign, prescribed in re.findall(r"(\w+)([-+o])(prescribed)?", results):
            row = {"person_id": "p1", "day": int(day), "substance": substance, "result": RESULT[sign][0]}
            rows["drug_test"].append(row | {"prescribed": bool(prescribed)})


def _report(day: int, days: int, used: float, substance: str = "opioid", **others) -> dict:
    row = {"person_id": "p1", "day": day, "window_days": days, "substance": substance, "days_used": used}
    return row | {"source": "tlfb"} | others


def _use(content: str, rows: Rows) -> None:
    for day, symbol in _marks(content, "-+", "use"):
        rows["use_report"].append(_report(day, 1, float(symbol == "+")))


def _drinks(content: str, rows: Rows) -> None:
    for day, digit in _marks(content, "0123456789", "drinks"):
        drinks = int(digit)
        rows["use_report"].append(_report(day, 1, float(drinks > 0), "alcohol", amount=drinks))


def _reports(content: str, rows: Rows) -> None:
    for first, last, used in re.findall(r"(-?\d+)-(\d+): ([\d.]+)", content):
        rows["use_report"].append(_report(int(first), int(last) - int(first) + 1, float(used)))


def _controlled(content: str, rows: Rows) -> None:
    for stay in re.finditer(r"j+|h+|r+", content):
        row = {"person_id": "p1", "start_day": stay.start(), "end_day": stay.end() - 1}
        rows["controlled_period"].append(row | {"reason": CONTROLLED[stay.group()[0]]})


def _services(content: str, rows: Rows) -> None:
    for day, code in re.findall(r"(-?\d+): ([^;\s]+)", content):
        service_id = f"v{len(rows['service'])}"
        rows["service"].append({"service_id": service_id, "person_id": "p1", "day": int(day), "code": code})


def _assessment(instrument: str) -> Callable[[str, Rows], None]:
    def fill(content: str, rows: Rows) -> None:
        day, colon, answers = content.partition(":")
        if not colon:
            raise ValueError(f"timeline '{instrument}': write the day, a colon and the answers")
        for number, answer in enumerate(answers.split(), start=1):
            item, named, value = answer.rpartition("=")
            if value != ".":
                row = {"person_id": "p1", "day": int(day), "instrument": instrument, "value": float(value)}
                rows["assessment"].append(row | {"item": item if named else str(number)})

    return fill


def _facts(table: str) -> Callable[[str, Rows], None]:
    def fill(content: str, rows: Rows) -> None:
        pairs = (pair.partition("=") for pair in content.split())
        rows[table].append({name: yaml.safe_load(value) if value != "none" else None for name, _, value in pairs})

    return fill


_TRACKS: dict[str, Callable[[str, Rows], None]] = {
    "session": _sessions,
    "hours": _beside_sessions("hours", _longer, "123456789"),
    "type": _beside_sessions("type", lambda _, symbol: {"type": TYPE[symbol]}, TYPE),
    "mode": _beside_sessions("mode", lambda _, symbol: {"mode": MODE[symbol]}, MODE),
    "urine": _tests(7, "urine"),
    "test": _tests(1, "test"),
    "panel": _panels,
    "use": _use,
    "drinks": _drinks,
    "report": _reports,
    "controlled": _controlled,
    "service": _services,
    "episode": _facts("episode"),
    "person": _facts("person"),
}
