"""What care was made of: by hand, in words, and never as an effect."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes import stages
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.tables import check
from worlds_of_weeks import CONTENT

ASKED = {"of": {"peer_support": ["group_share"]}, "by": ["sex"], "outcome": "completion"}
METRICS = {"group_share": {"metric": "session_type_share"}, "completion": {}, "attendance_rate": {}}


def study(**changes):
    content = CONTENT | {"metrics": CONTENT["metrics"] | METRICS}
    return iop_outcomes.load_study(content | {"components": ASKED | changes})


def tables(n: int, share=0.5, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Return people of two arms, half of each sex; every tenth has no share of group hours."""
    draw = np.random.default_rng(seed)
    member = [f"m{i:04d}" for i in range(n)]
    arm = np.where(np.arange(n) % 2, "iop", "outpatient")
    sex = np.where(np.arange(n) % 4 < 2, "female", "male")
    group = np.where(np.arange(n) % 10, np.where(arm == "iop", share, 0.2) + 0.1 * (np.arange(n) % 4 < 2), np.nan)
    group += np.where(np.arange(n) // 4 % 2, 0.05, -0.05)
    completion = (draw.random(n) < 0.4).astype(float)
    covariates = pd.DataFrame({"member_id": member, "arm": arm, "sex": sex, "cluster": [f"s{i % 5}" for i in range(n)]})
    outcomes = pd.DataFrame({"member_id": member, "group_share": group, "completion": completion})
    return {"covariates": covariates, "outcomes": outcomes}


def measured(asked, made) -> pd.DataFrame:
    return check(stages.named("components").run(asked, made)["component"], "component")


def test_means_by_arm_and_by_level_of_a_covariate():
    table = measured(study(), tables(400)).set_index(["role", "group", "level", "arm"])
    # Of 200 of an arm, half have 0.1 more; those without a share are all in outpatient care (even numbers).
    iop = table.loc[("mean", "everybody", "", "iop")]
    assert (iop["n_people"], iop["n"]) == (200, 200)
    assert iop["value"] == pytest.approx(0.55)
    assert iop["ci_low"] <= 0.55 <= iop["ci_high"]
    assert table.loc[("mean", "everybody", "", "outpatient"), "n"] == 160
    assert table.loc[("mean", "sex", "female", "iop"), "value"] == pytest.approx(0.6)


def test_an_association_is_within_arms_and_says_that_it_is_none_of_an_effect():
    row = measured(study(), tables(400)).query("role == 'association'").iloc[0]
    assert row["reason"].startswith("exploratory") and row["outcome"] == "completion"
    # Completion was drawn without a look at it.
    assert row["ci_low"] < 0 < row["ci_high"]


def test_few_people_and_a_source_that_cannot_give_it_have_no_number():
    few = measured(study(by=[], outcome=None), tables(30))
    assert few["status"].tolist() == ["withheld"] * 2
    assert few["value"].isna().all()
    made = tables(60)
    made["outcomes"] = made["outcomes"].drop(columns="group_share")
    assert measured(study(), made)[["status", "reason"]].to_numpy().tolist() == [
        ["refused", "this source cannot give it"]
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"of": {"peer_support": ["group_shar"]}}, "there is no metric 'group_shar'; did you mean 'group_share'?"),
        ({"of": {"a": ["group_share"], "b": ["group_share"]}}, "measures another component already; name it once"),
        ({"of": {"structure": ["completion"]}}, "'completion' is 0 or 1 of a person"),
        ({"outcome": "group_share"}, "'group_share' is itself a component"),
        ({"by": ["employment"]}, "'employment' is no covariate of the study"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(changes, sentence):
    with pytest.raises(StudyFileError) as error:
        study(**changes)
    assert sentence in str(error.value)
