"""The clinic beside the project: its sheets under the mapping of ``clinic.yaml`` are the tables made of them by hand.

Days, episodes, codes and minutes are compared row by row; people, episodes and places have names of their own on both
sides, told from each other by the appointments, whose numbers both keep.
"""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes import study as studies
from iop_outcomes.ingest.stage import ingest
from reference import reference_data

KEYS = {
    "person": ["person_id"],
    "site": ["site_id"],
    "episode": ["episode_id"],
    "baseline": ["episode_id"],
    "session": ["session_id"],
    "drug_test": ["person_id", "day", "substance"],
}
pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Return the tables that the mapping makes, and those made by hand."""
    clinic = reference_data("clinic")
    content = studies.read_yaml((Path(__file__).parent / "clinic.yaml").read_text(), "clinic.yaml")
    content["source"]["path"] = str(clinic / "raw")
    mapped = ingest(studies.parse(content))
    folder = tmp_path_factory.mktemp("prepared")
    for file in (clinic / "prepared").iterdir():
        shutil.copy(file, folder / file.name)
    content["source"] = {"kind": "tables", "path": str(folder)}
    return mapped, ingest(studies.parse(content))


@pytest.fixture(scope="module")
def names(both):
    """Return by column what our names are called on the other side."""
    mapped, prepared = both
    sessions = mapped["session"].merge(prepared["session"], on="session_id", suffixes=("", "_theirs"))
    episodes = dict(zip(sessions["episode_id"], sessions["episode_id_theirs"], strict=True))
    ours, theirs = (both[i]["episode"].set_index("episode_id") for i in (0, 1))
    found = {"episode_id": episodes}
    for column in ("person_id", "site_id"):
        pairs = {(ours.loc[a, column], theirs.loc[b, column]) for a, b in episodes.items()}
        found[column] = dict(pairs)
        assert len(pairs) == len(found[column]) == len(set(found[column].values()))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("table", KEYS)
def test_a_table_is_that_made_by_hand_row_by_row(both, names, table):
    ours, theirs = (both[i][table].copy() for i in (0, 1))
    for column in set(names) & set(ours):
        ours[column] = ours[column].map(names[column])
    assert set(ours) == set(theirs)
    sort = [frame.sort_values(KEYS[table]).reset_index(drop=True) for frame in (ours, theirs)]
    pd.testing.assert_frame_equal(
        sort[0][sorted(ours)], sort[1][sorted(ours)], check_dtype=False, check_categorical=False
    )


def test_every_row_of_every_sheet_is_accepted_or_set_aside_by_name(both):
    rejected = both[0]["rejected"]
    visits = rejected[rejected["table"] == "session"]["rule"].astype(str).value_counts().to_dict()
    assert visits == {
        "the same row again": 60,
        "day: more than 7 days after discharge": 17,
        "Status: left out by the study": 2,
    }
    counts = both[0]["intake"].set_index(["table", "file"])
    assert counts.loc[("session", "attendance export.csv"), "n_in"] == 35_385
    assert counts.loc[("episode", "discharge.csv"), "n_accepted"] == 973
