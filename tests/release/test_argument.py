"""Subgroups, strategies, costs and the ledger of one small study: what is released, and what is not."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.release.stage import release_tables

CONTENT = {
    "study": "own",
    "seed": 4,
    "source": {"kind": "simulated", "n_people": 1300, "n_sites": 14, "true_effect": "none"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "covariates": ["sex", "use_days_at_baseline", "employment"],
    "metrics": {
        "completion": {},
        "abstinent": {"metric": "abstinence_at_end", "missing": "observed", "window_days": 84},
        "group_share": {"metric": "session_type_share"},
        "gap_variation": {},
        "attendance_rate": {},
        "telehealth_share": {},
    },
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {"primary": {"outcome": "completion", "design": "overlap", "estimator": "weighted"}},
    "gate": {"min_ess": 25, "max_smd": 0.2, "min_equipoise": 0, "max_one_arm_share": 1, "max_unadjusted_smd": 9},
    "subgroups": {"by": ["sex", "employment"]},
    "participation": {
        "outcome": "abstinent",
        "strategies": {
            "active": {"least_hours": 6, "grace_weeks": 2, "last_week": 5, "lapses_allowed": 2},
            "less": {"below_hours": 6, "grace_weeks": 2, "last_week": 5, "lapses_allowed": 2},
        },
        "bootstrap": 50,
        "hours": {"high": 8, "low": 4, "curve": [6], "borders": [3, 6]},
        "changes": {"stepping_up": {"to": "2.1", "arms": ["outpatient"], "weeks": 4}},
    },
    "components": {
        "of": {
            "structure": ["gap_variation"],
            "peer_support": ["group_share"],
            "flexibility": ["attendance_rate", "telehealth_share"],
        },
        "by": ["employment"],
        "outcome": "completion",
    },
    "costs": {"draws": 100, "worth": 20000},
    "ledger": "data/reference/claims.yaml",
}


@pytest.fixture(scope="module")
def study():
    return iop_outcomes.load_study(CONTENT)


@pytest.fixture(scope="module")
def made(study):
    return iop_outcomes.run_study(study)


@pytest.fixture(scope="module")
def released(study, made):
    return release_tables(study, made)


def test_a_level_of_few_people_is_neither_shown_nor_left_over(made, released):
    shown = released["subgroup"].frame
    counts = made["covariates"].groupby(["arm", "employment"], observed=True).size()
    few = [(arm, level) for (arm, level), n in counts.items() if 0 < n < 11]
    assert few
    for arm, level in few:
        own = shown[(shown["arm"] == arm) & (shown["level"] == level) & (shown["role"] == "arm")]
        assert own[["n_people", "n", "n_events", "value"]].isna().all(axis=None)
        # One more level of the arm is hidden with it, or it could be worked out.
        of_arm = shown[(shown["arm"] == arm) & (shown["modifier"] == "employment") & (shown["role"] == "arm")]
        assert of_arm["n_people"].isna().sum() >= 2


def test_every_level_keeps_its_line_and_says_why_it_is_not_shown(released):
    contrasts = released["subgroup"].frame.query("role == 'contrast'")
    silent = contrasts[contrasts["value"].isna()]
    assert len(silent)
    assert (silent["reason"].str.len() > 10).all()


def test_every_modifier_has_a_verdict_and_its_tests_are_of_levels_that_are_shown(released):
    verdicts = released["subgroup_verdict"].frame
    assert verdicts["modifier"].tolist() == ["sex", "employment"]
    assert set(verdicts["verdict"]) <= {"cannot tell", "withheld", "inconclusive", "refused"}
    tests = released["interaction"].frame
    shown = released["subgroup"].frame.query("role == 'contrast' and status in ('shown', 'flagged')")
    for row in tests.itertuples():
        assert set(filter(None, row.levels.split("; "))) <= set(shown.loc[shown["modifier"] == row.modifier, "level"])


def test_costs_have_no_negative_price_and_hide_what_one_site_bears(study, made, released):
    beside = released["cost_effectiveness"].frame
    assert (beside["icer"].dropna() > 0).all()
    assert beside["delta_cost"].notna().all()
    borne = made | {"cost_effectiveness": made["cost_effectiveness"].assign(person_share=0.6)}
    hidden = release_tables(study, borne)
    numbers = ["delta_cost", "delta_effect", "icer", "share_ne"]
    assert hidden["cost_effectiveness"].frame[numbers].isna().all(axis=None)
    assert hidden["cost_difference"].frame[["value", "ci_low", "mean_first"]].isna().all(axis=None)
    assert "cost_plane" not in hidden
    assert set(hidden["cost_verdict"].frame["verdict"]) <= {"withheld", "inconclusive"}


def test_strategies_show_no_group_with_few_who_had_the_outcome(made, released):
    table = released["participation"].frame.set_index("way")
    true = made["participation"].set_index("way")
    for way, row in true.iterrows():
        counts = np.array([row["n_first"], row["n_second"], row["with_first"], row["with_second"]], dtype=float)
        if ((counts > 0) & (counts < 11)).any():
            assert pd.isna(table.loc[way, "value"])


def test_the_ledger_names_every_claim_and_no_study_without_effect_supports_that_of_participation(released):
    ledger = released["ledger"].frame.set_index("name")
    assert len(ledger) == 11
    assert set(ledger["verdict"]) <= {"supported", "not supported", "inconclusive", "not testable"}
    assert ledger.loc["participation", "verdict"] != "supported"
    assert ledger.loc["peer_support", "verdict"] == "not testable"
    assert "which says nothing of what it does" in ledger.loc["peer_support", "why"]
    assert ledger.loc["abstinence", "verdict"] == "not testable"


def test_a_study_without_the_sections_releases_none_of_their_tables(made):
    plain = {
        key: value for key, value in CONTENT.items() if key not in ("subgroups", "participation", "costs", "ledger")
    }
    own = release_tables(iop_outcomes.load_study(plain), made)
    assert not {"subgroup", "participation", "cost_effectiveness", "ledger"} & set(own)


@pytest.mark.slow
def test_the_whole_release_withstands_the_attack_on_its_files(study, made, tmp_path):
    iop_outcomes.release_study(study, made, tmp_path / "release")
    page = (tmp_path / "release" / "report.html").read_text(encoding="utf-8")
    for heading in ("For whom?", "What coming more does", "At what cost?", "The claims of the field"):
        assert heading in page
