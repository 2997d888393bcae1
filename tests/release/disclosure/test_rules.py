"""One object says what is too small and how coarse what is shown is: the study's section ``release``."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import figure_names
from iop_outcomes.release import figures
from iop_outcomes.release.attack.facts import TELLERS
from iop_outcomes.release.page.page import page
from iop_outcomes.release.stage import release_files, release_tables
from iop_outcomes.study import names
from iop_outcomes.study.release_rules import TABLES, Release, ReleaseRules
from report_tables import study, tables

PACKAGE = Path(names.__file__).parents[1]

FINER = Release.model_validate(
    {"tables": {"outcomes": {"min_cell": 20}, "estimate": {"round_to": 10}, "forest_plot": {"round_to": 15}}}
)

#: Sections without which a study has fewer tables and figures.
EVERY_SECTION = {
    "subgroups": {"by": ["sex"]},
    "participation": {
        "outcome": "first_positive_test",
        "strategies": {"more": {"least_hours": 6}, "less": {"below_hours": 6}},
        "hours": {"high": 9, "low": 3},
        "changes": {"stepping_up": {"to": "2.1", "arms": ["outpatient"]}},
    },
    "components": {"of": {"flexibility": ["attendance_rate"]}},
    "costs": {},
    "specifications": {"trimming": {"scores": {"trim": 0.1}}},
    "ledger": "claims.yaml",
    "heterogeneity": {"folds": 3},
    "sensitivity": ["by_site", {"negative_controls": {"outcomes": ["attendance_rate"]}}],
}


@pytest.mark.parametrize(
    ("asked", "min_cell", "round_to"),
    [
        (("intake",), 11, 5),  # says nothing of its own
        (("outcomes",), 20, 5),
        (("estimate",), 11, 10),
        # The forest plot is drawn from the estimates: a multiple of 10 and of 15 is one of 30.
        (("forest_plot", "estimate"), 11, 30),
        (("outcomes", "estimate"), 20, 10),
    ],
)
def test_a_table_has_the_rules_of_the_study_and_of_all_it_is_made_of(asked, min_cell, round_to):
    assert FINER.rules(*asked) == ReleaseRules(min_cell, round_to)


@pytest.mark.parametrize(
    ("count", "small", "shown"),
    # Smallest cell 11, rounded to 5: half up, and never to 10, which would look like a cell to hide.
    [(0, False, 0), (1, True, 0), (10, True, 10), (11, False, 15), (17, False, 15), (18, False, 20), (22.5, False, 25)],
)
def test_the_border_of_a_small_count_and_its_rounding(count, small, shown):
    assert ReleaseRules(11, 5).small([count]).tolist() == [small]
    assert ReleaseRules(11, 5).rounded([count]).tolist() == [shown]


def test_a_missing_count_is_not_small_and_a_smallest_cell_that_is_a_multiple_stays_itself():
    assert ReleaseRules(11, 5).small([np.nan]).tolist() == [False]
    assert ReleaseRules(10, 5).rounded([9, 10, 12, 13]).tolist() == [10, 10, 10, 15]


@pytest.mark.parametrize(
    ("round_to", "said"), [(1, "other counts are exact"), (2, "other counts are rounded up or down to a multiple of 2")]
)
def test_the_rules_in_words(round_to, said):
    words = f"counts of 1 to 10, and whatever would give them away, are suppressed; {said}"
    assert ReleaseRules(11, round_to).in_words() == words


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"outcome": {"min_cell": 20}}, "no table or figure of that name is released; did you mean 'outcomes'?"),
        ({"person": {"min_cell": 20}}, "release.tables.person: no table or figure of that name is released; known:"),
        ({"outcomes": {"min_cell": 10}}, "release.tables.outcomes.min_cell: 10 is less than the 11 of the study"),
        ({"overlap": {"round_to": 12}}, "release.tables.overlap.round_to: 12 is not a multiple of the 5 of the study"),
    ],
)
def test_rules_for_what_is_not_released_or_laxer_than_the_others_are_refused(asked, sentence):
    with pytest.raises(StudyFileError, match="^release.tables") as error:
        names.check_release(Release.model_validate({"tables": asked}))
    assert sentence in str(error.value)


@pytest.mark.parametrize("own", [{"min_cell": 11}, {"round_to": 5}, {"min_cell": 12, "round_to": 10}, {}])
def test_rules_as_strict_as_those_of_the_study_or_stricter_are_taken(own):
    asked = Release.model_validate({"tables": {"outcomes": own, "overlap": own}})
    names.check_release(asked)
    assert asked.rules("outcomes") == asked.rules("overlap") == ReleaseRules(**({"min_cell": 11, "round_to": 5} | own))


def test_every_table_and_figure_that_is_released_can_have_rules_and_nothing_else():
    # ``truth`` is there because the example is simulated, ``claim`` because it makes one, others as it asks for them.
    files = {Path(name).stem for name in release_files(study(**EVERY_SECTION)) if name.startswith("tables/")}
    assert files == {*TABLES, *figure_names()}


def test_the_page_on_disclosure_names_every_table_that_is_released_and_whether_the_attack_reads_it():
    page = (PACKAGE.parents[1] / "docs" / "disclosure.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| (yes|-) \|$", page, flags=re.MULTILINE)
    assert [name for name, _ in rows] == sorted([*TABLES, *figure_names()])
    assert {name for name, read in rows if read == "yes"} == set(TELLERS)


def test_one_table_alone_hides_more_and_is_rounded_more_coarsely():
    # 300 people in IOP and 520 in outpatient care; nobody's outcome is missing.
    asked = {"tables": {"outcomes": {"min_cell": 301, "round_to": 100}}}
    released = release_tables(study(release=asked), tables())
    outcomes = released["outcomes"].where(released["outcomes"].frame["outcome"] == "completion")
    assert outcomes.suppressed["n"].tolist() == [True, False]
    assert outcomes.frame["n"].tolist()[1:] == [500]
    arms = released["estimate"].frame.query("analysis == 'primary' and role == 'arm' and kind == 'adjusted'")
    # The same people are counted here: what the stricter table hides of them no other one shows.
    assert arms["n"].fillna(-1).tolist() == [-1, 520]


def test_a_figure_keeps_to_the_rules_of_the_table_it_is_drawn_from():
    strict = study(release={"tables": {"estimate": {"min_cell": 301}}})
    drawn = figures.make("forest_plot", tables(), strict)
    assert drawn.data.rules == ReleaseRules(301, 5)
    assert set(drawn.data.frame["status"]) == {"withheld"}
    assert figures.make("retention_curves", tables(), strict).reason.startswith("Withheld: fewer than 301 people")


def test_a_figure_may_be_stricter_than_the_table_it_is_drawn_from():
    strict = study(release={"tables": {"forest_plot": {"min_cell": 301}}})
    assert set(figures.make("forest_plot", tables(), strict).data.frame["status"]) == {"withheld"}
    assert "shown" in set(release_tables(strict, tables())["estimate"].frame["status"])


def test_bins_and_steps_are_pooled_by_the_rules_of_their_own_figure():
    def released(name, **own):
        return figures.make(name, tables(), study(release={"tables": {name: own}})).data.frame

    assert len(released("overlap", min_cell=40)) < len(released("overlap"))
    people = released("overlap", min_cell=40)["n"]
    assert people[people > 0].min() >= 40
    curve, strict = (released("retention_curves", **own)["survival"].count() for own in ({}, {"min_cell": 60}))
    assert strict < curve


def test_the_report_says_the_rules_of_the_study_and_of_each_table_that_has_its_own():
    own = study(release={"round_to": 1, "tables": {"outcomes": {"min_cell": 20, "round_to": 10}}})
    said = page(own, release_tables(own, tables()), {}, {})
    assert "counts of 1 to 10, and whatever would give them away, are suppressed; other counts are exact" in said
    assert "Disclosure control of “outcomes”" in said
    assert "counts of 1 to 19, and whatever would give them away, are suppressed; other counts are rounded" in said
    assert "“Hidden”: fewer than 20 people" in said


@pytest.mark.slow
def test_nobody_else_makes_rules():
    made = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "ReleaseRules"
    ]
    assert set(made) == {"study/release_rules.py"}
