"""Who calls whom in the package, read from its text: a definition reaches what its code names.

A definition is a function, a class (with all its methods) or a variable at the top of a module. Names are followed
through imports; what a module says outside any definition runs when it is imported, and is reached anyhow.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PACKAGE = "iop_outcomes"
ROOT = Path(__file__).resolve().parents[1] / "src" / PACKAGE

#: Dotted module, and the name in it.
Definition = tuple[str, str]


@dataclass
class Module:
    """A file: its definitions by name, what else it says, and what its imports call by which name."""

    name: str
    tree: ast.Module
    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    rest: list[ast.stmt] = field(default_factory=list)
    imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        for statement in self.tree.body:
            # What Python itself looks for, such as __getattr__, nobody needs to name.
            names = [name for name in _defined(statement) if not name.startswith("__")]
            self.definitions |= dict.fromkeys(names, statement)
            if not names:
                self.rest.append(statement)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                self.imported |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
            elif isinstance(node, ast.Import):
                named = [one.name for one in node.names if one.name.startswith(PACKAGE)]
                self.imported |= {PACKAGE: PACKAGE} if named else {}


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Return the names that a statement at the top of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


@dataclass(frozen=True)
class Package:
    """The modules of the package by dotted name."""

    modules: dict[str, Module]

    @classmethod
    def read(cls, root: Path = ROOT) -> "Package":
        """Read every file of a package."""
        modules = {}
        for path in root.rglob("*.py"):
            name = ".".join((PACKAGE, *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
            modules[name] = Module(name, ast.parse(path.read_text(encoding="utf-8")))
        return cls(modules)

    @cached_property
    def functions(self) -> set[Definition]:
        """Return the functions and classes whose names have no underscore."""
        return {
            (name, own)
            for name, module in self.modules.items()
            for own, node in module.definitions.items()
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not own.startswith("_")
        }

    def reached(self, roots: Iterable[Definition]) -> set[Definition]:
        """Return everything that the roots call, and what that calls."""
        outer = (self.mentioned(node, module) for module in self.modules.values() for node in module.rest)
        waiting, found = [*roots, *(one for several in outer for one in several)], set()
        while waiting:
            place = waiting.pop()
            if place not in found:
                found.add(place)
                module = self.modules[place[0]]
                waiting += self.mentioned(module.definitions[place[1]], module)
        return found

    def mentioned(self, code: ast.AST, module: Module) -> set[Definition]:
        """Return the definitions that a piece of code names."""
        dotted = (_dotted(node) for node in ast.walk(code) if isinstance(node, ast.Name | ast.Attribute))
        return {found for name in dotted if name and (found := self._resolved(name, module))}

    def _resolved(self, dotted: str, module: Module) -> Definition | None:
        first, *rest = dotted.split(".")
        if first in module.definitions:
            return module.name, first
        if first not in module.imported:
            return None
        parts = ".".join([module.imported[first], *rest]).split(".")
        # The longest beginning that is a module; the next part, if any, is what it defines, or imports itself.
        cut = max(cut for cut in range(1, len(parts) + 1) if ".".join(parts[:cut]) in self.modules)
        # A package that takes from a module what is called as the module hides the module by it.
        package, whole = ".".join(parts[:-1]), ".".join(parts)
        hides = self.modules[package].imported if package in self.modules else {}
        if cut == len(parts) and hides.get(parts[-1], whole) != whole:
            cut -= 1
        return self._resolved(parts[cut], self.modules[".".join(parts[:cut])]) if cut < len(parts) else None


def _dotted(node: ast.Name | ast.Attribute) -> str:
    """Return ``a.b.c`` of an expression that is nothing but names; empty for any other."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
