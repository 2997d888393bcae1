"""What counts of those who found a match tell, beside counts of everybody, of the few who found none."""

import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules, protect
from iop_outcomes.release.tables import estimates
from report_tables import study, tables


def matched(n: int, n_events: int, weight: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the arms of a study of whose 300 in IOP, 120 with the outcome, so many found a match; and what is hidden.

    ``weight`` makes the adjusted value another than the share of those who found one.
    """
    given = tables()
    table = given["estimate"]
    iop = (table["analysis"] == "primary") & (table["role"] == "arm") & (table["arm"] == "iop")
    naive = table["kind"] == "naive"
    table.loc[iop & naive, ["n", "n_events", "value"]] = [300, 120, 0.4]
    table.loc[iop & ~naive, ["n", "n_events", "value"]] = [n, n_events, weight * n_events / n]
    own = study(release={"min_cell": 11, "round_to": 1})
    shown = protect(estimates.frame(given, own, ReleaseRules(11, 1)), estimates.ROLES, ReleaseRules(11, 1))
    rows = (shown.frame["analysis"] == "primary") & (shown.frame["role"] == "arm")
    rows &= (shown.frame["arm"] == "iop") & (shown.frame["kind"] != "naive")
    return shown.frame[rows], shown.suppressed[rows]


def test_events_of_the_matched_are_left_out_where_few_of_the_others_have_it():
    """It was shown that 115 of 280 have the outcome, and 120 of 300: five of the twenty who found no match."""
    frame, _ = matched(280, 115)
    assert frame["n_events"].isna().all() and frame["value"].isna().all()
    assert frame["reason"].tolist() == ["too few people for a share that does not tell how many they are"]


def test_so_they_are_where_weights_make_the_share_another():
    frame, _ = matched(280, 115, weight=0.97)
    assert frame["n_events"].isna().all() and frame["value"].notna().all()


def test_where_enough_of_the_others_have_it_and_have_not_nothing_changes():
    frame, hidden = matched(270, 108)
    assert frame["n_events"].tolist() == [108] and not hidden[["n", "n_events"]].any(axis=None)


def test_the_number_of_the_matched_is_hidden_where_few_whose_outcome_is_known_found_none():
    _, hidden = matched(294, 118)
    assert hidden["n"].all()
