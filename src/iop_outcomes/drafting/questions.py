"""The rest of a drafted study: what the tables that were found can be asked."""

from collections.abc import Iterator, Sequence

from iop_outcomes.drafting.guessing import Guess
from iop_outcomes.drafting.vocabulary import AGE, BORN, RACE, SEX


def questions(
    intakes: Guess | None, discharges: Guess | None, visits: Guess | None, baseline: Sequence[str]
) -> Iterator[str]:
    """Yield the lines of cohort, covariates, metrics, designs and analyses.

    Parameters
    ----------
    intakes, discharges, visits : Guess or None
        The sheets that were found.
    baseline : sequence of str
        Covariates of the table `baseline`.
    """
    have = {"age_years": f"{AGE}|{BORN}", "sex": SEX, "race_ethnicity": RACE}
    own = [name for name, pattern in have.items() if intakes and intakes.look.column(pattern)]
    yield from (
        "cohort:",
        '  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}',
        "  eligibility: [adult]" if "age_years" in own else "  eligibility: []",
        "  follow_up_days: 180",
        f"covariates: [{', '.join([*own, *baseline])}]",
        "cluster: site" if intakes and intakes.get("site") else "cluster: null",
    )
    metrics = {"retention_30": "{metric: retention, day: 30}", "retention_90": "{metric: retention, day: 90}"}
    ends = discharges or intakes
    if ends and ends.get("reason"):
        metrics["completion"] = "{}"
    analysed = list(metrics)
    if visits:
        metrics["attendance_rate"] = "{window_days: 84}"
    yield from ("metrics:", *(f"  {name}: {settings}" for name, settings in metrics.items()))
    yield from ("designs:", "  overlap: {method: overlap_weights}", "analyses:")
    for name in analysed:
        yield f"  {name}: {{outcome: {name}, design: overlap, estimator: aipw, measure: risk_difference}}"
    yield from ("sensitivity: [e_value]", "release: {min_cell: 11, round_to: 5}")
