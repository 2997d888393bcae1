"""The attacker who has nothing but the files of a release opens what is badly hidden, and not what is well hidden."""

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


def test_a_table_that_contradicts_the_others_is_left_out_and_named(tmp_path):
    found = attack_release(
        write(tmp_path, attrition_flow=flow((100, 0, 100)), abstinence_definitions=definitions(140, 40, ""))
    )
    assert found.unread == ("abstinence_definitions",) or found.unread == ("attrition_flow",)
    assert "not used, since they contradict the others" in found.in_words()


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


def test_a_release_that_is_opened_is_not_released(tmp_path, monkeypatch):
    build(study(), tables(), tmp_path / "release")
    before = {file: file.read_bytes() for file in (tmp_path / "release").rglob("*.csv")}
    assert "cells opened,0" in (tmp_path / "disclosure" / "attack.csv").read_text()
    # A fault of the protection: what was to be hidden is written.
    said = pd.DataFrame({"fact": ["deaths"], "sentence": ["n = 4"]})
    monkeypatch.setattr(stage, "page", lambda *_: PAGE.format(most=10, rounded="exact", said=said.to_html()))
    with pytest.raises(DisclosureError, match=r"1 small count could be worked out from the files \(report\.html\)"):
        build(study(), tables(), tmp_path / "release")
    assert {file: file.read_bytes() for file in (tmp_path / "release").rglob("*.csv")} == before
    assert "opened,report.html" in (tmp_path / "disclosure" / "attack.csv").read_text()


def test_one_person_fewer_is_not_released_beside_the_release_before(tmp_path):
    given = tables()
    build(study(), given, tmp_path / "release")
    fewer = given | {"cohort": given["cohort"].iloc[1:].reset_index(drop=True)}
    with pytest.raises(DisclosureError, match="1 to 10 people fewer than in an earlier release"):
        build(study(), fewer, tmp_path / "release")
