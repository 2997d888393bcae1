"""The page of the study file: every key is explained, and every example is a study that loads."""

import pytest
import yaml

import iop_outcomes as iop
from iop_outcomes.pages.study_file import EXAMPLES, study_file_page

#: A study in which an example can stand.
AROUND = {
    "study": "example",
    "source": {"kind": "simulated", "true_effect": "benefit"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "covariates": ["age_band", "sex", "employment", "use_days_at_baseline"],
    "metrics": {
        "completion": {},
        "abstinence_at_end": {},
        "abstinence_observed": {"metric": "abstinence_at_end", "missing": "observed", "window_days": 84},
    },
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {"primary": {"outcome": "abstinence_at_end", "design": "overlap", "estimator": "aipw"}},
}


@pytest.mark.parametrize("section", EXAMPLES)
def test_the_example_of_a_section_can_stand_in_a_study(section):
    assert iop.load_study(AROUND | yaml.safe_load(EXAMPLES[section])).study == "example"


def test_no_key_is_left_without_a_meaning():
    assert [line for line in study_file_page().splitlines() if line.startswith("| `") and line.endswith("|  |")] == []


def test_a_section_of_several_keys_has_an_example():
    alone = study_file_page().partition("## Keys without a section")[2].partition("\n## ")[0]
    assert "values by name" not in alone and "as below" not in alone
