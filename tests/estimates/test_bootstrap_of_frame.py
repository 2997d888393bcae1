"""A draw of a bootstrap is the comparison of the rows drawn, and one that lost an arm is refused as such rows are."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.by_frame import compare_frame
from iop_outcomes.estimates.bootstrap_of_frame import Drawn
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.stats.linear.matrix import matrices_kept, usable_matrix

ASKED = {"arm": "arm", "covariates": ["age", "sex"], "cluster": "site", "contrast": None, "arms": None, "seed": 0}


@pytest.fixture
def people() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "arm": np.where(generator.random(200) < 0.4, "iop", "outpatient"),
            "age": generator.normal(40, 10, 200),
            "sex": np.where(generator.random(200) < 0.5, "female", "male"),
            "site": generator.integers(0, 5, 200),
            "abstinent": generator.integers(0, 2, 200),
        }
    )


def test_a_draw_is_the_comparison_of_its_rows(people):
    rows = np.random.default_rng(4).integers(200, size=200)
    own, made = Drawn(people, "abstinent", None, None, None, **ASKED)(rows)
    expected, _ = compare_frame(people.iloc[rows], **ASKED)
    pd.testing.assert_frame_equal(made.members, expected.members, check_exact=True)
    assert own["abstinent"].tolist() == people["abstinent"].iloc[rows].tolist()


def test_a_draw_that_lost_an_arm_is_refused_as_its_rows_are(people):
    rows = np.flatnonzero(people["arm"] == "iop")
    with pytest.raises(StudyError) as expected:
        compare_frame(people.iloc[rows], **ASKED)
    with pytest.raises(StudyError) as found:
        Drawn(people, "abstinent", None, None, None, **ASKED)(rows)
    assert str(found.value) == str(expected.value)


def test_a_matrix_is_made_once_within_a_call_and_anew_outside(people):
    covariates = people[["age"]]
    with matrices_kept():
        assert usable_matrix(covariates) is usable_matrix(covariates)
    assert usable_matrix(covariates) is not usable_matrix(covariates)
