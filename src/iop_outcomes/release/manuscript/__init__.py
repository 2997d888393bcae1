"""What goes into a paper: tables, methods, results and references, made of what is released and of nothing else."""

from iop_outcomes.release.manuscript.kit import FILES, write_kit

__all__ = ["FILES", "write_kit"]
