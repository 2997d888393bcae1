"""How sure one can be: what every other way of asking the first question comes to, in sentences."""

import numpy as np

from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.words.advice import told

#: Below this a p-value is printed as being so.
_LEAST = 0.001


def specifications(summary: Released | None) -> str:
    """Return what the specifications of the first question amount to; empty where the study has none.

    Parameters
    ----------
    summary : Released or None
        Table ``specification_summary``.
    """
    if summary is None or not len(summary.frame):
        return ""
    row = summary.frame.iloc[0]
    said = [f"The first question was asked in {counted(int(row['n_specifications']), 'way')}."]
    for name, what in (("n_withheld", "withheld by the gate"), ("n_refused", "impossible to make")):
        if row[name]:
            n = int(row[name])
            were, them = ("was", "it") if n == 1 else ("were", "them")
            said.append(f"{n:,} of them {were} {what}, and nothing here rests on {them}.")
    if not np.isfinite(row["median"]):
        return " ".join([*said, f"{words.sentences(told(str(row['reason']))).rstrip('.')}."])
    said += [
        f"The median of the {int(row['n_shown']):,} that are shown is {words.number(100 * row['median'], 1)} "
        f"percentage points, more being better; {words.percent(row['share_same_sign'])} lie on its side of no "
        f"difference, and the interval of {words.percent(row['share_significant'])} leaves none out.",
        f"Without any effect a median as far from none would come about with p {_p(row['p_median'])}, and as many such "
        f"intervals on one side with p {_p(row['p_significant'])} ({int(row['n_draws']):,} draws of signs).",
    ]
    if np.isfinite(row["locked_rank"]):
        said.append(
            f"The study’s own path is no lower than {words.percent(row['locked_rank'])} of them. It "
            "alone is the answer: what the others agree on cannot make up for what nobody recorded, and changes no "
            "verdict."
        )
    return " ".join(said)


def _p(value: float) -> str:
    return f"= {words.number(value, 3)}" if value > _LEAST else f"\N{LESS-THAN OR EQUAL TO} {_LEAST:g}"
