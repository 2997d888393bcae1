"""A world in which IOP does nothing, and each site opens it in the year in which it also gets better at keeping people.

Sites and years by themselves tell nothing of the arm: every design adjusts for both. Before, IOP was "better" in two
of three such clinics.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.over_time import judge_over_time
from null_clinic import Tables, answer, checks, clinic, run, weekly_sessions

N_SITES, N_YEARS = 12, 8


def opening_one_by_one(together: bool, n: int = 2400, seed: int = 1) -> Tables:
    """Return a clinic of several sites and years; IOP fills up at each after some, ``together`` with better care."""
    tables, rng = clinic(n, seed), np.random.default_rng(seed + 900)
    episode = tables["episode"]
    site, year = rng.integers(0, N_SITES, n), rng.integers(0, N_YEARS, n)
    after = year >= rng.permutation(np.repeat(np.arange(1, 7), 2))[site]
    chance = np.where(after, 0.7, 0.25) if together else 0.4
    episode["level_of_care"] = np.where(rng.random(n) < chance, "2.1", "1")
    stay = np.minimum(rng.geometric(np.where(after, 0.006, 0.014)), 84)
    episode["discharge_day"], episode["discharge_reason"] = stay, np.where(stay == 84, "completed", "dropout")
    episode["site_id"], episode["period"] = [f"s{k:02}" for k in site], [f"{2010 + k}" for k in year]
    sites = pd.DataFrame({"site_id": sorted(episode["site_id"].unique())})
    return tables | {"session": weekly_sessions(episode), "site": sites}


@pytest.mark.slow
@pytest.mark.parametrize(("together", "status", "shown"), [(True, "FAIL", "withheld"), (False, "PASS", "shown")])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_changes_at_a_site_with_its_arms_is_no_effect(tmp_path, together, status, shown, seed):
    made = run(tmp_path, opening_one_by_one(together, seed=seed), cluster="site")
    row = checks(made).loc["sites_over_time"]
    assert row["status"] == status
    assert answer(made)["status"] == shown


def judged(iop_of_four: dict[tuple[str, str], int], people: int) -> list[str]:
    """Return the status of the check, of as many people of two sites in two years, some of every four in IOP."""
    cells = [(site, year, k % 4 < n) for (site, year), n in iop_of_four.items() for k in range(people)]
    site, year, treated = (np.array(column) for column in zip(*cells, strict=True))
    members = pd.DataFrame({"treated": treated, "score": np.nan, "weight": 1.0, "matched_set": None})
    none = pd.DataFrame(index=members.index)
    comparison = Comparison("crude", "unweighted", "everybody", ("iop", "outpatient"), members, none)
    return [row[3] for row in judge_over_time(comparison, pd.Series(site), pd.Series(year), 0.1)]


def cells(a_early: int, a_late: int, b_early: int, b_late: int) -> dict[tuple[str, str], int]:
    return {("a", "1"): a_early, ("a", "2"): a_late, ("b", "1"): b_early, ("b", "2"): b_late}


def test_only_what_both_tell_together_is_asked():
    assert judged(cells(1, 3, 3, 1), 400) == ["FAIL"]
    assert judged(cells(2, 2, 2, 2), 400) == ["PASS"]
    # Of few people chance makes as much.
    assert judged(cells(1, 3, 3, 1), 4) == ["PASS"]
    # The sites alone tell the arm, and another check says so.
    assert judged(cells(1, 1, 3, 3), 400) == []
