"""The report: one page of everything that may be shared."""
