"""What all sections of a study file have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

#: What a study, an arm, a design, an analysis and the like may be called: it becomes a folder, a column, a heading.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
#: A plug-in's name, or its name with its settings.
Entry = str | dict[str, dict[str, Any]]


class Section(BaseModel):
    """A part of a study file; keys it does not know are errors, and nothing changes it once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OpenSection(BaseModel):
    """A part of a study file whose other keys are the settings of a plug-in, which checks them itself."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def settings(self) -> dict[str, Any]:
        """The keys that are the plug-in's."""
        return dict(self.model_extra or {})


def with_settings(entries: list[Entry]) -> list[tuple[str, dict[str, Any]]]:
    """Return ``[a, {b: {x: 1}}]`` as ``[(a, {}), (b, {x: 1})]``."""
    pairs: list[tuple[str, dict[str, Any]]] = []
    for entry in entries:
        pairs += [(entry, {})] if isinstance(entry, str) else list(entry.items())
    return pairs
