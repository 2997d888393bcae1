"""Plug-ins beside a study: named in it like any other, found from the study's folder, part of every digest."""

import pandas as pd
import pytest

from iop_outcomes import in_memory, stages
from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import ELIGIBILITY, METRICS, SOURCES
from iop_outcomes.release import figures
from iop_outcomes.release.figures import FIGURES
from iop_outcomes.release.stage import release_files

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


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """Leave no plug-in of these tests behind for others."""
    for known in (METRICS, SOURCES, ELIGIBILITY, FIGURES):
        monkeypatch.setattr(known, "_plugins", {plugin.name: plugin for plugin in known})


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


EVERY_KIND = '''
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from iop_outcomes import tables
from iop_outcomes.kernel.registry import eligibility, source
from iop_outcomes.release.disclosure import Roles
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.declare import figure


def register(folder, *, path, **settings):
    """Return the one file there is."""
    return [folder / path]


@source(cannot={{"session": "the register records no sessions"}}, raw_files=register)
def {register}(folder: Path, seed: int, *, path: str) -> dict[str, pd.DataFrame]:
    """Read a register of one file, a row per stay."""
    rows = pd.read_csv(folder / path, dtype={{"level_of_care": str}})
    people = rows[["person_id", "age_years"]]
    made = {{"person": people, "episode": rows.drop(columns="age_years").assign(episode_id=rows["person_id"])}}
    counted = [{{"file": path, "table": "episode", "n_in": len(rows), "n_rejected": 0, "n_accepted": len(rows)}}]
    empty = tables.empty("rejected")
    return {{n: tables.conform(f, n) for n, f in made.items()}} | {{"intake": pd.DataFrame(counted), "rejected": empty}}


@eligibility(label="Younger than {{years}}", needs=("person.age_years",))
def {young}(candidates, records, *, years: int = 50) -> pd.Series:
    """Keep people below an age."""
    return (candidates["age_years"] < years).fillna(False)


def members(made, study):
    """Return the number of members by arm."""
    return made["cohort"].groupby("arm", observed=True).size().rename("n_people").reset_index()


@figure(title="Members", caption="Members by arm.", needs=("cohort",), frame=members,
        roles=Roles(labels=("arm",), counts=("n_people",)), section="who", place=900)
def {picture}(data) -> Figure:
    """Draw a bar per arm."""
    drawing = style.blank(2)
    drawing.subplots().barh(["a", "b"], style.shown(data)["n_people"])
    return drawing
'''
OWN_SOURCE = """
study: own
extend: [mine.py]
source: {{kind: {register}, path: stays.csv}}
cohort:
  arms: {{iop: {{level_of_care: "2.1"}}, outpatient: {{level_of_care: "1"}}}}
  eligibility: [{{{young}: {{years: 40}}}}]
"""


@pytest.fixture
def every_kind(tmp_path, monkeypatch):
    """A study whose source, eligibility rule and figure all stand in one file beside it."""
    names = {"register": "a_register", "young": "is_young", "picture": "members_by_arm"}
    (tmp_path / "mine.py").write_text(EVERY_KIND.format(**names))
    (tmp_path / "own.yaml").write_text(OWN_SOURCE.format(**names))
    levels = ("1", "2.1")
    rows = [f"P{i},{20 + i},{levels[i % 2]},0" for i in range(60)]
    (tmp_path / "stays.csv").write_text("\n".join(["person_id,age_years,level_of_care,assignment_day", *rows]))
    monkeypatch.chdir(tmp_path)
    yield studies.load("own.yaml")
    # A figure stands in every report of this process from now on; the next test has nothing to do with it.
    for registry, name in zip((SOURCES, ELIGIBILITY, FIGURES), names.values(), strict=True):
        registry._plugins.pop(name, None)


def test_a_source_and_an_eligibility_rule_beside_the_study_make_its_cohort(every_kind):
    made = in_memory.run_stages(every_kind, stages.between("", "cohort"), {})
    assert made["cohort"]["arm"].value_counts().to_dict() == {"iop": 10, "outpatient": 10}
    assert made["attrition"]["rule"].astype(str).str.contains("is_young|Younger than 40").any()
    assert made["capability"].set_index("name").loc["session", "reason"] == "the register records no sessions"


def test_what_is_wrong_with_the_settings_of_a_source_beside_the_study_is_one_sentence(every_kind, tmp_path):
    text = (tmp_path / "own.yaml").read_text()
    (tmp_path / "own.yaml").write_text(text.replace("path: stays.csv", "path: stays.csv, yaer: 2024"))
    with pytest.raises(StudyFileError, match="source, kind 'a_register': there is no setting 'yaer'"):
        studies.load("own.yaml")


def test_a_figure_beside_the_study_is_drawn_and_released_under_the_name_of_its_function(every_kind):
    assert "figures/members_by_arm.svg" in release_files(every_kind)
    cohort = pd.DataFrame({"arm": pd.Categorical(["iop"] * 40 + ["outpatient"] * 6)})
    drawn = figures.make("members_by_arm", {"cohort": cohort}, every_kind)
    assert drawn.data.frame["n_people"].fillna(-1).tolist() == [40, -1]
    assert drawn.data.suppressed["n_people"].tolist() == [False, True]


def test_their_code_is_part_of_what_their_stages_rest_on(every_kind, tmp_path):
    before = [stages.named(name).digest(every_kind) for name in ("ingest", "cohort", "metrics")]
    (tmp_path / "moved").mkdir()
    text = (tmp_path / "mine.py").read_text().replace('age_years"] < years', 'age_years"] <= years')
    (tmp_path / "moved" / "mine.py").write_text(text)
    (tmp_path / "moved" / "own.yaml").write_text((tmp_path / "own.yaml").read_text())
    (tmp_path / "moved" / "stays.csv").write_text((tmp_path / "stays.csv").read_text())
    again = studies.load("moved/own.yaml")
    after = [stages.named(name).digest(again) for name in ("ingest", "cohort", "metrics")]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, False, True]
