"""Figures: one file each, drawn only from tables that have passed disclosure control."""

from iop_outcomes.release.figures.making import Drawn, figure, make

__all__ = ["Drawn", "figure", "make"]
