"""What the report says of records, in its tables."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.release.disclosure import ReleaseRules, protect
from iop_outcomes.release.page import recorded
from iop_outcomes.release.tables import plain


@pytest.mark.parametrize(
    ("interval", "said"), [((0.443, 0.557), "50% (44% to 56%)"), ((np.nan, np.nan), "50% (no interval)")]
)
def test_a_share_still_in_care_has_an_interval_or_says_that_there_is_none(interval, said):
    row = {"arm": "iop", "day": 30, "n_at_risk": 150, "n_ended": 150, "retained": 0.5}
    table = pd.DataFrame([row | dict(zip(("ci_low", "ci_high"), interval, strict=True))])
    shown = plain.frame("retained", table, ReleaseRules())
    released = protect(shown, plain.ROLES["retained"], ReleaseRules())
    assert [list(cells) for cells in recorded.retained(released).rows] == [["IOP", said]]


@pytest.mark.parametrize(
    ("arms", "columns"),
    [
        (("iop", "outpatient"), [7]),
        # Six arms and four kinds of outcome do not stand side by side on a page.
        (("a", "b", "c", "d", "e", "f"), [7, 5]),
    ],
)
def test_what_ended_care_and_what_is_made_of_it_are_no_wider_than_the_page(arms, columns):
    made = {"dropout": "competing", "time_in_care": "composite", "retention": "composite", "abstinence": "hypothetical"}
    rows = [{"arm": arm, "event": "jail", "n": 300, "n_ended": 40, "n_while": 50} | made for arm in arms]
    shown = plain.frame("intercurrent", pd.DataFrame(rows), ReleaseRules())
    found = recorded.intercurrent(protect(shown, plain.ROLES["intercurrent"], ReleaseRules()))
    assert [len(table.columns) for table in found] == columns
    assert all(len(row) == len(table.columns) for table in found for row in table.rows)
    assert found[-1].rows[0][-4:] == tuple(made.values())
    assert found[0].rows[0][1] == "40 (ever 50)"
