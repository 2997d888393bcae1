"""Reports against tests: the two-by-two table by hand."""

import numpy as np
import pytest

from iop_outcomes.metrics.composite import agreement, composite_abstinence
from random_people import random_people
from small import history


def drawn(*people: tuple[str, str, str]):
    """Return a history of people drawn as (level of care, use by day, test by day)."""
    tests, reports = [], []
    for i, (_, use, test) in enumerate(people, start=1):
        who = {"person_id": f"p{i}", "substance": "opioid"}
        for day, symbol in enumerate(test):
            if symbol in "-+":
                tests.append(who | {"day": day, "result": {"-": "negative", "+": "positive"}[symbol]})
        for day, symbol in enumerate(use):
            if symbol in "-+":
                reports.append(who | {"day": day, "window_days": 1, "days_used": symbol == "+", "source": "tlfb"})
    levels = [{"level_of_care": level} for level, *_ in people]
    return history(*levels, drug_test=tests, use_report=reports, follow_up_days=14)


#: Tests look back three days.
PEOPLE = (
    ("2.1", "---+----------", "....+....-...+"),  # agrees on use, agrees on none, denied on day 13
    ("2.1", "--++----......", "...-....-....+"),  # reported and not found; last two not comparable
    ("1", "--------------", "...-......-..."),  # agrees on none twice
)


def test_the_two_by_two_table_by_arm():
    table = agreement(drawn(*PEOPLE)).set_index("arm")
    counts = ["n_tests", "n_not_comparable", "n_both", "n_test_only", "n_report_only", "n_neither"]
    assert table.loc["iop", counts].tolist() == [6, 2, 1, 1, 1, 1]
    assert table.loc["outpatient", counts].tolist() == [2, 0, 0, 0, 0, 2]
    assert table.loc["all", counts].tolist() == [8, 2, 1, 1, 1, 3]


def test_one_persons_tests_are_one_person_however_many_they_are():
    busy = ("2.1", "--------------", "-------.......")
    others = [("2.1", "--------------", "......-.......")] * 3
    found = agreement(drawn(busy, *others)).set_index("arm").loc["iop"]
    # Two tests look back to before time zero, both of one person; of the other eight three are of three others.
    assert found[["n_not_comparable", "n_neither", "fewest_people"]].tolist() == [2, 8, 1]


def test_sensitivity_specificity_concordance_and_kappa():
    every = agreement(drawn(*PEOPLE)).set_index("arm").loc["all"]
    assert every["sensitivity"] == pytest.approx(1 / 2)
    assert every["specificity"] == pytest.approx(3 / 4)
    assert every["concordance"] == pytest.approx(4 / 6)
    # Expected agreement: (2 * 2 + 4 * 4) / 36 = 20/36; kappa = (24/36 - 20/36) / (16/36).
    assert every["kappa"] == pytest.approx(4 / 16)


def test_rates_without_a_denominator_are_missing():
    outpatient = agreement(drawn(*PEOPLE)).set_index("arm").loc["outpatient"]
    assert np.isnan(outpatient["sensitivity"])
    assert np.isnan(outpatient["kappa"])  # everybody agrees on none, and by chance they would too
    assert outpatient["concordance"] == 1


def test_tests_outside_the_window_are_not_counted():
    assert agreement(drawn(*PEOPLE), window_days=4).set_index("arm").loc["all", "n_tests"] == 2


@pytest.mark.parametrize("seed", range(3))
def test_the_cells_add_up_to_the_tests(seed):
    table = agreement(random_people(seed))
    cells = table[["n_not_comparable", "n_both", "n_test_only", "n_report_only", "n_neither"]].sum(axis=1)
    assert (cells == table["n_tests"]).all()
    assert table["n_tests"].iloc[:-1].sum() == table["n_tests"].iloc[-1] > 500


@pytest.mark.parametrize("seed", range(3))
def test_a_test_never_turns_reported_use_into_abstinence(seed):
    people = random_people(seed)
    settings = {"window_days": 42, "last_days": 14, "min_known_share": 0.3}
    alone = composite_abstinence(people, evidence="self_report", **settings)["value"]
    for evidence in ("either", "corrected"):
        both = composite_abstinence(people, evidence=evidence, **settings)["value"]
        # Whoever reported use on a single day stays a user; only a use spread over a stretch can be placed elsewhere.
        known = alone.notna() & both.notna()
        assert (both[known] <= alone[known]).mean() > 0.97
