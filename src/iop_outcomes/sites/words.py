"""What several sites show together, in sentences."""

import numpy as np
import pandas as pd

from iop_outcomes.conclude.verdict import Decision
from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.words import numbers
from iop_outcomes.release.words.badge import badge_of
from iop_outcomes.sites.using import FAILED, NO_INTERVAL, ONE_ARMED, POOLED
from iop_outcomes.tables.estimate import REFUSED, WITHHELD

#: Why sites were not pooled, for a site and for several.
_LEFT_OUT = {
    WITHHELD: ("was withheld at its site", "were withheld at their sites"),
    REFUSED: ("could not be made at its site", "could not be made at their sites"),
    ONE_ARMED: ("is of a site with one arm only", "are of sites with one arm only"),
    FAILED: ("failed a check at its site", "failed a check at their sites"),
    NO_INTERVAL: ("has no standard error", "have no standard error"),
}
_WHY = {
    "too_few_sites": "Fewer than three sites can be pooled, so that nobody knows how much sites differ.",
    "hangs_on_one_site": "Without one of the sites it would not be shown.",
    "sites_differ": "At a further site a difference that matters is possible: the mean of unlike sites answers none.",
    "another_site_may_not": "At a further site there may be none, or one on the other side.",
    "one_of_many": "Adjusted for the number of further answers, chance could explain it.",
    "no_answer_of_its_own": "The analysis that answers for the outcome does not show it.",
    "beyond_margin": "No difference and one that would matter are both within the interval.",
    "missing_could_hide": "Outcomes are missing, or something is made of them, and no other rule was pooled.",
    "missing_not_examined": "Outcomes are missing, or something is made of them, and no other rule was pooled.",
    "no_margin": "Chance could explain it, and nobody has said how much would matter.",
    "no_direction": "Nobody has said which way is better.",
    "less_than_matters": "The whole interval is less than matters.",
    "may_be_less_than_matters": "It may be less than matters.",
    "more_than_matters": "The whole interval is more than matters.",
    "within_margin": "Chance leaves no room for a difference that matters.",
}


def sentence(row: pd.Series, rows: pd.DataFrame, decision: Decision) -> str:
    """Return what the sites show of one analysis: the verdict, the numbers, why, and who was left out.

    Parameters
    ----------
    row : pandas.Series
        From ``pooling.numbers``.
    rows : pandas.DataFrame
        Every site, with ``use``.
    decision : Decision
    """
    said = [f"{badge_of(decision.verdict, decision.codes)}: {words.plain(str(row['analysis']))}."]
    if np.isfinite(row.get("value", np.nan)):
        said.append(_found(row))
    said += dict.fromkeys(_WHY[code] for code in decision.codes if code in _WHY)
    return " ".join([*said, *left_out(rows)])


def left_out(rows: pd.DataFrame) -> list[str]:
    """Return why sites were not pooled, by how many they are and never by name."""
    counts = rows["use"].value_counts()
    return [
        f"{counted(int(counts[use]), 'estimate')} {_LEFT_OUT[use][int(counts[use] > 1)]}."
        for use in _LEFT_OUT
        if use != POOLED and counts.get(use, 0)
    ]


def _found(row: pd.Series) -> str:
    unit = str(row["unit"])
    value = f"{numbers.scaled(row['value'], unit)} {numbers.unit_words(unit)}".strip()
    ends = numbers.interval(row, unit)
    low, high = (numbers.scaled(row[end], unit) for end in ("prediction_low", "prediction_high"))
    first, second = words.arm(str(row["arm"])), words.arm(str(row["against"]))
    return (
        f"Over {counted(int(row['n_pooled']), 'site')} the {words.plain(str(row['measure']))} of {first} against "
        f"{second} is {value} (95% CI {ends}); at a further site it lies between {low} and {high}. Of its variance "
        f"{words.percent(row['i_squared'])} lies between sites."
    )
