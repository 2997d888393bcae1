"""Checklists: every item filled from what is there, left to a person, or found missing, and nothing claimed beyond."""

import re
from dataclasses import replace
from itertools import groupby

import pytest

from iop_outcomes.release.checklists.artefacts import artefacts
from iop_outcomes.release.checklists.filling import LISTS, _lists, checklists
from iop_outcomes.release.disclosure.text import small_counts
from iop_outcomes.release.figures import make
from iop_outcomes.release.page.page import HEADINGS
from iop_outcomes.release.stage import release_files, release_tables
from report_tables import study, tables

RUN = {"versions": {"python": "3.11"}, "protocol": {"digest": "ab", "locked": "ab", "before_results": True}}


@pytest.fixture(scope="module")
def released():
    return release_tables(study(), tables())


@pytest.fixture(scope="module")
def drawn():
    return {"attrition_flow": make("attrition_flow", tables(), study())}


def states(lists, name: str) -> dict[str, str]:
    """Return the state of every item of a list."""
    return {row[0][1:]: row[2] for row in lists[name].rows}


def number_of(item: str) -> str:
    """Return the number of an item without the letter of its part."""
    return re.match(r"\d+", item).group()


def test_the_lists_have_the_items_of_their_guidelines():
    items = {name: [item["item"] for item in _lists()[name]["items"]] for name in LISTS}
    assert [int(number) for number, _ in groupby(items["target"], key=number_of)] == list(range(1, 22))
    assert [item for item in items["target"] if number_of(item) in {"1", "6", "7"}] == [
        *("1a", "1b", "1c", "6a", "6b", "6c", "6d", "6e", "6f", "6g", "6h"),
        *("7a", "7b", "7c", "7d", "7e", "7f", "7g(i)", "7g(ii)", "7h(i)", "7h(ii)"),
    ]
    assert len(items["record"]) == 13
    assert len({number_of(item) for item in items["strobe"]}) == 22


def test_what_a_release_holds_fills_an_item_and_what_only_a_person_knows_does_not(released, drawn):
    found = states(checklists(study(), released, drawn, RUN), "target")
    assert (found["8"], found["13"]) == ("filled", "filled")
    assert (found["17"], found["18"], found["20"]) == ("by hand", "by hand", "by hand")


def test_what_could_be_there_and_is_not_is_missing_with_what_to_do(released, drawn):
    lists = checklists(study(), released, drawn, {})
    target = {row[0][1:]: row for row in lists["target"].rows}
    assert target["6a"][2:] == ("missing", "state its eligibility under target_trial in the study file")
    lock = "lock the protocol before outcomes are read: iop-outcomes lock STUDY; give the number of the register"
    assert target["18"][2:] == ("missing", lock)
    assert states(lists, "strobe")["12b"] == "missing"


def test_what_is_missing_says_what_to_do_and_what_is_by_hand_says_what_to_write(released, drawn):
    """Before, items 10 to 12 of a study whose comparisons are withheld said "run the study with data that have it"."""
    for lists in (checklists(study(), {}, {}, {}), checklists(study(), released, drawn, RUN)):
        for table in lists.values():
            assert all(row[3] for row in table.rows)
    estimate = released["estimate"]
    withheld = replace(estimate, frame=estimate.frame.assign(status="withheld"))
    hidden = {name: table for name, table in released.items() if name != "outcomes"} | {"estimate": withheld}
    target = {row[0]: row[2:] for row in checklists(study(), hidden, drawn, RUN)["target"].rows}
    assert target["T12"] == ("missing", "say so: they are withheld together with every comparison")
    assert target["T11"][1].startswith("say so: they are withheld together with every comparison. There is: Who was")
    assert "give the days followed (median, range) by arm" in target["T10"][1]


def test_each_part_of_the_trial_is_stated_by_itself(released, drawn):
    half = study(target_trial={"eligibility": "adults", "time_zero": "the day of assignment"})
    found = states(checklists(half, released, drawn, RUN), "target")
    assert (found["6a"], found["6b"], found["6d"]) == ("filled", "missing", "missing")
    # What must be assumed is a matter of judgement: no setting fills it.
    assert (found["6g"], found["7g(i)"]) == ("by hand", "by hand")


def test_a_release_without_anything_fills_nothing_that_rests_on_results():
    found = states(checklists(study(), {}, {}, {}), "target")
    assert {found[item] for item in ("3", "8", "9", "10", "11", "12", "13", "14", "16")} == {"missing"}


def test_no_number_of_an_item_reads_as_a_count_of_people(released, drawn):
    rules = study().release.rules()
    for table in checklists(study(), released, drawn, RUN).values():
        text = " ".join(" ".join(row) for row in table.rows)
        assert small_counts(f"{table.caption} {text} {table.note}", rules) == []


def test_every_place_is_one_of_the_report_or_a_file_of_the_release(released, drawn):
    asked = study(subgroups={"by": ["sex"]})
    files, headings = set(release_files(asked)), set(HEADINGS.values())
    for one in artefacts(asked, released, drawn, RUN).values():
        parts = one.place.split("; ")
        named = [part for part in parts if part.endswith(".csv")]
        assert set(named) <= files
        begins = parts[0].partition(",")[0]
        assert begins in headings or begins in files


def test_every_artefact_that_an_item_names_is_known(released, drawn):
    known = artefacts(study(), released, drawn, RUN)
    assert {name for one in _lists().values() for item in one["items"] for name in item.get("by", ())} <= set(known)
