"""Study files as nobody should write them, and what must be true of whatever becomes of them."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from iop_outcomes import study as studies
from iop_outcomes.errors import StudyError
from iop_outcomes.ingest.stage import source_files
from own_tables import STUDY

ROOT = Path(__file__).resolve().parents[1]

#: Pieces of text that have broken some program, and values of every kind.
TOKENS = (
    *("[", "]", "{", "}", ": ", "- ", "? ", "! ", "!!int ", "!!float ", "!!python/name:os.system ", "&a ", "*a"),
    *("|\n", ">\n", "#", "'", '"', "\t", "\n", "\r", "\x00", "\x1b", '"\\e"', "---\n", "...\n", "%TAG\n", "<<: "),
    *(".nan", ".inf", "1e308", "9" * 5000, "2001-99-99", "1:99", "a" * 5000, "[" * 3000, "? [a, b]\n: c\n", "\ud7ff"),
    *("path: /dev/zero", "path: /", "path: ..", "path: ''", "-1", "true", "[]", "{}", "é", "\ufeff", "metric: [a]"),
)
VALUES = (
    *(None, True, -1, 0, 1e308, float("nan"), 10**30, "", "x" * 5000, "\x07", [], {}, [[]], {"a": {"b": 1}}, ["a", 1]),
)

#: What a study may ask beyond its analyses, each part with all that it may say.
EVERYTHING = (
    STUDY.replace("completion: {}}", "completion: {}, attendance_rate: {}, retention: {}}")
    + """
heterogeneity: {analysis: primary, folds: 3, learner: boosting, groups: 2}
participation:
  outcome: first_positive_test
  weeks: 12
  arms: [iop]
  strategies:
    active: {least_hours: 6, grace_weeks: 2, last_week: 7, lapses_allowed: 2, step_up_allowed: true}
    less: {below_hours: 6}
  landmark: {weeks: 4, least_hours: 6}
  hours: {high: 9, low: 3, curve: [6], borders: [3, 6]}
  changes: {stepping_up: {to: "2.1", arms: [outpatient], weeks: 6, per_protocol: false}}
  bootstrap: 50
  bootstrap_by: site
  truncate: 99
components: {of: {flexibility: [attendance_rate]}, by: [sex], outcome: completion}
specifications:
  analysis: primary
  outcomes: [retention]
  arm_rules: {nine_hours: {iop: {prescribed_hours_per_week: "9"}}}
  time_zero: [assignment, admission]
  designs: [overlap]
  estimators: [weighted, aipw]
  trimming: {scores: {trim: 0.05}, weights: {truncate: 0.99}}
  draws: 99
costs:
  analysis: primary
  perspectives: {payer: [payer, program]}
  worth: 20000
  willingness: [0, 1000]
  draws: 100
subgroups: {analyses: [primary], by: {sex: {column: sex, levels: {men: [male], women: [female]}}}}
sensitivity: [e_value, missing_panel: {imputations: 10}, omitted_variable, leave_one_site_out]
margin: 0.05
events: {death: {use: excluded}}
target_trial: {}
simulate: {}
describe_by: [sex]
"""
)


def complaint(call: Callable[[], object]) -> str:
    """Return the one clean sentence with which a call refuses, empty if it does not; any other error is a failure."""
    try:
        call()
    except StudyError as error:
        said = str(error)
        assert said.strip() and said.isprintable(), repr(said)
        return said
    return ""


@cache
def study_texts() -> list[str]:
    """Return the studies of this project, the smallest there is, and one that asks all that may be asked."""
    return [
        STUDY,
        EVERYTHING,
        *(path.read_text(encoding="utf-8") for path in sorted((ROOT / studies.STUDIES).glob("*.yaml"))),
    ]


def wrong_texts() -> st.SearchStrategy[str]:
    """Return study files in which pieces of text were put in, left out or doubled."""
    edit = st.tuples(st.sampled_from(("put", "cut", "double")), st.floats(0, 1), st.sampled_from(TOKENS))
    return st.builds(
        _edited,
        st.sampled_from((*[STUDY] * 8, *[EVERYTHING] * 4, *study_texts())),
        st.lists(edit, min_size=1, max_size=4),
    )


def _edited(text: str, edits: list[tuple[str, float, str]]) -> str:
    for kind, share, token in edits:
        at = int(share * len(text))
        after = {"put": at, "cut": at + 1 + len(token) % 40, "double": max(0, at - 60)}[kind]
        text = text[:at] + (token if kind == "put" else "") + text[after:]
    return text


def wrong_contents() -> st.SearchStrategy[dict]:
    """Return what study files hold, with some of their values replaced by others of any kind."""
    swap = st.tuples(st.integers(0, 10_000), st.sampled_from(VALUES))
    number = st.one_of(st.just(1), st.integers(0, len(study_texts()) - 1))
    return st.builds(_swapped, number, st.lists(swap, min_size=1, max_size=3))


def _swapped(number: int, swaps: list[tuple[int, object]]) -> dict:
    content = deepcopy(_contents()[number])
    for place, value in swaps:
        holders = list(_holders(content))
        if holders:
            holder, key = holders[place % len(holders)]
            holder[key] = deepcopy(value)
    return content


@cache
def _contents() -> list[dict]:
    return [studies.read_yaml(text, "study") for text in study_texts()]


def _holders(content: dict | list) -> Iterator[tuple]:
    """Yield every mapping or list with each of its keys or places."""
    for key, value in list(content.items() if isinstance(content, dict) else enumerate(content)):
        yield content, key
        if isinstance(value, dict | list):
            yield from _holders(value)


def load_text(text: str) -> None:
    """Do with a text what the workflow does with a study file before anything runs."""
    load_content(studies.read_yaml(text, "study"))


def load_content(content: dict) -> None:
    """Do the same with what a file holds."""
    source_files(studies.parse(content, "study"))
