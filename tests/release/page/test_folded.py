"""Long tables are folded away, and what a reader must not miss is not."""

import re

from iop_outcomes.release.disclosure import protect
from iop_outcomes.release.page import limits
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.release.page.page import page
from iop_outcomes.release.stage import release_tables
from iop_outcomes.release.tables import diagnostic
from report_tables import study, tables


def checks(n_passed: int, n_failed: int) -> list[HtmlTable]:
    """Return the tables of a comparison with so many checks."""
    given, n = tables(), n_passed + n_failed
    one = given["diagnostic"].iloc[[0] * n].reset_index(drop=True)
    status = ["PASS"] * n_passed + ["FAIL"] * n_failed
    given["diagnostic"] = one.assign(check=[f"check_{i}" for i in range(n)], status=status)
    rules = study().release.rules("diagnostic")
    return limits.gate(protect(diagnostic.frame(given, rules), diagnostic.ROLES, rules))


def test_what_has_not_passed_stands_open_before_what_has():
    failed, passed = checks(n_passed=20, n_failed=2)
    assert [row[1] for row in failed.rows] == ["Fail", "Fail"]
    assert not failed.summary
    assert passed.summary.endswith("and passed (20 rows)")


def test_a_few_checks_that_passed_stand_open_alone():
    [passed] = checks(n_passed=3, n_failed=0)
    assert not passed.summary


def test_a_table_of_more_than_thirty_rows_is_folded_and_none_twice():
    assert HtmlTable("Settings", ("Setting",), [("one",)] * 30).summary == ""
    assert HtmlTable("Settings", ("Setting",), [("one",)] * 31).summary == "Settings (31 rows)"
    text = page(study(), release_tables(study(), tables()), {}, {})
    for folded in re.findall(r"<details.*?</details>", text, re.DOTALL):
        assert "<details" not in folded[len("<details") :]
