"""Starting within a grace period, by hand: thirteen lives of Maringe et al. stand in the oracles."""

import pandas as pd
import pytest

from iop_outcomes import participation
from iop_outcomes.errors import StudyError

COLUMNS = {"time": "days", "event": "died", "started": "started", "start_time": "start"}
PEOPLE = pd.DataFrame(
    [
        # days, died, started, start
        (100, 1, 1, 5),  # starts in time: on "starts" to the end, off "starts not" on day 5
        (100, 1, 1, 20),  # starts too late: off "starts" on day 14
        (100, 0, 0, None),
        (9, 1, 0, None),  # dies within the grace period, and counts for both
        (10, 0, 0, None),  # leaves observation within it: cut off for both, and nobody deviates
        (100, 0, 1, 14),  # the last day of the grace period is in time
        (14, 1, 0, None),  # dies on its last day, still within it
    ],
    columns=["days", "died", "started", "start"],
)


def test_two_clones_of_everybody_by_hand():
    clones = participation.clone_starts(PEOPLE, grace_days=14, **COLUMNS)
    starts, starts_not = (part.reset_index(drop=True) for _, part in clones.groupby("strategy"))
    assert starts["time"].tolist() == [100, 14, 14, 9, 10, 100, 14]
    assert starts["event"].tolist() == [1, 0, 0, 1, 0, 0, 1]
    assert starts["deviates"].tolist() == [False, True, True, False, False, False, False]
    assert starts_not["time"].tolist() == [5, 100, 100, 9, 10, 14, 14]
    assert starts_not["event"].tolist() == [0, 1, 0, 1, 0, 0, 1]
    assert starts_not["deviates"].tolist() == [True, False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": None}, "3 people who started have no day"),
        ({"start": 1000}, "3 people who started have no day, or one after the end of follow-up"),
        ({"died": None}, "died: missing for 7 people"),
        ({"days": -1}, "negative follow-up"),
    ],
)
def test_lives_that_contradict_themselves_are_refused(change, said):
    with pytest.raises(StudyError, match=said):
        participation.clone_starts(
            PEOPLE.assign(**{k: pd.array([v] * 7, "Float64") for k, v in change.items()}), grace_days=14, **COLUMNS
        )
