"""The first screen, and the tables of verdicts and claims behind it."""

import re

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import load_study
from iop_outcomes.release.page.checks import sensitivity
from iop_outcomes.release.page.definitions import definitions
from iop_outcomes.release.page.page import page
from iop_outcomes.release.stage import build, release_files, release_tables
from iop_outcomes.tables.estimate import CHECK
from iop_outcomes.tables.missing_panel import (
    PANEL,
    TIPPING_SHIFT,
    TO_NO_DIFFERENCE,
    TO_OTHER_SIDE,
    scenario,
    shift,
    tipping,
)
from report_tables import study, tables


def first_screen(html: str) -> str:
    """Return the words of the first section of a page."""
    section = re.search(r'<section aria-labelledby="answer">(.*?)</section>', html, re.S)[1]
    return " ".join(re.sub(r"<[^>]+>", " ", section).split())


ADVICE = "stays in arm 'iop' are known only as intervals that cross day 30; choose a day at which they end"


def test_what_an_analyst_may_do_stands_beneath_and_not_among_the_answers():
    """Before, "choose a day at which they end" stood as the answer to how long people stay."""
    given = changed("staying", status="refused", value=np.nan, ci_low=np.nan, ci_high=np.nan, reason=ADVICE)
    whole = page(study(), release_tables(study(), given), {}, {})
    answered = first_screen(whole)
    assert "Stays in IOP are known only as intervals that cross day 30." in answered
    assert "choose" not in answered
    assert "cross day 30. What to do: choose a day at which they end" in whole


def test_a_difference_that_an_assumption_makes_is_told_as_one():
    """Before, a study without an effect read as if another look at the outcome had found one."""
    panel = changed("primary", value=0.001, ci_low=-0.02, ci_high=0.022)
    estimate = panel["estimate"]
    row = estimate.query("analysis == 'primary' and role == 'contrast' and kind == 'adjusted'").iloc[0]
    moved = {"role": CHECK, "estimator": PANEL, "scenario": scenario(shift(1.0, 0.0)), "kind": "adjusted"}
    further = pd.DataFrame([row.to_dict() | moved | {"value": 0.06, "ci_low": 0.04, "ci_high": 0.08}])
    asked = study(sensitivity=[PANEL])
    text = first_screen(
        page(asked, release_tables(asked, panel | {"estimate": pd.concat([estimate, further])}), {}, {})
    )
    assert (
        "chance leaves no room for a difference of 5 points or more either way, but there is one if what is missing "
        "differs from what is known as far as the study still believes." in text
    )


PAIRS = {
    "completion": {"count_transfer": True},
    "attendance_rate": {"after_first": True},
    "continuous_abstinence": {"grace_weeks": 4},
    "proportion_negative": {"substance": "opioids"},
}


@pytest.mark.parametrize("metric", PAIRS)
def test_two_outcomes_of_one_metric_are_defined_in_words_of_their_own(metric):
    analysis = {"design": "overlap", "estimator": "aipw", "measure": "risk_difference"}
    metrics = {"one": {"metric": metric}, "other": {"metric": metric, **PAIRS[metric]}}
    asked = study(metrics=metrics, analyses={name: analysis | {"outcome": name} for name in metrics}, claims=[])
    one, other = definitions(asked).rows
    assert one[0] != other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize("name", ["demo", "teds_d", "ctn0094"])
def test_no_two_outcomes_of_a_study_have_one_label_and_one_definition(name):
    rows = definitions(load_study(name)).rows
    assert len({row[0] for row in rows}) == len({row[1:4] for row in rows}) == len(rows)


def changed(analysis: str, **numbers) -> dict[str, pd.DataFrame]:
    """Return the tables of the example with other numbers in the contrast of one analysis."""
    given = tables()
    estimate = given["estimate"].astype({"reason": "object"})
    mine = estimate.eval("analysis == @analysis and role == 'contrast' and kind == 'adjusted'")
    estimate.loc[mine, list(numbers)] = list(numbers.values())
    return given | {"estimate": estimate}


def test_the_first_screen_holds_answer_doubt_and_what_to_keep_in_mind():
    given = changed("primary", value=0.084, ci_low=0.061, ci_high=0.107)
    text = first_screen(page(study(), release_tables(study(), given), {}, {}))
    order = [
        "The answer",
        "Better",
        "People assigned to IOP were 8.4 percentage points more likely to complete treatment (within 180 days)",
        "People were not assigned by chance. The arms were made alike in 3 recorded things, and in nothing else.",
        "A bias of 6.1 percentage points would move its interval to no difference.",
        "To keep in mind",
        "Unrecorded reasons",
        "Number of answers",
        "Deaths No death is on record.",
        "The other outcomes, IOP against outpatient care",
        "What the outcomes are",
    ]
    places = [text.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert text.count("assigned to IOP") == 1


@pytest.mark.slow
def test_the_verdict_is_released_one_row_an_analysis(tmp_path):
    given = changed("primary", value=0.084, ci_low=0.061, ci_high=0.107)
    build(study(), given, tmp_path / "release")
    assert "tables/verdict.csv" in release_files(study())
    table = pd.read_csv(tmp_path / "release" / "tables" / "verdict.csv").set_index("analysis")
    assert table.index.tolist() == ["primary", "urine", "staying"]
    row = table.loc["primary"]
    assert (row["verdict"], row["reasons"], row["place"]) == ("better", "good_side; more_than_matters", "primary")
    assert (row["value"], row["ci_low"], row["ci_high"], row["margin"]) == (0.084, 0.061, 0.107, 0.05)
    assert row["sentence"].startswith("People assigned to IOP were 8.4")
    claim = pd.read_csv(tmp_path / "release" / "tables" / "claim.csv").iloc[0]
    assert (claim["verdict"], claim["reasons"]) == ("supported", "claimed_side")
    assert not (tmp_path / "release" / "tables" / "facts.csv").exists()


def test_harm_contradicts_a_claim_of_benefit():
    given = changed("primary", value=-0.084, ci_low=-0.107, ci_high=-0.061)
    html = page(study(), release_tables(study(), given), {}, {})
    assert "Worse" in first_screen(html)
    assert '<td class=" is-contradicted">Contradicted</td>' in html


def test_what_few_people_have_is_withheld_from_the_verdict_too():
    given = tables()
    mine = given["estimate"].eval("analysis == 'primary' and role == 'arm' and arm == 'iop'")
    given["estimate"].loc[mine, "n_events"] = 3.0
    released = release_tables(study(), given)
    row = released["verdict"].frame.set_index("analysis").loc["primary"]
    assert row["verdict"] == "withheld"
    assert row[["value", "ci_low", "ci_high", "p_value"]].isna().all()
    assert not re.search(r"\d+ percentage points", row["sentence"])


@pytest.mark.parametrize(("n_deaths", "said"), [(0, "No death is on record"), (3, "Some people"), (13, "15 people")])
def test_deaths_are_said_as_counts_may_be(n_deaths, said):
    given = tables()
    given["cohort"].loc[given["cohort"].index[:n_deaths], "end_reason"] = "death"
    assert said in first_screen(page(study(), release_tables(study(), given), {}, {}))


def test_observation_that_ends_with_care_is_named_and_leaves_what_needs_tests_inconclusive():
    given = tables()
    days = given["outcomes"]["retention_days"].to_numpy()
    given["cohort"] = given["cohort"].assign(follow_up_end_day=days, end_reason="end_of_data")
    released = release_tables(study(), given)
    verdicts = released["verdict"].frame.set_index("analysis")["reasons"].str.split(";").str[0]
    assert verdicts["urine"] == "only_those_who_stayed"
    assert verdicts["primary"] != "only_those_who_stayed"  # completion is known of whoever left
    assert "observation ends on the day they left" in first_screen(page(study(), released, {}, {}))


def test_an_e_value_is_printed_for_risks_and_not_for_hours():
    analyses = {"primary": study().analyses["primary"].model_dump(), "hours": {}}
    analyses["hours"] = analyses["primary"] | {"outcome": "weekly_hours", "measure": "mean_difference"}
    asked = study(analyses=analyses)
    given = tables()
    row = given["estimate"].query("analysis == 'primary' and role == 'contrast' and kind == 'adjusted'")
    check = row.assign(role="check", measure="e_value", value=2.1, ci_low=1.4, ci_high=np.nan)
    hours = check.assign(analysis="hours", outcome="weekly_hours")
    others = given["estimate"].query("role != 'check'")
    given["estimate"] = pd.concat([others, check, hours], ignore_index=True)
    shown = sensitivity(release_tables(asked, given)["estimate"], asked)
    assert [row[0] for row in shown.rows] == ["Treatment completed [primary]"]


def test_every_outcome_is_defined_with_its_window_and_rule():
    metrics = {
        "at_end": {"metric": "abstinence_at_end", "window_days": 84, "missing": "positive"},
        "still_there": {"metric": "retention", "day": 90},
        "completion": {},
    }
    names = (*metrics, "time_in_care")
    one = {"design": "overlap", "estimator": "aipw", "measure": "risk_difference"}
    asked = study(metrics=metrics, analyses={name: one | {"outcome": name} for name in names})
    rows = {row[0]: row[1:] for row in definitions(asked).rows}
    assert list(rows) == [
        "Abstinent at the end (missing counted as positive)",
        "In care on day 90, or completed by then",
        "Treatment completed",
        "Time in care",
    ]
    _, when, missing, better = rows["Abstinent at the end (missing counted as positive)"]
    assert when == "last 4 of the first 12 weeks"
    assert missing.endswith("missed weeks than are allowed count as use; time after death is not abstinent")
    assert better == "more"
    assert [row[1] for row in rows.values()][1:] == ["day 90", "within 180 days", "up to 180 days"]


def test_a_panel_of_missing_rules_is_told_rule_by_rule_and_its_shifts_only_by_what_would_tip_it():
    given = tables()
    row = given["estimate"].query("estimator == 'missing_panel'").iloc[[0]].assign(measure=TIPPING_SHIFT)
    tips = row.assign(scenario=scenario(tipping("second", TO_NO_DIFFERENCE)), value=-0.7)
    never = row.assign(scenario=scenario(tipping("first", TO_OTHER_SIDE)), value=np.nan, reason="none does it")
    given["estimate"] = pd.concat([given["estimate"], tips, never], ignore_index=True)
    shown = sensitivity(release_tables(study(), given)["estimate"], study()).rows
    told = {check: result for analysis, check, result in shown if analysis.endswith("[urine]")}
    assert list(told) == [
        "Missing counted as failure",
        "Observed only",
        "Weighted for being observed",
        "Missing imputed many times",
        "Missing counted as best in IOP, worst in outpatient care",
        "Missing counted as worst in IOP, best in outpatient care",
        "What would tip it, missing of outpatient care",
        "What would tip it, missing of IOP",
    ]
    assert told["Observed only"].endswith("percentage points. Missing outcomes.")
    assert told["What would tip it, missing of outpatient care"] == (
        "Chance could explain the difference if the odds of the missing of outpatient care were 0.50 times what is "
        "expected."
    )
    assert told["What would tip it, missing of IOP"] == (
        "No shift of the missing of IOP that was tried would take the difference away."
    )
