"""Raw records to weekly codes and words, for any study.

The anchor, the week rule, the panel of substances and the protocol's grid of weeks are settings of the study, given as
spans (see ``grid.py``), panels and schedules. ``tests/oracles/ctn0094_words.py`` is one study's settings, and gives its
published words.
"""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.endpoints.grid import WeekGrid, check_columns, whole_days
from iop_outcomes.endpoints.matrix import MISSING, MIXED, NEGATIVE, POSITIVE, UNSCHEDULED, to_words
from iop_outcomes.kernel.errors import ContractError, StudyFileError, counted, did_you_mean

RESULTS = ("negative", "positive")


def same_span(people: Iterable, first_day: int, last_day: int, week_one_day: int | None = None) -> pd.DataFrame:
    """Return spans in which everybody is looked at on the same days; week 1 begins on ``first_day`` unless given."""
    week_one_day = first_day if week_one_day is None else week_one_day
    days = {"first_day": first_day, "last_day": last_day, "week_one_day": week_one_day}
    return pd.DataFrame(days, index=pd.Index(people, name="person"))


def on_panel(records: pd.DataFrame, panel_of: pd.Series, panels: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Return the records of substances that count against each person.

    Parameters
    ----------
    records : DataFrame
        Columns person and substance.
    panel_of : Series
        Name of each person's panel, indexed by person; usually the arm, so that a prescribed agent never counts as use.
    panels : mapping of name to substances

    Raises
    ------
    StudyFileError
        If a person's panel is not among the panels.
    """
    check_columns("records", records, ("person", "substance"))
    unknown = sorted(set(panel_of.dropna()) - set(panels))
    if unknown:
        raise StudyFileError(f"panels: there is no panel '{unknown[0]}'; {did_you_mean(unknown[0], panels)}")
    panel = panel_of.reindex(records["person"]).to_numpy()
    counts = np.zeros(len(records), dtype=bool)
    for name, substances in panels.items():
        counts |= (panel == name) & records["substance"].isin(list(substances)).to_numpy()
    return records[counts]


def weekly_matrix(
    results: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    week_length: int = 7,
    schedule: Iterable[int] | pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return test results as one code per person and study week.

    Parameters
    ----------
    results : DataFrame
        Columns person, day, result (``negative`` or ``positive``), any order; several results on one day make one day,
        positive if any of them is. Days outside the person's span, and people without one, are not read.
    spans : DataFrame
        Indexed by person: first_day, last_day, week_one_day (see ``grid.py``, and :func:`same_span`).
    week_length : int
        Days in a study week.
    schedule : iterable of int, DataFrame (person, week) or None
        Weeks in which a result was expected; None for every week from week 1 on.

    Returns
    -------
    DataFrame of int8, people x study weeks
        ``+`` positive days only, ``-`` negative days only, ``*`` both; without a result ``o`` in a scheduled week and
        ``_`` in another; ``OUTSIDE`` where the span does not reach. A result in an unscheduled week counts. Codes as in
        ``matrix.py``: :func:`score` takes the table (from week 1 on) and :func:`words_of` makes text of it.

    Raises
    ------
    ContractError
        If a column is lacking, a day is no whole number or a result is neither negative nor positive.
    """
    check_columns("results", results, ("person", "day", "result"))
    unknown = int((~results["result"].isin(RESULTS)).sum())
    if unknown:
        raise ContractError(
            f"results: {counted(unknown, 'row has', 'rows have')} a result that is neither 'negative' nor 'positive'; "
            "leave out tests without a result."
        )
    grid = WeekGrid(spans, week_length)
    positive = grid.person_days(results[results["result"] == "positive"])
    negative = np.setdiff1d(grid.person_days(results[results["result"] == "negative"]), positive, assume_unique=True)
    any_positive, any_negative = grid.days_per_week(positive) > 0, grid.days_per_week(negative) > 0
    empty = np.where(grid.scheduled(schedule), MISSING, UNSCHEDULED)
    codes = np.select(
        [any_positive & any_negative, any_positive, any_negative], [MIXED, POSITIVE, NEGATIVE], default=empty
    )
    return grid.frame(codes)


def weekly_use_matrix(
    use_days: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    week_length: int = 7,
    asked_until: pd.Series | None = None,
) -> pd.DataFrame:
    """Return self-reported use days as one code per person and study week.

    Parameters
    ----------
    use_days : DataFrame
        Columns person, day: days with use, any order; repeated days count once.
    spans : DataFrame
        Indexed by person: first_day, last_day, week_one_day.
    week_length : int
        Days in a study week.
    asked_until : Series, optional
        Last day each person was asked about, indexed by person; a week that begins later and has no use is missing, as
        is every such week of a person without one. Without it a week without use is negative, asked or not.

    Returns
    -------
    DataFrame of int8, people x study weeks
        ``-`` no day of use, ``*`` one, ``+`` two or more, ``o`` not asked.
    """
    check_columns("use days", use_days, ("person", "day"))
    grid = WeekGrid(spans, week_length)
    n_days = grid.days_per_week(grid.person_days(use_days))
    codes = np.select([n_days >= 2, n_days == 1], [POSITIVE, MIXED], default=NEGATIVE)
    if asked_until is not None:
        last = asked_until.reindex(spans.index).to_numpy(dtype=float)[:, None]
        begins = spans["week_one_day"].to_numpy()[:, None] + (grid.weeks - 1) * week_length
        asked = begins <= last
        codes = np.where((n_days == 0) & ~asked, MISSING, codes)
    return grid.frame(codes)


def words_of(matrix: pd.DataFrame, first_week: int | pd.Series | None = None, last_week=None) -> pd.Series:
    """Return a people x study weeks table of codes as text, from ``first_week`` to ``last_week`` (both included).

    Parameters
    ----------
    matrix : DataFrame
        As :func:`weekly_matrix` gives it.
    first_week, last_week : int, Series by person, or None
        Limits for all or per person; None or null is no limit.
    """
    codes, weeks = matrix.to_numpy().copy(), matrix.columns.to_numpy()
    for limit, beyond in ((first_week, np.less), (last_week, np.greater)):
        if limit is not None:
            limit = np.broadcast_to(np.asarray(limit, dtype=float), len(matrix))
            codes[beyond(weeks, limit[:, None])] = 0
    return pd.Series(to_words(codes), index=matrix.index, dtype=object)


def visit_days(attended: pd.DataFrame, spans: pd.DataFrame, anchor: pd.DataFrame, every: int = 7) -> pd.DataFrame:
    """Return the days people came and, where a whole interval passed without a visit, the day they were missed.

    Parameters
    ----------
    attended : DataFrame
        Columns person, day; repeated days count once, days outside the span not at all.
    spans : DataFrame
        Indexed by person: first_day, last_day, week_one_day.
    anchor : DataFrame
        Indexed by person: ``anchor_day`` from which intervals are laid, and boolean ``expected_on_anchor``, whether the
        anchor day itself is a visit that can be missed.
    every : int
        Days from one expected visit to the next. Each interval (d, d + every] wholly inside the span without an
        attended day is missed on its last day.

    Returns
    -------
    DataFrame
        person, day, state (``Present`` or ``Missing``), ordered by person and day.
    """
    check_columns("attended", attended, ("person", "day"))
    check_columns("anchor", anchor, ("anchor_day", "expected_on_anchor"))
    grid = WeekGrid(spans)
    came = grid.person_days(attended)
    row, day = grid.row_and_day(came)
    anchor = anchor.reindex(spans.index)
    start = whole_days("anchor", anchor["anchor_day"])
    last_day = whole_days("spans", spans["last_day"])

    n_intervals = np.maximum((last_day - start) // every, 0)
    owner = np.repeat(np.arange(len(spans)), n_intervals)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(n_intervals) - n_intervals, n_intervals)
    came_in = (day - start[row] - 1) // every
    kept = ~pd.MultiIndex.from_arrays([owner, number]).isin(pd.MultiIndex.from_arrays([row, came_in]))
    missed = [(owner[kept], start[owner[kept]] + (number[kept] + 1) * every)]

    first = np.flatnonzero(anchor["expected_on_anchor"].to_numpy(dtype=bool))
    present = pd.MultiIndex.from_arrays([row, day])
    first = first[~pd.MultiIndex.from_arrays([first, start[first]]).isin(present)]
    missed.append((first, start[first]))

    rows = np.concatenate([row, *(people for people, _ in missed)])
    days = np.concatenate([day, *(when for _, when in missed)])
    state = np.repeat(["Present", "Missing"], [len(row), len(rows) - len(row)])
    order = np.lexsort([days, rows])
    return pd.DataFrame({"person": spans.index.to_numpy()[rows[order]], "day": days[order], "state": state[order]})
