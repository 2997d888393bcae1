"""Mistakes that people make with their own files, and what `check` says of each; docs/mistakes.md lists them.

Forty-four people are spoilt one way at a time. Nothing may pass in silence and nothing may end in a traceback.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from iop_outcomes import study as studies
from iop_outcomes.check.checking import check_study
from iop_outcomes.kernel.errors import StudyFileError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mistakes.md"
Tables = dict[str, pd.DataFrame]
MISTAKES: list[tuple[str, str, Callable]] = []

STUDY = """
format: 1
study: own
source: {kind: tables, path: own}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
  eligibility: [adult]
covariates: [age_years, sex, employment]
metrics:
  completion: {}
  attendance_rate: {window_days: 56}
  percent_days_abstinent: {window_days: 56}
designs: {overlap: {method: overlap_weights}}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
"""


def whole() -> Tables:
    """Return forty-four people, every other one in IOP, with ten sessions, six tests and a report of use each."""
    n = 44
    person = pd.DataFrame({"person_id": [f"p{i}" for i in range(n)]})
    person = person.assign(age_years=[20 + i for i in range(n)], sex=["female", "female", "male", "male"] * (n // 4))
    iop = np.arange(n) % 2 == 0
    stay = 20 + (np.arange(n) * 37) % 60
    episode = pd.DataFrame({"episode_id": [f"e{i}" for i in range(n)], "person_id": person["person_id"]})
    episode = episode.assign(
        assignment_day=0,
        admission_day=1,
        discharge_day=stay,
        observation_end_day=400,
        level_of_care=np.where(iop, "2.1", "1"),
        prescribed_hours_per_week=np.where(iop, 9, 2),
        discharge_reason=np.where(np.arange(n) % 3 == 0, "completed", "dropout"),
    )
    baseline = pd.DataFrame(
        {"episode_id": episode["episode_id"], "employment": ["full", "full", "none", "none"] * (n // 4)}
    )
    session = pd.DataFrame(
        [(f"s{i}_{k}", f"e{i}", 2 + k, ("attended", "no_show")[k % 4 == 3]) for i in range(n) for k in range(10)],
        columns=["session_id", "episode_id", "day", "status"],
    ).assign(minutes_scheduled=lambda s: np.where(s["episode_id"].isin(episode["episode_id"][iop]), 180, 50))
    drug_test = pd.DataFrame(
        [(f"p{i}", 7 * k, "any", ("negative", "positive")[(i + k) % 5 == 0]) for i in range(n) for k in range(1, 7)],
        columns=["person_id", "day", "substance", "result"],
    )
    use = pd.DataFrame({"person_id": person["person_id"], "day": 0, "window_days": 60, "substance": "any"})
    use = use.assign(days_used=[i % 20 for i in range(n)], source="tlfb")
    return {
        "person": person,
        "episode": episode,
        "baseline": baseline,
        "session": session,
        "drug_test": drug_test,
        "use_report": use,
    }


def mistake(title: str, says: str) -> Callable:
    """Add a way of spoiling the files or the study, and what must be said of it."""

    def keep(spoil: Callable) -> Callable:
        MISTAKES.append((title, says, spoil))
        return spoil

    return keep


@mistake("A status that is misspelt", "session.csv -> session: 352 of 440 rows: status: must be one of attended")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["session"]["status"] = tables["session"]["status"].replace("attended", "atended")


@mistake("Calendar dates where days are due", "day: is no whole number; days are counted, not dated")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["drug_test"]["day"] = "3/4/2024"


@mistake("Days as a spreadsheet keeps dates", "drug_test.csv -> drug_test: 264 of 264 rows: day: must be at most 36525")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["drug_test"]["day"] += 45_000


@mistake("Minutes given in hours", "session.minutes_scheduled: half of the sessions last 3 minutes or less, so that")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["session"]["minutes_scheduled"] = 3


@mistake("Hours a week given in minutes", "prescribed_hours_per_week: 22 rows of more than 60 hours a week")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["prescribed_hours_per_week"] = np.where(tables["episode"]["level_of_care"] == "2.1", 90, 10)


@mistake("The levels of care swapped", "level 2.1 is prescribed 2 hours a week at the median and level 1 9")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["level_of_care"] = np.where(tables["episode"]["level_of_care"] == "2.1", "1", "2.1")


@mistake("The levels swapped, and no hours on record", "in the first 28 days people of level 2.1 have 8.3 hours")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["level_of_care"] = np.where(tables["episode"]["level_of_care"] == "2.1", "1", "2.1")
    del tables["episode"]["prescribed_hours_per_week"]


@mistake("A table that is not there", "source.path: there is no episode.csv or episode.parquet in 'own'; add it")
def _(tables: Tables, study: dict, folder: Path) -> None:
    del tables["episode"]


@mistake("Files of other names", "attendance.csv: there is no table 'attendance'")
def _(tables: Tables, study: dict, folder: Path) -> None:
    for name, ours in {"person": "clients", "episode": "intakes", "session": "attendance"}.items():
        tables[name] = tables.pop(name).rename(columns={"person_id": "client"})
        tables[ours] = tables.pop(name)


@mistake("An empty file", "baseline.csv: the file is empty")
def _(tables: Tables, study: dict, folder: Path) -> None:
    del tables["baseline"]
    (folder / "baseline.csv").write_text("")


@mistake(
    "A header and nothing below it", "session.csv: the file has a header and no rows, so that there is no 'session'"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["session"] = tables["session"].head(0)


@mistake(
    "Sessions of nobody", "session.csv -> session: 10 of 440 rows: episode_id: not among the accepted rows of 'episode'"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"] = tables["episode"].iloc[1:]
    tables["baseline"] = tables["baseline"].iloc[1:]


@mistake("The wrong separator", "person.csv: the cells are separated by semicolons; save the file with commas")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables.pop("person").to_csv(folder / "person.csv", sep=";", index=False)


@mistake(
    "One key where the other is due",
    "person_id: not among the accepted rows of 'person'; look whether the column holds",
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["drug_test"]["person_id"] = tables["drug_test"]["person_id"].str.replace("p", "e")


@mistake(
    "A level of care that nobody has", "cohort.arms.iop: no episode has level_of_care: 2.5; there are 1 (22), 2.1 (22)"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["cohort"]["arms"]["iop"]["level_of_care"] = "2.5"


@mistake("One arm only", "cohort.arms.outpatient: no episode has level_of_care: 1; there are 2.1 (44)")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["level_of_care"] = "2.1"


@mistake(
    "A covariate recorded later under a name of its own",
    "covariate 'weeks_in_care' goes so closely with the length of stay",
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["baseline"]["weeks_in_care"] = tables["episode"]["discharge_day"] // 7
    study["covariates"].append("weeks_in_care")


@mistake(
    "A covariate recorded later under its usual name",
    "'length_of_stay' is the length of stay, known only after time zero",
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["covariates"].append("length_of_stay")


@mistake("A workbook among the files", "uds.xlsx: nobody reads this file; the kind `sheets` reads workbooks")
def _(tables: Tables, study: dict, folder: Path) -> None:
    (folder / "uds.xlsx").write_bytes(b"PK")


@mistake("No end of observation", "episode.observation_end_day: not on record, so that everybody counts as watched")
def _(tables: Tables, study: dict, folder: Path) -> None:
    del tables["episode"]["observation_end_day"]


@mistake("Tests that are not in the files", "metric percent_days_abstinent: it needs")
def _(tables: Tables, study: dict, folder: Path) -> None:
    del tables["drug_test"], tables["use_report"]


@mistake("Only the appointments that were kept", "session.status: every session was attended")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["session"] = tables["session"][tables["session"]["status"] == "attended"]


@mistake(
    "A covariate that no file has",
    "covariates: there is no column 'employed' in the records; did you mean 'employment'?",
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["covariates"][2] = "employed"


@mistake("A typing error in a section", "there is no setting 'cohort.follow_up_day'; did you mean 'follow_up_days'?")
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["cohort"]["follow_up_day"] = 90


@mistake("A metric that does not exist", "there is no metric 'attendance_rates'; did you mean 'attendance_rate'?")
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["metrics"]["attendance_rates"] = {}


@mistake(
    "A word for missing that nobody was told", "age_years: is no number; name the words for missing: missing: [WORD]"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["person"]["age_years"] = (
        tables["person"]["age_years"].astype(object).where(tables["person"].index > 2, "unk")
    )


@mistake("Names and notes in a file", "person.csv: the table 'person' has no column 'last_name'")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["person"]["last_name"] = "Doe"


@mistake("The same rows twice", "session.csv -> session: 440 of 880 rows: session_id: the same row again")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["session"] = pd.concat([tables["session"]] * 2)


@mistake("Everybody a minor", "cohort: no episode passes the eligibility rules")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["person"]["age_years"] = 16


@mistake("Discharges before admissions", "episode.csv -> episode: 44 of 44 rows: discharge_day: before admission_day")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["discharge_day"] = 0


@mistake(
    "Rows of one arm that break a rule",
    "episode: 18% of the rows of outpatient are set aside and 0% of those of iop; look what the rows are",
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["source"]["max_rejected_share"] = 0.1
    own = tables["episode"]["level_of_care"] == "1"
    tables["episode"].loc[tables["episode"].index[own][:4], "discharge_day"] = -3


@mistake(
    "A level that few have",
    "employment: 'part', of 1 to 10 people in an arm, and 'full' to hide it; merge 'full' and 'part'",
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["baseline"]["employment"] = ["full", "none"] * 22
    tables["baseline"].loc[[0, 2, 4], "employment"] = "part"


@mistake("A covariate that is a note", "employment: 44 of 44 levels of 1 to 10 people in an arm; group them")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["baseline"]["employment"] = [f"note {i}" for i in range(44)]


@mistake(
    "Telephone numbers among the covariates", "baseline.contact: the column holds telephone numbers (44 cells look"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["baseline"]["contact"] = [f"555-010-{number:04d}" for number in range(len(tables["baseline"]))]


@mistake("Names of people for ids", "person.person_id: the column holds names of people")
def _(tables: Tables, study: dict, folder: Path) -> None:
    names = {one: f"Doe, J{chr(97 + i // 26)}{chr(97 + i % 26)}" for i, one in enumerate(tables["person"]["person_id"])}
    for name in ("person", "episode", "drug_test"):
        tables[name]["person_id"] = tables[name]["person_id"].map(names)


@mistake("A rule refused under a wrong name", "refuse: there is no rule 'session: day: befor admission'")
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["refuse"] = ["session: day: befor admission"]


@mistake(
    "A record that the study refuses", "refuse: 10 records of 'session' fell under the rule 'episode_id: not among"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    study["refuse"] = ["session: episode_id: not among the accepted rows of 'episode'"]
    tables["session"].loc[:9, "episode_id"] = "nobody"


@mistake("The same hours for both levels", "prescribed_hours_per_week: 9 at the median for level 1 and level 2.1 alike")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["prescribed_hours_per_week"] = 9


@mistake("A site for each arm", "episode.site_id: every one of 2 sites has people of one arm only, so that")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["site_id"] = tables["episode"]["level_of_care"].map({"2.1": "north", "1": "south"})
    tables["site"] = pd.DataFrame({"site_id": ["north", "south"]})


@mistake("One arm before, the other after", "episode.period: every one of 2 times has people of one arm only, so that")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["period"] = tables["episode"]["level_of_care"].map({"2.1": "2023", "1": "2021"})


@mistake("The arm among the covariates", "covariates: 'program' says which arm somebody is in, as each of its 2 levels")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["baseline"]["program"] = tables["episode"]["level_of_care"].map({"2.1": "day", "1": "weekly"})
    study["covariates"].append("program")


@mistake("A covariate in which all are alike", "covariates: 'employment' is the same of everybody, so that it tells")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["baseline"]["employment"] = "full"


@mistake("Tests of one programme only", "drug_test: nobody in outpatient has a row, of 22, and in iop 22 of 22 have")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["drug_test"] = tables["drug_test"][tables["drug_test"]["person_id"].isin([f"p{i}" for i in range(0, 44, 2)])]


@mistake("Weeks given for days", "drug_test.day: half of the tests follow the day after another of the same person")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["drug_test"]["day"] //= 7


@mistake(
    "Discharges of those who completed only", "episode.discharge_reason: every reason on record is completed (15 of"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    left = tables["episode"]["discharge_reason"] == "dropout"
    tables["episode"].loc[left, ["discharge_reason", "discharge_day"]] = None


@mistake("The end of the records as discharge", "episode.discharge_day: everybody was discharged after the same time")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["discharge_day"] = 365


@mistake(
    "A client for trying things out", "session.episode_id: one episode has 230 of 660 sessions; look whether it is"
)
def _(tables: Tables, study: dict, folder: Path) -> None:
    more = tables["session"].iloc[:220].assign(episode_id="e0")
    more["session_id"] = "t" + more["session_id"]
    tables["session"] = pd.concat([tables["session"], more])


@mistake("Nobody who came", "session.status: no session was attended by anybody; look at the codes")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["session"]["status"] = "no_show"


@mistake("What was kept taken for missed", "session.status: 20% of the sessions were attended; look at the codes")
def _(tables: Tables, study: dict, folder: Path) -> None:
    swapped = {"attended": "no_show", "no_show": "attended"}
    tables["session"]["status"] = tables["session"]["status"].map(swapped)


@mistake("A day of drawing years later", "episode.observation_end_day: nobody has a record in the last 3,958 days in")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["episode"]["observation_end_day"] = 4000


@mistake("The year of birth for the age", "age_years: must be at most 90; give years of age and not months or the year")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["person"]["age_years"] = 2024 - tables["person"]["age_years"]


@mistake("Ids written in two ways", "not among the accepted rows of 'person'; look whether the column holds the key of")
def _(tables: Tables, study: dict, folder: Path) -> None:
    tables["drug_test"]["person_id"] = tables["drug_test"]["person_id"].str.upper()


@mistake("Everybody in both arms on one day", "cohort: no episode passes the eligibility rules")
def _(tables: Tables, study: dict, folder: Path) -> None:
    other = tables["episode"].assign(level_of_care=tables["episode"]["level_of_care"].map({"2.1": "1", "1": "2.1"}))
    tables["episode"] = pd.concat([tables["episode"], other.assign(episode_id="o" + other["episode_id"])])


def told(tmp_path: Path, spoil: Callable[[Tables, dict[str, Any], Path], None]) -> str:
    """Return everything that is said of a study and its files after they were spoilt."""
    folder = tmp_path / "own"
    folder.mkdir()
    tables, study = whole(), yaml.safe_load(STUDY)
    spoil(tables, study, folder)
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    try:
        return check_study(studies.parse(study), tmp_path).findings.text()
    except StudyFileError as refused:
        return str(refused)


def test_files_without_a_mistake_are_not_doubted(tmp_path):
    said = told(tmp_path, lambda *_: None)
    parts = [line for line in said.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert parts == ["Columns that can tell who somebody is, and what becomes of them:", "What the study can answer:"]
    assert "people by arm, before any rule: 22 in iop, 22 in outpatient" in said
    assert "3 of 3 metrics possible" in said


@pytest.mark.parametrize(("title", "says", "spoil"), MISTAKES, ids=[title for title, *_ in MISTAKES])
def test_a_mistake_is_told(tmp_path, title, says, spoil):
    assert says in told(tmp_path, spoil)


def test_the_page_lists_every_mistake_with_what_is_said():
    page = re.sub(r"\s+", " ", PAGE.read_text())
    assert [title for title, says, _ in MISTAKES if f"| {title} | {says}" not in page] == []
    assert len(MISTAKES) >= 25


def test_all_mistakes_at_once_are_told_at_once(tmp_path):
    def spoil(tables, study, folder):
        tables["session"]["status"] = "atended"
        tables["drug_test"]["day"] = "3/4/2024"
        tables["person"]["last_name"] = "Doe"
        del tables["baseline"]["episode_id"]

    said = told(tmp_path, spoil)
    for file in ("person.csv", "session.csv", "drug_test.csv", "baseline.csv"):
        assert file in said.partition("Rows that were set aside")[0]
    assert "Doe" not in said and "3/4/2024" not in said


def test_an_arm_that_nobody_is_in_refuses_the_analyses_that_compare_it_and_no_other(tmp_path):
    def spoil(tables, study, folder):
        study["cohort"]["arms"]["day_programme"] = {"level_of_care": "2.5"}
        study["designs"]["overlap"]["arms"] = "pairwise"
        study["analyses"]["other"] = study["analyses"]["primary"] | {"contrast": ["day_programme", "outpatient"]}

    problems, _, rest = told(tmp_path, spoil).partition("Refused, because the records do not give it:")
    assert "What keeps the study from running" not in problems
    assert "cohort.arms.day_programme: no episode has level_of_care: 2.5" in rest
    assert "analysis other: nobody is in 'day_programme'" in rest and "1 of 2 analyses possible: primary" in rest
