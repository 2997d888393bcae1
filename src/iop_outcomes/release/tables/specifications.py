"""Every specification of the first question, guarded by the fewest people it rests on, and what they amount to."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules, Roles
from iop_outcomes.tables.estimate import WITHHELD, may_be_shown

_NUMBERS = ("value", "se", "ci_low", "ci_high")
_GUARDS = ("least_n", "least_with", "least_without")
#: Choices that make a specification, in the order in which they are read.
CHOICES = ("arm_rule", "time_zero", "outcome", "design", "trimming", "estimator")

ROLES = Roles(
    labels=("number", *CHOICES, "locked", "status"),
    hidden_counts=_GUARDS,
    values=dict.fromkeys(_NUMBERS, _GUARDS),
    sentences=("reason",),
    # A tenth of a point, of a share that is no count of anybody.
    decimals=dict.fromkeys(_NUMBERS, 3),
)
_SHARES = ("median", "share_same_sign", "share_significant", "p_median", "p_significant", "locked_rank")
#: Numbers of specifications are counts of no people.
SUMMARY_ROLES = Roles(
    labels=("analysis", "n_specifications", "n_shown", "n_withheld", "n_refused", "n_draws"),
    values={name: () for name in _SHARES},
    sentences=("reason",),
    decimals=dict.fromkeys(_SHARES, 3),
)


def frame(tables: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> pd.DataFrame:
    """Return a row per specification; one that rests on too few people is withheld.

    Some are of people who were matched, each counted once, so that a finer number than one person makes would tell how
    many they are. An interval only becomes wider by that.

    Parameters
    ----------
    tables : mapping
        Contract tables by name.
    rules : ReleaseRules
    """
    table = tables["specification"].reset_index(drop=True)
    table = table.astype({name: "str" for name in (*CHOICES, "status")})
    table["reason"] = table["reason"].astype("object").where(table["reason"].notna(), "").astype("str")
    few = np.logical_or.reduce([rules.small(table[guard]) for guard in _GUARDS])
    hidden = few & may_be_shown(table).to_numpy()
    table.loc[hidden, "status"] = WITHHELD
    table.loc[hidden, "reason"] = f"fewer than {rules.min_cell} people have, or do not have, the outcome in one arm"
    table.loc[~may_be_shown(table), list(_NUMBERS)] = np.nan
    one = 1 / rules.round_to
    for column, way in (("value", np.round), ("se", np.ceil), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table[column] = rules.stepped(table[column], table["least_n"], one, way=way)
    return table.reindex(columns=[*ROLES.labels, *ROLES.guarded, *ROLES.values, *ROLES.sentences])


def summary(tables: Mapping[str, pd.DataFrame], shown: pd.DataFrame) -> pd.DataFrame:
    """Return what the specifications amount to; nothing of it where one that is hidden would be in it.

    Parameters
    ----------
    tables : mapping
        Contract tables by name.
    shown : pandas.DataFrame
        From :func:`frame`.
    """
    table = tables["specification_summary"].reset_index(drop=True).astype({"analysis": "str"})
    table["reason"] = table["reason"].astype("object").where(table["reason"].notna(), "").astype("str")
    n_shown = int(may_be_shown(shown).sum())
    # That of one specification must not be told more finely here than there.
    table["median"] = table["median"].where(table["median"].isna(), shown.loc[may_be_shown(shown), "value"].median())
    if n_shown < int(table["n_shown"].iloc[0]):
        table[list(_SHARES)] = np.nan
        table["n_withheld"] += table["n_shown"] - n_shown
        table["n_shown"] = n_shown
        table["reason"] = "some specifications rest on too few people to be shown, and what all amount to tells of them"
    return table.reindex(columns=[*SUMMARY_ROLES.labels, *SUMMARY_ROLES.values, *SUMMARY_ROLES.sentences])
