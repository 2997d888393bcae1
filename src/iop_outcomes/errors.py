"""Errors that a caller may want to catch: each is one sentence for a person (see ``kernel.errors``)."""

from iop_outcomes.kernel.errors import (
    ContractError,
    DesignError,
    DisclosureError,
    EstimationError,
    SourceError,
    StudyError,
    StudyFileError,
)

__all__ = [
    "ContractError",
    "DesignError",
    "DisclosureError",
    "EstimationError",
    "SourceError",
    "StudyError",
    "StudyFileError",
]
