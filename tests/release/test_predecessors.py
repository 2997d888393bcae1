"""Two releases of one study together tell of nobody."""

import pandas as pd
import pytest

from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release import predecessors
from iop_outcomes.release.disclosure import ReleaseRules

RULES = ReleaseRules()


def cohort(n: int, arm: str = "iop", start: int = 0) -> pd.DataFrame:
    """Return so many people of an arm."""
    return pd.DataFrame({"person_id": [f"p{i}" for i in range(start, start + n)], "arm": arm})


def released(people: pd.DataFrame, folder, secret: bytes = b"k" * 32) -> None:
    """Release people: refused if they differ by few from those before."""
    now = predecessors.people(people, secret)
    predecessors.refuse_few(now, folder, RULES)
    predecessors.remember(now, folder)


@pytest.mark.parametrize(("n", "says"), [(39, "1 to 10 people fewer"), (41, "1 to 10 people more"), (50, "1 to 10")])
def test_a_release_a_few_people_apart_from_one_before_is_refused(tmp_path, n, says):
    released(cohort(40), tmp_path)
    with pytest.raises(DisclosureError, match=says):
        released(cohort(n), tmp_path)


@pytest.mark.parametrize("n", [40, 51, 29])
def test_the_same_people_and_many_more_or_fewer_are_released(tmp_path, n):
    released(cohort(40), tmp_path)
    released(cohort(n), tmp_path)


def test_one_who_changes_the_arm_is_seen(tmp_path):
    released(pd.concat([cohort(40), cohort(40, "outpatient", 40)]), tmp_path)
    with pytest.raises(DisclosureError):
        released(pd.concat([cohort(41), cohort(39, "outpatient", 41)]), tmp_path)


def test_a_person_who_is_swapped_for_another_is_seen(tmp_path):
    # Forty before and forty after: the counts are the same, and one of them is another.
    released(cohort(40), tmp_path)
    with pytest.raises(DisclosureError, match="arm 'iop' has 1 to 10 people more"):
        released(pd.concat([cohort(39), cohort(1, start=99)]), tmp_path)


def test_every_release_before_is_remembered_and_not_the_last_alone(tmp_path):
    for people in (cohort(40), cohort(60)):
        released(people, tmp_path)
    with pytest.raises(DisclosureError):
        released(cohort(41), tmp_path)


def test_neither_names_nor_plain_digests_are_kept(tmp_path):
    released(cohort(40), tmp_path)
    kept = (tmp_path / predecessors.PEOPLE).read_text()
    assert "p17" not in kept
    other = predecessors.people(cohort(40), b"other" * 6)
    assert not set(other["person"]) & set(pd.read_csv(tmp_path / predecessors.PEOPLE)["person"])


def test_the_key_is_made_of_the_records_once_and_kept(tmp_path):
    one = predecessors.key(tmp_path / "a", {"cohort": cohort(40)})
    assert one == predecessors.key(tmp_path / "b", {"cohort": cohort(40)})
    assert one != predecessors.key(tmp_path / "c", {"cohort": cohort(39)})
    assert one == predecessors.key(tmp_path / "a", {"cohort": cohort(39)})
