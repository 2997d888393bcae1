"""What balance alone does not show: how people came in, what was not adjusted for, what was known only in hindsight."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.designs.calendar import PERIOD
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.discharged import judge_discharged
from iop_outcomes.designs.judge.door import judge_door
from iop_outcomes.designs.judge.due import judge_due
from iop_outcomes.designs.judge.early import judge_early
from iop_outcomes.designs.judge.entry import judge_baseline_days, judge_entry
from iop_outcomes.designs.judge.few_sites import few_sites
from iop_outcomes.designs.judge.gate import diagnostic_rows
from iop_outcomes.designs.judge.hindsight import judge_hindsight, judge_testing
from iop_outcomes.designs.judge.kinds import judge_kinds
from iop_outcomes.designs.judge.looked_at import judge_looked_at
from iop_outcomes.designs.judge.measured import judge_measured
from iop_outcomes.designs.judge.over_time import judge_over_time
from iop_outcomes.designs.judge.reach import judge_reach
from iop_outcomes.designs.judge.recording import judge_recording
from iop_outcomes.designs.judge.twice import judge_twice
from iop_outcomes.designs.judge.unadjusted import SITE, judge_unadjusted
from iop_outcomes.study.before_time_zero import covariate_homes
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.canonical import BASELINE, MEASURED_DAY

Arms = tuple[str, str]


@dataclass(frozen=True)
class Circumstances:
    """What the circumstances of a comparison are judged by.

    Attributes
    ----------
    facts, entry, hindsight, surveillance, recording : DataFrame
        Tables of those contracts.
    stated : collection of str
        Covariates that the study states were measured by assignment.
    dated : bool
        Does the source say on which day the baseline was measured?
    """

    facts: pd.DataFrame
    entry: pd.DataFrame
    hindsight: pd.DataFrame
    surveillance: pd.DataFrame
    recording: pd.DataFrame
    stated: Collection[str] = ()
    dated: bool = False

    @classmethod
    def of(cls, study: StudyView, made: Mapping[str, pd.DataFrame]) -> "Circumstances":
        """Return the circumstances of a study, from the tables by name."""
        available = made["capability"].set_index("name")["available"]
        tables = (made[name] for name in ("facts", "entry", "hindsight", "surveillance", "recording"))
        return cls(*tables, study.measured_by_assignment, bool(available.get(f"{BASELINE.name}.{MEASURED_DAY}", False)))


def judge_circumstances(
    comparisons: Mapping[Arms, Comparison], circumstances: Circumstances, thresholds, covariates: Collection[str]
) -> list[pd.DataFrame]:
    """Return the checks of the circumstances of every comparison as rows of the ``diagnostic`` contract.

    Parameters
    ----------
    comparisons : mapping of arms to Comparison
    circumstances : Circumstances
    thresholds : GateThresholds
    covariates : collection of str
        Covariates of the study.
    """
    elsewhere = {name for table, names in covariate_homes().items() if table != BASELINE.name for name in names}
    at_baseline = [name for name in covariates if name not in elsewhere]
    tables = []
    for arms, comparison in comparisons.items():
        rows = [
            *judge_entry(circumstances.entry, arms, thresholds),
            *judge_baseline_days(circumstances.entry, arms, at_baseline, circumstances.stated, circumstances.dated),
            *judge_early(circumstances.recording, arms),
            judge_hindsight(circumstances.hindsight, thresholds.max_hindsight),
            *judge_unadjusted(comparison, circumstances.facts, thresholds),
            *_over_time(comparison, circumstances.facts, thresholds),
            *judge_testing(circumstances.surveillance, arms, thresholds),
            few_sites(comparison),
            *judge_reach(comparison),
            *judge_recording(circumstances.recording, arms),
            *judge_kinds(circumstances.recording, arms),
            *judge_discharged(circumstances.recording, arms),
            *judge_due(circumstances.recording, arms),
            *judge_looked_at(circumstances.recording, arms),
            *judge_measured(circumstances.recording, arms, _fewest(comparison)),
            *judge_door(circumstances.recording, arms, _fewest(comparison), thresholds.max_loss_difference),
            *judge_twice(circumstances.recording, arms),
        ]
        tables.append(diagnostic_rows(rows, arms, comparison.design))
    return tables


def _over_time(comparison: Comparison, facts: pd.DataFrame, thresholds):
    own = facts.set_index("member_id").reindex(comparison.members.index)
    site = own.get(SITE) if comparison.cluster is None else comparison.cluster
    return judge_over_time(comparison, site, own.get(PERIOD), thresholds.max_site_association)


def _fewest(comparison: Comparison) -> int:
    return int(min(comparison.treated.sum(), (~comparison.treated).sum()))
