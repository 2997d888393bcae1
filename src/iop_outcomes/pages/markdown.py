"""Markdown from docstrings and rows."""

import inspect
import re
from collections.abc import Callable, Iterable
from types import ModuleType


def joined(parts: Iterable[str]) -> str:
    """Return parts as paragraphs, the empty ones left out."""
    return "\n\n".join(part for part in parts if part)


def prose(text: str) -> str:
    """Return docstring text as Markdown."""
    return text.strip().replace("``", "`")


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
    document = inspect.getdoc(described) or ""
    sections = re.split(r"\n(\w[\w ]*)\n-{3,}(?:\n|$)", "\n" + document)
    named = dict(zip(sections[1::2], sections[2::2], strict=True))
    references = named.get("References", "").strip()
    return prose(sections[0]) + (f"\n\nReferences: {linked(references)}" if references else "")
