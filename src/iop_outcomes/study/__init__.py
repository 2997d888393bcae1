"""A study: one YAML file, typed and checked when it is loaded."""

from iop_outcomes.study.file import STUDIES, Analysis, Cohort, Study, find, load, parse, recorded
from iop_outcomes.study.reading import read_yaml

__all__ = ["STUDIES", "Analysis", "Cohort", "Study", "find", "load", "parse", "read_yaml", "recorded"]
