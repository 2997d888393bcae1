"""From raw files to a report, once for each source that reads the records of others: one clinic, told in three ways.

The report must say of intensive outpatient treatment what was put in (three days a week against one), and refuse by
name what a source cannot tell.
"""

import pandas as pd
import pytest

import claims_files
import fhir_export
import omop_database
from dated_clinic import arms_study, clinic
from iop_outcomes.in_memory import run_study
from iop_outcomes.release.stage import release_tables
from iop_outcomes.study import parse
from teds_layouts import records, write_codes, write_early, write_labels

SOURCES = {
    "omop": lambda made, folder: omop_database.write(omop_database.tables(made), folder, "sqlite"),
    "fhir": lambda made, folder: fhir_export.write(fhir_export.resources(made), folder, "zip"),
    "claims": lambda made, folder: claims_files.write(claims_files.tables(made), folder),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SOURCES)
def test_a_clinic_told_by_a_system_of_others_comes_to_its_report(tmp_path, kind):
    made = clinic(240)
    study = parse(arms_study({"kind": kind, "path": SOURCES[kind](made, tmp_path)}))
    found = run_study(study, folder=tmp_path)
    released = release_tables(study, found)
    came = made.sessions[made.sessions["status"] == "attended"].groupby("person").size()
    means = came.groupby(made.people.set_index("person")["iop"]).mean()
    estimate = found["estimate"].query("analysis == 'days' and role == 'contrast' and kind == 'adjusted'").iloc[0]
    # A year of birth and a sex are all that is adjusted for, and neither has to do with the arm.
    assert estimate["value"] == pytest.approx(means[True] - means[False], abs=0.6)
    verdict = released["verdict"].frame.set_index("analysis")
    # Intensive outpatient people are due more sessions, so that more days of treatment are by plan.
    assert tuple(verdict.loc["days", ["verdict", "reasons"]]) == ("cannot tell", "unlike_plans")
    refused = found["refusal"].astype(str)
    told = refused[refused.apply(lambda row: row.str.contains("attendance").any(), axis=1)]
    assert len(told) == (kind != "fhir")


@pytest.mark.slow
def test_three_layouts_of_teds_d_come_to_one_report(tmp_path):
    write_early(records(900, 2014, seed=2), tmp_path / "tedsd_2006-2014.csv")
    write_codes(records(900, 2019, seed=3), tmp_path / "tedsd_puf_2019.zip")
    write_labels(records(900, 2021, seed=4), tmp_path / "tedsd_puf_2021.csv")
    source = {"kind": "teds_d", "path": ".", "year": [2014, 2019, 2021], "state_gate": ["one_arm"]}
    source |= {"service_at_discharge": "stands_for_admission"}
    content = {
        "study": "teds",
        "source": source,
        "cohort": {
            "arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}},
            "time_zero": "admission",
            "eligibility": ["adult", "no_planned_opioid_medication"],
        },
        "covariates": ["sex", "employment", "period"],
        "metrics": {"completion": {}},
        "designs": {"overlap": {"method": "overlap_weights"}},
        "analyses": {
            "primary": {
                "outcome": "completion", "design": "overlap", "estimator": "weighted", "measure": "risk_difference"
            }
        },
    }  # fmt: skip
    study = parse(content)
    found = run_study(study, folder=tmp_path)
    verdict = release_tables(study, found)["verdict"].frame.set_index("analysis")
    # Drawn at random, the levels of care do not differ.
    assert verdict.loc["primary", "verdict"] not in ("better", "worse", "different")
    assert set(found["episode"]["period"]) == {"2014", "2019", "2021"}
    assert isinstance(found["cohort"], pd.DataFrame) and len(found["cohort"]) > 500
