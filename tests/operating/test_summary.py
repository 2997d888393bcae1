"""What replicates come to, by hand."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import tables
from iop_outcomes.operating import characteristics, decisions

NAN = float("nan")


def replicates(rows: str, **own) -> pd.DataFrame:
    """Return the replicates of one analysis ``primary`` in the world ``w``, one a line: value, se and decision."""
    found = []
    for number, line in enumerate(rows.strip().splitlines(), start=1):
        value, se, decision, *truth = line.split()
        value, se = float(value), float(se)
        row = {"world": "w", "replicate": number, "kind": "verdict", "name": "primary", "analysis": "primary"}
        row |= {"place": "primary", "estimand": "ATO", "measure": "risk_difference", "status": "shown", "margin": 0.05}
        row |= {"side": 1, "value": value, "se": se, "ci_low": value - 2 * se, "ci_high": value + 2 * se}
        found.append(row | {"decision": decision.replace("_", " "), "truth": float(truth[0]) if truth else NAN} | own)
    return tables.check(pd.DataFrame(found), "replicate")


FOUR = """
    0.04  0.02  cannot_tell    0.02
    0.00  0.02  no_difference  0.04
    0.08  0.02  better
    0.12  0.02  better
"""


def test_bias_spread_and_coverage_by_hand():
    row = characteristics(replicates(FOUR)).iloc[0]
    # The truth is the mean of 0.02 and 0.04; the mean of the estimates is 0.06.
    assert (row["truth"], row["bias"]) == (pytest.approx(0.03), pytest.approx(0.03))
    assert row["truth_error"] == pytest.approx(0.01)  # sd 0.0141 over the root of 2
    sd = np.sqrt((0.02**2 + 0.06**2 + 0.02**2 + 0.06**2) / 3)
    assert row["sd"] == pytest.approx(sd)
    assert row["bias_error"] == pytest.approx(sd / 2)
    assert row["se_ratio"] == pytest.approx(0.02 / sd)
    assert row["se_ratio_error"] == pytest.approx(0.02 / sd / np.sqrt(6))  # equal standard errors: 1 / 2(n - 1)
    # Of 0 to 0.08, -0.04 to 0.04, 0.04 to 0.12 and 0.08 to 0.16 the first two hold 0.03, the last two leave 0 out.
    assert (row["coverage"], row["coverage_error"]) == (0.5, 0.25)
    assert row["rejection"] == 0.5


def test_ratios_are_judged_as_logarithms():
    rows = "2 0.1 better 1\n 8 0.1 better 1"
    row = characteristics(replicates(rows, measure="risk_ratio", ci_low=1.5, ci_high=9)).iloc[0]
    assert row["bias"] == pytest.approx(np.log(4))  # the geometric mean of 2 and 8
    assert (row["coverage"], row["rejection"]) == (0, 1)


def test_what_the_gate_withholds_is_no_estimate_and_still_a_replicate():
    withheld = replicates("nan nan withheld 0", status="withheld").assign(replicate=5)
    row = characteristics(pd.concat([replicates(FOUR), withheld])).iloc[0]
    assert (row["n"], row["n_estimated"]) == (5, 4)
    found = decisions(pd.concat([replicates(FOUR), withheld])).set_index(["kind", "decision"])["share"]
    assert found["gate", "withheld"] == 0.2
    assert found["verdict", "better"] == 0.4


def test_without_a_truth_there_is_neither_bias_nor_coverage_and_nothing_is_wrong():
    unknown = replicates("0.2 0.02 better\n0.0 0.02 no_difference", measure="hazard_ratio", margin=1.2)
    row = characteristics(unknown.assign(ci_low=1.1, ci_high=1.3, value=1.2)).iloc[0]
    assert row[["truth", "bias", "coverage"]].isna().all()
    assert of_study(unknown)["first answer", "a wrong difference"] == 0
    assert of_study(unknown)["first answer", "a difference"] == 0.5


def of_study(replicate: pd.DataFrame) -> pd.Series:
    found = decisions(replicate)
    return found[found["kind"] == "study"].astype({"decision": "str"}).set_index(["name", "decision"])["share"]


@pytest.mark.parametrize(
    ("truth", "decision", "difference", "no_difference"),
    [
        (0.0, "better", 1, 0),
        (0.0, "worse", 1, 0),
        (0.0, "different", 1, 0),
        (0.0, "no_difference", 0, 0),
        (0.0, "inconclusive", 0, 0),
        (0.02, "better", 0, 0),
        (0.02, "different", 0, 0),
        (0.02, "worse", 1, 0),
        (-0.02, "better", 1, 0),
        (0.02, "no_difference", 0, 0),  # less than the margin of 0.05
        (0.08, "no_difference", 0, 1),
        (-0.08, "no_difference", 0, 1),
    ],
)
def test_a_verdict_is_wrong_where_the_truth_is_not_on_its_side(truth, decision, difference, no_difference):
    found = of_study(replicates(f"0 0.02 {decision} {truth}"))
    assert found["first answer", "a wrong difference"] == difference
    assert found["any answer", "a wrong no difference"] == no_difference


def test_less_of_a_hazard_is_better():
    row = "0.5 0.1 better 0.8"
    right = replicates(row, measure="hazard_ratio", side=-1, margin=1.25)
    assert of_study(right)["first answer", "a wrong difference"] == 0
    assert of_study(right.assign(truth=1.3))["first answer", "a wrong difference"] == 1


@pytest.mark.parametrize(
    ("decision", "side", "truth", "wrong"),
    [
        ("supported", 1, 0.0, 1),
        ("supported", 1, 0.02, 0),
        ("supported", -1, 0.02, 1),
        ("contradicted", 1, -0.02, 0),
        ("contradicted", 1, 0.0, 1),
        ("inconclusive", 1, 0.0, 0),
    ],
)
def test_a_claim_is_wrong_where_the_truth_is_not_on_the_side_it_claims(decision, side, truth, wrong):
    claim = replicates(f"0 0.02 {decision} {truth}", kind="claim", name="IOP helps", side=side)
    assert of_study(claim)["any claim", "wrongly decided"] == wrong


def test_a_study_errs_once_however_many_of_its_answers_do():
    first = replicates("0.1 0.02 better 0\n0.0 0.02 cannot_tell 0")
    second = first.assign(name="other", analysis="other", place="secondary", decision="worse")
    found = of_study(pd.concat([first, second], ignore_index=True))
    assert found["first answer", "a wrong difference"] == 0.5
    assert found["any answer", "a wrong difference"] == 1


def test_a_study_that_was_refused_counts_among_the_replicates():
    refused = pd.DataFrame([{"world": "w", "replicate": 5, "kind": "study", "name": "study", "decision": "stopped"}])
    both = pd.concat([replicates(FOUR), tables.check(refused, "replicate")], ignore_index=True)
    assert of_study(both)["study", "stopped"] == 0.2
    assert characteristics(both)["n"].tolist() == [5]
