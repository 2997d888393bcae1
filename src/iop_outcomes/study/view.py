"""What one stage may read of a study: its sections, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel

if TYPE_CHECKING:
    from iop_outcomes.study import Study

#: A study as the Python road has it, or the parts of it that a stage may read.
Readable: TypeAlias = "Study | StudyView"
#: Sections that name a design for each entry; a stage that works on one design reads the entries of that design.
_BY_DESIGN = ("designs", "analyses", "contrasts_by_design")


class StudyView:
    """A study of which only some parts can be read.

    A stage that reads more than it has stated fails at once, so that what its results rest on is always what its rule's
    parameters hold.

    Parameters
    ----------
    study : Study
    sections : sequence of str
        Attributes of the study: sections of the file, or properties made of them.
    design : str, optional
        The one design of ``designs``, ``analyses`` and ``contrasts_by_design`` to read.
    """

    def __init__(self, study: "Study", sections: Sequence[str], design: str | None = None):
        self._study, self._sections, self._design = study, tuple(sections), design
        self._others: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._others:
            return self._others[name]
        if name in self._sections:
            return self._of_design(name, getattr(self._study, name))
        member = getattr(type(self._study), name, None)
        if callable(member):
            return partial(member, self)
        if isinstance(member, property) and member.fget:
            return member.fget(self)
        raise AttributeError(f"this stage has not stated that it reads '{name}' of the study; add it to its sections")

    def changed(self, **sections: Any) -> "StudyView":
        """Return the same view of a study in which some sections are others; nothing is checked anew.

        Parameters
        ----------
        **sections
            Of those that can be read.
        """
        found = StudyView(self._study, self._sections, self._design)
        found._others = self._others | sections
        return found

    def settings(self) -> dict[str, Any]:
        """Return everything that can be read, as plain values: the parameters of the stage's rule."""
        return {name: plain(getattr(self, name)) for name in self._sections}

    def _of_design(self, name: str, value: Any) -> Any:
        if self._design is None or name not in _BY_DESIGN:
            return value
        if name == "analyses":
            return {key: analysis for key, analysis in value.items() if analysis.design == self._design}
        return {self._design: value[self._design]}


def plain(value: Any) -> Any:
    """Return a value made of numbers, text, lists and mappings only."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
