"""Figures: one file each, drawn only from tables that have passed disclosure control."""

from iop_outcomes.release.figures.declare import FIGURES, figure
from iop_outcomes.release.figures.making import PRINTED, Drawn, failed, make, numbers

__all__ = ["FIGURES", "PRINTED", "Drawn", "failed", "figure", "make", "numbers"]
