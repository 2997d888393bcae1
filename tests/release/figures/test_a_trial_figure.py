"""A figure is one file: it states its section, and stands in the report without anything else being told of it."""

import importlib
import re
import sys
from typing import get_args

import pytest

import argument_tables
from iop_outcomes.release import figures
from iop_outcomes.release.figures.declare import FIGURES, Section
from iop_outcomes.release.page.page import page
from iop_outcomes.release.stage import build, release_files
from report_tables import study, tables

TRIAL = '''"""People of each arm, as bars."""

from iop_outcomes.release.disclosure import Released, Roles
from iop_outcomes.release.figures import figure, style


def frame(tables, study):
    """Return the number of members of each arm."""
    return tables["cohort"].groupby("arm", observed=True).size().rename("n_people").reset_index()


@figure(
    title="People of each arm",
    caption="Members of the cohort by arm.",
    needs=("cohort",),
    frame=frame,
    roles=Roles(labels=("arm",), counts=("n_people",)),
    section="{section}",
    place=99,
)
def draw(data: Released):
    """Draw a bar per arm."""
    table = style.shown(data)
    drawing = style.blank(2)
    drawing.subplots().barh(table["arm"].astype("str"), table["n_people"])
    return drawing
'''


@pytest.fixture
def trial(tmp_path, monkeypatch):
    """Return a function that puts the one file into the folder of figures, as far as Python can tell."""

    def put(section: str) -> None:
        (tmp_path / "trial.py").write_text(TRIAL.format(section=section))
        monkeypatch.setattr(FIGURES, "_plugins", {plugin.name: plugin for plugin in FIGURES})
        monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(tmp_path)])
        monkeypatch.setattr(FIGURES, "_discovered", False)
        importlib.invalidate_caches()

    yield put
    sys.modules.pop("iop_outcomes.release.figures.trial")
    del figures.trial


@pytest.mark.parametrize("section", get_args(Section))
def test_a_trial_figure_stands_once_in_the_section_it_states(trial, section):
    trial(section)
    # Some sections are there only for studies that ask for them.
    html = page(argument_tables.study(), {}, {"trial": figures.make("trial", tables(), study())}, {})
    assert re.search(rf'<section aria-labelledby="{section}">(?:(?!</section>).)*id="figure-trial"', html, re.S)
    assert html.count('id="figure-trial"') == 1
    assert "<b>People of each arm.</b> Members of the cohort by arm." in html


@pytest.mark.slow
def test_a_trial_figure_is_released_with_its_numbers_beside_the_others(trial, tmp_path):
    trial("who")
    build(study(), tables(), tmp_path / "release")
    html = (tmp_path / "release" / "report.html").read_text(encoding="utf-8")
    assert html.index('id="figure-attrition_flow"') < html.index('id="figure-trial"')
    assert (tmp_path / "release" / "tables" / "trial.csv").read_text().startswith("arm,n_people")
    assert {"tables/trial.csv", "figures/trial.png", "figures/trial.svg"} <= set(release_files(study()))
    assert all((tmp_path / "release" / file).is_file() for file in release_files(study()))
