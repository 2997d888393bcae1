"""Figures: one file each, drawn only from tables that have passed disclosure control."""

from iop_outcomes.release.figures.declare import FIGURES, figure
from iop_outcomes.release.figures.making import Drawn, failed, make, numbers, print_files

__all__ = ["FIGURES", "Drawn", "failed", "figure", "make", "numbers", "print_files"]
