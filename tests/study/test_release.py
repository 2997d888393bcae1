"""What the section ``release`` may not say unless somebody allowed it, who is named in the report."""

import pytest
import yaml

from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.release.page.method import settings
from own_tables import STUDY

BY_SITE = {"describe_by": ["site"]}


def read(min_cell: int = 11, allowed_by: str = "", **more: object) -> studies.Study:
    """Return a study with these rules of release."""
    rules = {"min_cell": min_cell, "allowed_by": allowed_by}
    return studies.parse(yaml.safe_load(STUDY) | {"release": rules} | more)


@pytest.mark.parametrize("min_cell", [1, 4])
@pytest.mark.parametrize("allowed_by", ["", "  "])
def test_cells_of_fewer_than_five_are_not_shown_because_a_file_says_so(min_cell, allowed_by):
    with pytest.raises(StudyFileError, match=rf"release.min_cell: {min_cell} shows cells of fewer than 5 people"):
        read(min_cell, allowed_by)


def test_nor_are_outcomes_by_site():
    with pytest.raises(
        StudyFileError, match="describe_by: outcomes by site tell of single sites; leave out site, or add"
    ):
        read(**BY_SITE)


@pytest.mark.parametrize(("min_cell", "more"), [(1, {}), (11, BY_SITE)])
def test_who_allowed_it_stands_in_the_report(min_cell, more):
    own = read(min_cell, "data protection officer, 2026-03-02", **more)
    assert ("Small cells allowed by", "data protection officer, 2026-03-02") in settings(own).rows


def test_five_need_no_leave_and_nobody_is_named():
    assert "Small cells allowed by" not in dict(settings(read(5)).rows)
