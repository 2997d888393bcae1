"""Brief Addiction Monitor by hand: answers to items 1 to 17."""

import numpy as np
import pytest

from iop_outcomes.metrics.bam import bam_abstinence, bam_concern, bam_score
from iop_outcomes.pages.timelines import read

#: use 4+5+6 = 1+0+2; risk 1+2+3+8+11+15 = 4+2+1+3+2+1; protection 9+10+12+13+14+16 = 4+3+4+2+4+3.
LIKERT = "BAM_L  30: 4 2 1 1 0 2 . 3 4 3 2 4 2 4 1 3 2"
CONTINUOUS = "BAM_C  30: 15 10 5 12 0 20 . 30 28 30 8 22 15 30 0 22 8"


@pytest.mark.parametrize(
    ("subscale", "likert", "continuous"), [("use", 3, 32), ("risk", 13, 68), ("protection", 20, 147)]
)
def test_subscales(subscale, likert, continuous):
    assert bam_score(read(LIKERT).history, subscale=subscale)["value"].iloc[0] == likert
    assert bam_score(read(CONTINUOUS).history, subscale=subscale, form="continuous")["value"].iloc[0] == continuous


def test_forms_are_never_mixed():
    misfiled = read(CONTINUOUS.replace("BAM_C", "BAM_L")).history
    for subscale in ("use", "risk", "protection"):
        assert np.isnan(bam_score(misfiled, subscale=subscale)["value"].iloc[0])
    assert np.isnan(bam_score(read(LIKERT).history, form="continuous")["value"].iloc[0])


def test_an_unanswered_item_leaves_its_subscale_alone_without_a_score():
    form = read("BAM_L  30: 4 2 1 . 0 2 . 3 4 3 2 4 2 4 1 3 2").history
    assert np.isnan(bam_score(form)["value"].iloc[0])
    assert bam_score(form, subscale="risk")["value"].iloc[0] == 13


def test_what_calls_for_attention():
    form = read(LIKERT).history
    got = {name: bam_concern(form, subscale=name)["value"].iloc[0] for name in ("use", "risk", "protection")}
    assert got == {"use": 1, "risk": 1, "protection": 0}


@pytest.mark.parametrize(("answers", "abstinent"), [("0 0 0 0 9 0", 1), ("0 0 0 2 0 0", 0), ("0 0 0 0 0 .", np.nan)])
def test_abstinence_is_no_alcohol_and_no_drugs(answers, abstinent):
    form = read(f"BAM_C  30: {answers}").history
    np.testing.assert_array_equal(bam_abstinence(form, form="continuous")["value"].iloc[0], abstinent)
