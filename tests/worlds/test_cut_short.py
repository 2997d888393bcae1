"""A world in which nothing differs but how long people are followed: the data of IOP end on day 70.

Who leaves IOP before is known to have left, and who stays is unknown on day 84. Before, the answer was "worse", by more
than thirty points.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study as studies
from iop_outcomes.release.stage import release_tables
from null_clinic import clinic, content, run

STAYING = {
    "metrics": {"retention_80": {"metric": "retention", "day": 80}},
    "analyses": {"primary": {"outcome": "retention_80", "design": "overlap", "estimator": "aipw"}},
    "claims": [{"claim": "People of IOP leave sooner", "analysis": "primary", "direction": "lower"}],
}


def told(folder, seen_until: dict[str, int]) -> tuple[pd.Series, str, list[str]]:
    """Return the verdict, that of the claim and the facts of a clinic whose arms are seen until these days."""
    tables = clinic()
    episode = tables["episode"]
    episode["observation_end_day"] = episode["level_of_care"].map(seen_until)
    made = run(folder, tables, **STAYING)
    released = release_tables(studies.parse(content(folder, **STAYING)), made)
    facts = list(released["facts"].frame["fact"])
    return released["verdict"].frame.iloc[0], released["claim"].frame["verdict"].iloc[0], facts


def test_an_arm_that_was_cut_short_is_not_one_that_people_leave(tmp_path):
    verdict, claim, facts = told(tmp_path, {"2.1": 70, "1": 400})
    assert verdict["ci_high"] < -0.1
    assert (verdict["verdict"], verdict["reasons"]) == ("inconclusive", "known_of_leavers")
    assert "known of those who left and not of those who stayed" in verdict["sentence"]
    assert claim == "inconclusive"
    assert "cut short retention_80 iop outpatient" in facts


@pytest.mark.parametrize("until", [70, pytest.param(400, marks=pytest.mark.slow)])
def test_both_arms_cut_alike_are_compared(tmp_path, until):
    verdict, _, facts = told(tmp_path, {"2.1": until, "1": until})
    assert not [fact for fact in facts if fact.startswith("cut short")]
    assert "known_of_leavers" not in verdict["reasons"]
    assert verdict["verdict"] not in ("better", "worse") and np.isfinite(verdict["value"])
