"""A level of few hides its neighbour: ``check`` and the report say which to merge, and merged nothing is hidden."""

import numpy as np
import pytest

import null_clinic
from iop_outcomes import study
from iop_outcomes.check.checking import check_study
from iop_outcomes.in_memory import run_study
from iop_outcomes.release.page.who import baseline
from iop_outcomes.release.stage import release_tables

pytestmark = pytest.mark.slow
ADVICE = "merge 'female' and 'other'"
FEW = "sex: 'other', of 1 to 10 people in an arm, and 'female' to hide it; merge 'female' and 'other'"


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    """Return a clinic's folder in which the sex of six people of each arm is told as other."""
    folder, tables = tmp_path_factory.mktemp("rare"), null_clinic.clinic(400)
    sex = np.where(np.arange(400) % 3 == 0, "female", "male").astype(object)
    for level in ("1", "2.1"):
        sex[np.flatnonzero(tables["episode"]["level_of_care"] == level)[:6]] = "other"
    tables["person"]["sex"] = sex
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def asked(folder, **sections):
    """Return the study, with sex among its covariates."""
    return study.parse(null_clinic.content(folder, covariates=["severity", "sex"], **sections))


def baselines(own):
    """Return the released table of baselines, and how the report shows it."""
    released = release_tables(own, run_study(own))["balance"]
    return released, baseline(released, own)


def test_check_and_report_name_the_same_merge_and_merged_nothing_is_hidden(rare):
    before = asked(rare)
    assert check_study(before).findings.hidden == [FEW]
    assert f"sex 'female' and 'other' ({ADVICE})" in baselines(before)[1].note

    after = asked(rare, merge={"sex": {"female or other": ["female", "other"]}})
    assert check_study(after).findings.hidden == []
    released, shown = baselines(after)
    assert not released.suppressed.any(axis=None)
    assert "hidden" not in shown.note
