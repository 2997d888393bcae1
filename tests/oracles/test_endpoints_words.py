"""The raw CTN-0094 tables give exactly the published words and person-days."""

import pandas as pd
import pytest

from iop_outcomes.endpoints import score
from oracles.ctn0094_words import derived_tables
from reference import reference_data

FAMILY = "Urine endpoints"
RAW = ("everybody", "randomization", "visit", "uds", "tlfb")
WORDS = ("Baseline", "Phase_1", "Phase_2")


def published(name, **settings):
    return pd.read_csv(reference_data("ctn0094", f"{name}.csv.gz"), **settings)


@pytest.fixture(scope="module")
def ours():
    return derived_tables({name: published(name) for name in RAW})


@pytest.mark.oracle
def test_all_person_days_present_or_missing(ours, agree):
    expected = published("derived_visitImputed")
    days = ours["derived_visitImputed"].set_axis(list(expected.columns), axis=1)
    assert len(days) == 87_891
    pd.testing.assert_frame_equal(days, expected)
    equal = (days == expected).all(axis=1).sum()
    agree("public.ctn0094extra, person-days that are equal", equal, len(expected), rel=0, data="ctn0094")


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["derived_weeklyOpioidPattern", "derived_weeklyTLFBPattern"])
def test_all_words(ours, agree, name):
    expected = published(
        name, dtype=dict.fromkeys(WORDS, object), keep_default_na=False, na_values={"randWeek1": "", "randWeek2": ""}
    )
    assert len(expected) == 3560
    found = ours[name][list(expected.columns)]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    equal = (found[list(WORDS)] == expected[list(WORDS)]).to_numpy().sum()
    agree(f"public.ctn0094extra, {name}, words that are equal", equal, 3 * len(expected), rel=0, data="ctn0094")


@pytest.mark.oracle
def test_published_facts_about_the_words(ours):
    """Weeks, missing weeks and retention of the 2,492 randomised, from the data's README."""
    table = ours["derived_weeklyOpioidPattern"]
    randomised = table[table["randWeek1"].notna()]
    words = randomised["Phase_1"] + randomised["Phase_2"]
    assert len(words) == 2492
    assert words.str.len().sum() == 58_426
    assert round(100 * words.str.count("o").sum() / words.str.len().sum(), 1) == 46.5
    everybody = table["Phase_1"] + table["Phase_2"]
    assert everybody.str.len().sum() == 82_976
    relapsed = score(everybody, ["Rs_krupitsky_2004"], mode="ctnote")["Rs_krupitsky_2004"]
    assert round(100 * relapsed.mean(), 1) == 86.6
