"""The page of operating characteristics is made from the tables beside it, and names what is missed."""

from pathlib import Path

import pandas as pd
import pytest

from iop_outcomes.pages.operating import PAGE, Found, misses_of, operating_page, read_kept

DOCS = Path(__file__).parents[1] / "docs"
MADE = {"study": "small", "command": "operate small", "date": "2026-11-27", "version": "1", "commit": "abc"}


def test_the_page_says_what_the_tables_beside_it_say():
    up_to_date = (DOCS / PAGE).read_text(encoding="utf-8") == operating_page(read_kept(DOCS))
    assert up_to_date, f"docs/{PAGE} is not what its tables say; run: iop-outcomes codebook"


def found(coverage: float = 0.95, wrong: float = 0.0, n: int = 500) -> Found:
    """Return tables of one world and one analysis, with a coverage and a share of wrong first answers."""
    row = {"world": "none", "analysis": "primary", "estimand": "ATO", "measure": "risk_difference", "n": n}
    numbers = ("truth", "truth_error", "bias", "bias_error", "se_ratio", "se_ratio_error", "rejection")
    row |= {"n_estimated": n, "coverage": coverage, "coverage_error": 0.01, "rejection_error": 0.01}
    shares = [
        ("verdict", "primary", "worse", wrong),
        ("study", "first answer", "a difference", wrong),
        ("study", "first answer", "a wrong difference", wrong),
        ("study", "any answer", "a wrong difference", wrong),
        ("study", "study", "stopped", 0.0),
    ]
    decision = pd.DataFrame(shares, columns=["kind", "name", "decision", "share"])
    decision = decision.assign(world="none", n=n, share_error=0.01)
    return Found(pd.DataFrame([row | dict.fromkeys(numbers, 0.0)]), decision, None, MADE)


@pytest.mark.parametrize(
    ("coverage", "n", "missed"),
    [
        (0.95, 500, False),
        (0.92, 500, False),  # 89.3 to 94.1%: chance may explain it
        (0.90, 500, True),
        (0.99, 500, True),
        (1.00, 10, False),  # ten of ten: 72 to 100%
        (1.00, 500, True),
        (0.90, 50, False),
    ],
)
def test_coverage_is_a_miss_where_chance_does_not_explain_it(coverage, n, missed):
    assert bool(list(misses_of(found(coverage, n=n)))) == missed


def test_wrong_answers_are_held_against_what_each_may_err():
    # Of 500, 8.4% (Wilson: from 6.3%) are more than the 5% of the first answer, and not surely more than 6.5% of all.
    assert list(misses_of(found(wrong=0.084))) == [
        "World `none`: first answer, a wrong difference: 8.4 (1.0)% of 500 studies, more than 5.0%."
    ]
    assert len(list(misses_of(found(wrong=0.1)))) == 2
    assert not list(misses_of(found(wrong=0.05)))


def test_the_page_names_misses_numbers_and_how_they_were_made():
    page = operating_page(found(coverage=0.9, wrong=0.02))
    assert "Made by `operate small` on 2026-11-27, version 1, commit `abc`." in page
    assert "- World `none`, primary: 90.0 (1.0)% of 500 intervals hold the truth." in page
    assert "| `none` | 500 | 2.0 (1.0) | 2.0 (1.0) | 2.0 (1.0) |" in page
    assert "Nothing of what is asked" in operating_page(found())
