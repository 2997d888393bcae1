"""Markdown from docstrings and rows."""

import inspect
import re
from collections.abc import Callable, Iterable
from types import ModuleType


def joined(parts: Iterable[str]) -> str:
    """Return parts as paragraphs, the empty ones left out."""
    return "\n\n".join(part for part in parts if part)


def prose(text: str) -> str:
    """Return docstring text as Markdown: a reference to another function is its name."""
    return re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text.strip().replace("``", "`"))


def linked(text: str) -> str:
    """Return text with its DOIs as links; a full stop or semicolon after one is not part of it."""
    return re.sub(r"\b(10\.\d{4,}/[^\s,;]*[^\s,;.])", r"[\1](https://doi.org/\1)", prose(text))


def bullets(facts: Iterable[tuple[str, str]]) -> str:
    """Return names and texts as a list."""
    return "\n".join(f"- **{name}**: {prose(text)}" for name, text in facts)


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows as a table."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def description(described: Callable | ModuleType) -> str:
    """Return a docstring up to its first section, and its references."""
    cited = references(described)
    return prose(_sections(described)[0]) + (f"\n\nReferences: {linked(cited)}" if cited else "")


def references(described: Callable | ModuleType) -> str:
    """Return the references of a docstring; empty where it has none."""
    _, *sections = _sections(described)
    return dict(zip(sections[::2], sections[1::2], strict=True)).get("References", "").strip()


def _sections(described: Callable | ModuleType) -> list[str]:
    """Return a docstring up to its first section, then name and text of each section in turn."""
    return re.split(r"\n(\w[\w ]*)\n-{3,}(?:\n|$)", "\n" + (inspect.getdoc(described) or ""))
