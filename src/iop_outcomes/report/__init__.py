"""The report: one page of everything that may be shared, with its figures and tables beside it."""

from iop_outcomes.report.build import build, release_files

__all__ = ["build", "release_files"]
