"""OMOP, FHIR and claims with cells that nobody should write: a sentence, or whole tables and every row counted."""

import json
import random

import pandas as pd
import pytest

import claims_files
import fhir_export
import omop_database
from dated_clinic import clinic
from fuzzed_files import CELLS
from iop_outcomes import tables as contracts
from iop_outcomes.ingest.accepting import refuse
from iop_outcomes.ingest.sources.claims.source import read_claims
from iop_outcomes.ingest.sources.fhir.source import read_fhir
from iop_outcomes.ingest.sources.omop.source import read_omop
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import SOURCES

JUNK = (
    None,
    "",
    0,
    -1,
    1e300,
    True,
    [],
    {},
    [[]],
    ["x"],
    {"x": 1},
    "2022-13-45",
    "Patient/",
    "?",
    "\x00",
    {"coding": [1]},
)


def spoilt_cells(made: dict, chance: random.Random) -> dict:
    """Return tables with a row twice, and one cell in thirty spoilt."""
    found = {}
    for name, frame in made.items():
        frame = pd.concat([frame, frame.head(1)], ignore_index=True).astype(object)
        for row in range(len(frame)):
            for column in frame.columns:
                if chance.random() < 1 / 30:
                    frame.loc[row, column] = chance.choice(CELLS)
        found[name] = frame
    return found


def spoilt_resources(made: dict, chance: random.Random) -> dict:
    """Return resources with one twice, and an element of every fifth spoilt."""
    for own in made.values():
        own += [json.loads(json.dumps(each)) for each in own[:1]]
        for each in own:
            if chance.random() < 0.2:
                *way, last = chance.choice(list(_paths(each)))
                element = each
                for step in way:
                    element = element[step]
                element[last] = json.loads(json.dumps(chance.choice(JUNK)))
    return made


def _paths(element, way=()):
    parts = element.items() if isinstance(element, dict) else enumerate(element) if isinstance(element, list) else ()
    for name, part in parts:
        yield (*way, name)
        yield from _paths(part, (*way, name))


READERS = {
    "omop": (omop_database.tables, spoilt_cells, omop_database.write, lambda *a: read_omop(*a, [])),
    "fhir": (fhir_export.resources, spoilt_resources, fhir_export.write, read_fhir),
    "claims": (claims_files.tables, spoilt_cells, claims_files.write, read_claims),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", READERS)
def test_cells_and_elements_that_nobody_should_write(tmp_path, kind, seed):
    tables, spoil, write, read = READERS[kind]
    place = write(spoil(tables(clinic(3, seed)), random.Random(seed)), tmp_path)
    settings = SOURCES[kind].check({"path": place, "max_rejected_share": 1.0})
    try:
        found = read(tmp_path, 1, settings, refuse)
    except StudyError as sentence:
        assert "\n" not in str(sentence)
        return
    intake, rejected = found["intake"], found["rejected"].drop_duplicates(["file", "table", "line"])
    assert (intake["n_in"] == intake["n_accepted"] + intake["n_rejected"]).all()
    assert len(rejected) == intake["n_rejected"].sum() > 0
    for name, frame in found.items():
        contracts.check(frame, name)
