"""What stands beside the canonical tables for those who answer for them; it is never released."""

from iop_outcomes.tables.declare import Column, Table, count, key

ANONYMITY = Table(
    "anonymity",
    "number of quasi-identifiers known together",
    ("n_columns",),
    (
        key("n_columns", "How many columns are known", type="int"),
        Column("columns", "text", "Which: each beside those of the row before", required=True, nullable=False),
        count("n_people", "People", required=True, nullable=False),
        count("n_kinds", "Different combinations there are", required=True, nullable=False),
        count("n_rarest", "People who share the rarest of them: the k of k-anonymity", required=True, nullable=False),
        count("n_alone", "People who share theirs with nobody", required=True, nullable=False),
        count("n_few", "People who share theirs with fewer than 10 others", required=True, nullable=False),
    ),
    stage="canonical",
    unit="aggregate",
)

TABLES = (ANONYMITY,)
