"""Hours a week and changes of care as they are released: what is said where nothing works, where it harms, of few."""

from dataclasses import replace

import numpy as np
import pytest

from iop_outcomes import stages
from iop_outcomes.release.page import participation as page
from iop_outcomes.release.stage import release_tables
from iop_outcomes.release.tables.attending import _sentence
from iop_outcomes.release.tables.participation import ASSUMED
from worlds_of_weeks import made, study

TABLES = ("cohort", "participation", "participation_week", "participation_hours", "level_change")


def released(n: int, effect: float):
    tables = made(n, 1, effect)
    tables |= stages.named("participation").run(study(), tables)
    return release_tables(study(), {name: tables[name] for name in TABLES})


@pytest.fixture(scope="module")
def without_effect():
    return released(900, 0.0)


def test_where_nothing_works_the_page_says_so_and_shows_what_attendance_would_have_claimed(without_effect):
    strategies = without_effect["participation_verdict"].frame["sentence"].iloc[0]
    assert strategies.startswith(("Cannot tell", "No difference"))
    assert "Forming groups by how much people came would have claimed" in page.gap(without_effect["participation"])
    ((name, sentence),) = page.changed(without_effect["level_change_verdict"])
    assert name == "Stepping down"
    assert sentence.startswith(("Cannot tell", "No difference"))
    assert sentence.endswith(ASSUMED)


def test_nothing_rests_on_a_number_that_failed_a_check(without_effect):
    """Before, it was followed by what it would hold under, as if only that were open."""
    row = without_effect["level_change"].frame.iloc[0]
    failed = row.copy()
    failed["reason"] = "fewer than four in five weeks have a test; ask more"
    sentence = _sentence(failed, "gate_failed")
    assert sentence.endswith("Fewer than four in five weeks have a test, so that nothing can rest on this number.")
    assert _sentence(row, "beyond_margin").endswith(ASSUMED)


def test_where_chance_could_explain_the_biased_difference_it_claims_nothing(without_effect):
    ways = without_effect["participation"]
    wide = ways.frame.assign(ci_low=-0.5, ci_high=0.5)
    assert "how much people came would have given" in page.gap(replace(ways, frame=wide))


def test_counts_are_rounded_and_shares_no_finer_than_they(without_effect):
    hours = without_effect["participation_hours"].frame
    assert (hours["n_near"] % 5 == 0).all()
    assert np.allclose(hours["risk"] * 100 % 1, 0)
    rows = page.changes(without_effect["level_change"]).rows
    assert [row[1].partition(":")[0] for row in rows][-1] == "Biased, for comparison only"


def test_where_coming_harms_nothing_is_called_better():
    harmed = released(900, 1.2)
    assert harmed["participation_verdict"].frame["verdict"].tolist() == ["worse"]
    assert not any("Better" in str(row) for row in page.ways(harmed["participation"], study()).rows)


def test_of_sixty_people_nothing_is_shown():
    few = released(60, 0.0)
    assert few["participation_verdict"].frame["verdict"].tolist() == ["withheld"]
    assert few["level_change_verdict"].frame["verdict"].tolist() == ["withheld"]
    for name in ("participation", "level_change"):
        assert few[name].frame["value"].isna().all()
    assert few["participation_hours"].frame["risk"].isna().all()
