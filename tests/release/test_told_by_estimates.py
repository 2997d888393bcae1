"""What estimates would tell of counts beside those shown: totals in sentences, equal weights, rare outcomes."""

import numpy as np
import pandas as pd

import crafted
from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.release.stage import release_tables
from iop_outcomes.release.tables import estimates
from report_tables import study, tables

RULES = ReleaseRules(11, 5)


def arms(given: dict, **which: str) -> pd.DataFrame:
    """Return the arms' rows of the first analysis as they would be released, before counts are hidden."""
    table = estimates.frame(given, study(), RULES)
    rows = (table["analysis"] == "primary") & (table["role"] == "arm")
    for column, value in which.items():
        rows &= table[column] == value
    return table[rows].reset_index(drop=True)


def test_a_sentence_does_not_count_the_missing_of_both_arms():
    given = crafted.lost(tables(n=(400, 600)), iop=(3, 2), outpatient=(1, 2))
    assert "8 missing outcomes" in given["estimate"].query("analysis == 'primary'")["se_method"].iloc[0]
    # Where the share is withheld, too coarse to mean anything, nothing is said of it.
    assert set(arms(given)["se_method"]) == {"", "robust; missing outcomes left out"}


def test_adjusted_shares_of_counted_people_are_as_coarse_as_unadjusted_ones():
    given = tables(n=(95, 97))
    assert (arms(given, kind="adjusted")["value"] % 0.1 > 1e-3).any()
    # With equal weights they are the shares themselves: in steps of 0.1, since 5 of 95 are more than 0.05.
    equal = arms(crafted.of_known(given), kind="adjusted")
    assert equal["value"].tolist() == arms(given, kind="naive")["value"].tolist()
    assert np.allclose(equal["value"] / 0.1, np.round(equal["value"] / 0.1))


def test_where_one_arm_has_equal_weights_the_other_less_the_contrast_would_tell_it():
    given = crafted.of_known(tables(n=(95, 97)))
    table = given["estimate"]
    rows = (table["analysis"] == "primary") & (table["kind"] == "adjusted") & (table["arm"] == "outpatient")
    table.loc[rows & (table["role"] == "arm"), "value"] += 0.0123
    other = arms(given, kind="adjusted", arm="outpatient")["value"].iloc[0]
    assert abs(other / 0.1 - round(other / 0.1)) < 1e-9


def test_with_one_arm_of_equal_weights_a_ratio_beside_the_difference_does_not_tell_its_share():
    # As weights of the odds leave the first arm: 40 of 95, and 0.3512 of the other. With three decimals the difference
    # 0.070 and the ratio 1.199 give 1.199 * 0.070 / 0.199 = 0.4218, which is 40 of 95 and of no other number.
    given = crafted.of_known(tables(n=(95, 97)))
    table = given["estimate"]
    mine = (table["analysis"] == "primary") & (table["kind"] == "adjusted")
    table.loc[mine & (table["role"] == "arm") & (table["arm"] == "outpatient"), "value"] += 0.0123
    contrast = table[mine & (table["role"] == "contrast")].iloc[[0]]
    ratio = contrast.assign(measure="risk_ratio", value=1.199, ci_low=0.871, ci_high=1.649, se=0.16, se_scale="log")
    given["estimate"] = pd.concat([table, ratio], ignore_index=True)
    shown = estimates.frame(given, study(), RULES)
    row = shown[(shown["measure"] == "risk_ratio") & (shown["kind"] == "adjusted")].iloc[0]
    # A person more or fewer of 95 moves it by some 3 / 95: steps of 0.05.
    assert row[["value", "ci_low", "ci_high"]].tolist() == [1.2, 0.85, 1.65]


def test_shares_of_those_who_found_a_match_do_not_tell_how_few_found_none():
    # 111 of 113 found a match: 17 / 111 = 0.153 is of no other number of people near, and 13 / 111 = 0.117 nearly so.
    given = tables(n=(113, 420))
    table = given["estimate"]
    own = (table["analysis"] == "primary") & (table["kind"] == "adjusted")
    for arm, events in (("iop", 17), ("outpatient", 30)):
        mine = own & (table["role"] == "arm") & (table["arm"] == arm)
        table.loc[mine, ["n", "n_events", "value"]] = [111, events, events / 111]
    table.loc[own & (table["role"] == "contrast") & (table["measure"] == "risk_difference"), "value"] = -13 / 111
    shown = estimates.frame(given, study(), RULES)
    rows = shown[(shown["analysis"] == "primary") & (shown["kind"] == "adjusted")]
    assert rows.loc[rows["arm"].eq("iop") & rows["role"].eq("arm"), "value"].isna().all()
    assert rows.loc[rows["role"].eq("arm"), "n_events"].isna().all()
    assert rows.loc[rows["measure"] == "risk_difference", "value"].tolist() == [-0.12]


def test_the_standard_error_of_a_rare_outcome_tells_no_count():
    # Of 100 people 11 to 15 have it: the errors are 0.031 to 0.036, each to its count, and are shown as one.
    shares = np.arange(11, 16) / 100
    table = pd.DataFrame({"role": "arm", "unit": "share", "value": shares})
    moves = estimates._moves_of_se(table, np.full(5, 100.0))
    assert len(set(np.sqrt(shares * (1 - shares) / 100).round(3))) == 5
    assert len(set(RULES.stepped(np.sqrt(shares * (1 - shares) / 100), 100, moves))) <= 2


def test_men_whose_outcome_is_not_known_are_hidden_with_the_few_women():
    rows = release_tables(study(describe_by=["sex"], release={"min_cell": 11, "round_to": 1}), crafted.groups())[
        "outcomes"
    ]
    mine = (rows.frame["outcome"] == "completion") & (rows.frame["arm"] == "iop")
    hidden = dict(
        zip(rows.frame["level"][mine], rows.suppressed["n"][mine] | rows.suppressed["n_people"][mine], strict=True)
    )
    assert hidden["female"] and (hidden["male"] or hidden[""])
