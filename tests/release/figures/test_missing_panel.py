"""The figure of the panel: whose it is, what it draws, and when there is none."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.release import figures
from iop_outcomes.tables.missing_panel import BEST, scenario
from report_tables import study, tables


def panel_of(given: dict, **changes) -> pd.DataFrame:
    return figures.make("missing_panel", given, study(**changes)).data.frame


def test_it_begins_with_the_analysis_as_it_was_made():
    table = panel_of(tables())
    assert set(table["analysis"]) == {"urine"}
    assert table["rule_words"].iloc[0] == "as analysed (missing counted as positive)"
    rules = table[table["shift_first"].isna()]
    assert rules["decides"].tolist() == [False, True, True, True, True, False, False]
    assert len(table) == 1 + 6 + 49


def test_a_shift_has_its_place_on_the_map():
    mapped = panel_of(tables()).dropna(subset=["shift_first"]).set_index(["shift_first", "shift_second"])["value"]
    # The small tables move the difference by 3 points for each unit of one arm against the other.
    assert mapped[2, -1] - mapped[0, 0] == pytest.approx(0.09, abs=2e-3)
    assert mapped[-1, 2] - mapped[0, 0] == pytest.approx(-0.09, abs=2e-3)


def test_without_a_panel_that_may_be_shown_it_says_why():
    given = tables()
    none = figures.make("missing_panel", given | {"estimate": given["estimate"].query("role != 'check'")}, study())
    assert none.reason.endswith("no analysis asks for the check missing_panel.")
    withheld = given["estimate"].assign(status="withheld", value=np.nan)
    hidden = figures.make("missing_panel", given | {"estimate": withheld}, study())
    assert hidden.reason.endswith("no analysis with missing outcomes may be shown.")


@pytest.mark.parametrize("method", ["overlap_weights", "unweighted"])
def test_where_the_few_who_are_missing_could_be_counted_the_bounds_are_not_shown(method):
    """Four people of one arm: best and worst case lie apart by their share, under weights nearly so."""
    given, designs = tables(), {"overlap": {"method": method}}
    assert scenario(BEST) in set(panel_of(given, designs=designs)["scenario"])
    arm = given["cohort"]["arm"].astype(str)
    few = given["outcomes"]["proportion_negative"].fillna(0.5)
    few[(arm == "iop") & (arm == "iop").cumsum().le(4)] = np.nan
    given["outcomes"] = given["outcomes"].assign(proportion_negative=few)
    blurred = panel_of(given, designs=designs)
    assert scenario(BEST) not in set(blurred["scenario"])
    # What the verdict asks stays, to a percentage point.
    kept = blurred[blurred["scenario"] != "main"]["value"]
    assert len(kept) == 8
    np.testing.assert_allclose(kept, kept.round(2))
