"""Estimates of checks that are of another outcome or of one site: guarded by the people they rest on themselves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.tables.by_site import population, site_rows
from iop_outcomes.tables.controls import control_rows
from iop_outcomes.tables.estimate import may_be_shown

#: How far one person moves a ratio of shares, times the people of the arm: a third, and no rarer, has the outcome.
RATIO_MOVES = 3.0
#: No picture shows finer numbers, or standard errors.
_FINEST, _FINEST_ERROR = 0.01, 0.002


def own_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return, of rows that stand apart, the fewest people of an arm, and the fewest of one who have it or have it not.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the ``estimate`` contract, before anything is taken from it.

    Returns
    -------
    DataFrame
        ``least_n``, ``least_with``, ``least_without`` by row.
    """
    rows = pd.concat([control_rows(table), site_rows(table)])
    events = rows["n_events"].astype(float)
    return pd.DataFrame({"least_n": rows["n"].astype(float), "least_with": events, "least_without": events})


def beside_a_hidden_control(table: pd.DataFrame) -> pd.Series:
    """Return which rows are controls beside one that is withheld: it would follow from them and what all amount to."""
    controls = control_rows(table)
    hidden = controls.loc[~may_be_shown(controls), "analysis"].unique()
    beside = controls[may_be_shown(controls) & controls["analysis"].isin(hidden)]
    return pd.Series(table.index.isin(beside.index), index=table.index)


def nameless(table: pd.DataFrame, describe_by: Sequence[str]) -> pd.DataFrame:
    """Return rows of sites by their number in the order of their estimates, unless the study tells of single sites.

    Parameters
    ----------
    table : pandas.DataFrame
        As it will be released.
    describe_by : sequence of str
        Of the study, which says who allowed it where ``site`` is among them.
    """
    if "site" in describe_by:
        return table
    rows = site_rows(table).sort_values(["value", "se", "ci_low", "reason"], kind="stable")
    number = rows.groupby(["analysis", "measure"], sort=False).cumcount() + 1
    table.loc[rows.index, "population"] = number.map(population)
    return table


def coarse(table: pd.DataFrame, apart: pd.Index, rules: ReleaseRules) -> pd.DataFrame:
    """Tell rows that stand apart no more closely than a picture needs, and in steps as wide as one person.

    An interval only becomes wider.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``unit`` and ``least_n``.
    apart : pandas.Index
        Those rows.
    rules : ReleaseRules
    """
    own = table.loc[apart]
    people, unit = own["least_n"].to_numpy(float), own["unit"].to_numpy()
    moves = np.where(unit == "share", 1.0, own["se"].to_numpy(float) * np.sqrt(people))
    moves = np.where(unit == "ratio", RATIO_MOVES, moves) / rules.round_to
    for column, way in (("value", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table.loc[apart, column] = rules.stepped(own[column], people, moves, _FINEST, way)
    table.loc[apart, "se"] = rules.stepped(own["se"], people, 0.0, _FINEST_ERROR, np.ceil)
    return table
