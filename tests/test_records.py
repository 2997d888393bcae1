"""A small table of plain records is the table that its contract makes of a frame, and is refused as that is."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import tables
from iop_outcomes.kernel.errors import ContractError
from iop_outcomes.tables.records import check_records


def row(**other):
    told = {
        "analysis": "a",
        "outcome": "y",
        "role": "contrast",
        "arm": "iop",
        "against": "outpatient",
        "kind": "adjusted",
        "design": "overlap_weights",
        "estimator": "aipw",
        "estimand": "ATO",
        "measure": "risk_difference",
        "population": "everybody",
        "scenario": "main",
        "day": np.nan,
        "value": 0.1,
        "se": np.float64(0.02),
        "n": 120,
        "se_method": "robust",
        "status": "shown",
        "reason": None,
    }
    return told | other


@pytest.mark.parametrize(
    "records",
    [
        [row()],
        [row(), row(role="arm", measure="mean", against="", n=np.int64(60), reason="why")],
        [row(day=30.0), row(day=60)],
        [row(se_method=None), row()],
    ],
)
def test_records_are_the_table_that_the_contract_makes(records):
    expected = tables.check(pd.DataFrame(records), "estimate")
    pd.testing.assert_frame_equal(check_records(records, "estimate"), expected, check_exact=True)


@pytest.mark.parametrize(
    "records",
    [
        [row(role="nobody")],
        [row(n=1.5)],
        [row(n=-1)],
        [row(outcome=None)],
        [row(day=1.0), row(day=1.0)],
        [row(value="high")],
        [row(value=np.inf)],
        [row(further=1)],
        [{"analysis": "a"}],
    ],
)
def test_what_breaks_the_contract_is_refused_in_the_same_words(records):
    with pytest.raises(ContractError) as expected:
        tables.check(pd.DataFrame(records), "estimate")
    with pytest.raises(ContractError) as found:
        check_records(records, "estimate")
    assert str(found.value) == str(expected.value)
