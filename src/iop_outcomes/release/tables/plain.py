"""Tables that are released much as they are: what was read, what could be had, what was checked, what is true."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules, Roles, levels, parts
from iop_outcomes.release.disclosure.sums import Equation
from iop_outcomes.tables.follow_up import ALL_NOT_TAKEN, NOT_TAKEN


def _rules_add_up(frame: pd.DataFrame) -> Iterator[Equation]:
    """Rows not taken by rule are all rows of the table that were not taken."""
    rule = frame["rule"].astype("str")
    for table in frame["table"][rule == ALL_NOT_TAKEN]:
        of_table = frame["table"] == table
        total = np.flatnonzero(of_table & (rule == ALL_NOT_TAKEN))[0]
        parts_of = np.flatnonzero(of_table & rule.str.startswith(NOT_TAKEN))
        yield {(int(total), "n"): 1.0, **{(int(row), "n"): -1.0 for row in parts_of}}


def _beside_episodes(frame: pd.DataFrame) -> Iterator[Equation]:
    """People, and rows of their baselines, are the episodes, or so many fewer or more."""
    table = frame["table"].astype("str")
    for episode in np.flatnonzero(table == "episode"):
        for row in np.flatnonzero(table.isin(_ONE_AN_EPISODE)):
            more = frame["n_accepted"].iloc[row] > frame["n_accepted"].iloc[episode]
            beside = {(int(row), "n_accepted"): -1.0, (int(row), "n_apart"): 1.0 if more else -1.0}
            yield {(int(episode), "n_accepted"): 1.0, **beside}


def _arms_add_up(frame: pd.DataFrame) -> Iterator[Equation]:
    """Those to whom an event happened are those of all arms, which stand on the event's first row."""
    for rows in frame.groupby("event", sort=False, observed=True).groups.values():
        yield {(rows[0], "n_all"): 1.0, **{(row, "n_while"): -1.0 for row in rows}}


#: Tables with a row for each episode, or for each person, who mostly has one.
_ONE_AN_EPISODE = ("person", "baseline")
_CELLS = ("n_not_comparable", "n_both", "n_test_only", "n_report_only", "n_neither")

#: Columns whose numbers are labels here: a threshold, an order, a share of no small group.
ROLES: Mapping[str, Roles] = {
    "intake": Roles(
        labels=("table",),
        counts=("n_in", "n_accepted", "n_rejected"),
        hidden_counts=("n_apart",),
        sums=(parts("n_in", "n_accepted", "n_rejected"), _beside_episodes),
        keep={"n_in": "is_total"},
        who={"n_accepted": "rows accepted of {table}", "n_rejected": "rows not taken of {table}"},
    ),
    "capability": Roles(labels=("name", "available"), sentences=("reason",)),
    "refusal": Roles(labels=("kind", "name"), sentences=("reason",)),
    "agreement": Roles(
        labels=("arm",),
        counts=("n_tests", *_CELLS),
        values={
            "sensitivity": ("n_both", "n_test_only"),
            "specificity": ("n_report_only", "n_neither"),
            "concordance": _CELLS[1:],
            "kappa": _CELLS[1:],
        },
        sums=(parts("n_tests", *_CELLS),),
        decimals={name: 2 for name in ("sensitivity", "specificity", "concordance", "kappa")},
    ),
    "set_aside": Roles(
        labels=("table", "rule"),
        counts=("n",),
        sums=(_rules_add_up,),
        who={"n": "rows not taken of {table}|is_all"},
    ),
    "retained": Roles(
        labels=("arm", "day"),
        hidden_counts=("n_at_risk", "n_ended"),
        values={name: ("n_at_risk", "n_ended") for name in ("retained", "ci_low", "ci_high")},
        decimals={name: 2 for name in ("retained", "ci_low", "ci_high")},
    ),
    "intercurrent": Roles(
        labels=("arm", "event", "dropout", "time_in_care", "retention", "abstinence"),
        counts=("n_ended", "n_while"),
        hidden_counts=("n_people", "n_after", "n_all"),
        sums=(levels("n_ended", "n_people", ("arm",)), parts("n_while", "n_ended", "n_after"), _arms_add_up),
        keep={"n_people": "is_total"},
        who={"n_people": "{arm}", "n_all": "{event} while followed|is_total"},
    ),
    "claim": Roles(labels=("claim", "analysis", "verdict", "reasons"), sentences=("explanation",)),
    "truth": Roles(
        labels=("outcome", "estimand"),
        values={name: () for name in ("mean_treated", "mean_reference", "difference", "ratio")},
        decimals={name: 4 for name in ("mean_treated", "mean_reference", "difference", "ratio")},
    ),
}


def frame(name: str, table: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Return one of these tables with the columns its roles speak of, those that are absent as missing."""
    roles = ROLES[name]
    if name == "intake":
        table = _by_table(table)
    if name == "agreement":
        table = _of_enough_people(table, rules)
    if name == "retained":
        table = _coarse(table, rules)
    if name == "intercurrent":
        table = _with_all(table)
    columns = [*roles.labels, *roles.guarded, *roles.values, *roles.sentences]
    shown = table.reindex(columns=columns)
    text = {column: shown[column].astype("object").where(shown[column].notna(), "") for column in roles.sentences}
    if name == "set_aside":
        text["is_all"] = shown["rule"].astype("str") == ALL_NOT_TAKEN
    return shown.assign(**text, **{flag: True for flag in roles.keep.values()})


def _of_enough_people(agreement: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Leave out arms in which a number of tests is of few people: many tests may be one person's."""
    if "fewest_people" not in agreement:
        return agreement
    return agreement[~rules.small(agreement["fewest_people"])].reset_index(drop=True)


def _coarse(retained: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Round shares still in care by the size of the arm, of which they leave those at risk."""
    arm = retained["n_at_risk"] / retained["retained"].where(retained["retained"] > 0)
    people = arm.groupby(retained["arm"].astype("str")).transform("min")
    shares = {name: rules.stepped(retained[name], people, finest=0.01) for name in ("retained", "ci_low", "ci_high")}
    return retained.assign(**shares)


def _with_all(intercurrent: pd.DataFrame) -> pd.DataFrame:
    """Return events with how many of all arms had each, on its first row: a sentence may say it."""
    table = intercurrent.reset_index(drop=True).astype({"event": "str"})
    everybody = table.groupby("event", sort=False)["n_while"].transform(lambda n: n.sum(skipna=False))
    return table.assign(n_all=everybody.where(~table["event"].duplicated()))


def _by_table(intake: pd.DataFrame) -> pd.DataFrame:
    """Return rows read by canonical table: the names of a clinic's files may hold the names of its patients."""
    counts = list(ROLES["intake"].counts)
    table = intake.astype({"table": "str"}).groupby("table", sort=False)[counts].sum().reset_index()
    episodes = table.loc[table["table"] == "episode", "n_accepted"].sum()
    return table.assign(n_apart=(table["n_accepted"] - episodes).abs().where(table["table"].isin(_ONE_AN_EPISODE)))
