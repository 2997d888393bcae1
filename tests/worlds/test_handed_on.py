"""Worlds in which IOP hands people on to other care, and they stay and complete as everybody does.

Before, whoever stepped down had left, and IOP completed and kept far fewer, surely.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.discharged import judge_discharged
from null_clinic import Tables, checks, clinic, run, weekly_sessions

OF_LEAVING = {
    "completion": {},
    "dropout": {},
    "retention_60": {"metric": "retention", "day": 60},
    "attendance_rate": {"after_first": True},
}
WITHHELD = dict.fromkeys(("completion", "dropout", "retention_60"), "withheld") | {"attendance_rate": "shown"}


def judged_in(folder, tables: Tables) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the checks, and the status of every answer."""
    asked = {name: {"outcome": name, "design": "overlap", "estimator": "weighted"} for name in OF_LEAVING}
    made = run(folder, tables, metrics=OF_LEAVING, analyses=asked)
    rows = made["estimate"].query("role == 'contrast' and kind == 'adjusted' and analysis != 'primary'")
    return checks(made), dict(zip(rows["analysis"].astype(str), rows["status"].astype(str), strict=True))


def stepping_down(day: int = 42, share: float = 0.6) -> Tables:
    """Return a clinic that hands many of IOP on to outpatient care by a new episode; all stay and complete alike."""
    tables, rng = clinic(1000, 2), np.random.default_rng(2)
    episode = tables["episode"]
    handed = (episode["level_of_care"] == "2.1") & (episode["discharge_day"] > day) & (rng.random(1000) < share)
    later = episode[handed].assign(episode_id=episode["episode_id"] + "b", assignment_day=day, admission_day=day)
    episode.loc[handed, ["discharge_day", "discharge_reason"]] = [day, "transfer"]
    # Outpatient care sends people elsewhere, too, so that the reason is one of both arms.
    episode.loc[~handed & (episode["discharge_reason"] == "dropout") & (rng.random(1000) < 0.1), "discharge_reason"] = (
        "transfer"
    )
    episode = pd.concat([episode, later.assign(level_of_care="1")], ignore_index=True)
    baseline = tables["baseline"].set_index("episode_id").loc[episode["person_id"]].reset_index(drop=True)
    changed = {"episode": episode, "baseline": baseline.assign(episode_id=episode["episode_id"])}
    return tables | changed | {"session": weekly_sessions(episode)}


def test_whoever_steps_down_has_not_left(tmp_path):
    """Before, IOP completed 22 points less and kept 29 points fewer to day 60, surely."""
    rows, shown = judged_in(tmp_path, stepping_down())
    row = rows.loc["reopened_alike"]
    assert row["status"] == "FAIL"
    assert "were admitted to another outpatient level of care within 7 days" in row["reason"]
    assert shown == WITHHELD


def test_whoever_is_handed_on_elsewhere_has_neither_left_nor_stayed(tmp_path):
    """Before, without a record of what followed, IOP was surely worse all the same."""
    tables = stepping_down(share=0.4)
    first = ~tables["episode"]["episode_id"].str.endswith("b")
    tables["episode"] = tables["episode"][first]
    tables["baseline"] = tables["baseline"][first]
    tables["session"] = weekly_sessions(tables["episode"])
    rows, shown = judged_in(tmp_path, tables)
    assert list(rows.loc[["handed_on_alike", "reopened_alike"], "status"]) == ["FAIL", "PASS"]
    assert shown == WITHHELD


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_as_many_handed_on_in_both_arms_are_no_matter(tmp_path, seed):
    tables, rng = clinic(1000, seed), np.random.default_rng(seed)
    tables["episode"].loc[rng.random(1000) < 0.2, "discharge_reason"] = "transfer"
    rows, shown = judged_in(tmp_path, tables)
    assert set(rows.loc[["handed_on_alike", "reopened_alike", "closed_alike"], "status"]) == {"PASS"}
    assert set(shown.values()) == {"shown"}


@pytest.mark.parametrize(("handed_on", "status"), [(13, "PASS"), (15, "WARN"), (17, "WARN"), (19, "FAIL")])
def test_eight_more_of_a_hundred_handed_on_are_worth_a_warning_and_twelve_are_too_many(handed_on, status):
    rows = [
        *[("iop", "reason of discharge", level, n, 100) for level, n in (("transfer", handed_on), ("dropout", 60))],
        *[("outpatient", "reason of discharge", level, n, 100) for level, n in (("transfer", 6), ("dropout", 60))],
    ]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    found = {row[0]: row[3] for row in judge_discharged(recording, ("iop", "outpatient"))}
    assert found["handed_on_alike"] == status
