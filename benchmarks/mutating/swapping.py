"""Put the changed code of a module into the functions that are there already, wherever they are called from."""

import gc
from collections import Counter
from collections.abc import Iterator
from types import CodeType, FunctionType


def swap(text: str, file: str, line: int) -> bool:
    """Give the functions that hold a line their changed code.

    Parameters
    ----------
    text : str
        The changed module.
    file : str
        Where the module was imported from.
    line : int
        Line of the change, as the module was written.

    Returns
    -------
    bool
        False where no function holds the line, since it runs at import, or where two functions have one name.
    """
    new = list(_codes(compile(text, file, "exec", dont_inherit=True)))
    names = Counter(code.co_qualname for code in new)
    holding = [thing for thing in gc.get_objects() if isinstance(thing, FunctionType) and _is_of(thing, file, line)]
    by_name = {code.co_qualname: code for code in new if names[code.co_qualname] == 1}
    for function in holding:
        code = by_name.get(function.__code__.co_qualname)
        if code is None or code.co_freevars != function.__code__.co_freevars:
            return False
        function.__code__ = code
    return bool(holding)


def _is_of(function: FunctionType, file: str, line: int) -> bool:
    return function.__code__.co_filename == file and _holds(function.__code__, line)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _holds(code: CodeType, line: int) -> bool:
    """Is a line in the body of this code, or of one within it? What stands before the body runs at import."""
    own = {number for _, _, number in code.co_lines()} - {code.co_firstlineno}
    return line in own or any(_holds(inner, line) for inner in code.co_consts if isinstance(inner, CodeType))
