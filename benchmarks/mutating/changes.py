"""The changes that are made to a module, one at a time."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_BORDERS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
_SIGNS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult}
_LOGIC = {ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
_ENDS = {"min": "max", "any": "all", "lt": "le", "gt": "ge", "minimum": "maximum", "ceil": "floor"}
_ENDS |= {new: old for old, new in _ENDS.items()}


@dataclass(frozen=True)
class Change:
    """One change: its line, what was changed, the code of that line, and the text of the whole changed module."""

    line: int
    said: str
    code: str
    text: str


def of(source: str) -> Iterator[Change]:
    """Yield every change of a module, in the order of its lines; like ones in a line are numbered."""
    lines, seen = source.splitlines(), Counter()
    tree = ast.parse(source)
    skipped = _annotations(tree)
    nodes = sorted(enumerate(ast.walk(tree)), key=lambda pair: _place(pair[1]))
    for position, node in nodes:
        for number, (said, _) in enumerate(() if position in skipped else _changers(node)):
            changed = ast.parse(source)
            _changers(list(ast.walk(changed))[position])[number][1]()
            seen[node.lineno, said] += 1
            again = seen[node.lineno, said]
            name = said if again == 1 else f"{said}, number {again}"
            yield Change(node.lineno, name, lines[node.lineno - 1].strip(), ast.unparse(changed))


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _annotations(tree: ast.AST) -> set[int]:
    """Return the positions of the nodes within annotations, which say what is allowed and compute nothing."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            inside |= {id(part) for part in ast.walk(getattr(node, name, None) or ast.Pass())}
    return {position for position, node in enumerate(ast.walk(tree)) if id(node) in inside}


def _changers(node: ast.AST) -> list[tuple[str, Callable[[], None]]]:
    """Return what can be changed at a node: how it is said, and the call that does it."""
    if isinstance(node, ast.Compare):
        return [
            (f"{type(op).__name__} -> {_BORDERS[type(op)].__name__}", _put(node.ops, place, _BORDERS[type(op)]()))
            for place, op in enumerate(node.ops)
            if type(op) in _BORDERS
        ]
    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)) and type(node.op) in _SIGNS | _LOGIC:
        new = (_SIGNS | _LOGIC)[type(node.op)]
        return [(f"{type(node.op).__name__} -> {new.__name__}", _set(node, "op", new()))]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [("sign left out", _set(node, "op", ast.UAdd()))]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert)):
        # Said twice it is left out; a sign instead would be an error of another kind.
        again = ast.UnaryOp(type(node.op)(), node.operand)
        return [(f"{type(node.op).__name__} left out", _set(node, "operand", again))]
    if isinstance(node, ast.Name) and node.id in _ENDS:
        return [(f"{node.id} -> {_ENDS[node.id]}", _set(node, "id", _ENDS[node.id]))]
    if isinstance(node, ast.Attribute) and node.attr in _ENDS:
        return [(f"{node.attr} -> {_ENDS[node.attr]}", _set(node, "attr", _ENDS[node.attr]))]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return [(f"{node.value} -> {node.value + 1}", _set(node, "value", node.value + 1))]
    return []


def _put(where: list, place: int, new: ast.AST) -> Callable[[], None]:
    return lambda: where.__setitem__(place, new)


def _set(node: ast.AST, field: str, new: object) -> Callable[[], None]:
    return lambda: setattr(node, field, new)
