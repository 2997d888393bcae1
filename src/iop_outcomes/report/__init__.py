"""The report of a study: released tables, figures and one self-contained page."""

from iop_outcomes.report.build import build

__all__ = ["build"]
