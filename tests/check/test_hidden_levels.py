"""Which levels to merge so that a release hides fewer: of bands of a number those that lie side by side."""

import pandas as pd
import pytest

from iop_outcomes.check.hidden import _what_to_do


def people(**levels: int) -> pd.DataFrame:
    """Return so many people of one arm by level."""
    return pd.DataFrame({name.replace("_", " "): [n] for name, n in levels.items()}, index=["iop"])


AGES = pd.DataFrame({"25-34": [60], "55 and over": [4], "18-24": [30], "35-54": [40], "missing": [3]}, index=["iop"])


@pytest.mark.parametrize(
    ("small", "counts", "said"),
    [
        (["55 and over"], AGES, "merge '55 and over' with '35-54': bands that lie side by side"),
        (["missing"], AGES, "nothing is to be merged with 'missing': look whether it can be found out"),
        (["55 and over", "missing"], AGES, "merge '55 and over' with '35-54': bands that lie side by side"),
        # In the middle, with the smaller of two neighbours.
        (["25-34"], AGES, "merge '25-34' with '18-24': bands that lie side by side"),
        (["under 18"], AGES.assign(**{"under 18": 2}), "merge 'under 18' with '18-24': bands that lie side by side"),
        # What has no order is merged with what is hidden for its sake, or with what is rare.
        (["other"], people(other=3, opioids=60, cannabis=20), "merge 'other' and 'cannabis'"),
    ],
)
def test_what_to_merge(small, counts, said):
    assert _what_to_do(small, [], counts) == said
