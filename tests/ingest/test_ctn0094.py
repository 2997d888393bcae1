"""The CTN-0094 trials: raw tables to sessions, drug tests, reports and episodes, and what may not be inferred."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes import tables
from iop_outcomes.kernel.errors import SourceError
from iop_outcomes.kernel.registry import SOURCES
from reference import reference_data

#: 1: CTN-0027, methadone, randomised on day 3. 2: CTN-0030, twice randomised, days 0 and 20. 3: never randomised.
TABLES = {
    "everybody": "who,project\n1,27\n2,30\n3,51\n",
    "randomization": """who,treatment,which,when
1,Methadone,1,3
1,Methadone,2,3
2,Outpatient BUP + SMM,1,0
2,Outpatient BUP + EMM,2,20
""",
    "site_masked": "who,site_masked\n1,7\n2,8\n3,8\n",
    "demographics": """who,age,is_hispanic,race,job,is_living_stable,education,marital,is_male
1,43,No,White,Full Time,Yes,HS/GED,Never married,Yes
2,93,No,White,,Yes,HS/GED,Never married,No
3,30,No,White,,,,,Yes
""",
    "visit": """who,visit,what,is_in_jail,is_in_hospital,is_illness,is_dead,when
1,BASELINE,visit,,,,,-2
1,WK1,visit,,,,,11
1,WK2,no visit,1,,,,
1,WK3,no visit,,,,,
1,WK4,visit,,,,,31
1,WK5,visit,,,,,75
1,M1F,no visit,,,,,
2,BASELINE,,,,,,-1
2,P1Wk1A,visit,,,,,0
2,P1Finl,final,,,,,20
2,P2Wk1A,visit,,,,,20
3,BASELINE,visit,,,,,0
""",
    "uds": "who,what,when\n1,Methadone,11\n1,Thc,11\n1,Opioid,25\n3,Opioid,0\n",
    "tlfb": "who,what,when\n1,Heroin,-40\n1,Heroin,-20\n1,Opioid,-20\n1,Alcohol,-10\n1,THC,5\n",
    "treatment": "who,amount,when\n1,30,4\n1,40,5\n2,8,0\n",
    "detox": "who,what,when\n2,admission,-6\n2,discharge,-1\n3,admission,1\n3,discharge,\n",
}


def read(folder: Path, **settings) -> dict[str, pd.DataFrame]:
    changed = {name: settings.pop(name) for name in list(settings) if name in (*TABLES, "pain")}
    for name, text in (TABLES | changed).items():
        (folder / f"{name}.csv").write_text(text)
    source = SOURCES["ctn0094"]
    return source(folder.parent, 1, **source.check({"path": folder.name, "max_rejected_share": 0.5} | settings))


def rejected(found: dict[str, pd.DataFrame], table: str) -> list[tuple]:
    rows = found["rejected"].query("table == @table")[["file", "line", "rule"]]
    return list(rows.itertuples(index=False, name=None))


def screens(found: dict[str, pd.DataFrame], person: str, substance: str) -> list[tuple]:
    tests = found["drug_test"].query("person_id == @person and substance == @substance")
    return list(zip(tests["day"], tests["result"], strict=True))


def test_the_first_randomisation_is_the_episode_and_a_second_one_a_service(tmp_path):
    found = read(tmp_path)
    episode = found["episode"].set_index("episode_id")
    assert episode["assigned_treatment"].to_dict() == {"1": "Methadone", "2": "Outpatient BUP + SMM"}
    assert episode["assignment_day"].to_dict() == {"1": 3, "2": 0}
    # 24 weeks after randomisation, and after the second one in CTN-0030.
    assert episode["observation_end_day"].to_dict() == {"1": 171, "2": 188}
    assert found["service"].query("day == 20")["code"].tolist() == ["second randomisation: Outpatient BUP + EMM"]
    copy = "which: 2, a copy of the first randomisation in trials without a second"
    assert rejected(found, "episode")[0] == ("randomization.csv", 3, copy)


def test_somebody_never_randomised_is_a_person_without_an_episode(tmp_path):
    found = read(tmp_path)
    assert found["person"]["person_id"].tolist() == ["1", "2", "3"]
    assert found["person"]["age_years"].tolist() == [43, 90, 30]
    never = "who: never randomised, so there is no episode"
    assert ("visit.csv", 13, never) in rejected(found, "session")
    assert ("site_masked.csv", 4, never) in rejected(found, "episode")
    # A positive on file is evidence; a visit without one is not.
    assert screens(found, "3", "opioid") == [(0, "positive")]
    assert screens(found, "3", "cocaine") == []


def test_visits_are_sessions_with_a_day_and_a_status(tmp_path):
    found = read(tmp_path)
    one = found["session"].query("episode_id == '1'")
    # Randomised on day 3: week 2 lies on day 3 + 14, week 3 on day 3 + 21.
    assert list(zip(one["day"], one["status"], strict=True)) == [
        (-2, "attended"),
        (11, "attended"),
        (17, "excused"),
        (24, "no_show"),
        (31, "attended"),
        (75, "attended"),
    ]
    assert ("visit.csv", 8, "when: missed, and the label names no week") in rejected(found, "session")


def test_two_visits_of_one_day_are_one_session(tmp_path):
    found = read(tmp_path)
    assert found["session"].query("episode_id == '2'")["day"].tolist() == [0, 20]
    assert ("visit.csv", 12, "when: another visit of the person on this day is counted") in rejected(found, "session")
    assert ("visit.csv", 9, "what: no disposition on file") in rejected(found, "session")


def test_care_ends_with_the_last_contact_before_a_gap_of_four_weeks(tmp_path):
    episode = read(tmp_path)["episode"].set_index("episode_id")
    # Dose on day 4; seen on 5, 11 and 31, and again on 75, 44 days later.
    assert episode.loc["1", ["admission_day", "last_contact_day"]].tolist() == [4, 31]
    assert episode.loc["2", ["admission_day", "last_contact_day"]].tolist() == [0, 20]


def test_a_negative_is_an_attended_day_without_a_positive_of_what_the_trial_screened_for(tmp_path):
    found = read(tmp_path)
    assert screens(found, "1", "cocaine")[:3] == [(-2, "negative"), (11, "negative"), (17, "missing")]
    assert screens(found, "1", "cannabis")[:2] == [(-2, "negative"), (11, "positive")]
    # CTN-0027 did not screen for buprenorphine.
    assert screens(found, "1", "buprenorphine") == []


def test_the_prescribed_agent_is_no_use(tmp_path):
    found = read(tmp_path)
    # Methadone in the methadone arm on day 11; another opioid on day 25, on which no visit is on file.
    assert screens(found, "1", "non_study_opioid")[:4] == [
        (-2, "negative"),
        (11, "negative"),
        (17, "missing"),
        (25, "positive"),
    ]
    tests = found["drug_test"].query("substance == 'methadone'")
    assert tests.groupby("person_id")["prescribed"].all().to_dict() == {"1": True, "2": False}


def test_screens_are_missing_where_the_protocol_foresaw_them_and_nowhere_else(tmp_path):
    found = read(tmp_path)
    tests = found["drug_test"].query("substance == 'non_study_opioid' and result == 'missing'")
    # Person 1: weeks 1 to 24 but 1 (seen as planned), 3 (a screen on day 25, one day off) and 4.
    # Week 5 was due on day 38; a visit of that label on day 75 is another week's.
    weeks = [(day - 3) / 7 for day in tests.query("person_id == '1'")["day"]]
    assert weeks == [2, 5, 6, 7, 8, 9, *range(11, 25)]
    # Person 2: phase 1 is due on days 6 and 13 and ends on day 20, with the second randomisation; then weeks 1 to 16
    # and every second week to 24.
    days = tests.query("person_id == '2'")["day"].tolist()
    assert days == [6, 13, *[20 + 7 * week - 1 for week in (*range(1, 17), 18, 20, 22, 24)]]


def test_calendars_hold_use_and_denials_only_where_the_study_says_so(tmp_path):
    use = read(tmp_path)["use_report"]
    assert use["days_used"].tolist() == [1] * 7
    own = use[use["substance"] != "non_study_opioid"]
    assert own["substance"].tolist() == ["heroin", "heroin", "opioid", "alcohol", "cannabis"]
    # Any opioid is reported under the name of the urine panel too, once a day.
    assert use.query("substance == 'non_study_opioid'")["day"].tolist() == [-40, -20]
    denied = read(tmp_path, denied_days="until_last_visit")["use_report"].query("days_used == 0")
    assert set(denied["person_id"]) == {"1"}
    # Days -30 to 74, the day before the last visit, without the three days with use.
    any_use = denied.query("substance == 'any'")
    assert sorted(any_use["day"]) == [day for day in range(-30, 75) if day not in (-20, -10, 5)]
    # Days of other use on which no opioid was reported.
    assert denied.query("substance == 'non_study_opioid'")["day"].tolist() == [-10, 5]


def test_covariates_are_known_at_randomisation(tmp_path):
    found = read(tmp_path, pain="who,pain,when\n1,Severe Pain,4\n2,No Pain,0\n")
    baseline = found["baseline"].set_index("episode_id")
    assert baseline["trial"].to_dict() == {"1": "CTN-0027", "2": "CTN-0030"}
    # Days -27 to 2 are the thirty before day 3: opioids on day -20 only. Person 2 has no calendar.
    assert baseline.loc["1", "use_days_at_baseline"] == 1
    assert pd.isna(baseline.loc["2", "use_days_at_baseline"])
    assert pd.isna(baseline.loc["1", "pain"])
    assert baseline.loc["2", "pain"] == "No Pain"
    assert ("pain.csv", 2, "when: measured after randomisation") in rejected(found, "baseline")


def test_an_inpatient_stay_needs_both_its_days(tmp_path):
    found = read(tmp_path)
    assert found["controlled_period"].values.tolist() == [["2", -6, -1, "inpatient"]]
    assert [line for _, line, _ in rejected(found, "controlled_period")] == [4, 5]


def test_a_study_of_one_trial_reads_its_people_only(tmp_path):
    found = read(tmp_path, trials=[30])
    assert found["person"]["person_id"].tolist() == ["2"]
    assert found["intake"].set_index(["file", "table"])["n_in"].loc["visit.csv"].tolist() == [4]
    assert [line for _, line, _ in rejected(found, "session")] == [9, 12]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"everybody": "who,trial\n1,27\n"},
            "everybody.csv: there is no column 'project'; it has 2 columns; see that the first",
        ),
        ({"uds": "who,what,whenn\n1,Thc,1\n"}, "uds.csv: there is no column 'when'; did you mean 'whenn'?"),
        ({"trials": [51], "everybody": "who,project\n1,27\n"}, "source.trials: nobody in everybody.csv is in trial 51"),
        ({"path": "nowhere"}, "source.path: there is no file or folder 'nowhere'"),
        (
            {"tlfb": "who,what,when\n1,Heroin,x\n1,Thc,\n1,Thc,1\n", "max_rejected_share": 0.1},
            "tlfb.csv: 2 of 3 rows cannot become rows of 'use_report', more than the share of 0.1 that",
        ),
    ],
)
def test_what_cannot_be_read_is_answered_in_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(SourceError) as error:
        read(tmp_path, **changes)
    assert str(error.value).startswith(sentence)


def test_a_missing_table_is_named(tmp_path):
    (tmp_path / "everybody.csv").write_text(TABLES["everybody"])
    with pytest.raises(SourceError, match=r"there is no randomization.csv or randomization.csv.gz"):
        SOURCES["ctn0094"](tmp_path.parent, 1, path=tmp_path.name)


def test_rows_that_are_rejected_by_design_do_not_refuse_the_source(tmp_path):
    # A quarter of the randomisations is a copy, and nearly half of the visits is of no use; neither is an error.
    found = read(tmp_path, max_rejected_share=0.1, detox="who,what,when\n2,admission,-6\n2,discharge,-1\n")
    assert len(rejected(found, "session")) == 4


@pytest.mark.slow
@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_the_order_of_the_rows_makes_no_difference(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("order")
    straight = read(folder)
    shuffled = {}
    for name, text in TABLES.items():
        header, *rows = text.splitlines()
        shuffled[name] = "\n".join([header, *pd.Series(rows).sample(frac=1, random_state=seed)]) + "\n"
    found = read(folder, **shuffled)
    for name in ("person", "site", "episode", "baseline", "session", "drug_test", "use_report", "controlled_period"):
        pd.testing.assert_frame_equal(found[name], straight[name])


@pytest.fixture(scope="module")
def trials() -> dict[str, pd.DataFrame]:
    folder = reference_data("ctn0094", "visit.csv.gz").parent
    source = SOURCES["ctn0094"]
    return source(folder.parent, 1, **source.check({"path": folder.name}))


@pytest.mark.oracle
def test_every_row_of_the_trials_is_accepted_or_rejected(trials):
    for name, frame in trials.items():
        assert tables.check(frame, name).dtypes.equals(frame.dtypes)
    intake = trials["intake"].set_index(["file", "table"])
    assert intake.loc[("visit.csv.gz", "session"), "n_in"] == 53_899
    assert intake.loc[("uds.csv.gz", "drug_test"), ["n_in", "n_rejected"]].tolist() == [42_906, 0]
    assert intake.loc[("tlfb.csv.gz", "use_report"), ["n_in", "n_rejected"]].tolist() == [237_778, 0]
    assert intake.loc[("treatment.csv.gz", "service"), ["n_in", "n_rejected"]].tolist() == [216_242, 0]
    assert len(trials["person"]) == 3560
    assert len(trials["episode"]) == 2492
    assert trials["baseline"]["trial"].value_counts().to_dict() == {"CTN-0027": 1269, "CTN-0030": 653, "CTN-0051": 570}


@pytest.mark.oracle
def test_attended_days_are_the_published_ones(trials):
    raw = pd.read_csv(reference_data("ctn0094", "visit.csv.gz"), usecols=["who", "what", "when"])
    attended = raw[raw["what"].isin(["visit", "final"]) & raw["when"].notna()]
    person_days = attended.drop_duplicates(["who", "when"])
    assert (len(attended), len(person_days), attended["who"].nunique()) == (41_002, 40_752, 3_123)
    came = trials["session"].query("status == 'attended'")
    randomised = person_days[person_days["who"].astype(str).isin(trials["episode"]["episode_id"])]
    assert set(zip(came["episode_id"].astype(int), came["day"], strict=True)) == set(
        zip(randomised["who"], randomised["when"].astype(int), strict=True)
    )
    no_disposition = trials["rejected"].query("rule == 'what: no disposition on file'")
    assert len(no_disposition) == 1_921


@pytest.mark.oracle
def test_attended_days_after_randomisation_are_as_published(trials):
    came = trials["session"].query("status == 'attended'").merge(trials["episode"], on="episode_id")
    after = came[came["day"] > came["assignment_day"]].groupby("episode_id").size()
    after = after.reindex(trials["episode"]["episode_id"], fill_value=0)
    assert after.quantile([0.25, 0.5, 0.75]).tolist() == [4, 18, 24]
    by_trial = after.groupby(trials["baseline"].set_index("episode_id")["trial"])
    assert by_trial.median().to_dict() == {"CTN-0027": 22, "CTN-0030": 12, "CTN-0051": 12}
    assert (after == 0).groupby(trials["baseline"].set_index("episode_id")["trial"]).sum().to_dict() == {
        "CTN-0027": 113,
        "CTN-0030": 19,
        "CTN-0051": 33,
    }


@pytest.mark.oracle
def test_the_panel_makes_the_published_weeks(trials):
    """Weeks of the published words, 55,934 of them: the day-level panel says positive, negative, mixed or nothing."""
    words = pd.read_csv(
        reference_data("ctn0094", "derived_weeklyOpioidPattern.csv.gz"), dtype=str, keep_default_na=False
    )
    panel = trials["drug_test"].query("substance == 'non_study_opioid' and result != 'missing'")
    panel = panel.merge(trials["episode"][["person_id", "assignment_day"]], on="person_id")
    panel["week"] = (panel["day"] - panel["assignment_day"] - 1) // 7 + 1
    days = pd.crosstab([panel["person_id"], panel["week"]], panel["result"].astype("str"))
    found = days["positive"].gt(0) * 2 + days["negative"].gt(0)
    words = words[words["randWeek1"] != ""].set_index("who")
    # The last week of a word is left out: the published range of days may end in the middle of it.
    weeks = (words["Phase_1"] + words["Phase_2"]).str[:-1].map(list).explode().rename("code").to_frame()
    weeks["week"] = weeks.groupby("who").cumcount() + 1
    published = weeks.set_index("week", append=True)["code"].map({"o": 0, "-": 1, "+": 2, "*": 3})
    assert len(published) == 55_934
    pd.testing.assert_series_equal(
        found.reindex(published.index, fill_value=0), published, check_names=False, check_dtype=False
    )
