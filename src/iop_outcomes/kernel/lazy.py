"""Public names of a package, imported when they are asked for (PEP 562): importing the package costs nothing."""

import importlib
from collections.abc import Callable, Mapping, Sequence


def public(
    package: str, homes: Mapping[str, str], rooms: Sequence[str] = ()
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package whose public names live further down.

    Parameters
    ----------
    package : str
        Its dotted name.
    homes : mapping of str to str
        By name of a public function or class, the module inside the package that defines it.
    rooms : sequence of str
        Packages inside it that are public themselves.
    """

    def __getattr__(name: str) -> object:
        if name in homes:
            return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        if name in rooms:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module '{package}' has no attribute '{name}'")

    def __dir__() -> list[str]:
        return sorted({*vars(importlib.import_module(package)), *homes, *rooms})

    return __getattr__, __dir__
