"""A whole study of people who are in care when the data end: who is censored, and whose interval is by site."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study
from iop_outcomes.in_memory import run_study
from iop_outcomes.kernel.errors import StudyFileError

N = 120


def content(folder, **changes) -> dict:
    """Return a study of the tables in a folder, whose gate lets everything pass."""
    return {
        "study": "cut",
        "source": {"kind": "tables", "path": str(folder)},
        "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
        "covariates": ["sex"],
        "metrics": {"retention_98": {"metric": "retention", "day": 98}, "ninety_day_stay": {}},
        "designs": {"overlap": {"method": "overlap_weights"}},
        "analyses": {
            "curve": {
                "outcome": "time_in_care",
                "design": "overlap",
                "estimator": "rmst",
                "settings": {"until_day": 90},
            },
            "retained": {"outcome": "retention_98", "design": "overlap", "estimator": "weighted"},
        },
        "gate": {"max_smd": 9, "min_equipoise": 0, "min_ess": 1, "max_one_arm_share": 1},
    } | changes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write people of whom every second left on day 40, and the others were seen on day 97; the data end on day 100."""
    place, number = tmp_path_factory.mktemp("cut"), np.arange(N)
    person = pd.DataFrame({"person_id": [f"P{i}" for i in number], "age_years": 40})
    person["sex"] = np.where(number // 4 % 2, "female", "male")
    episode = pd.DataFrame({"episode_id": [f"E{i}" for i in number], "person_id": person["person_id"]})
    episode["site_id"] = np.array(["a", "b", "c"])[number // 4 % 3]
    episode = episode.assign(assignment_day=0, admission_day=1, observation_end_day=100)
    left = number % 2 == 1
    episode["discharge_day"] = np.where(left, 40.0, np.nan)
    episode["discharge_reason"] = np.where(left, "dropout", None)
    episode["last_contact_day"] = np.where(left, 40, 97)
    episode["level_of_care"] = np.where(number // 2 % 2, "1", "2.1")
    site = pd.DataFrame({"site_id": ["a", "b", "c"]})
    for name, table in {"person": person, "episode": episode, "site": site}.items():
        table.to_csv(place / f"{name}.csv", index=False)
    return place


def test_in_care_when_the_data_end_is_censored_there_in_every_table(folder):
    made = run_study(study.parse(content(folder)))
    outcomes = made["outcomes"]
    in_care = outcomes["retention_days"] == 100
    assert in_care.sum() == N / 2
    assert not outcomes.loc[in_care, "retention_ended"].any()
    assert (outcomes.loc[in_care, ["retention_98", "ninety_day_stay"]] == 1).all(axis=None)
    assert set(made["curve"].loc[made["curve"]["n_events"] > 0, "day"]) == {40}
    assert made["curve"]["survival"].min() == pytest.approx(0.5)
    retained = made["retained"].set_index(["arm", "day"])["retained"]
    np.testing.assert_allclose(retained.loc[:, [60, 90]], 0.5)
    # 40 days for half of them and 90 for the others.
    estimate = made["estimate"]
    means = estimate.loc[(estimate["analysis"] == "curve") & (estimate["measure"] == "rmst"), "value"]
    assert len(means) >= 2
    np.testing.assert_allclose(means.astype(float), (40 + 90) / 2)


@pytest.mark.slow
def test_a_shorter_gap_ends_care_on_the_day_the_study_says(folder):
    ended = {"last_contact": 97, "confirmation": 99}
    for dated, day in ended.items():
        care = {"gap_days": 2, "dated": dated}
        outcomes = run_study(study.parse(content(folder, care=care)))["outcomes"]
        assert set(outcomes["retention_days"]) == {40, day}
        assert outcomes["retention_ended"].all()


@pytest.mark.slow
def test_one_cluster_setting_rules_tables_curves_and_estimates(folder):
    """At every site half of each arm left, so that by site nothing tells how sure a share is."""
    for cluster, known in ((None, True), ("site", False)):
        made = run_study(study.parse(content(folder, cluster=cluster)))
        retained = made["retained"][made["retained"]["day"] == 60]
        curve = made["curve"][made["curve"]["day"] == 60]
        contrast = made["estimate"][made["estimate"]["role"] == "contrast"]
        for table in (retained, curve, contrast):
            assert (table[["ci_low", "ci_high"]].notna() == known).all(axis=None)
        if not known:
            assert contrast["reason"].str.contains("the means of the sites agree").all()


@pytest.mark.parametrize(
    ("care", "sentence"),
    [
        ({"gap_days": 0}, "care.gap_days"),
        ({"dated": "discharge"}, "care.dated"),
        ({"gap": 30}, "care"),
    ],
)
def test_a_wrong_rule_of_care_is_answered_with_its_place(folder, care, sentence):
    with pytest.raises(StudyFileError, match=sentence):
        study.parse(content(folder, care=care))
