"""What goes into a paper: tables, methods, results and references, made of what is released and of nothing else."""

from iop_outcomes.release.manuscript.kit import files, write_kit

__all__ = ["files", "write_kit"]
