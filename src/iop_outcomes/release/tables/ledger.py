"""The ledger of claims, made from what is released so that it tells nothing more."""

from collections.abc import Mapping

import pandas as pd

from iop_outcomes.conclude.judging import Judged
from iop_outcomes.conclude.ledger import Found, ledger
from iop_outcomes.release.disclosure import Released, Roles
from iop_outcomes.release.tables.components import measured
from iop_outcomes.study import Study

ROLES = Roles(labels=("name", "claim", "verdict", "rests_on"), sentences=("why", "source", "evidence"))


def frame(
    claims: pd.DataFrame,
    judged: list[Judged],
    verdicts: Mapping[str, pd.DataFrame],
    released: Mapping[str, Released],
    study: Study,
) -> pd.DataFrame:
    """Return the ledger.

    Parameters
    ----------
    claims : pandas.DataFrame
        Table ``field_claim``.
    judged : list of Judged
        Verdicts on the study's analyses.
    verdicts : mapping of str to DataFrame
        Verdicts on analyses, subgroups, strategies and costs, by the names of their tables.
    released : mapping of str to Released
    study : Study
    """
    said, strategies, of_costs = (
        verdicts.get("verdict"),
        verdicts.get("participation_verdict"),
        verdicts.get("cost_verdict"),
    )
    found = Found(
        judged=tuple(judged),
        participation=None if strategies is None else (strategies["verdict"].iloc[0], strategies["sentence"].iloc[0]),
        costs=_by(of_costs, "perspective"),
        components=measured(released.get("component")),
        subgroups=_by(_of_first(verdicts.get("subgroup_verdict")), "modifier"),
        subgroup=_of_first(released["subgroup"].frame) if "subgroup" in released else pd.DataFrame(),
        sentences={} if said is None else dict(zip(said["analysis"], said["sentence"], strict=True)),
    )
    return ledger(claims, found, study)[[*ROLES.labels, *ROLES.sentences]]


def _of_first(table: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the rows of the first analysis that was asked again: the ledger rests on one."""
    if table is None or table.empty:
        return table
    return table[table["analysis"] == table["analysis"].iloc[0]]


def _by(table: pd.DataFrame | None, name: str) -> dict[str, tuple[str, str]]:
    if table is None:
        return {}
    return {str(row[name]): (str(row["verdict"]), str(row["sentence"])) for _, row in table.iterrows()}
