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
