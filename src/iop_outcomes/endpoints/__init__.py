"""Published urine endpoints, and the weekly words they are computed from.

>>> from iop_outcomes.endpoints import last_week_needed, score
>>> score(["----", "-+o-"], ["Ab_schottenfeldB_2008"])["Ab_schottenfeldB_2008"].tolist()
[4.0, 1.0]
"""

from iop_outcomes.endpoints import primitives, recodes
from iop_outcomes.endpoints.catalogue import ENDPOINTS, catalogue
from iop_outcomes.endpoints.endpoint import Endpoint
from iop_outcomes.endpoints.matrix import WeekMatrix, to_matrix, to_words
from iop_outcomes.endpoints.recodes import View
from iop_outcomes.endpoints.scoring import last_week_needed, score
from iop_outcomes.endpoints.windows import LastWeeks, Weeks, WhileRetained
from iop_outcomes.endpoints.words import on_panel, same_span, visit_days, weekly_matrix, weekly_use_matrix, words_of

__all__ = [
    "ENDPOINTS",
    "Endpoint",
    "LastWeeks",
    "View",
    "WeekMatrix",
    "Weeks",
    "WhileRetained",
    "catalogue",
    "last_week_needed",
    "on_panel",
    "primitives",
    "recodes",
    "same_span",
    "score",
    "to_matrix",
    "to_words",
    "visit_days",
    "weekly_matrix",
    "weekly_use_matrix",
    "words_of",
]
