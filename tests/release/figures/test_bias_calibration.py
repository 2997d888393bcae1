"""Negative controls beside the estimate: their error by hand, and nothing where one of them must be hidden."""

import numpy as np
import pandas as pd
import pytest

from argument_tables import study, tables
from iop_outcomes.release import figures


def drawn(n=(300, 520), **changes) -> figures.Drawn:
    """Return the figure of twelve controls whose log ratios lie about 0.1, and of an estimate of 0.3."""
    given = tables(n)
    rows = given["estimate"]["scenario"].astype("str").str.endswith("control_3")
    for column, value in changes.items():
        given["estimate"].loc[rows, column] = value
    return figures.make("bias_calibration", given, study())


def test_a_row_for_every_control_and_one_for_the_estimate():
    data = drawn().data.frame
    assert data["row"].tolist() == ["negative control"] * 12 + ["estimate"]
    assert data["outcome"].tolist() == [*(f"control_{number}" for number in range(12)), "completion"]
    assert data["value"].iloc[0] == 0.98  # exp(0.1 - 0.12) = 0.980
    # Calibrating took 0.3 - 0.2 from the log ratio, and added nothing to its error.
    assert data["error_mean"].unique() == pytest.approx([0.1])
    assert data["error_sd"].unique() == pytest.approx([0.0])


def test_the_alternative_tells_what_lies_beyond_chance():
    # The largest log ratios are 0.220 and 0.198, and 1.96 standard errors are 0.196; told as 1.25 and 1.22.
    assert drawn().alternative == (
        "Of 12 negative controls that are shown, 2 lie where chance alone does not explain a ratio other than 1. The "
        "systematic error of their log ratios has mean 0.10 and standard deviation 0.00. The estimate for Treatment "
        "completed is a ratio of 1.35, which neither chance nor that error explains, if it errs the way the controls "
        "do."
    )


def test_one_control_of_few_people_hides_all():
    """It would follow from the others and the error that all of them amount to."""
    found = drawn(n_events=10)
    assert found.reason.startswith("Withheld: one of the negative controls may not be shown") and found.data.frame.empty
    kept = figures.make("forest_plot", tables(), study()).data.frame
    assert np.isfinite(kept["value"]).any()


def test_fewer_than_ten_controls_are_refused_with_their_reason():
    given = tables()
    mine = given["estimate"]["estimator"].astype("str") == "negative_controls"
    refused = given["estimate"][mine].head(1).assign(value=np.nan, status="refused", reason="there are 4, and fewer")
    given["estimate"] = pd.concat([given["estimate"][~mine], refused], ignore_index=True)
    found = figures.make("bias_calibration", given, study())
    assert found.reason == "Nothing to show: There are 4, and fewer."
