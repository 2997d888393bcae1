"""Disclosure control: the only way into ``release/``.

A frame is given roles (which columns are counts, which shares of which counts, which sums hold), ``protect`` suppresses
and rounds it, and only what ``protect`` returns can be drawn or written. See ``docs/disclosure.md``.
"""

from iop_outcomes.release.disclosure import utility
from iop_outcomes.release.disclosure.dominance import dominating
from iop_outcomes.release.disclosure.merging import merging
from iop_outcomes.release.disclosure.pooling import pool
from iop_outcomes.release.disclosure.protection import Released, protect, protect_together, without_rows
from iop_outcomes.release.disclosure.roles import Roles
from iop_outcomes.release.disclosure.sums import chain, levels, parts, same
from iop_outcomes.release.disclosure.system import Part
from iop_outcomes.release.disclosure.text import sentence
from iop_outcomes.release.disclosure.writing import SUPPRESSED, csv_bytes, release, write_bytes
from iop_outcomes.study.release_rules import ReleaseRules

__all__ = [
    "SUPPRESSED",
    "Part",
    "ReleaseRules",
    "Released",
    "Roles",
    "chain",
    "csv_bytes",
    "dominating",
    "levels",
    "merging",
    "parts",
    "pool",
    "protect",
    "protect_together",
    "release",
    "same",
    "sentence",
    "utility",
    "without_rows",
    "write_bytes",
]
