"""The JSON schema of a study file: generated, and of one mind with the checks at load."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from iop_outcomes.study.schema import study_schema

ROOT = Path(__file__).resolve().parents[1]
STUDIES = sorted((ROOT / "workflow" / "studies").glob("*.yaml"))
SCHEMA = study_schema()


def test_the_schema_on_file_is_the_generated_one():
    on_file = json.loads((ROOT / "workflow" / "schema" / "study.json").read_text())
    assert on_file == SCHEMA, "write it anew with: iop-outcomes schema"


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_of_the_project_keeps_to_the_schema(path):
    faults = jsonschema.validators.validator_for(SCHEMA)(SCHEMA).iter_errors(yaml.safe_load(path.read_text()))
    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == []


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("source", "n_poeple", 5),
        ("gate", "max_smdd", 0.1),
        ("designs", "overlap", {"method": "overlap_weight"}),
        ("metrics", "retention_90", {"metric": "retention", "days": 90}),
    ],
)
def test_an_editor_would_mark_what_the_loader_refuses(section, key, value):
    study = copy.deepcopy(yaml.safe_load((ROOT / "workflow" / "studies" / "demo.yaml").read_text()))
    study[section][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(study, SCHEMA)
