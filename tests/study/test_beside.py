"""Plug-ins beside a study: named in it like any other, found from the study's folder, part of every digest."""

import pytest

from iop_outcomes import stages
from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import StudyFileError

METRIC = '''
from iop_outcomes.kernel.registry import metric


@metric(unit="days", kind="count", needs=("episode.discharge_day",), missing="none", source="own definition")
def {name}(history):
    """Days of nothing."""
    return history.series({value})
'''
STUDY = """
study: own
extend: [{file}]
source: {{kind: tables, path: own}}
cohort: {{arms: {{iop: {{level_of_care: "2.1"}}, outpatient: {{level_of_care: "1"}}}}}}
metrics: {{{metric}: {{}}}}
"""


@pytest.fixture
def project(tmp_path):
    """Return a function that writes a study and its file, both in a folder of their own, and loads the study."""

    def load(metric="days_of_nothing", file="mine.py", value=0, code=None):
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / "mine.py").write_text(code or METRIC.format(name="days_of_nothing", value=value))
        (tmp_path / "mine" / "own.yaml").write_text(STUDY.format(file=file, metric=metric))
        return studies.load("mine/own.yaml", tmp_path)

    return load


def test_a_metric_beside_the_study_is_one_like_any_other(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = project()
    assert study.extend == ["mine/mine.py"]
    assert study.metric("days_of_nothing")[0].unit == "days"


def test_its_code_is_part_of_what_its_stage_rests_on(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    metrics, digests = stages.named("metrics"), []
    for folder, value in (("one", 0), ("two", 0), ("three", 1)):
        study = project(value=value)
        (tmp_path / "mine").rename(tmp_path / folder)
        study = studies.load(f"{folder}/own.yaml", tmp_path)
        digests.append(metrics.digest(study))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"file": "min.py"}, r"there is no Python file 'min.py' beside the study; did you mean 'mine.py'"),
        ({"code": "import nothing_of_that_name\n"}, r"extend: mine.py, line 1: ModuleNotFoundError"),
        ({"code": "def half(:\n"}, r"extend: mine.py, line 1: SyntaxError"),
        ({"code": METRIC.format(name="completion", value=0)}, r"two metrics are called 'completion'"),
        ({"metric": "days_of_nothin"}, r"there is no metric 'days_of_nothin'; did you mean 'days_of_nothing'"),
    ],
)
def test_what_is_wrong_with_it_is_one_sentence(project, tmp_path, monkeypatch, change, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyFileError, match=sentence):
        project(**change)
