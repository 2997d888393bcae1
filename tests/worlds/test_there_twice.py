"""Worlds in which nothing differs but in which people are there under two ids, so that every interval is too short.

Before, three of twelve such clinics showed a difference, where one in twenty should.
"""

import pandas as pd
import pytest

from iop_outcomes.cohort.twice import people_twice
from iop_outcomes.designs.judge.twice import judge_twice
from null_clinic import Tables, answer, checks, clinic, run, weekly_sessions

ARMS = ("iop", "outpatient")


def twice(tables: Tables, share: float = 1.0) -> Tables:
    """Return a clinic in which a share of the people is exported a second time, under other ids."""
    ids = tables["episode"]["episode_id"]
    again = set(ids[: round(share * len(ids))])
    found = {}
    for name, frame in tables.items():
        key = "person_id" if name == "person" else "episode_id"
        copies = frame[frame[key].isin(again)].copy()
        for column in [c for c in copies if c.endswith("_id")]:
            copies[column] = "b" + copies[column]
        found[name] = pd.concat([frame, copies], ignore_index=True)
    return found


def coarse(n: int = 2000, share: float = 0.0) -> Tables:
    """Return a clinic of which only age bands, referral and how care ended are on record, as in a national file."""
    tables = clinic(n)
    tables["episode"] = tables["episode"].assign(discharge_day=tables["episode"]["discharge_day"] // 28 * 28 + 1)
    tables["person"]["age_years"] = tables["person"]["age_years"] // 20 * 20 + 20
    tables["baseline"]["severity"] = tables["baseline"]["severity"].round(0)
    tables["session"] = weekly_sessions(tables["episode"])
    return twice(tables, share)


def returning(n: int = 300, new_ids: bool = True) -> Tables:
    """Return a clinic of three years to which everybody comes three times, under a new id each time."""
    tables, found = clinic(n), {}
    for name, frame in tables.items():
        again = []
        for year in range(3):
            one = frame.copy()
            for column in [c for c in one if c.endswith("_id") and (new_ids or c != "person_id")]:
                one[column] = "abc"[year] + one[column]
            if name == "episode":
                one = one.assign(period=str(2021 + year), discharge_day=one["discharge_day"] + 400 * year)
                one[["assignment_day", "admission_day"]] += 400 * year
            if name == "session":
                one["day"] += 400 * year
            if name == "baseline":
                one["severity"] += year
            again.append(one)
        found[name] = pd.concat(again, ignore_index=True).drop_duplicates()
    return found


def test_everybody_under_two_ids_is_no_answer(tmp_path):
    made = run(tmp_path, twice(clinic(400)))
    row = checks(made).loc["people_once"]
    assert (row["status"], row["value"]) == ("FAIL", 1.0)
    assert answer(made)["status"] == "withheld"


@pytest.mark.slow
@pytest.mark.parametrize(("share", "status"), [(0.0, "PASS"), (0.03, "WARN")])
def test_some_under_two_ids_are_a_warning(tmp_path, share, status):
    assert checks(run(tmp_path, twice(clinic(800), share))).loc["people_once", "status"] == status


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_records_too_coarse_to_tell_are_not_judged(tmp_path, share):
    assert checks(run(tmp_path, coarse(1000, share))).loc["people_once", "status"] == "NOT_EVALUATED"


@pytest.mark.slow
@pytest.mark.parametrize(("new_ids", "status"), [(True, "WARN"), (False, "PASS")])
def test_where_nobody_comes_back_in_years_every_admission_may_have_an_id_of_its_own(tmp_path, new_ids, status):
    made = run(tmp_path, returning(new_ids=new_ids), adjust_for_calendar=False)
    assert checks(made).loc["admitted_again", "status"] == status


def unlike_lengths(n: int = 2000) -> Tables:
    """Return the coarse clinic where IOP ends after eight weeks: those who completed agree with their own arm only."""
    tables = coarse(n)
    episode = tables["episode"]
    short = (episode["level_of_care"] == "2.1") & (episode["discharge_reason"] == "completed")
    episode.loc[short, "discharge_day"] = 57
    return tables | {"session": weekly_sessions(episode)}


@pytest.mark.slow
def test_arms_that_end_on_other_days_are_not_taken_for_people_there_twice(tmp_path):
    assert checks(run(tmp_path, unlike_lengths())).loc["people_once", "status"] == "NOT_EVALUATED"


def recorded(pairs: tuple[int, int], chance: int, n: int = 1000) -> pd.DataFrame:
    """Return the counts of pairs who agree in each arm, each of two people, and as many as chance makes in each."""
    rows = [
        (arm, "agrees with another id", *own)
        for arm, found in zip(ARMS, pairs, strict=True)
        for own in (("people", min(2 * found, n), n), ("pairs", found, chance))
    ]
    return pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        (recorded((0, 0), 0), "PASS"),
        (recorded((2, 2), 0), "PASS"),  # a person or two
        (recorded((20, 20), 0), "WARN"),
        (recorded((60, 0), 0), "FAIL"),  # one arm's export twice
        (recorded((20, 20), 10), "PASS"),  # twice as many as by chance
        (recorded((60, 60), 10), "FAIL"),  # six times as many
        (recorded((2000, 2000), 2000), "NOT_EVALUATED"),
    ],
)
def test_pairs_are_held_against_those_that_chance_makes(counts, status):
    [(check, *_, found, _)] = judge_twice(counts, ARMS)
    assert (check, found) == ("people_once", status)


def pairs_of(ages: list[int], days: list[int], people: str) -> list[int]:
    """Return the people of one arm who agree with another id, of how many, their pairs, and pairs by chance."""
    ids = list("abcdef"[: len(ages)])
    one = pd.DataFrame({"episode_id": ids, "age_years": ages, "discharge_day": days})
    members = pd.DataFrame({"member_id": ids, "person_id": list(people), "arm": "iop"})
    found = people_twice(members, one.set_index("episode_id"), [], {"episode": one})
    assert found["level"].tolist() == ["people", "pairs"]
    return found[["n", "n_all"]].to_numpy().ravel().tolist()


def test_two_episodes_of_one_person_are_no_two_people():
    # p is there twice; p and q agree, r differs by a day.
    assert pairs_of([30, 30, 30, 30], [9, 9, 9, 8], "ppqr")[:3] == [2, 3, 1]


def test_of_pairs_alike_beforehand_chance_lets_as_many_agree_afterwards_as_of_all():
    # Of 15 pairs 3 agree in the day: 9 (a, b), 8 (c, d), 7 (e, f), so that chance is 1 in 4 of pairs that do not. Of
    # one age are 3 pairs (a, c), (b, d), (e, f), of which e and f agree in the day as well: 1 found, 2 / 4 by chance.
    assert pairs_of([20, 30, 20, 30, 40, 40], [9, 9, 8, 8, 7, 7], "pqrstu") == [2, 6, 1, 1]


def test_of_whom_nothing_is_on_record_nobody_is_taken_for_another():
    assert pairs_of([30, 30, 40], [None, None, 9], "pqr") == [0, 1, 0, 0]
