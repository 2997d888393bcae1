"""Weights by arm: parts of people by how much each counts, and nothing where weights would tell who was left out."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.release import figures
from iop_outcomes.release.figures import style
from report_tables import study, tables


def weighing(first: list[float], second: list[float], matched_set=None) -> figures.Drawn:
    """Return the figure of two arms whose people weigh so much."""
    weight = [*first, *second]
    propensity = pd.DataFrame(
        {
            "member_id": [f"m{number}" for number in range(len(weight))],
            "arm": "iop",
            "against": "outpatient",
            "design": "overlap",
            "treated": np.arange(len(weight)) < len(first),
            "score": 0.5,
            "preference_score": 0.5,
            "weight": weight,
            "matched_set": matched_set,
        }
    )
    return figures.make("weights", {"propensity": propensity}, study())


def test_a_part_says_how_much_its_people_count_beside_the_mean_of_their_arm():
    # 60 people who weigh 1 to 60, in quarters of 15: means 8, 23, 38 and 53, of all 30.5.
    data = weighing(list(range(1, 61)), [1.0] * 60).data.frame
    iop = data[data["arm"] == "iop"]
    assert iop["share_to"].tolist() == [0.25, 0.5, 0.75, 1.0]
    assert iop["mean_weight"].tolist() == [0.26, 0.75, 1.25, 1.74]
    # Kish: 1830² / (60 x 73810) = 0.756.
    assert set(iop["effective_share"]) == {0.76}
    assert data.loc[data["arm"] == "outpatient", "mean_weight"].tolist() == [1.0] * 4


def test_no_count_leaves_and_no_weight_of_one_person():
    data = weighing([*range(1, 60), 10_000], list(range(1, 61))).data.frame
    assert "n" not in data and "n_arm" not in data
    assert data["mean_weight"].max() < 10


def test_the_alternative_says_what_the_heaviest_count():
    said = weighing(list(range(1, 61)), [1.0] * 60).alternative
    assert "IOP: the heaviest 25% of people count 1.7 times as much as the mean of the arm" in said
    assert "all together are worth 76% of their number" in said


@pytest.mark.parametrize(
    ("first", "second", "sets"),
    [
        ([1.0] * 60, [1.0] * 60, None),
        # Of people who found a match or none, the mean would be the share that did.
        ([1.0] * 58 + [0.0] * 2, [1.0] * 60, None),
        (list(range(60)), list(range(60)), "set"),
        # Weights of strata are ratios of their counts.
        ([1.25] * 30 + [0.8] * 30, [1.5] * 60, None),
    ],
)
def test_weights_that_tell_counts_are_not_drawn(first, second, sets):
    drawn = weighing(first, second, sets)
    assert drawn.reason.startswith("Nothing to show: in this design people count alike")
    assert drawn.data.frame.empty


def test_few_people_are_not_drawn():
    drawn = weighing(list(range(1, 20)), list(range(1, 300)))
    assert drawn.reason.startswith("Withheld: fewer than") and drawn.data.frame.empty


def test_many_people_are_in_tenths():
    drawn = figures.make("weights", tables(), study())
    assert drawn.data.frame.groupby("arm", observed=True).size().tolist() == [10, 10]
    assert drawn.drawn_at(style.COLUMN).get_size_inches()[0] == style.COLUMN
