"""Studies made to break a release: few people, one level, nobody known, one site, one person who is most of a total."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from iop_outcomes.study import Study
from report_tables import study, tables

Tables = Mapping[str, pd.DataFrame]


def few() -> dict[str, pd.DataFrame]:
    """Twelve people, six an arm."""
    return tables(n=(6, 6))


def small() -> dict[str, pd.DataFrame]:
    """Sixty people."""
    return tables(n=(24, 36))


def one_level() -> dict[str, pd.DataFrame]:
    """Everybody is of one sex and has the same employment."""
    given = tables(n=(60, 80))
    given["covariates"] = given["covariates"].assign(sex="female", employment="employed")
    return given


def nobody_known() -> dict[str, pd.DataFrame]:
    """No outcome of anybody is known."""
    given = tables(n=(60, 80))
    known = given["outcomes"].columns.drop("member_id")
    given["outcomes"] = given["outcomes"].assign(**dict.fromkeys(known, np.nan))
    given["estimate"] = given["estimate"].assign(n=0.0, n_events=0.0, value=np.nan, se=np.nan)
    return given


def one_site() -> dict[str, pd.DataFrame]:
    """All are at one site."""
    given = tables(n=(60, 80))
    return given | {
        "cohort": given["cohort"].assign(site_id="north"),
        "covariates": given["covariates"].assign(cluster="north"),
    }


def empty_arm() -> dict[str, pd.DataFrame]:
    """Nobody of the second arm is left in the cohort."""
    given = tables(n=(60, 80))
    gone = set(given["cohort"].loc[given["cohort"]["arm"] == "outpatient", "member_id"])
    compared = ("estimate", "curve", "incidence", "balance", "propensity", "diagnostic")
    return {
        name: table[~table["member_id"].isin(gone)].reset_index(drop=True) if "member_id" in table else table
        for name, table in given.items()
        if name not in compared
    }


def of_known(given: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables in which the estimates of completion are those of whom it is known."""
    arm, known = given["cohort"]["arm"].astype("str"), given["outcomes"]["completion"]
    n_missing = int(known.isna().sum())
    estimate = given["estimate"]
    for name, values in known.groupby(arm.to_numpy()):
        rows = (estimate["analysis"] == "primary") & (estimate["role"] == "arm") & (estimate["arm"] == name)
        estimate.loc[rows, ["n", "n_events", "value"]] = [values.count(), values.sum(), values.mean()]
    said = f"robust; {n_missing} missing outcome{'' if n_missing == 1 else 's'} left out"
    estimate.loc[estimate["analysis"] == "primary", "se_method"] = said
    return given


def lost(given: dict[str, pd.DataFrame], **n_by_arm: tuple[int, int]) -> dict[str, pd.DataFrame]:
    """Return tables in which completion is not known of so many women and so many men of an arm."""
    outcomes, people = given["outcomes"], given["covariates"]
    for arm, numbers in n_by_arm.items():
        for sex, n in zip(("female", "male"), numbers, strict=True):
            whom = outcomes.index[((people["arm"] == arm) & (people["sex"] == sex)).to_numpy()][:n]
            outcomes.loc[whom, "completion"] = np.nan
    return of_known(given)


def groups() -> dict[str, pd.DataFrame]:
    """Of men enough are not known in each arm, of women a few: everybody less the men gives the women."""
    return lost(tables(n=(120, 150)), iop=(4, 16), outpatient=(5, 20))


def in_all() -> dict[str, pd.DataFrame]:
    """Of a few of both arms nothing is known, and a sentence counts those of both arms together."""
    return lost(tables(n=(90, 110)), iop=(3, 2), outpatient=(1, 2))


def events() -> dict[str, pd.DataFrame]:
    """A few died, in one arm two and in the other three times as many, and a sentence counts all deaths."""
    given = tables(n=(80, 90))
    cohort, rows = given["cohort"], []
    for arm, died in (("iop", 4), ("outpatient", 13)):
        whom = cohort.index[(cohort["arm"] == arm).to_numpy()]
        cohort.loc[whom[:died], "end_reason"] = "death"
        n, jailed = len(whom), 5
        left = (n - died - jailed) // 2
        for event, ended, ever in (
            ("dropout", left, np.nan),
            ("completion", n - died - jailed - left, np.nan),
            ("jail", jailed, jailed + 9),
            ("death", died, died),
        ):
            rows.append((arm, event, ended, n, ever, ever - ended))
    columns = ["arm", "event", "n_ended", "n_people", "n_while", "n_after"]
    strategies = dict.fromkeys(("dropout", "time_in_care", "retention", "abstinence"), "treatment policy")
    return given | {"intercurrent": pd.DataFrame(rows, columns=columns).assign(**strategies)}


def rows_not_taken() -> dict[str, pd.DataFrame]:
    """Few rows were set aside by one rule; another table tells how many were in all."""
    given = tables(n=(60, 80))
    given["intake"]["n_in"] = given["intake"]["n_accepted"] + 27
    given["intake"]["n_rejected"] = 27
    rules = ["rows not taken, in all", *(f"row not taken: rule {letter}" for letter in "abc")]
    return given | {"set_aside": pd.DataFrame({"table": "episode", "rule": rules, "n": [27, 3, 0, 24]})}


def dominated() -> dict[str, pd.DataFrame]:
    """One woman of the first arm has nine tenths of its hours, at a site that is hers."""
    given = tables(n=(60, 80))
    first = given["covariates"].index[(given["covariates"]["sex"] == "female").to_numpy()][0]
    given["outcomes"].loc[first, "weekly_hours"] = 9 * given["outcomes"]["weekly_hours"][:60].sum()
    given["cohort"].loc[first, "site_id"] = given["covariates"].loc[first, "cluster"] = "alone"
    return given


def equal_weights() -> dict[str, pd.DataFrame]:
    """A small study whose design gives everybody the same weight: adjusted values are shares of counted people."""
    given = lost(tables(n=(95, 97)), iop=(2, 3), outpatient=(6, 8))
    means = given["estimate"]["kind"] == "adjusted"
    given["estimate"].loc[means, "se_method"] = "normalised weighted means, unweighted"
    return given


class Crafted(NamedTuple):
    """A study made to break a release, with what its file says beyond the example's."""

    made: Callable[[], dict[str, pd.DataFrame]]
    says: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        return self.made.__name__

    def study(self, round_to: int) -> Study:
        """Return the study with counts rounded so far."""
        return study(release={"min_cell": 11, "round_to": round_to}, **self.says)


BY_GROUP = {"describe_by": ["sex", "employment"]}
CRAFTED = (
    *(Crafted(made) for made in (few, small, one_level, nobody_known, one_site, empty_arm)),
    *(Crafted(made, BY_GROUP) for made in (groups, in_all, dominated)),
    *(Crafted(made) for made in (events, rows_not_taken, equal_weights)),
)
