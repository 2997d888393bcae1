"""States whose records cannot be what they say: every stay completed, most of one day, or one level of care only.

States differ in what they report. A state in which everybody completes tells of its forms and of no treatment, and
one that has a single level of care compares nobody. A study may set them aside, as a rule with a name and a count.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from iop_outcomes.ingest.accepting import Rule
from iop_outcomes.kernel.errors import counted

if TYPE_CHECKING:
    import polars as pl

Gate = Literal["all_completed", "one_day_stays", "one_arm"]

#: Fewer intensive outpatient and outpatient discharges than this say nothing of how a state reports.
LEAST_RECORDS = 30
ALL_COMPLETED, ONE_DAY = 0.95, 0.5
#: Codes of SERVICES: intensive outpatient and outpatient.
_COMPARED = (6, 7)

WORDS: dict[Gate, str] = {
    "all_completed": f"at least {ALL_COMPLETED:.0%} of the state's (intensive) outpatient discharges are completed",
    "one_day_stays": f"at least {ONE_DAY:.0%} of the state's (intensive) outpatient stays are of one day",
    "one_arm": "the state has intensive outpatient or outpatient discharges, and none of the other",
}
COLUMNS = ("STFIPS", "SERVICES", "REASON", "LOS")


def states_that_fail(records: "Iterable[pl.LazyFrame]") -> dict[Gate, list[int]]:
    """Return by doubt the states that raise it, over all files together.

    Parameters
    ----------
    records : iterable of polars.LazyFrame
        Codes of 2015 to 2023 in ``COLUMNS``, one frame for each file.
    """
    import polars as pl

    compared = pl.concat([each.select(COLUMNS) for each in records]).filter(pl.col("SERVICES").is_in(_COMPARED))
    states = (
        compared.group_by("STFIPS")
        .agg(
            n=pl.len(),
            all_completed=(pl.col("REASON") == 1).mean() >= ALL_COMPLETED,
            one_day_stays=(pl.col("LOS") == 1).mean() >= ONE_DAY,
            one_arm=pl.col("SERVICES").n_unique() == 1,
        )
        .filter(pl.col("n") >= LEAST_RECORDS, pl.col("STFIPS").is_not_null())
        .collect(engine="streaming")
    )
    return {doubt: sorted(states.filter(pl.col(doubt))["STFIPS"]) for doubt in WORDS}


def gate_rules(failing: dict[Gate, list[int]], asked: Iterable[Gate]) -> list[Rule]:
    """Return a rule for each doubt that a study asks for; setting such a state aside is foreseen and no mistake."""
    import polars as pl

    return [Rule(f"STFIPS: {WORDS[doubt]}", pl.col("STFIPS").is_in(failing[doubt]), expected=True) for doubt in asked]


def told(failing: dict[Gate, list[int]], asked: Iterable[Gate]) -> list[str]:
    """Return a sentence for each doubt that states raise and the study does not set aside."""
    return [
        f"TEDS-D: {counted(len(states), 'state')} of which {WORDS[doubt]}; source.state_gate: [{doubt}] sets "
        f"{'it' if len(states) == 1 else 'them'} aside"
        for doubt, states in failing.items()
        if states and doubt not in asked
    ]
