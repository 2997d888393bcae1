"""Levels that a study takes as one are told wherever its method is."""

from iop_outcomes.release import words
from iop_outcomes.release.page.method import settings
from report_tables import study


def test_merged_levels_stand_among_the_settings_and_nothing_stands_where_there_are_none():
    merged = study().model_copy(update={"merge": {"sex": {"female or other": ["female", "other"]}}})
    assert words.merged(merged) == "of sex female and other as “female or other”"
    assert ("Levels taken as one", "of sex female and other as “female or other”") in settings(merged).rows
    assert "Levels taken as one" not in dict(settings(study()).rows)
