"""What a report says of a cohort beside its metrics: week by week, still in care, tests against reports."""
