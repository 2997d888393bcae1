"""What means after weighting tell of a level of few: a design makes those of the arms alike."""

import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules, protect
from iop_outcomes.release.tables import balance
from report_tables import study, tables

AFTER = ["mean_treated_after", "mean_reference_after", "smd_after"]


def few_of_the_first_arm() -> dict[str, pd.DataFrame]:
    """Return tables in which 6 of 300 in IOP, and 40 of 520 in the other arm, have a level."""
    given = tables()
    table = given["balance"]
    level = (table["covariate"] == "employment") & (table["level"] == "missing")
    table.loc[level, ["n_treated", "n_reference"]] = [6.0, 40.0]
    other = (table["covariate"] == "employment") & (table["level"] == "unemployed")
    for side, n in (("treated", 300), ("reference", 520)):
        rows = (table["covariate"] == "employment") & ~other
        for stage in ("before", "after"):
            now = table["stage"] == stage
            table.loc[other & now, f"n_{side}"] = n - table.loc[rows & now, f"n_{side}"].sum()
    return given


def test_the_mean_of_the_other_arm_after_weighting_is_hidden_with_a_level_of_few():
    """It was shown: 0.02 of an arm of 300 whose weights are nearly equal are 6 people."""
    own = study(release={"min_cell": 11, "round_to": 1})
    shown = protect(balance.frame(few_of_the_first_arm(), own), balance.ROLES, ReleaseRules(11, 1))
    frame, hidden = shown.frame, shown.suppressed
    row = (frame["covariate"] == "employment") & (frame["level"] == "missing")
    assert hidden.loc[row, AFTER].all(axis=None)
    assert not hidden.loc[row, "mean_reference_before"].any()
    assert not hidden.loc[frame["covariate"] == "sex", AFTER].any(axis=None)


def test_of_three_arms_the_others_tell_no_more():
    wide = pd.DataFrame({"design": "together", "covariate": "sex", "level": ["male"] * 3 + ["other"] * 3})
    wide = wide.assign(n_treated=[50.0, 50, 60, 4, 4, 30], n_reference=[60.0, 70, 70, 30, 25, 25])
    marked = balance._with_few_elsewhere(wide, ReleaseRules(11, 1))
    assert marked["few_elsewhere"].tolist() == [0, 0, 0, 1, 1, 1]
