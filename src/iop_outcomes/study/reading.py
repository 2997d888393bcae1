"""The text of a study file as keys and values: plain YAML, with what would be guessed, lost or endless refused.

A file is written by hand, so one that is large, deep or refers to itself is no study: it is answered before anything
is made of it.
"""

import unicodedata
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NoReturn

import yaml

from iop_outcomes.kernel.errors import StudyFileError, shortened

#: Bytes of the largest study file; the largest of this project has some 10,000.
LARGEST = 1_000_000
#: How many brackets may be open in a study file, and how many entries it may have, those of aliases counted each time.
DEEPEST, MOST = 20, 20_000

TEMPLATE = "workflow/studies/template.yaml"


def read_file(path: Path) -> str:
    """Return the text of a study file.

    Raises
    ------
    StudyFileError
        The file is too large for a study, or no UTF-8 text.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise StudyFileError(f"{path}: the file is larger than a study file may be ({LARGEST:,} bytes); give the study")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StudyFileError(f"{path}: the file is not UTF-8 text; save it as UTF-8") from None


def read_yaml(text: str, place: str) -> dict[str, Any]:
    """Return the keys and values of a study file's text.

    Raises
    ------
    StudyFileError
        It is no YAML, a key stands there twice or is none, a cell is not what its tag says or holds a control
        character, or it is deeper or larger than any study.
    """
    try:
        content = yaml.load(text, Loader=_Plain)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise StudyFileError(f"{place}{where}: this is not valid YAML: {shortened(problem, 200)}") from None
    if not isinstance(content, dict):
        raise StudyFileError(f"{place}: a study file holds keys and values; start from {TEMPLATE}")
    return content


class _Plain(yaml.SafeLoader):
    """YAML without what the standard loader keeps in silence or fails over: repeated keys, depth, malformed cells."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._open: list[str] = []
        self._entries = 0
        self._entries_of: dict[str, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Count how deep and how many the entries are, those that an alias repeats too."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        anchor = str(getattr(event, "anchor", None) or "")
        if isinstance(event, yaml.AliasEvent):
            if anchor in self._open:
                self._refuse(f"'*{shortened(anchor)}' refers to what it is a part of", event.start_mark)
            self._entries += self._entries_of.get(anchor, 0)
        before = self._entries
        self._entries += 1
        self._open.append(anchor)
        if len(self._open) > DEEPEST or self._entries > MOST:
            self._refuse("it is deeper or has more entries than any study", event.start_mark)
        node = super().compose_node(parent, index)
        self._open.pop()
        if not isinstance(event, yaml.AliasEvent):
            self._entries_of[anchor] = self._entries - before
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return what an entry means; one that is not what its tag says is an error of its line."""
        try:
            made = super().construct_object(node, deep)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            self._refuse(f"there is nothing that could be read as {shortened(node.tag)}", node.start_mark)
        if isinstance(made, str) and not _clean(made):
            self._refuse("a text holds a control character", node.start_mark)
        return made

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping whose keys are single values, each there once; the standard loader keeps the last."""
        seen = set()
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse("a key is a list or a mapping; it must be a name", key_node.start_mark)
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                self._refuse(f"the key '{shortened(str(key))}' stands here twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def _refuse(self, problem: str, mark: Any) -> NoReturn:
        raise yaml.constructor.ConstructorError(None, None, problem, mark)


def _clean(text: str) -> bool:
    """Is a text free of control characters, but for line ends and tabs, and of halves of characters?"""
    return not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text)
