"""Claims: lines that stand, the care they are, hours from units, and what is set aside."""

import pandas as pd
import pytest

from claims_files import tables, write
from dated_clinic import DRAWN, clinic, of_one
from iop_outcomes import tables as contracts
from iop_outcomes.ingest.accepting import refuse
from iop_outcomes.ingest.sources.claims.source import read_claims
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.tables.capability import capabilities


def read(made: dict, folder, **settings) -> dict[str, pd.DataFrame]:
    checked = SOURCES["claims"].check({"path": write(made, folder), "max_rejected_share": 1.0} | settings)
    return read_claims(folder, 1, checked, refuse)


def lines(*changes: dict, code: str = "H0015") -> dict[str, pd.DataFrame]:
    """Return the files of one person with a line for each change, on one day after the other unless it says when."""
    days = [(str((pd.Timestamp("2022-03-01") + pd.Timedelta(days=i)).date()), code) for i in range(len(changes))]
    made = {name: frame.astype(object) for name, frame in tables(of_one(*days)).items()}
    for number, change in enumerate(changes):
        for column, cell in change.items():
            made["claims"].loc[number, column] = cell
    return made


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    return read(tables(clinic(8)), tmp_path_factory.mktemp("eight"))


def test_every_line_of_a_clinic_is_accepted(eight):
    assert (eight["intake"]["n_rejected"] == 0).all()
    made = clinic(8)
    came = made.sessions[made.sessions["status"] == "attended"]
    assert len(eight["session"]) == len(came)
    assert eight["session"]["minutes_attended"].sum() == came["minutes"].sum()
    assert (eight["session"]["hours_source"] == "imputed").all()
    assert eight["episode"]["level_of_care"].tolist().count("2.1") == 4
    assert eight["cost"]["amount"].sum() == tables(made)["claims"]["paid_amount"].sum()
    assert eight["cost"]["price_year"].unique().tolist() == ["USD2022"]
    assert (eight["baseline"]["primary_substance"] == "opiates").all()
    assert eight["person"]["death_day"].dropna().tolist() == [300]
    for name, frame in eight.items():
        pd.testing.assert_frame_equal(contracts.check(frame, name), frame)


def test_neither_dates_nor_ids_of_the_payer_reach_a_table(eight):
    theirs = {*clinic(8).people["person"], "Name Surname", "state plan", *(f"C{number}" for number in range(100))}
    for name in (n for n in eight if n not in ("intake", "rejected")):
        cells = {str(cell) for column in eight[name] for cell in eight[name][column].dropna()}
        assert not cells & theirs, name
        assert not [cell for cell in cells if cell.startswith(("2022-", "202201", "202203"))], name


SUD, OTHER, MOOD = "F11.20", "I10", "F33.1"

#: Procedure, revenue code, condition codes, diagnoses, and the level of care that the line is.
CARE = [
    ("H0015", None, None, OTHER, "2.1"),
    (None, "906", None, OTHER, "2.1"),
    ("S9480", None, None, SUD, "2.1"),
    ("S9480", None, None, OTHER, None),
    ("S9480", None, None, MOOD, None),
    (None, "0905", None, SUD, "2.1"),
    (None, "905", None, OTHER, None),
    # Group therapy in a hospital is no intensive outpatient programme, though some lists say so.
    (None, "0915", None, SUD, "1"),
    (None, "0914", None, SUD, "1"),
    ("90853", "0915", None, SUD, "1"),
    # The revenue code of a group stands on the lines of a day's rate, too.
    ("H0015", "0915", None, SUD, "2.1"),
    ("90837", "0906", None, SUD, "2.1"),
    ("90853", "0915", "41 92", SUD, "2.5"),
    ("90853", None, "92", SUD, "2.1"),
    ("90853", None, "A92", SUD, "1"),
    ("99213", None, "92", SUD, None),
    ("H0035", None, None, SUD, "2.5"),
    ("H0005", None, None, OTHER, "1"),
    ("H0004", None, None, OTHER, None),
    ("80305", None, None, SUD, None),
]


def test_which_care_a_line_is(tmp_path):
    made = lines(*[{}] * len(CARE))
    columns = ["procedure_code", "revenue_code", "condition_codes", "diagnosis_codes"]
    for number, row in enumerate(CARE):
        for column, cell in zip(columns, row[:4], strict=True):
            made["claims"].loc[number, column] = cell
    made["claims"]["units"] = 1
    found = read(made, tmp_path)["service"].sort_values("day")
    levels = found["level_of_care"].astype(object).where(found["level_of_care"].notna(), None)
    assert levels.tolist() == [row[-1] for row in CARE]


def test_a_study_may_count_psychiatric_day_programmes(tmp_path):
    made = lines({"diagnosis_codes": MOOD, "units": 1}, {"diagnosis_codes": OTHER, "units": 1}, code="S9480")
    found = read(made, tmp_path, mental_health=True)
    assert found["session"]["day"].tolist() == [0]


#: Procedure, units, what the study says of units, and the minutes of the session.
LENGTHS = [
    ("H0015", 1, {}, 180),
    ("H0004", 4, {}, 60),
    ("90834", 1, {}, 45),
    ("90853", 1, {}, None),
    ("H0015", 12, {"units": {"state plan": {"H0015": 15}}}, 180),
    ("H0015", 3, {"units": {"*": {"H0015": 60}}}, 180),
    ("H0015", 1, {"minutes": {"H0015": 240}}, 240),
    # An own unit of a payer goes before that of every other.
    ("H0015", 4, {"units": {"*": {"H0015": 15}, "state plan": {"H0015": 30}}}, 120),
]


@pytest.mark.parametrize(("code", "units", "settings", "minutes"), LENGTHS)
def test_units_are_minutes_by_code_and_payer(tmp_path, code, units, settings, minutes):
    session = read(lines({"units": units}, code=code), tmp_path, **settings)["session"].iloc[0]
    assert session["minutes_attended"] == minutes if minutes else pd.isna(session["minutes_attended"])


def test_what_a_payer_denied_took_back_replaced_or_saw_twice_does_not_stand(tmp_path):
    same = {"from_date": "20220301"}
    made = lines(
        {},
        {"status": "D"},
        {"status": "V"},
        {"status": "pended"},
        # Claim C4 is replaced by C5, and C6 is taken back by C7.
        {},
        {"frequency": "137", "original_claim_id": "C4"},
        {},
        {"frequency": "138", "original_claim_id": "C6"},
        # The same day again on another claim, and once more with the modifier of a repeated service.
        same,
        same | {"modifiers": "76"},
        # A line, and the line that takes it back; and one that takes back what is not there.
        {"from_date": "20220401"},
        {"from_date": "20220401", "units": -1, "paid_amount": -150},
        {"from_date": "20220402", "paid_amount": -150},
    )
    rejected = read(made, tmp_path)["rejected"]
    rules = {line - 2: rule for line, rule in rejected[["line", "rule"]].itertuples(index=False)}
    assert rules == {
        1: "status: denied",
        2: "status: reversed",
        3: "status: not decided yet",
        4: "claim_id: replaced by a later claim",
        6: "claim_id: taken back by a void",
        7: "frequency: a void, which takes another claim back",
        8: "claim_id: the same service on another claim",
        10: "units: taken back by a line with units or an amount below zero",
        11: "units: takes back a line",
        12: "units: takes back a line that is not there",
    }


def test_a_denied_replacement_replaces_nothing(tmp_path):
    found = read(lines({}, {"status": "D", "frequency": "7", "original_claim_id": "C0"}), tmp_path)
    assert found["rejected"]["rule"].tolist() == ["status: denied"]
    assert found["session"]["day"].tolist() == [0]


def test_adjustments_go_over_all_files(tmp_path):
    made = lines({}, {"frequency": "8", "original_claim_id": "C0"}, {})
    first, second = made["claims"].iloc[:1], made["claims"].iloc[1:]
    found = read({"claims_2021": first, "claims_2022": second, "members": made["members"]}, tmp_path)
    assert found["intake"]["n_accepted"].tolist() == [1, 0, 1]


def test_a_line_over_several_days_is_refused_unless_the_study_spreads_it(tmp_path):
    made = lines({"to_date": "20220307", "units": 3})
    found = read(made, tmp_path)
    assert found["rejected"]["rule"].tolist() == [
        "to_date: several days on one line, which are not told apart; see the setting 'spans'"
    ]
    (tmp_path / "evenly").mkdir()
    spread = read(made, tmp_path / "evenly", spans="evenly")
    assert spread["session"].sort_values("day")[["day", "minutes_attended"]].values.tolist() == [
        [0, 180], [3, 180], [6, 180]
    ]  # fmt: skip
    assert spread["cost"]["amount"].tolist() == [50, 50, 50]


def test_every_day_of_a_stay_with_a_bed_is_care_and_what_follows_steps_down_from_it(tmp_path):
    made = lines({"procedure_code": "H0018", "to_date": "20220320"}, {"from_date": "20220325"})
    found = read(made, tmp_path)
    assert found["episode"]["stepped_down_from"].tolist() == ["residential"]
    assert (found["service"]["level_of_care"] == "3").sum() == 20


@pytest.mark.parametrize(
    ("spans", "end"),
    [
        ([("2022-01-01", "2022-04-30")], 60),
        ([("2022-01-01", "2022-03-31"), ("2022-04-01", "2022-04-30")], 60),
        # Whoever comes back after a gap was not observed in it, and not for this episode.
        ([("2022-01-01", "2022-03-31"), ("2022-06-01", "2023-04-30")], 30),
        ([("2021-01-01", "2021-12-31")], 0),
    ],
)
def test_people_are_observed_while_they_are_covered(tmp_path, spans, end):
    made = lines({})
    made["enrollment"] = pd.DataFrame([("1", *span) for span in spans], columns=["person_id", "start_date", "end_date"])
    assert read(made, tmp_path)["episode"]["observation_end_day"].tolist() == [end]


def test_without_members_and_cover_nothing_of_them_is_known(tmp_path):
    found = read({"claims": lines({})["claims"]}, tmp_path)
    assert found["person"][["age_years", "sex"]].isna().all().all()
    assert found["episode"]["observation_end_day"].isna().all()
    (tmp_path / "drawn").mkdir()
    drawn = read({"claims": lines({})["claims"]}, tmp_path / "drawn", drawn=DRAWN)
    assert drawn["episode"]["observation_end_day"].tolist() == [486]


def test_a_line_that_breaks_a_rule_is_set_aside_by_name(tmp_path):
    broken = [
        ({"claim_id": None}, "claim_id: empty"),
        ({"person_id": "7"}, "person_id: not among the accepted members"),
        ({"from_date": "3/1/2022"}, "from_date: is no date"),
        ({"from_date": "20301231"}, "from_date: after the day on which the data were drawn"),
        ({"to_date": "20220101"}, "to_date: before from_date"),
        ({"status": "Q"}, "status: a word that source.statuses does not name"),
        ({"procedure_code": None, "revenue_code": None}, "procedure_code, revenue_code: both empty"),
        ({"units": 0}, "units: zero"),
        (
            {"units": 12},
            "units: several of a day's rate on one day; say under source.units what a unit of the payer is",
        ),
        ({"procedure_code": "H0004", "revenue_code": None, "units": 400}, "units: more than a day"),
    ]
    found = read(lines(*[change for change, _ in broken], {}), tmp_path, drawn=DRAWN)
    own = found["rejected"].sort_values("line")
    assert own["rule"].tolist() == [rule for _, rule in broken]
    assert found["intake"].set_index("file").loc["claims.csv", "n_accepted"] == 1


def test_columns_and_words_of_a_payer_are_mapped(tmp_path):
    made = lines({"status": "22"}, {"status": "02"})
    made["claims"] = made["claims"].rename(columns={"claim_id": "ICN", "from_date": "DOS"})
    names = {"claims": {"ICN": "claim_id", "DOS": "from_date"}}
    found = read(made, tmp_path, columns=names, statuses={"22": "reversed", "02": "paid"})
    assert found["rejected"]["rule"].tolist() == ["status: reversed"]


def test_what_it_cannot_give_is_said(eight):
    state = capabilities(eight, SOURCES["claims"].cannot).set_index("name")
    for place in SOURCES["claims"].cannot:
        assert not state["available"][place], place


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"path": "bills/claims.csv"}, "source.path: 'claims.csv' is a file; give the folder that holds claims.csv"),
        ({"path": "none"}, "source.path: there is no claims.csv or claims.parquet in 'none'; add it"),
        ({"path": "torn"}, "claims.csv: there is no column 'status'"),
        ({"path": "empty"}, "claims.csv: the file has a header and no rows"),
        ({"columns": {"claim": {}}}, "source.columns: there is no file 'claim'; did you mean 'claims'?"),
        ({"columns": {"claims": {"status": "state"}}}, "source.columns.claims: there is no 'state'; did you mean"),
        ({"codes": {"H0015": "IOP"}}, "source.codes.H0015: 'IOP' is no meaning of a code; write a level of care"),
        ({"codes": {"H0015": None, "0906": None}}, "claims: 3 rows were read, and none bears a code of outpatient"),
    ],
)
def test_files_that_cannot_be_read_are_answered_in_one_sentence(tmp_path, settings, sentence):
    made = lines({})
    write(made, tmp_path)
    for name, frame in (("torn", made["claims"].drop(columns="status")), ("empty", made["claims"].iloc[:0])):
        (tmp_path / name).mkdir()
        frame.to_csv(tmp_path / name / "claims.csv", index=False)
    (tmp_path / "none").mkdir()
    source = SOURCES["claims"]
    with pytest.raises(SourceError) as error:
        source(tmp_path, 1, **source.check({"path": "bills"} | settings))
    assert str(error.value).startswith(sentence)
