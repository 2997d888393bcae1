"""The simulated tables stay near the published figures, and the page says what they are."""

from pathlib import Path

import pytest

from iop_outcomes.pages.simulator import N_PEOPLE, SEED, markdown
from iop_outcomes.simulate import Settings, simulate
from iop_outcomes.simulate.calibration import PUBLISHED, compare, true_effects

PAGE = Path(__file__).resolve().parents[2] / "docs" / "simulator.md"


@pytest.fixture(scope="module")
def compared():
    return compare(simulate(Settings(true_effect="benefit", n_people=N_PEOPLE), SEED).tables())


@pytest.mark.parametrize("row", range(len(PUBLISHED)), ids=[quantity for _, quantity in PUBLISHED])
def test_simulated_is_near_published(compared, row):
    assert compared["simulated"][row] == pytest.approx(compared["published"][row], abs=compared["tolerance"][row])


def test_the_page_shows_these_figures(compared):
    assert markdown(compared) in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("effect", "low", "high"), [("benefit", 7, 11), ("none", 0, 0), ("harm", -11.5, -6)])
def test_true_differences_are_as_large_as_promised(effect, low, high):
    difference = true_effects(simulate(Settings(true_effect=effect, n_people=5000), 5))["true_difference"]
    assert ((difference >= low) & (difference <= high)).all(), difference.to_dict()


def test_trial_stays_keep_people_as_long_as_the_trials_saw_them():
    tables = simulate(Settings(true_effect="benefit", n_people=8000, stays="trial"), 5).tables()
    episode = tables["episode"]
    kept = (episode["discharge_day"].fillna(999) >= 84) & episode["admission_day"].notna()
    # CTN-0094: 65.8% of those randomised were seen in week 12 or later.
    assert 100 * kept.mean() == pytest.approx(65.8, abs=4)
