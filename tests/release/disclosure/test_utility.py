"""What protection costs a reader, by hand."""

import pandas as pd

from iop_outcomes.release.disclosure import Part, ReleaseRules, Roles, parts, protect_together
from iop_outcomes.release.disclosure.utility import in_words, utility

ROLES = Roles(
    labels=("arm",),
    counts=("n", "n_events"),
    hidden_counts=("n_without",),
    sums=(parts("n", "n_events", "n_without"),),
    values={"mean": ("n_events", "n_without")},
)


def found(*rows: tuple[float, float], round_to: int = 5) -> pd.DataFrame:
    """Return the cost of protecting a table with people, those with the event, and a mean."""
    frame = pd.DataFrame(rows, columns=["n", "n_events"]).assign(arm="iop", mean=1.5)
    table = Part("one", frame.assign(n_without=frame["n"] - frame["n_events"]), ROLES, ReleaseRules(11, round_to))
    return utility([table], protect_together([table]))


def test_hidden_cells_and_the_error_of_the_others():
    # 4 of 44 have it: the 4 is hidden, and with it the 44 or the 40 that nobody sees; of 103, shown as 105, 52 as 50.
    table = found((44, 4), (103, 52)).set_index("table")
    row = table.loc["one"]
    assert (row["counts"], row["values"], row["values_hidden"]) == (4, 2, 1)
    assert row["counts_hidden"] in (1, 2)
    assert table.loc["all tables"].equals(row.rename("all tables"))


def test_the_error_is_that_of_counts_that_are_shown_and_nobody_is_no_count():
    # 103 becomes 105 and 52 becomes 50: 2 off each, 1.94% and 3.85%; a zero is shown and has no error.
    table = found((103, 52), (30, 0))
    assert table["mean_error"].tolist() == [1.33] * 2
    assert table["mean_error_percent"].tolist() == [1.93] * 2
    assert in_words(table) == (
        "0 of 3 counts and 0 of 2 other numbers hidden; a count that is shown is off by 1.33 (1.93%) on average"
    )


def test_where_no_count_is_shown_there_is_no_error():
    assert in_words(found((5, 2))) == "2 of 2 counts and 1 of 1 other numbers hidden"
