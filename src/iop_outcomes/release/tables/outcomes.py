"""Outcomes by arm as they were seen, without adjustment, for everybody and broken down by group."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Roles, dominating, levels, parts
from iop_outcomes.release.disclosure.sums import Equation
from iop_outcomes.release.tables.withheld import withheld_outcomes
from iop_outcomes.study import Study
from iop_outcomes.tables.lookup import rows_of

EVERYBODY = "everybody"
_GUARDS = ("known", "with_it", "without_it", "dominating", "blurred")
_BY = ("outcome", "group", "arm")


def groups_add_up(frame: pd.DataFrame) -> Iterator[Equation]:
    """Those whose outcome is known, with it and without it, of all levels of a group are those of everybody."""
    whole = frame["group"] == EVERYBODY
    everybody = {(frame["outcome"][row], frame["arm"][row]): row for row in frame.index[whole]}
    for (outcome, _, arm), rows in frame[~whole].groupby(list(_BY), sort=False, observed=True).groups.items():
        for count in ("n", "n_missing", "with_it", "without_it"):
            yield {(everybody[outcome, arm], count): 1.0, **{(row, count): -1.0 for row in rows}}


ROLES = Roles(
    labels=("outcome", "outcome_words", "group", "level", "arm", "unit"),
    counts=("n_people", "n"),
    hidden_counts=("n_arm", "n_missing", *_GUARDS),
    # A level that hides its neighbour hides its own share, too, or it would be the neighbour's with everybody's.
    values={name: ("n_people", *_GUARDS) for name in ("value", "sd")},
    sums=(parts("n_people", "n", "n_missing"), levels("n_people", "n_arm", _BY), groups_add_up),
    keep={**dict.fromkeys(("n_people", "with_it", "without_it"), "is_everybody"), "n_arm": "is_total"},
    who={
        "n_arm": "{arm}",
        "n_people": "{arm}, {group} {level}",
        "n": "{arm}{whose}, {outcome} known",
        "n_missing": "{arm}{whose}, {outcome} not known",
        "with_it": "{arm}{whose}, with {outcome}",
        "without_it": "{arm}{whose}, without {outcome}",
    },
    hidden_labels=("whose",),
    decimals={"value": 2, "sd": 2},
)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return one row per outcome, group, level and arm: people, those whose outcome is known, and its mean."""
    outcomes = tables["outcomes"].set_index("member_id")
    members = rows_of(tables["covariates"], "member_id", outcomes.index)
    arm = pd.Categorical(members["arm"].astype("str"), categories=list(study.cohort.arms))
    site = members["cluster"].array if "cluster" in members else ""
    groups, rows = list(_groups(members, study)), []
    hidden = withheld_outcomes(tables.get("estimate"), study)
    for name in [c for c in outcomes if c in study.metrics and c not in hidden]:
        outcome = words.describe_outcome(study, name)
        for group, level in groups:
            value = outcomes[name].to_numpy(float)
            data = pd.DataFrame({"arm": arm, "level": level, "value": value, "site": site})
            rows.append(described(data, outcome, study).assign(group=group))
    columns = [*ROLES.labels, *ROLES.hidden_labels, *ROLES.guarded, *ROLES.values, *dict.fromkeys(ROLES.keep.values())]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    table["is_everybody"] = table["group"] == EVERYBODY
    named = ", " + table["group"].astype("str") + " " + table["level"].astype("str")
    table["whose"] = named.where(~table["is_everybody"], "")
    return _dominated_together(table).assign(is_total=True)[columns]


def _dominated_together(table: pd.DataFrame) -> pd.DataFrame:
    """Hide with a dominated total those from which it follows: the others of its group, and the parts of a whole."""
    own = table["dominating"].groupby([table[column] for column in _BY], observed=True).transform("max")
    whole = table["dominating"].where(table["is_everybody"])
    whole = whole.groupby([table["outcome"], table["arm"]], observed=True).transform("max")
    return table.assign(dominating=np.fmax(own, whole))


def _groups(members: pd.DataFrame, study: Study) -> Iterator[tuple[str, pd.Categorical]]:
    """Yield the groups that a study describes by, with the level of each member, levels in their order."""
    yield EVERYBODY, pd.Categorical.from_codes(np.zeros(len(members), dtype=np.int8), [""])
    for name in study.describe_by:
        column = {"site": "cluster"}.get(name, name)
        if column in members:
            yield name, pd.Categorical(members[column].astype("str").fillna("missing"))


def described(data: pd.DataFrame, outcome: words.Outcome, study: Study) -> pd.DataFrame:
    """Return mean and spread by ``level`` and ``arm`` of the ``value`` of people at some ``site``, with all guards."""
    groups = data.groupby(["level", "arm"], observed=True, sort=True)["value"]
    limits, rules = study.release.dominance, study.release.rules("outcomes")
    is_total = outcome.kind not in ("binary", "proportion")
    most = [dominating(values, data["site"], limits) for _, values in groups] if is_total else 0.0
    table = groups.agg(n_people="size", n="count", value="mean", sd="std", with_it="sum").reset_index()
    table["level"] = table["level"].astype("str")
    binary = outcome.kind == "binary" or set(data["value"].dropna().unique()) <= {0.0, 1.0}
    if not binary:
        table["with_it"] = np.nan
    table["without_it"] = table["n"] - table["with_it"]
    table["dominating"] = most
    unknown = table["n_people"] - table["n"]
    spread = rules.spread(unknown) if binary else table["sd"].to_numpy(float)
    # Of so few that their share in steps would say nothing.
    table["blurred"] = rules.too_coarse(table["n"], unknown).astype(float) if binary else 0.0
    for column in ("value", "sd"):
        table[column] = rules.stepped(table[column], table["n"], spread, finest=0.01)
    if binary:
        table["blurred"] = np.fmax(
            table["blurred"], rules.tells_few(table["value"], table["with_it"], table["n"], unknown)
        )
    if binary:
        table["sd"] = np.nan
    table["known"] = table["n"]
    table["n_missing"] = table["n_people"] - table["n"]
    table["n_arm"] = table.groupby("arm", observed=True)["n_people"].transform("sum")
    unit = "share" if outcome.is_share or binary else outcome.unit
    return table.assign(outcome=outcome.name, outcome_words=outcome.label, unit=unit)
