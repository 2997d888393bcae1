"""Long tables are folded away, and what a reader must not miss is not."""

import re

from iop_outcomes.release.disclosure import protect
from iop_outcomes.release.page import limits
from iop_outcomes.release.page.answer import Answer, Line
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


def test_the_rows_of_many_analyses_are_folded_by_outcome():
    def of(n: int) -> HtmlTable:
        rows = [(f"{outcome} [{outcome} {i}]", str(i)) for outcome in ("Retention", "Hours (a week)") for i in range(n)]
        return HtmlTable("Every estimate", ("Analysis", "Estimate"), rows, "For whom.", footnotes=["Made so."])

    assert of(60).groups == []
    first, second = of(61).groups
    assert (first.summary, second.summary) == ("Retention", "Hours (a week)")
    assert [*first.rows, *second.rows] == of(61).rows
    # What stands beneath is said once, for all of them.
    assert not any((first.note, first.footnotes, second.note, second.footnotes))
    assert HtmlTable("Settings", ("Setting",), [("one",)] * 200).groups == []


def test_many_other_outcomes_are_folded_by_what_was_found():
    def of(n: int) -> Answer:
        lines = [
            Line("better" if i % 2 else "cannot tell", "Better" if i % 2 else "Cannot tell", str(i)) for i in range(n)
        ]
        return Answer("better", "Better", "", "", [], lines)

    assert of(15).groups == [("", of(15).others)]
    assert [(found, len(lines)) for found, lines in of(16).groups] == [("Cannot tell", 8), ("Better", 8)]
    assert of(0).groups == []
