"""Brief Addiction Monitor: use, risk and protection, in two forms that are never mixed.

The Likert form (``BAM_L``) answers every item 0 to 4, the continuous form (``BAM_C``) 0 to 30 days. A form counts if
every item of the subscale is answered within its range, so that a continuous form filed as a Likert one falls out.
"""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.assessments import forms, last_between
from iop_outcomes.history.history import History
from iop_outcomes.history.result import result
from iop_outcomes.kernel.registry import metric

ITEMS = {"use": (4, 5, 6), "risk": (1, 2, 3, 8, 11, 15), "protection": (9, 10, 12, 13, 14, 16)}
HIGHEST_ANSWER = {"likert": 4, "continuous": 30}
INSTRUMENT = {"likert": "BAM_L", "continuous": "BAM_C"}
N_ITEMS = 17
ALCOHOL_AND_DRUGS = (4, 6)

Subscale = Literal["use", "risk", "protection"]
Form = Literal["likert", "continuous"]
NEEDS = ("assessment.value",)
SOURCE = "Cacciola et al. 2013, 10.1016/j.jsat.2012.07.013; subscales of the VA's manual"
MISSING = "no form between the days with every item of the subscale answered: no value"
NO_FORM = "no complete form"


@metric(unit="points", kind="continuous", needs=NEEDS, missing=MISSING, source=SOURCE, better="neither")
def bam_score(
    history: History,
    *,
    subscale: Subscale = "use",
    form: Form = "likert",
    from_day: int = 14,
    to_day: int = 180,
) -> pd.DataFrame:
    """Sum of a subscale on the last complete form: use 4+5+6, risk 1+2+3+8+11+15, protection 9+10+12+13+14+16.

    Likert: use 0 to 12, the others 0 to 24. Continuous: use 0 to 90, the others 0 to 180. More use and risk are worse,
    more protection is better.

    Examples
    --------
        BAM_L  30: 1 2 1 0 1 2 . 3 4 2 1 3 2 4 0 3 2
        value  3
        value  8     subscale=risk
        value  18    subscale=protection
        value  none: no complete form    form=continuous

    Filled in as days and filed as the Likert form: an answer of 12 is none.

        BAM_L  30: 1 2 1 0 12 2 . 3 4 2 1 3 2 4 0 3 2
        value  none: no complete form
    """
    answers = _last(history, form, ITEMS[subscale], from_day, to_day)
    return result(history, answers.sum(axis=1), NO_FORM)


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing=MISSING,
    source=SOURCE + "; use 1 or more, risk 12 or more, protection 12 or less",
    better="lower",
)
def bam_concern(
    history: History, *, subscale: Subscale = "use", cut_off: int | None = None, from_day: int = 14, to_day: int = 180
) -> pd.DataFrame:
    """Does the Likert subscale call for attention: use at least 1, risk at least 12, protection at most 12?

    Examples
    --------
        BAM_L  30: 1 2 1 0 1 2 . 3 4 2 1 3 2 4 0 3 2
        value  1
        value  0    subscale=risk
        value  0    subscale=protection
        value  1    subscale=risk cut_off=8
    """
    score = _last(history, "likert", ITEMS[subscale], from_day, to_day).sum(axis=1)
    limit = {"use": 1, "risk": 12, "protection": 12}[subscale] if cut_off is None else cut_off
    concern = score <= limit if subscale == "protection" else score >= limit
    return result(history, np.where(np.isnan(score), np.nan, concern), NO_FORM)


@metric(unit="yes or no", kind="binary", needs=NEEDS, missing=MISSING, source=SOURCE)
def bam_abstinence(history: History, *, form: Form = "likert", from_day: int = 14, to_day: int = 180) -> pd.DataFrame:
    """Neither alcohol nor drugs in the past 30 days on the last form: items 4 and 6 are 0.

    Examples
    --------
        BAM_C  30: 0 5 3 0 0 0
        value  1    form=continuous

        BAM_C  30: 0 5 3 2 0 0
        value  0    form=continuous
    """
    answers = _last(history, form, ALCOHOL_AND_DRUGS, from_day, to_day)
    none = (answers == 0).all(axis=1)
    return result(history, np.where(np.isnan(answers).any(axis=1), np.nan, none), NO_FORM)


def _last(history: History, form: Form, items: tuple[int, ...], from_day: int, to_day: int) -> np.ndarray:
    """Return the answers to some items on each member's last form with all of them; NaN where there is none."""
    found = forms(history, INSTRUMENT[form], N_ITEMS, HIGHEST_ANSWER[form])
    answers = found.answers[:, np.array(items) - 1]
    complete = ~np.isnan(answers).any(axis=1)
    answers = np.vstack([answers, np.full((1, len(items)), np.nan)])
    return answers[last_between(history, found, complete, from_day, to_day)]
