"""Two releases of one study together tell of nobody."""

from hashlib import blake2b
from pathlib import Path

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


def test_the_key_is_that_of_the_records_as_text_whatever_their_types(tmp_path):
    # An earlier version hashed every cell as text; another key would round a study's counts anew.
    records = pd.DataFrame(
        {
            "person_id": ["p0", "p1", "p2"],
            "arm": pd.Categorical(["iop", None, "iop"], categories=["outpatient", "iop"]),
            "days": [1.0, None, 0.1 + 0.2],
            "sessions": [3, 3, 0],
            "older": pd.array([True, None, False], dtype="boolean"),
        }
    )
    hashes = pd.util.hash_pandas_object(records.astype("str"), index=False).to_numpy()
    as_before = blake2b(hashes.tobytes(), digest_size=32).digest()
    assert predecessors.key(tmp_path, {"cohort": records}) == as_before


def test_neither_names_nor_plain_digests_are_kept(tmp_path):
    released(cohort(40), tmp_path)
    kept = (tmp_path / predecessors.PEOPLE).read_text()
    assert "p17" not in kept
    other = predecessors.people(cohort(40), b"other" * 6)
    assert not set(other["person"]) & set(pd.read_csv(tmp_path / predecessors.PEOPLE)["person"])


def test_what_is_remembered_of_a_person_is_the_same_digest_from_version_to_version():
    # Of another digest every person of an earlier release would seem to be gone, and nothing would be refused.
    twice = pd.concat([cohort(2), cohort(1), cohort(1, "outpatient")], ignore_index=True)
    by_hand = [blake2b(who, key=b"k" * 32, digest_size=8).hexdigest() for who in (b"p0", b"p1")]
    now = predecessors.people(twice, b"k" * 32)
    assert now["person"].tolist() == [*sorted(by_hand), by_hand[0]]
    assert now["arm"].tolist() == ["iop", "iop", "outpatient"]
    lines = [f"{arm},{who}\n" for arm, who in now[["arm", "person"]].to_numpy()]
    whole = blake2b("".join(["arm,person\n", *lines]).encode(), key=b"k" * 32, digest_size=8)
    assert set(now["release"]) == {whole.hexdigest()}


def test_the_key_is_made_of_the_records_once_and_kept(tmp_path):
    one = predecessors.key(tmp_path / "a", {"cohort": cohort(40)})
    assert one == predecessors.key(tmp_path / "b", {"cohort": cohort(40)})
    assert one != predecessors.key(tmp_path / "c", {"cohort": cohort(39)})
    assert one == predecessors.key(tmp_path / "a", {"cohort": cohort(39)})


def kept(folder, name: str, **cells) -> Path:
    """Write a release of one definition of abstinence in one arm, by hand and with exact counts."""
    place = folder / name
    (place / "tables").mkdir(parents=True)
    rules = ReleaseRules(11, 1)
    (place / "report.html").write_text(f"<p>{rules.in_words()}.</p>")
    flow = {"arm": "iop", "step": 0, "n_before": cells["n_arm"], "n_excluded": 0, "n_after": cells["n_arm"]}
    pd.DataFrame([flow | {"rule": "r", "n_episodes": "", "n_elsewhere": ""}]).to_csv(
        place / "tables" / "attrition_flow.csv", index=False
    )
    share = round(cells["n_events"] / cells["n"], 2)
    row = {
        "endpoint": "e",
        "missing_rule": "m",
        "arm": "iop",
        "n": cells["n"],
        "n_events": cells["n_events"],
        "share": share,
    }
    pd.DataFrame([row]).to_csv(place / "tables" / "abstinence_definitions.csv", index=False)
    return place


def test_many_join_of_whom_a_few_have_the_outcome_and_two_releases_would_tell_how_many(tmp_path):
    one = kept(tmp_path, "one", n_arm=100, n=100, n_events=40)
    # Of 30 who joined 3 have it: one release says 43, and the other 40.
    two = kept(tmp_path, "two", n_arm=130, n=130, n_events=43)
    many = kept(tmp_path, "many", n_arm=130, n=130, n_events=55)
    predecessors.remember_tables(one, tmp_path)
    predecessors.refuse_cells(one, tmp_path, ReleaseRules(11, 1))
    predecessors.refuse_cells(many, tmp_path, ReleaseRules(11, 1))
    with pytest.raises(DisclosureError, match="would differ from an earlier one by 1 to 10 people") as refused:
        predecessors.refuse_cells(two, tmp_path, ReleaseRules(11, 1))
    assert "40" not in str(refused.value) and "43" not in str(refused.value)


def test_one_record_is_mended_and_two_releases_of_the_same_people_would_tell(tmp_path):
    predecessors.remember_tables(kept(tmp_path, "one", n_arm=100, n=100, n_events=40), tmp_path)
    with pytest.raises(DisclosureError, match="abstinence_definitions, row 1, iop e m without|iop e m with"):
        predecessors.refuse_cells(kept(tmp_path, "two", n_arm=100, n=100, n_events=41), tmp_path, ReleaseRules(11, 1))


def test_the_same_tables_are_kept_once_and_hold_nothing_that_was_not_released(tmp_path):
    place = kept(tmp_path, "one", n_arm=100, n=100, n_events=40)
    for _ in range(2):
        predecessors.remember_tables(place, tmp_path)
    (only,) = (tmp_path / predecessors.TABLES).iterdir()
    assert {file.name for file in only.rglob("*.csv")} == {file.name for file in place.rglob("*.csv")}


def test_a_count_hidden_beside_another_neighbour_before_is_seen_with_both_releases(tmp_path):
    # 100 = 37 + 60 + 3: one release hides the 37 beside the 3, and the other the 60.
    def levels(name: str, **n: object) -> Path:
        place = kept(tmp_path, name, n_arm=100, n=100, n_events=40)
        of_arm = {"outcome": "e", "arm": "iop"}
        rows = [of_arm | {"group": "work", "level": level, "n_people": own} for level, own in n.items()]
        rows.append(of_arm | {"group": "everybody", "level": "", "n_people": 100})
        table = pd.DataFrame(rows).assign(n="suppressed", value="", sd="", unit="share")
        table.to_csv(place / "tables" / "outcomes.csv", index=False)
        return place

    one = levels("one", some="suppressed", most=60, few="suppressed")
    two = levels("two", some=37, most="suppressed", few="suppressed")
    predecessors.remember_tables(one, tmp_path, of="records of one")
    predecessors.refuse_together(one, tmp_path, ReleaseRules(11, 1), {"records of one": []})
    # Of other people, or where the levels of "work" meant something else, two numbers are two numbers.
    predecessors.refuse_together(two, tmp_path, ReleaseRules(11, 1), {})
    predecessors.refuse_together(two, tmp_path, ReleaseRules(11, 1), {"records of one": ["work"]})
    with pytest.raises(DisclosureError, match=r"outcomes, row 3, n_people.*beside earlier ones of the same people"):
        predecessors.refuse_together(two, tmp_path, ReleaseRules(11, 1), {"records of one": []})
