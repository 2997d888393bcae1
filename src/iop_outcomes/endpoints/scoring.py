"""Score everybody's word on every endpoint."""

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.endpoints.catalogue import ENDPOINTS
from iop_outcomes.endpoints.endpoint import Endpoint
from iop_outcomes.endpoints.matrix import WeekMatrix, to_matrix
from iop_outcomes.endpoints.primitives import seen
from iop_outcomes.endpoints.recodes import without_unscheduled
from iop_outcomes.kernel.errors import ContractError, StudyFileError, did_you_mean

MODES = ("corrected", "ctnote")
PEOPLE_AT_ONCE = 8192
"""Words scored together: few enough that a block's recodes and counts stay in the processor's cache."""


def score(
    words: Iterable | np.ndarray | pd.DataFrame,
    endpoints: str | Endpoint | Iterable[str | Endpoint] | None = None,
    mode: Literal["corrected", "ctnote"] = "corrected",
    *,
    lengths: Iterable[int] | None = None,
    windows: Mapping[str, object] | None = None,
    never_seen: Literal["by_rule", "missing"] = "by_rule",
) -> pd.DataFrame:
    """Return published urine endpoints of weekly words.

    Parameters
    ----------
    words : Series or list of str, or int8 matrix or DataFrame (people x weeks)
        One symbol per study week (see ``matrix.py``). Words may be empty or null and differ in length. A table with a
        column axis named ``week``, as ``weekly_matrix`` gives it, is read from week 1 on.
    endpoints : names, columns or Endpoint objects, optional
        What to score; all 54 unless given. A column such as ``AbT_mokri_2016`` gives just that column.
    mode : {"corrected", "ctnote"}
        ``ctnote`` equals the published program, oddities included. ``corrected`` leaves unscheduled weeks out, gives
        NaN where a value would rest on no week or, if missing weeks are ignored or count as negative, on no
        observation, and follows each endpoint's ``corrected_rule``. See :func:`catalogue`, column ``correction``.
    lengths : iterable of int, optional
        Weeks in each word, for a matrix.
    windows : mapping of endpoint name to window, optional
        Other weeks to look at: ``(first, last)``, ``LastWeeks(12)``, or a list with one for each window of the rule.
    never_seen : {"by_rule", "missing"}
        A person without one observed week: what the endpoint's missing rule makes of them (missing = positive makes a
        never-seen person a failure, as intention to treat wants), or NaN in every column. Only in ``corrected`` mode.

    Returns
    -------
    DataFrame of float
        One row per word in the order given, with its index if it has one; yes is 1, no is 0; a null word gives NaN.

    Raises
    ------
    StudyFileError
        For an unknown endpoint, mode or window.
    ContractError
        For words with unknown symbols or a matrix with unknown codes.

    References
    ----------
    Odom, Brandt, Balise & Bouzoubaa, CTNote 0.1.3; the papers in :func:`catalogue`.
    """
    _check_choice("mode", mode, MODES)
    _check_choice("never_seen", never_seen, ("by_rule", "missing"))
    chosen, columns = _chosen(endpoints, windows or {})
    words = _as_rows(words)
    matrix = to_matrix(words, lengths)
    # Filled column by column: pandas keeps one float table in this very layout, so nothing is copied.
    values = np.empty((len(columns), len(matrix)))
    for start in range(0, len(matrix), PEOPLE_AT_ONCE):
        block = slice(start, start + PEOPLE_AT_ONCE)
        _score_block(WeekMatrix.from_codes(matrix[block]), chosen, mode == "ctnote", never_seen, values[:, block])
    if isinstance(words, pd.Series):
        values[:, words.isna().to_numpy()] = np.nan
    index = words.index if isinstance(words, pd.Series | pd.DataFrame) else None
    return pd.DataFrame(values.T, index=index, columns=columns, copy=False)


def last_week_needed(endpoint: str) -> int:
    """Return the last study week that an endpoint or column looks at, 0 where it takes as many weeks as there are.

    >>> last_week_needed("Ab_ctnNinetyFour_2023"), last_week_needed("Ab_kosten_1993")
    (15, 0)
    """
    return _found(endpoint)[0].last_week_needed


def _as_rows(words) -> pd.Series | pd.DataFrame | np.ndarray:
    """Return words given as text as a Series; a table of study weeks, as ``weekly_matrix`` gives it, from week 1 on."""
    if isinstance(words, str):
        raise ContractError("words: one text is one person's word; give a list or Series with one word per person.")
    if isinstance(words, pd.DataFrame):
        repeated = words.columns[words.columns.duplicated()]
        if len(repeated):
            raise ContractError(
                f"words: the table has the week '{repeated[0]}' more than once; keep one column a week."
            )
        return words.loc[:, words.columns >= 1] if words.columns.name == "week" else words
    if isinstance(words, pd.Series) or (isinstance(words, np.ndarray) and words.ndim == 2):
        return words
    return pd.Series(list(words), dtype=object)


def _score_block(
    words: WeekMatrix,
    chosen: list[tuple[Endpoint, list[int]]],
    published: bool,
    never_seen: str,
    out: np.ndarray,
) -> None:
    if not published:
        words = without_unscheduled(words)
    row = 0
    for endpoint, parts in chosen:
        values = _values(words, endpoint, published)
        out[row : row + len(parts)] = values[parts]
        row += len(parts)
    if not published:
        blank = words.length == 0
        if never_seen == "missing":
            blank |= seen(words) == 0
        out[:, blank] = np.nan


def _values(words: WeekMatrix, endpoint: Endpoint, published: bool) -> np.ndarray:
    """Return the columns of one endpoint, shape (columns, people)."""
    rule = endpoint.rule if published or endpoint.corrected_rule is None else endpoint.corrected_rule
    values = words.once(("values", rule, published), lambda: np.atleast_2d(rule.evaluate(words, published)))
    if endpoint.missing == "negative" and not published:
        # Otherwise somebody nobody saw would be somebody nobody saw use.
        values = np.where(seen(words, rule.window) == 0, np.nan, values)
    return values


def _chosen(endpoints, windows: Mapping[str, object]) -> tuple[list[tuple[Endpoint, list[int]]], list[str]]:
    """Return each endpoint with the columns wanted of it, and the names of all columns."""
    if endpoints is None:
        endpoints = ENDPOINTS.values()
    elif isinstance(endpoints, str | Endpoint):
        endpoints = [endpoints]
    found = [_found(wanted) for wanted in endpoints]
    names = [endpoint.name for endpoint, _ in found]
    unknown = [name for name in windows if name not in names]
    if unknown:
        raise StudyFileError(
            f"windows: '{unknown[0]}' is not one of the endpoints to score; {did_you_mean(unknown[0], names)}"
        )
    chosen = []
    for endpoint, parts in found:
        if endpoint.name in windows:
            given = windows[endpoint.name]
            endpoint = endpoint.at(*given) if isinstance(given, list) else endpoint.at(given)
        chosen.append((endpoint, parts))
    columns = [endpoint.columns[part] for endpoint, parts in chosen for part in parts]
    if len(set(columns)) < len(columns):
        repeated = next(column for column in columns if columns.count(column) > 1)
        raise StudyFileError(f"endpoints: '{repeated}' is asked for more than once; name each one once.")
    return chosen, columns


def _found(wanted: str | Endpoint) -> tuple[Endpoint, list[int]]:
    if isinstance(wanted, Endpoint):
        return wanted, list(range(len(wanted.columns)))
    if wanted in ENDPOINTS:
        return ENDPOINTS[wanted], list(range(len(ENDPOINTS[wanted].columns)))
    for endpoint in ENDPOINTS.values():
        if wanted in endpoint.columns:
            return endpoint, [endpoint.columns.index(wanted)]
    known = {*ENDPOINTS, *(column for endpoint in ENDPOINTS.values() for column in endpoint.columns)}
    raise StudyFileError(f"endpoints: there is no endpoint '{wanted}'; {did_you_mean(wanted, known)}")


def _check_choice(what: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise StudyFileError(f"{what}: '{given}' is not known; {did_you_mean(given, allowed)}")
