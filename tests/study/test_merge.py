"""Levels that a study takes as one: what its file may say."""

import pytest

import iop_outcomes as iop
from iop_outcomes.errors import StudyError

STUDY = {
    "study": "example",
    "source": {"kind": "tables", "path": "tables"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "covariates": ["sex"],
    "describe_by": ["employment"],
}


def test_columns_of_tables_and_of_designs_may_be_merged_and_codes_are_text():
    merge = {"employment": {"working": ["full time", 2]}, "sex": {"female or other": ["female", "other"]}}
    assert iop.load_study(STUDY | {"merge": merge}).merge["employment"] == {"working": ["full time", "2"]}


@pytest.mark.parametrize(
    ("merge", "sentence"),
    [
        ({"sx": {"any": ["female", "other"]}}, "'sx' is neither a covariate of the study nor in describe_by"),
        ({"sex": {"a": ["female", "other"], "b": ["male", "other"]}}, "a level stands twice"),
        ({"sex": {"any": ["female", "missing"]}}, "what was not recorded is merged with nothing"),
        ({"sex": {"any": "female"}}, "merge.sex.any"),
    ],
)
def test_what_cannot_be_merged_is_refused(merge, sentence):
    with pytest.raises(StudyError, match=sentence):
        iop.load_study(STUDY | {"merge": merge})


def test_a_subgroup_asks_for_the_merged_level_and_not_for_its_parts():
    merge = {"employment": {"working": ["full time", "part time"]}}
    analyses = {"primary": {"outcome": "completion", "design": "overlap", "estimator": "aipw"}}
    whole = STUDY | {
        "merge": merge,
        "metrics": {"completion": {}},
        "designs": {"overlap": {"method": "overlap_weights"}},
    }

    def by(codes: list[str]) -> dict:
        return {"by": {"work": {"column": "employment", "levels": {"employed": codes}}}}

    asked = whole | {"analyses": analyses}
    assert iop.load_study(asked | {"subgroups": by(["working"])}).subgroups
    with pytest.raises(StudyError, match="merge makes 'full time' part of 'working'; name that level instead"):
        iop.load_study(asked | {"subgroups": by(["full time", "part time"])})
