"""The true effect on every outcome of a simulated study, from its two potential worlds."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from iop_outcomes.cohort.build import build_cohort
from iop_outcomes.dataset.metric_values import compute_metrics
from iop_outcomes.dataset.outcomes import build_outcomes
from iop_outcomes.history.history import History
from iop_outcomes.ingest.stage import ingest
from iop_outcomes.simulate.settings import Settings
from iop_outcomes.simulate.truth import truth
from iop_outcomes.simulate.world import simulate
from iop_outcomes.study.names import TIME_IN_CARE, TIME_TO
from iop_outcomes.study.view import Readable, StudyView
from iop_outcomes.tables.capability import capabilities
from iop_outcomes.tables.parts import whole


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Run the study's metrics on both potential worlds of a simulated study: the stage ``truth``."""
    return {"truth": study_truth(study, tell)}


def study_truth(study: Readable, tell: Callable[[str], None] = lambda _: None) -> pd.DataFrame:
    """Run the study's metrics on the members of its cohort twice: had all been in IOP, and had all been in OP.

    The same random numbers drive both worlds, so that the contrast is of the same people. Members and follow-up are
    those of the study as observed; metrics are as the study defines them, their missing rules included.

    Parameters
    ----------
    study : Study
        A study whose source is simulated.
    tell : callable
        Gets a line per world, for progress.

    Returns
    -------
    pandas.DataFrame
        Table of the ``truth`` contract.
    """
    cohort, _ = build_cohort(ingest(study), study.cohort)
    world = simulate(Settings(**study.source.settings), study.seed)
    outcomes = {}
    for arm in ("iop", "outpatient"):
        outcomes[arm] = _outcomes_in(study, cohort, world.tables(arm))
        tell(f"everybody in {arm}: done")
    members = outcomes["iop"].index
    treated, reference = ({str(name): own for name, own in one.items()} for one in outcomes.values())
    return truth(treated, reference, world.propensity.reindex(members))


def _outcomes_in(study: Readable, cohort: pd.DataFrame, records: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return outcomes by member in one world; of time until an event, the time lost to it within the follow-up."""
    history = History.of(cohort, records, care=study.care)
    metric_value = whole(compute_metrics(history, study, capabilities(records, {}))[0])
    frame = build_outcomes(history, metric_value, events=study.events).set_index("member_id")
    days, horizon = frame["retention_days"], float(max(study.cohort.follow_up_days - 1, 1))
    lost = (horizon - days).clip(lower=0)
    left = {name: lost.where(frame["care_ended_by"] == own, 0.0) for name, own in TIME_TO.items()}
    of_care = ["retention_days", "retention_ended", "care_ended_by", "completed_days", "prescribed_days"]
    return frame.drop(columns=of_care).assign(**{TIME_IN_CARE: days}, **left)
