"""Two releases of the same people tell nothing of a few whose records were mended between them."""

import numpy as np
import pandas as pd
import pytest

import crafted
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.release.predecessors import RECORDS
from iop_outcomes.release.records import changed_since, definitions, records, refuse_mended, remember_records
from iop_outcomes.release.stage import build
from report_tables import study, tables

KEY = b"k" * 32


def people(hours=(), first: int = 0, age=()) -> dict[str, pd.DataFrame]:
    """Return forty people, twenty an arm, with hours and ages that are theirs but for some of the first."""
    n = np.arange(first, first + 40)
    cohort = pd.DataFrame({"member_id": n, "person_id": [f"p{i}" for i in n], "arm": np.where(n % 2, "iop", "op")})
    own = pd.DataFrame({"member_id": n, "hours": n / 2.0})
    own.loc[: len(hours) - 1, "hours"] = list(hours)
    covariates = pd.DataFrame({"member_id": n, "age": n + 20.0})
    covariates.loc[: len(age) - 1, "age"] = list(age)
    return {"cohort": cohort, "covariates": covariates, "outcomes": own}


def released(given, folder, **defined: str) -> None:
    """Release the records of people: refused where those of a few are others than before."""
    now = records(given, KEY, defined)
    refuse_mended(now, folder, ReleaseRules())
    remember_records(now, folder)


def test_the_same_records_are_released_and_remembered_once(tmp_path):
    for _ in range(2):
        released(people(), tmp_path)
    assert len(list((tmp_path / RECORDS).iterdir())) == 1


@pytest.mark.parametrize("n", [1, 19])
def test_hours_of_a_few_of_an_arm_are_not_mended_between_two_releases(tmp_path, n):
    # Of 19 mended records ten are of one arm and nine of the other.
    released(people(), tmp_path)
    with pytest.raises(DisclosureError, match=r"of 1 to 10 people of an arm the records \(hours\) are others"):
        released(people(hours=[99.0] * n), tmp_path)


def test_hours_of_many_of_each_arm_are(tmp_path):
    released(people(), tmp_path)
    released(people(hours=[99.0] * 22), tmp_path)


def test_one_age_is_not_mended_beside_the_hours_of_many(tmp_path):
    released(people(), tmp_path)
    with pytest.raises(DisclosureError, match=r"\(age\)"):
        released(people(hours=[99.0] * 22, age=[50.0]), tmp_path)


def test_every_release_before_is_held_against_it(tmp_path):
    released(people(), tmp_path)
    released(people(hours=[99.0] * 22), tmp_path)
    with pytest.raises(DisclosureError):
        released(people(hours=[0.0, *[99.0] * 21]), tmp_path)


def test_an_outcome_that_is_defined_in_another_way_is_another_one(tmp_path):
    released(people(), tmp_path, hours="84 days")
    released(people(hours=[99.0]), tmp_path, hours="85 days")
    assert definitions(study())["weekly_hours"].startswith("180 days")


def test_other_people_have_other_records_and_nothing_is_kept_in_clear(tmp_path):
    released(people(), tmp_path)
    released(people(first=1000), tmp_path)
    one = records(people(), KEY)
    assert not set(one["outcomes: hours"]) & set(records(people(), b"o" * 32)["outcomes: hours"])


@pytest.mark.slow
@pytest.mark.parametrize("round_to", [5, 50])
def test_a_mean_of_two_releases_tells_of_nobody_whose_hours_were_mended(tmp_path, round_to):
    asked, given = study(release={"min_cell": 11, "round_to": round_to}), tables(n=(95, 105))
    build(asked, given, tmp_path / "release")
    given["outcomes"].loc[0, "weekly_hours"] += 5
    with pytest.raises(DisclosureError, match=r"records \(weekly_hours\)"):
        build(asked, given, tmp_path / "release")


def test_a_column_changed_where_its_definition_or_a_value_did_and_other_people_are_other_people(tmp_path):
    name = remember_records(records(people(), KEY, {"hours": "of 84 days"}), tmp_path)

    def since(given, **defined: str) -> dict[str, list[str]]:
        return changed_since(records(given, KEY, defined), tmp_path)

    assert since(people(), hours="of 84 days") == {name: []}
    assert since(people(), hours="of 90 days") == {name: ["hours"]}
    assert since(people(age=[50.0] * 22), hours="of 84 days") == {name: ["age"]}
    assert since(people(first=1)) == {}


@pytest.mark.slow
def test_a_breakdown_that_is_asked_for_later_is_refused_where_both_releases_tell_a_few(tmp_path):
    made = crafted.lost(tables(n=(90, 110), seed=2), iop=(4, 9), outpatient=(3, 12))
    build(study(), made, tmp_path / "release")
    build(study(), made, tmp_path / "release")
    with pytest.raises(DisclosureError, match="beside earlier ones of the same people, which hide other counts"):
        build(study(describe_by=["employment"]), made, tmp_path / "release")
