"""A study: one YAML file, typed and checked when it is loaded."""

from iop_outcomes.study.analysis import Analysis
from iop_outcomes.study.cohort import Cohort
from iop_outcomes.study.file import Study
from iop_outcomes.study.loading import STUDIES, find, known_studies, load, parse, recorded
from iop_outcomes.study.reading import read_yaml

__all__ = ["STUDIES", "Analysis", "Cohort", "Study", "find", "known_studies", "load", "parse", "read_yaml", "recorded"]
