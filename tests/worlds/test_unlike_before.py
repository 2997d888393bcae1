"""Worlds in which severity that nobody recorded drives arm and outcome: use before time zero, or outcomes that no arm
can change, give it away. IOP changes nothing in any of them, and the gate sees nothing wrong.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study
from iop_outcomes.in_memory import run_study
from iop_outcomes.release.stage import release_tables
from iop_outcomes.tables.estimate import CHECK
from null_clinic import Tables, clinic, content, weekly_sessions

N = 1600
GATE = {"min_equipoise": 0}


def hidden(drives: float, seed: int = 3) -> tuple[Tables, np.ndarray]:
    """Return a clinic that sends people to IOP by a severity nobody recorded, which shortens stays; and the severity.

    Where it drives nothing, the arms are alike in it but for chance.
    """
    tables, rng = clinic(N, seed), np.random.default_rng(seed)
    severity, episode = rng.normal(size=N), tables["episode"]
    episode["level_of_care"] = np.where(rng.random(N) < 1 / (1 + np.exp(drives * severity)), "2.1", "1")
    stay = np.minimum(rng.exponential(60 * np.exp(-0.5 * severity)).astype(int) + 1, 84)
    episode["discharge_day"], episode["discharge_reason"] = stay, np.where(stay == 84, "completed", "dropout")
    return tables | {"session": weekly_sessions(episode)}, severity


def asked_before(severity: np.ndarray) -> pd.DataFrame:
    """Return an interview at intake about the 30 days before, in which the severe used more."""
    used = np.random.default_rng(8).binomial(30, 1 / (1 + np.exp(-severity)))
    ids = [f"{number:04}" for number in range(len(severity))]
    return pd.DataFrame(
        {"person_id": ids, "day": -30, "window_days": 30, "substance": "any", "days_used": used, "source": "interview"}
    )


def judged(folder, tables: Tables, **sections) -> tuple[pd.Series, pd.DataFrame]:
    """Return the released verdict, and the rows of the checks."""
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    asked = study.parse(content(folder, gate=GATE, **sections))
    released = release_tables(asked, run_study(asked))
    estimate = released["estimate"].frame
    return released["verdict"].frame.iloc[0], estimate[estimate["role"] == CHECK]


def test_use_before_time_zero_gives_hidden_severity_away(tmp_path):
    tables, severity = hidden(0.8)
    blind, _ = judged(tmp_path, tables)
    assert blind["verdict"] == "better"
    verdict, checks = judged(tmp_path, tables | {"use_report": asked_before(severity)})
    assert (verdict["verdict"], verdict["reasons"]) == ("inconclusive", "placebo_failed")
    assert "a difference in use before time zero" in verdict["sentence"]
    row = checks.set_index("estimator").loc["placebo"]
    assert row["value"] < -0.4
    assert row["unit"] == "standard deviations"


def test_where_severity_drives_no_arm_the_verdict_is_what_it_was(tmp_path):
    tables, severity = hidden(0.0)
    calm, _ = judged(tmp_path, tables)
    verdict, checks = judged(tmp_path, tables | {"use_report": asked_before(severity)})
    assert verdict["reasons"] == calm["reasons"]
    assert (checks["estimator"] == "placebo").sum() == 1


def test_what_is_adjusted_for_is_no_placebo(tmp_path):
    tables, severity = hidden(0.8)
    before = asked_before(severity)
    tables["baseline"]["use_days"] = before["days_used"].to_numpy()
    _, checks = judged(tmp_path, tables | {"use_report": before}, covariates=["severity", "referral", "use_days"])
    assert not (checks["estimator"] == "placebo").any()


CONTROL = '''
"""Twelve outcomes that no arm changes."""
import numpy as np
import pandas as pd
from iop_outcomes.history.history import History
from iop_outcomes.kernel.registry import metric


@metric(unit="yes or no", kind="binary", needs=(), missing="none", source="made up")
def control(history: History, *, number: int = 0, severity: str) -> pd.Series:
    """An event that the severe have more often, whatever their arm.

    Examples
    --------
        day    0
        value  0
    """
    hidden = pd.read_csv(severity, dtype={"person_id": str}).set_index("person_id")["severity"]
    logit = -1 + 0.8 * hidden.reindex(history.members["person_id"]).to_numpy()
    chance = np.random.default_rng(number).random(history.n)
    return history.series((chance < 1 / (1 + np.exp(-logit))).astype(float))
'''


def with_controls(folder, severity: np.ndarray, n: int) -> dict:
    """Return the sections of a study with some negative-control outcomes."""
    ids = [f"{number:04}" for number in range(len(severity))]
    pd.DataFrame({"person_id": ids, "severity": severity}).to_csv(folder / "hidden_severity", index=False)
    (folder / "control.py").write_text(CONTROL)
    named = {
        f"control_{i}": {"metric": "control", "number": i, "severity": str(folder / "hidden_severity")}
        for i in range(n)
    }
    checks = [{"negative_controls": {"outcomes": list(named)}}]
    return {"metrics": named, "extend": [str(folder / "control.py")], "sensitivity": checks}


@pytest.mark.slow
def test_negative_controls_give_it_away_and_their_error_takes_the_effect_with_it(tmp_path):
    tables, severity = hidden(0.8)
    verdict, checks = judged(tmp_path, tables, **with_controls(tmp_path, severity, 12))
    assert (verdict["verdict"], verdict["reasons"]) == ("inconclusive", "systematic_error")
    by_measure = checks.set_index("measure")
    assert by_measure.loc["ease", "value"] > 0.25


@pytest.mark.slow
def test_negative_controls_of_a_fair_comparison_change_nothing(tmp_path):
    tables, severity = hidden(0.0)
    calm, _ = judged(tmp_path, tables)
    verdict, checks = judged(tmp_path, tables, **with_controls(tmp_path, severity, 12))
    assert verdict["reasons"] == calm["reasons"]
    assert checks.set_index("measure").loc["ease", "value"] < 0.1


@pytest.mark.slow
def test_fewer_than_ten_negative_controls_are_refused(tmp_path):
    tables, severity = hidden(0.0)
    _, checks = judged(tmp_path, tables, **with_controls(tmp_path, severity, 4))
    row = checks.set_index("estimator").loc["negative_controls"]
    assert row["status"] == "refused"
    assert "there are 4, and fewer than 10" in row["reason"]
