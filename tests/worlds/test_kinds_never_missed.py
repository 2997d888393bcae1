"""Sessions that are written down only where they took place are no attendance of the arm that holds more of them."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.kinds import judge_kinds
from null_clinic import checks, clinic, run

ARMS = ("iop", "outpatient")


def by_video(share: float, on_record: bool, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Return a clinic in which a quarter of all sessions is missed, and a share of those of IOP is held by video."""
    tables, rng = clinic(600, seed), np.random.default_rng(seed)
    session = tables["session"]
    iop = session["episode_id"].map(tables["episode"].set_index("episode_id")["level_of_care"]) == "2.1"
    missed = (rng.random(len(session)) < 0.25) & (session["day"] > 0)
    video = iop & (rng.random(len(session)) < share)
    session["status"] = np.where(missed, "no_show", "attended")
    session["mode"] = np.where(video, "video", "in_person")
    return tables | {"session": session if on_record else session[~(video & missed)]}


@pytest.mark.parametrize(("on_record", "status"), [(False, "FAIL"), pytest.param(True, "PASS", marks=pytest.mark.slow)])
def test_video_sessions_that_nobody_can_miss_withhold_what_is_made_of_missed_ones(tmp_path, on_record, status):
    weighted = {"design": "overlap", "estimator": "weighted"}
    metrics = {"came": {"metric": "attendance_rate", "after_first": True}, "completion": {}}
    analyses = {name: weighted | {"outcome": name} for name in metrics}
    made = run(tmp_path, by_video(0.5, on_record), metrics=metrics, analyses=analyses)
    row = checks(made).loc["missed_by_kind"]
    assert row["status"] == status
    if status == "FAIL":
        assert row["reason"].startswith("no session of iop of the kind “video” is recorded as missed")
    shown = made["estimate"].query("role == 'contrast' and kind == 'adjusted'").set_index("analysis")["status"]
    assert shown["came"] == ("withheld" if status == "FAIL" else "shown")
    assert shown["completion"] == "shown"


def kinds(*rows: tuple[str, str, int, int]) -> list:
    """Return the checks of sessions by arm and kind: so many missed, of so many held."""
    table = pd.DataFrame(rows, columns=["arm", "level", "n", "n_all"]).assign(what="missed of a kind")
    return judge_kinds(table, ARMS)


@pytest.mark.parametrize(("held", "status"), [(90, "PASS"), (100, "WARN"), (500, "FAIL")])
def test_ten_missed_ones_must_be_due_and_move_the_arm(held, status):
    # One in ten of the others is missed, so that of 100 ten should be: a hundredth and more of 900 sessions of the arm.
    found = kinds(("iop", "video", 0, held), ("iop", "in_person", 80, 800), ("outpatient", "in_person", 80, 800))
    assert [(check, status_) for check, *_, status_, _ in found] == [("missed_by_kind", status)]


def test_a_kind_that_both_arms_hold_alike_and_never_miss_makes_no_difference():
    rows = [(arm, kind, n, 500) for arm in ARMS for kind, n in (("peer", 0), ("group", 100))]
    assert kinds(*rows)[0][3] == "PASS"


def test_an_arm_of_which_nothing_is_ever_missed_is_told_by_the_words_it_never_uses():
    assert kinds(("iop", "video", 0, 500), ("outpatient", "video", 100, 500))[0][3] == "PASS"


def test_an_assessment_by_which_care_begins_is_missed_by_nobody():
    of_few = [("outpatient", "assessment", 0, 300), ("outpatient", "individual", 200, 800)]
    assert kinds(("iop", "assessment", 0, 300), ("iop", "group", 600, 6000), *of_few)[0][3] == "PASS"


def test_where_one_arm_has_no_kinds_on_record_nothing_is_asked():
    assert kinds(("iop", "video", 0, 500)) == []
