"""The attacker who has nothing but the files of a release opens what is badly hidden, and not what is well hidden."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release import stage
from iop_outcomes.release.attack import attack_release
from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.release.stage import build
from report_tables import study, tables

PAGE = (
    "<p>counts of 1 to {most}, and whatever would give them away, are suppressed; other counts are {rounded}</p>{said}"
)
EXACT = ReleaseRules(11, 1)


def write(folder, said="", rules=EXACT, **frames: pd.DataFrame):
    """Write a release of some tables by hand."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    rounded = "exact" if rules.round_to == 1 else f"rounded up or down to a multiple of {rules.round_to}"
    (folder / "report.html").write_text(PAGE.format(most=rules.min_cell - 1, rounded=rounded, said=said))
    for name, frame in frames.items():
        frame.astype("str").to_csv(folder / "tables" / f"{name}.csv", index=False)
    return folder


def flow(*steps: tuple) -> pd.DataFrame:
    """Return the flow of one arm: before, excluded and after at each step."""
    frame = pd.DataFrame(steps, columns=["n_before", "n_excluded", "n_after"])
    return frame.assign(arm="iop", step=range(len(frame)), rule="rule", n_episodes="", n_elsewhere="")


def definitions(n, n_events, share) -> pd.DataFrame:
    """Return one definition of abstinence in one arm."""
    return pd.DataFrame(
        [{"endpoint": "e", "missing_rule": "m", "arm": "iop", "n": n, "n_events": n_events, "share": share}]
    )


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def opened_in(said="", **frames: pd.DataFrame) -> list[str]:
    """Return the places that an attack opens of a release of some tables with exact counts."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        found = attack_release(write(Path(folder), said, **frames))
    assert found.unread == ()
    return found.opened["place"].tolist()


def test_a_small_count_between_two_that_are_shown_is_opened(tmp_path):
    found = attack_release(write(tmp_path, attrition_flow=flow((108, "suppressed", 103), (103, 20, 83))))
    assert found.opened["place"].tolist() == ["attrition_flow, row 1, n_excluded"]


def test_with_the_count_after_it_hidden_too_it_is_not(tmp_path):
    hidden = flow((108, "suppressed", "suppressed"), ("suppressed", "suppressed", 83))
    found = attack_release(write(tmp_path, attrition_flow=hidden))
    assert (found.tried, len(found.opened)) == (4, 0)


def test_what_one_table_hides_another_gives_away(tmp_path):
    # The arm is 100 in the flow; the definition is known of 95 of them, so that 5 are unknown: no table says so.
    found = attack_release(
        write(tmp_path, attrition_flow=flow((100, 0, 100)), abstinence_definitions=definitions(95, 40, 0.42))
    )
    assert found.opened["place"].tolist() == ["abstinence_definitions, row 1, iop e m not known"]


def test_a_share_with_too_many_digits_is_a_count(tmp_path):
    # Neither count is shown, and 0.947 of 95 to the third digit can be 90 only: 5 are without.
    exact = definitions(95, "suppressed", 0.947)
    found = attack_release(write(tmp_path, attrition_flow=flow((120, 25, 95)), abstinence_definitions=exact))
    assert "abstinence_definitions, row 1, iop e m without" in found.opened["place"].tolist()


def test_rounding_is_known_to_the_attacker_and_the_key_is_not(tmp_path):
    # 100 and 95, both up to 4 off: between none and 13 are unknown.
    rules = ReleaseRules(11, 5)
    given = {"attrition_flow": flow((100, 0, 100)), "abstinence_definitions": definitions(95, 40, 0.4)}
    assert len(attack_release(write(tmp_path, rules=rules, **given)).opened) == 0


def test_a_table_that_contradicts_the_others_is_named_and_attacked_by_itself(tmp_path):
    # 140 of an arm of 100 are other people; that 7 of them, for 0.05 of 140, have the outcome is told all the same.
    given = {"attrition_flow": flow((100, 0, 100)), "abstinence_definitions": definitions(140, "suppressed", 0.05)}
    found = attack_release(write(tmp_path, **given))
    assert set(found.read) | set(found.unread) == {"attrition_flow", "abstinence_definitions", "report.html"}
    assert "apart, since they contradict the others" in found.in_words()
    assert found.opened["place"].tolist() == ["abstinence_definitions, row 1, n_events"]


def outcomes(*rows: tuple) -> pd.DataFrame:
    """Return one outcome of one arm, of everybody and by sex: level, people, known, share."""
    frame = pd.DataFrame(rows, columns=["level", "n_people", "n", "value"])
    group = frame["level"].map(lambda level: "sex" if level else "everybody")
    return frame.assign(outcome="completion", group=group, arm="iop", unit="share", sd="")


HIDDEN = "suppressed"


def test_everybody_less_the_men_gives_the_women():
    # Of 20 of 120 the outcome is not known, of them 16 men: 4 women.
    rows = outcomes(("", 120, 100, 0.55), ("female", 56, HIDDEN, 0.6), ("male", 64, 48, 0.5))
    assert opened_in(outcomes=rows) == ["outcomes, row 2, completion not known"]


def test_a_share_of_few_follows_from_the_shares_of_all_and_of_the_others():
    # 34 of 100 and 30 of 60: 4 of 40, whose share is hidden since it tells a small count.
    rows = outcomes(("", 100, 100, 0.34), ("female", 40, 40, HIDDEN), ("male", 60, 60, 0.5))
    assert opened_in(outcomes=rows) == ["outcomes, row 2, value"]


def test_with_the_share_of_the_others_hidden_too_nothing_is_opened():
    rows = outcomes(("", 100, 100, 0.34), ("female", 40, 40, HIDDEN), ("male", 60, 60, HIDDEN))
    assert opened_in(outcomes=rows) == []


def events(*deaths) -> pd.DataFrame:
    """Return how care ended in two arms of 100, with so many deaths in each."""
    rows = [
        (arm, event, n, "" if event == "left" else n)
        for arm, died in zip(("iop", "outpatient"), deaths, strict=True)
        for event, n in (("left", HIDDEN if died == HIDDEN else 100 - died), ("death", died))
    ]
    return pd.DataFrame(rows, columns=["arm", "event", "n_ended", "n_while"])


def test_all_deaths_less_those_of_one_arm_are_those_of_the_other():
    said = "<p>17 people are on record as having died</p>"
    assert "intercurrent, row 2, n_while" in opened_in(said, intercurrent=events(HIDDEN, 13))
    assert opened_in("<p>Some people are on record as having died</p>", intercurrent=events(HIDDEN, 13)) == []


def test_fewer_than_eleven_deaths_in_two_arms_are_fewer_than_ten_in_each():
    said = "<p>fewer than 11 people are on record as having died</p>"
    assert "intercurrent, row 4, n_while" in opened_in(said, intercurrent=events(HIDDEN, HIDDEN))


def test_rows_rejected_less_those_of_one_rule_are_those_of_another():
    intake = pd.DataFrame({"table": ["episode"], "n_in": 127, "n_accepted": 100, "n_rejected": 27})
    rules = ["rows not taken, in all", "row not taken: a", "row not taken: b"]
    aside = pd.DataFrame({"table": "episode", "rule": rules, "n": [HIDDEN, HIDDEN, 24]})
    assert opened_in(intake=intake, set_aside=aside) == ["set_aside, row 2, n"]
    assert opened_in(intake=intake.assign(n_rejected=HIDDEN, n_in=HIDDEN), set_aside=aside) == []


def estimate(n, said="", kind="naive", value="") -> pd.DataFrame:
    """Return an outcome of which little is known in either arm."""
    frame = pd.DataFrame({"arm": ["iop", "outpatient"], "n": n, "n_events": "", "value": value, "se_method": said})
    same = {"analysis": "primary", "outcome": "completion", "role": "arm", "population": "everybody", "kind": kind}
    return frame.assign(**same, measure="mean", unit="share", design="overlap")


@pytest.mark.parametrize(("said", "n"), [("23 missing outcomes left out", 1), ("missing outcomes left out", 0)])
def test_missing_outcomes_of_both_arms_less_those_of_one_are_those_of_the_other(said, n):
    arms = pd.concat([flow((100, 0, 100)), flow((100, 0, 100)).assign(arm="outpatient")], ignore_index=True)
    found = opened_in(attrition_flow=arms, estimate=estimate([HIDDEN, 80], said))
    assert found == ["estimate, row 1, completion not known"][:n]


def test_an_adjusted_share_of_equal_weights_is_a_share_of_counted_people():
    # 0.947 of 94 or of 95 can be 89 or 90 only: 5 of the arm's hundred, or 6, are not known.
    exact = estimate([HIDDEN, 100], "weighted means, unweighted", "adjusted", [0.947, 0.5]).assign(n_events=[90, 50])
    arms = pd.concat([flow((100, 0, 100)), flow((100, 0, 100)).assign(arm="outpatient")], ignore_index=True)
    assert "estimate, row 1, completion not known" in opened_in(attrition_flow=arms, estimate=exact)


@pytest.mark.parametrize(
    ("said", "opened"),
    [
        ("<p>4 women were left out</p>", 1),
        ("<p>2 (of 50) patients</p>", 1),
        ("<p>n=4</p>", 1),
        ("<p>members: 6</p>", 1),
        ("<p>7 of 90 in the first arm</p>", 1),
        ("<p>fewer than 11 members; 7 outcomes were compared; 40 people; n=40</p>", 0),
    ],
)
def test_a_small_count_in_a_sentence_is_opened(tmp_path, said, opened):
    assert len(attack_release(write(tmp_path, said)).opened) == opened


def test_a_folder_that_is_no_release_is_an_error(tmp_path):
    with pytest.raises(DisclosureError, match=r"no report\.html that states the rules"):
        attack_release(tmp_path)


@pytest.mark.slow
def test_a_release_that_is_opened_is_not_released(example_release, tmp_path, monkeypatch):
    shutil.copytree(example_release, tmp_path, dirs_exist_ok=True)
    before = {file: file.read_bytes() for file in (tmp_path / "release").rglob("*.csv")}
    assert "cells opened,0" in (tmp_path / "disclosure" / "attack.csv").read_text()
    # A fault of the protection: what was to be hidden is written.
    said = pd.DataFrame({"fact": ["deaths"], "sentence": ["n = 4"]})
    monkeypatch.setattr(stage, "page", lambda *_: PAGE.format(most=10, rounded="exact", said=said.to_html()))
    with pytest.raises(DisclosureError, match=r"1 small count could be worked out from the files \(report\.html\)"):
        build(study(), tables(), tmp_path / "release")
    assert {file: file.read_bytes() for file in (tmp_path / "release").rglob("*.csv")} == before
    assert "opened,report.html" in (tmp_path / "disclosure" / "attack.csv").read_text()


@pytest.mark.slow
def test_one_person_fewer_is_not_released_beside_the_release_before(example_release, tmp_path):
    given = tables()
    shutil.copytree(example_release, tmp_path, dirs_exist_ok=True)
    fewer = given | {"cohort": given["cohort"].iloc[1:].reset_index(drop=True)}
    with pytest.raises(DisclosureError, match="1 to 10 people fewer than in an earlier release"):
        build(study(), fewer, tmp_path / "release")


def line(*points: tuple) -> pd.DataFrame:
    """Return an arm's curve: day, share still in care, and people at risk on that day."""
    return pd.DataFrame(points, columns=["day", "survival", "n_at_risk"]).assign(arm="iop")


def staying(**weights) -> pd.DataFrame:
    """Return the estimate of time in care of 329 people, of whom so many are left by the weights."""
    row = {"analysis": "staying", "outcome": "time_in_care", "role": "arm", "arm": "iop", "kind": "adjusted"}
    row |= {"population": "everybody", "measure": "rmst", "unit": "days", "design": "overlap", "n": 329, "value": 99}
    return pd.DataFrame([row | {"n_events": "", "se_method": "normalised", "ess": 329} | weights])


def test_a_line_of_equal_weights_beside_a_number_at_risk_is_opened():
    """189 are at risk on day 60; by day 63 0.566 of 329 are still there, 186: three left in three days."""
    curve = line((0, 1, 329), (49, 0.602, ""), (60, "", 189), (63, 0.566, ""))
    place = ["retention_curves, row 3, n_at_risk beside the line"]
    assert opened_in(retention_curves=curve, estimate=staying(se_method="unweighted")) == place
    assert opened_in(retention_curves=curve, estimate=staying(ess=327)) == place
    assert opened_in(retention_curves=curve, estimate=staying(ess=200)) == []


def test_a_line_that_ends_a_part_on_the_day_before_is_not_opened():
    curve = line((0, 1, 329), (14, 0.916, ""), (29, 0.708, ""), (30, "", 233), (35, 0.669, ""))
    assert opened_in(retention_curves=curve, estimate=staying(ess=327)) == []


def test_rows_of_baselines_tell_how_many_episodes_there_are():
    """Of 120 people with 120 baselines 22 are in one arm: 98 in the other, of whom 90 are left after three rules."""
    read = pd.DataFrame({"table": ["person", "episode", "baseline"], "n_in": [120, "suppressed", 120]})
    read = read.assign(n_accepted=read["n_in"], n_rejected=0)
    hidden = "suppressed"
    steps = flow((hidden, hidden, hidden), (hidden, hidden, hidden), (hidden, hidden, 90))
    places = [f"attrition_flow, row {row}, n_excluded" for row in (1, 2, 3)]
    assert opened_in(intake=read, attrition_flow=steps.assign(n_episodes=hidden, n_elsewhere=22)) == places
    read["n_in"] = read["n_accepted"] = hidden
    assert opened_in(intake=read, attrition_flow=steps.assign(n_episodes=hidden, n_elsewhere=22)) == []


def test_those_who_found_a_match_beside_everybody_tell_of_those_who_found_none():
    """115 of 280 who found a match have the outcome, and 120 of all 300: five of the twenty others."""
    row = {"analysis": "primary", "outcome": "completion", "role": "arm", "arm": "iop", "population": "everybody"}
    row |= {"measure": "mean", "unit": "share", "design": "matched", "value": "suppressed", "se_method": ""}
    both = [("adjusted", 280, 115), ("naive", 300, 120)]
    frame = pd.DataFrame([row | {"kind": kind, "n": n, "n_events": events} for kind, n, events in both])
    assert opened_in(estimate=frame) == ["estimate, row 1, not with"]


def test_two_pairs_of_a_matched_design_leave_other_people_of_an_arm_and_contradict_nothing():
    rows = [
        (analysis, arm, kind, n)
        for analysis, other, left in (("one", "outpatient", 40), ("two", "residential", 30))
        for kind, n_iop in (("naive", 60), ("adjusted", left))
        for arm, n in (("iop", n_iop), (other, n_iop))
    ]
    table = pd.DataFrame(rows, columns=["analysis", "arm", "kind", "n"]).assign(
        role="arm", outcome="e", design="match", population="everybody", n_events="", measure="mean", unit="days"
    )
    # As one number, those of IOP who found a match would be both 40 and 30, and the table would be read apart.
    assert opened_in(estimate=table.assign(value="", se_method="", against="")) == []
