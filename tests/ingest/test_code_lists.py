"""The lists of codes that sources read: nothing in them rests on memory alone."""

import pytest

from iop_outcomes.ingest.dated.codes import CARE, CARE_KINDS, FINDING_KINDS, FINDINGS
from iop_outcomes.ingest.reference import reference_rows
from iop_outcomes.tables.canonical import LEVELS_OF_CARE, SESSION_TYPES


@pytest.mark.parametrize("name", [CARE, FINDINGS])
def test_every_code_says_where_it_is_from_and_what_it_was_checked_against(name):
    rows = reference_rows(name)
    assert [row["code"] for row in rows if not (row["source"] and row["checked"])] == []
    assert len({(row["system"], row["code"]) for row in rows}) == len(rows)


def test_codes_mean_what_a_table_can_hold():
    care = reference_rows(CARE)
    assert {row["kind"] for row in care} <= set(CARE_KINDS)
    assert {row["level_of_care"] for row in care} <= {*LEVELS_OF_CARE, ""}
    assert {row["type"] for row in care} <= {*SESSION_TYPES, ""}
    assert {row["kind"] for row in reference_rows(FINDINGS)} <= set(FINDING_KINDS)


def test_an_intervention_that_leads_to_treatment_opens_no_episode():
    meant = {row["code"]: row["kind"] for row in reference_rows(CARE)}
    assert (meant["H0022"], meant["H0005"]) == ("support", "treatment")
