"""No value of a record, name of a file or of a machine comes out: not released, not logged, not said in an error."""

import json

import pytest
import yaml

import planted
from iop_outcomes import load_study, release_study, run_study
from iop_outcomes.errors import StudyError
from iop_outcomes.ingest.stage import source_files
from iop_outcomes.kernel.provenance import write_record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a study with canaries in its raw files; return its folder and every line that it told."""
    with pytest.MonkeyPatch.context() as patch:
        folder, told = tmp_path_factory.mktemp("planted"), []
        for name, kind in (("USER", "user"), ("LOGNAME", "user"), ("HOSTNAME", "host")):
            patch.setenv(name, planted.CANARIES[kind])
        patch.setattr("socket.gethostname", lambda: planted.CANARIES["host"])
        raw = folder / planted.CANARIES["path"]
        planted.plant(raw)
        (folder / "planted.yaml").write_text(planted.STUDY.format(path=raw))
        study = load_study(folder / "planted.yaml")
        made = run_study(study, tell=told.append)
        release_study(study, made, folder / "release", told.append)
        write_record(study.model_dump(mode="json"), source_files(study), folder / "run.json")
    assert made["rejected"]["rule"].str.contains("sex: must be one of").any()
    assert len(made["cohort"]) > 200
    return folder, told


def test_the_search_finds_what_is_there(run):
    raw = "".join(planted.text_of(path) + path.name for path in (run[0] / planted.CANARIES["path"]).iterdir())
    assert planted.found_in(raw) == set(planted.CANARIES) - {"path", "user", "host"}
    assert planted.found_in("77,377.25 &#81;ZLABEL7734 <b>QZCODE</b>7735") == {
        "extreme number",
        "rare label",
        "wrong code",
    }


def test_nothing_of_it_is_released(run):
    files = [path for path in (run[0] / "release").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".csv", ".png", ".svg", ".html", ".sha256", ".docx", ".tex", ".bib"}
    assert {path.name: planted.found_in(planted.text_of(path)) for path in files} == {p.name: set() for p in files}


def test_nothing_of_it_is_logged(run):
    told = run[1]
    assert planted.found_in("\n".join(told), planted.INSIDE) == set() and len(told) > 10


def test_the_record_of_the_run_holds_settings_and_names_of_files_and_nothing_else(run):
    text = (run[0] / "run.json").read_text()
    assert planted.found_in(text) == set(planted.INSIDE)
    assert set(json.loads(text)) == {"study", "settings", "inputs", "code", "versions", "beside", "protocol"}


WRONG = {
    "rows": ("max_rejected_share: 0.2", "max_rejected_share: 0.0"),
    "path": ("path: ", "path: /nowhere"),
    "column": ("qz_mother_name: null", "qz_mother_nome: null"),
    "mapping": ("qz_mother_name: null", "qz_mother_name: null, ward: severity, distance: severity"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_nothing_of_it_is_said_in_an_error(run, wrong):
    text = planted.STUDY.format(path=run[0] / planted.CANARIES["path"]).replace(*WRONG[wrong])
    study = run[0] / "wrong.yaml"
    study.write_text(text)
    with pytest.raises(StudyError) as error:
        run_study(load_study(study))
    assert planted.found_in(str(error.value), planted.INSIDE) == set()


def test_nothing_of_a_clinics_own_sheets_is_released_or_logged(tmp_path):
    raw, told = tmp_path / planted.CANARIES["path"], []
    planted.plant_clinic(raw)
    study = load_study(yaml.safe_load(planted.CLINIC.format(path=raw)))
    made = run_study(study, tell=told.append)
    release_study(study, made, tmp_path / "release", told.append)
    files = [path for path in (tmp_path / "release").rglob("*") if path.is_file()]
    assert {path.name: planted.found_in(planted.text_of(path)) for path in files} == {p.name: set() for p in files}
    assert planted.found_in("\n".join(told), planted.INSIDE) == set() and len(told) > 10
    rejected = made["rejected"]
    assert rejected["rule"].str.contains("a code that the mapping does not name").sum() == 2
    # Files that lost rows by every way of losing them are called after somebody, and so are their sheets.
    of_file = rejected[rejected["file"].str.contains(planted.SHEET)]
    assert of_file["rule"].str.contains("it is joined to").sum() == 3
    assert of_file["rule"].str.contains("the same row again").sum() == 2
    assert not [path.name for path in files if planted.SHEET in planted.text_of(path).lower()]
