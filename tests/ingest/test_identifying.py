"""What can tell who somebody is: found by name, pattern and shape, told without a value, and in no table."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from clinics import examined, mapping, put, read
from iop_outcomes import study as studies
from iop_outcomes import tables as contracts
from iop_outcomes.ingest.identifying.anonymity import anonymity, in_words, more_exact_than_a_year
from iop_outcomes.ingest.identifying.columns import found_in
from iop_outcomes.ingest.identifying.kinds import AGES, DATES, KINDS, OTHER, PLACES, TEXT
from iop_outcomes.ingest.identifying.pseudonyms import Pseudonyms, first_days
from iop_outcomes.ingest.identifying.stored import identifying
from iop_outcomes.ingest.stage import examine, ingest
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.tables.parts import Parts

SENTENCE = "said that the bus was late again and left early"


def many(form: str, n: int = 60) -> list[str]:
    """Return different cells of one form."""
    return [form.format(i) for i in range(n)]


@pytest.mark.parametrize(
    ("name", "cells", "kind", "how"),
    [
        ("Last Name", ["Smith"], "names of people", "name"),
        ("nombre", ["Juan"], "names of people", "name"),
        ("col1", [f"Sm{chr(97 + i // 26)}{chr(97 + i % 26)}th, Jo" for i in range(60)], "names of people", "pattern"),
        ("ZipCode", ["12345"], PLACES, "name"),
        ("col2", ["02139", "02140"], PLACES, "pattern"),
        ("col3", ["12 Old Mill Road"], PLACES, "pattern"),
        ("DOB", ["x"], DATES, "name"),
        ("col4", ["3/4/1961"], DATES, "pattern"),
        ("col4", ["12-Mar-2024", "none"], DATES, "pattern"),
        ("col4", ["2024-03-01T09:30"], DATES, "pattern"),
        ("home phone", ["x"], "telephone numbers", "name"),
        ("col5", ["call (555) 123-4567 first"], "telephone numbers", "pattern"),
        ("Fax", ["x"], "fax numbers", "name"),
        ("col6", ["a.b@example.org"], "e-mail addresses", "pattern"),
        ("col7", ["123-45-6789"], "Social Security numbers", "pattern"),
        ("SSN", ["1"], "Social Security numbers", "name"),
        ("MRN", ["1"], "medical record numbers", "name"),
        ("col8", ["MRN-00012"], "medical record numbers", "pattern"),
        ("Member ID", ["x"], "health plan numbers", "name"),
        ("Account #", ["x"], "account numbers", "name"),
        ("Driver's license no", ["x"], "licence and certificate numbers", "name"),
        ("License plate", ["x"], "vehicle numbers", "name"),
        ("device_serial", ["x"], "device numbers", "name"),
        ("col9", ["see https://example.org/x"], "web addresses", "pattern"),
        ("colA", ["10.1.2.3"], "network addresses (IP)", "pattern"),
        ("Fingerprint", ["x"], "fingerprints and other biometrics", "name"),
        ("photo", ["x"], "photographs", "name"),
        ("colB", many("K{}-X"), OTHER, "shape"),
        ("colC", many(SENTENCE + " {}"), TEXT, "shape"),
        ("Notes", many("ok {}"), TEXT, "shape"),
        ("Age", ["34", "91"], AGES, "pattern"),
    ],
)
def test_each_of_the_eighteen_is_known_by_its_name_or_its_look(name, cells, kind, how):
    found = found_in(name, pl.Series(cells))
    assert (found.kind, found.how) == (kind, how)


def test_every_letter_of_the_rule_is_there():
    # (R), any other number, has no name of its own: it is told by its shape.
    assert sorted(kind.letter for kind in KINDS) == list("ABCDEFGHIJKLMNOPQ")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Employment", ["Full-time", "Unemployed", "Part-time"] * 30),
        ("Primary Substance", ["heroin", "alcohol, then pills", "ETOH"] * 30),
        ("Days Used Past 30", [str(i) for i in range(30)]),
        ("Minutes", [str(i) for i in range(60)]),
        ("Score", [f"{i / 7:.4f}" for i in range(60)]),
        ("Age", ["18", "64", "89"]),
        ("Level", ["2.1", "1"]),
        ("Appt Time", ["9:00 AM", "13:30"]),
        ("Payer", ["Medicaid", "Self-pay"]),
        ("anything", [None, None]),
    ],
)
def test_what_tells_nobody_is_left_alone(name, cells):
    assert found_in(name, pl.Series(cells, dtype=pl.String)) is None


INTAKES = "Client,Intake,Level,Phone,City,Severity,Remark\n" + "".join(
    f"MRN-{i:04d},{i % 12 + 1}/2/2024,{('IOP', 'OP')[i % 2]},555-010-{i:04d},Springfield,{i % 3},"
    f"Planted {i} words of a note\n"
    for i in range(60)
)
VISITS = "Client,Date,Start,End,Status\nMRN-0001,2/3/2024,9:00 AM,12:00 PM,Kept\n"


@pytest.fixture
def clinic(tmp_path):
    put(tmp_path, intakes_csv=INTAKES, visits_csv=VISITS)
    return tmp_path


def with_baseline(**columns):
    """Return the mapping of the clinic with covariates."""
    asked = mapping()
    asked["tables"]["baseline"] = {"from": "intakes", "columns": columns}
    return asked


def test_check_names_column_count_and_fate_and_no_value(clinic):
    told = "\n".join(examined(clinic, with_baseline(severity="Severity")).telling)
    assert "intakes.csv, 'Client': medical record numbers (pattern, 60 cells): a key; a pseudonym" in told
    assert "intakes.csv, 'Intake': a date more exact than its year (pattern, 60 cells): counted as days" in told
    assert "intakes.csv, 'Phone': telephone numbers (pattern, 60 cells): not named in the mapping; goes into no" in told
    assert f"intakes.csv, 'City': {PLACES} (name, 60 cells): not named" in told
    assert f"intakes.csv, 'Remark': {TEXT} (shape, 60 cells): not named" in told
    assert "Severity" not in told
    assert not [value for value in ("0001", "555-0", "Springfield", "Planted", "/2024") if value in told]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"contact": "Phone"}, "telephone numbers"),
        ({"place": "City"}, "'City': the column holds a place smaller than a state (its name says so, 60 cells)"),
        ({"remark": "Remark"}, "baseline.remark: the column holds free text, in which anything may stand"),
        ({"_helper": "Phone", "contact": {"take": "_helper"}}, "telephone numbers"),
        ({"who": {"column": "Client", "as": "text"}}, "medical record numbers"),
        ({"remark": {"column": "Remark", "codes": {"x": "y"}, "keep_others": True}}, "free text"),
    ],
)
def test_a_run_refuses_a_mapping_that_would_store_it_and_check_says_the_same(clinic, columns, sentence):
    study = studies.parse(
        {
            "study": "own",
            "source": {"kind": "sheets", **with_baseline(**columns)},
            "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
        }
    )
    with pytest.raises(SourceError, match=".") as refused:
        ingest(study, clinic)
    assert sentence in str(refused.value)
    assert any(sentence in problem for problem in examine(study, clinic).problems)
    assert "Springfield" not in str(refused.value)


def test_what_the_mapping_groups_by_codes_is_no_identifier_any_more(clinic):
    made = read(clinic, with_baseline(near={"column": "City", "codes": {"Springfield": "yes"}, "otherwise": "no"}))
    assert made["baseline"]["near"].unique().tolist() == ["yes"]
    assert list(identifying(made)) == []


def test_no_table_holds_a_date_a_number_of_the_clinic_or_an_offset(clinic):
    made = read(clinic, with_baseline(severity="Severity"))
    held = {str(cell) for frame in made.values() for column in frame for cell in frame[column].unique()}
    # The number of a day as a spreadsheet keeps it would be an offset.
    assert not [cell for cell in held if "MRN" in cell.upper() or "2024" in cell or re.fullmatch(r"45\d{3}", cell)]


def test_the_ids_of_people_are_never_kept(clinic):
    problems = examined(clinic, mapping(kept_ids=["person_id"])).problems
    assert "source.kept_ids: person_id tells who somebody is and always becomes a pseudonym; take it off" in problems


def test_who_knows_the_seed_and_a_number_cannot_reckon_out_the_pseudonym():
    people, days = [f"c{i}" for i in range(200)], pl.DataFrame({"person": ["c1"], "day": ["2024-01-02"]})
    order = [
        Pseudonyms(1, first_days(pl.Series(known), days)).of("person", pl.Series(people)).to_list()
        for known in (people, [*people, "c200"], people[::-1])
    ]
    assert order[0] == order[2]
    places = [np.array([int(name[1:]) for name in one]) for one in order]
    # With one more person, whom the stranger may not know of, nothing is left of the order.
    assert abs(np.corrcoef(places[0], places[1])[0, 1]) < 0.3
    assert sorted(places[0]) == list(range(1, 201))


def table(name, **columns):
    return contracts.conform(pd.DataFrame(columns), name)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({"person_id": ["123-45-6789", "123-45-6780"]}, "person.person_id: the column holds Social Security numbers"),
        ({"person_id": ["P1", "P2"], "race_ethnicity": ["white", "a@b.org"]}, "person.race_ethnicity: .* e-mail"),
        (
            {"person_id": ["P1", "P2"], "age_band": ["2024-01-02", "30-39"]},
            "a date more .* .1 cell looks",
        ),
        ({"person_id": ["P1", "P2"], "race_ethnicity": ["white", "black"]}, ""),
    ],
)
def test_tables_of_our_own_shape_are_looked_at_too(made, sentence):
    found = list(identifying({"person": table("person", **made)}))
    assert len(found) == bool(sentence)
    if sentence:
        assert pd.Series(found).str.contains(sentence).all()


@pytest.mark.parametrize(
    ("column", "values", "refused"),
    [
        ("phone", [5550100000.0 + i for i in range(60)], True),
        ("phone_contacts", [float(i % 30) for i in range(60)], False),
        ("county", ["Essex"] * 60, True),
        ("start_date", [float(i) for i in range(60)], False),
        ("age_at_first_use", [float(10 + i % 9) for i in range(60)], False),
        ("age", [float(40 + i) for i in range(60)], True),
        ("has_phone", [True, False] * 30, False),
        ("severity", [float(i) for i in range(60)], False),
    ],
)
def test_a_covariate_is_judged_by_name_and_cells_together(column, values, refused):
    baseline = pd.DataFrame({"episode_id": [f"E{i}" for i in range(60)], column: values})
    assert bool(list(identifying({"baseline": baseline}))) == refused


def test_of_a_long_table_the_parts_that_can_tell_nothing_more_are_not_made():
    made = []

    def parts(texts):
        for number, text in enumerate(texts):
            made.append(number)
            items = pd.Categorical.from_codes([number % 2], ["HEROIN", "METHOD"])
            yield pd.DataFrame({"person_id": ["a"], "item": items, "free": text})

    told = list(identifying({"assessment": Parts(lambda: parts(["x", "y", "1961-07-30"]), 3)}))
    assert len(told) == 1 and told[0].startswith("assessment.free: the column holds a date")
    assert made == [0, 1, 2]

    codes = Parts(lambda: (part.drop(columns="free") for part in parts(["x", "y", "1961-07-30"])), 3)
    made.clear()
    assert list(identifying({"assessment": codes})) == []
    assert made == [0]


def test_people_who_share_what_a_stranger_knows_are_counted_by_hand():
    person = table("person", person_id=list("abcd"), age_years=[30.2, 30.9, 30.0, 41.0], sex=["male"] * 3 + ["female"])
    episode = table(
        "episode",
        episode_id=list("vwxyz"),
        person_id=list("aabcd"),
        assignment_day=[0, 9, 0, 0, 0],
        site_id=["S1", "S2", "S1", "S2", None],
    )
    counts = anonymity({"person": person, "episode": episode, "baseline": contracts.empty("baseline")})
    assert counts["columns"].tolist() == ["age_years", "age_years, sex", "age_years, sex, site_id"]
    assert counts["n_rarest"].tolist() == [1, 1, 1]
    assert counts["n_alone"].tolist() == [1, 1, 2]
    assert counts["n_few"].tolist() == [4, 4, 4]
    assert in_words(counts).startswith("known of a person together (age_years, sex, site_id): 2 of 4 people share it")


@pytest.mark.parametrize(("period", "told"), [("Y2024", False), ("2024", False), ("Y2024Q3", True), ("2024-03", True)])
def test_a_period_more_exact_than_a_year_is_told(period, told):
    assert bool(more_exact_than_a_year({"episode": pd.DataFrame({"period": [period, None]})})) == told
    assert more_exact_than_a_year({"episode": pd.DataFrame({"episode_id": ["e"]})}) == ""


PEOPLE = "person_id,sex\nMRN-2,female\nMRN-1,male\nMRN-3,male\n"
EPISODES = (
    "episode_id,person_id,site_id,assignment_day,level_of_care\nE7,MRN-1,North,0,2.1\nE8,MRN-2,North,0,1\n"
    "E9,MRN-1,South,90,1\n"
)
SESSIONS = "session_id,episode_id,day,status\nS3,E7,2,attended\nS1,E7,1,no_show\nS2,E9,91,attended\n"


def own_ids(folder, **settings):
    """Return the tables of three people with ids of the clinic, and everything that `check` says of telling columns."""
    (folder / "own").mkdir(exist_ok=True)
    for name, text in {"person": PEOPLE, "episode": EPISODES, "session": SESSIONS}.items():
        (folder / "own" / f"{name}.csv").write_text(text)
    source = SOURCES["tables"]
    return source.examine(folder, 1, **source.check({"path": "own"} | settings))


def test_ids_of_our_own_tables_are_replaced_where_the_study_says_so(tmp_path):
    made = own_ids(tmp_path, ids="replaced").tables
    held = {str(cell) for name in ("person", "episode", "session") for cell in made[name].to_numpy().ravel()}
    assert not held & {"MRN-1", "MRN-2", "MRN-3", "E7", "E8", "E9", "S1", "S2", "S3", "North", "South"}
    # What belonged together still does: of one person two episodes, of whose sessions the first two are of one.
    assert made["episode"].groupby("person_id").size().tolist() in ([2, 1], [1, 2])
    assert set(made["episode"]["person_id"]) < set(made["person"]["person_id"])
    first = made["session"].set_index("day")
    assert first.loc[1, "episode_id"] == first.loc[2, "episode_id"] != first.loc[91, "episode_id"]
    assert first["session_id"].tolist() == [f"{first.loc[d, 'episode_id']}-{n}" for d, n in ((2, 2), (1, 1), (91, 1))]
    kept = own_ids(tmp_path).tables
    assert set(kept["person"]["person_id"]) == {"MRN-1", "MRN-2", "MRN-3"}


def test_pseudonyms_of_our_own_tables_rest_on_what_is_in_them_and_not_on_its_order(tmp_path):
    made = own_ids(tmp_path, ids="replaced").tables["person"]
    lines = (tmp_path / "own" / "person.csv").read_text().splitlines()
    (tmp_path / "own" / "person.csv").write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    source = SOURCES["tables"]
    again = source(tmp_path, 1, **source.check({"path": "own", "ids": "replaced"}))["person"]
    assert again["person_id"].tolist() == made["person_id"].tolist()[::-1]
