"""The page of analysts' calls: every public function of the package, room by room."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType

import iop_outcomes
from iop_outcomes.pages import markdown


def rooms(room: ModuleType = iop_outcomes) -> dict[str, dict[str, Callable]]:
    """Return the public calls by room and name, a room before those inside it."""
    found = {name: getattr(room, name) for name in _public(room)}
    made = {room.__name__: {name: one for name, one in found.items() if callable(one)}}
    for inner in found.values():
        made |= rooms(inner) if inspect.ismodule(inner) else {}
    return made


def calls_page() -> str:
    """Return the page: of every room what it is for with its worked examples, of every call what it does."""
    parts = [
        "# Calls for analysts",
        "What a notebook may call. A call is imported when it is used, so that `import iop_outcomes` costs nothing. "
        "What it refuses is an `iop_outcomes.errors.StudyError` of one sentence; `help(call)` has parameters and "
        "results in full. Where no source stands, the call is bookkeeping, or the definition is this project's own.",
    ]
    for room, calls in rooms().items():
        module = importlib.import_module(room)
        parts += [f"## {room}", _opening(module)]
        parts += [_call(name, call) for name, call in calls.items()]
    return markdown.joined(parts)


def _public(room: ModuleType) -> Iterator[str]:
    """Return what a room names as public, or every function it defines where it names nothing."""
    if hasattr(room, "__all__"):
        return iter(room.__all__)
    own = inspect.getmembers(room, lambda one: inspect.isfunction(one) and one.__module__ == room.__name__)
    return (name for name, _ in own if not name.startswith("_"))


def _opening(module: ModuleType) -> str:
    """Return a docstring with its doctests as code."""
    paragraphs = []
    for paragraph in (inspect.getdoc(module) or "").replace("Examples\n--------\n", "").split("\n\n"):
        fenced = paragraph.startswith(">>>")
        paragraphs.append(f"```pycon\n{paragraph}\n```" if fenced else markdown.prose(paragraph))
    return markdown.joined(paragraphs)


def _call(name: str, call: Callable) -> str:
    summary = (inspect.getdoc(call) or "").partition("\n\n")[0].replace("\n", " ")
    home = call.__module__.removeprefix("iop_outcomes.").replace(".", "/")
    cited = markdown.references(call).replace("\n", " ")
    facts = [("source", markdown.linked(cited))] * bool(cited) + [("code", f"`{home}.py`")]
    signature = f"```text\n{name}{_signature(call)}\n```"
    return markdown.joined([f"### {name}", signature, markdown.prose(summary), markdown.bullets(facts)])


def _signature(call: Callable) -> str:
    """Return parameters and defaults, without types; a default that is code is three dots."""
    found = inspect.signature(call)
    bare = [
        parameter.replace(
            annotation=parameter.empty,
            # An address in memory is another one each time.
            default=... if repr(parameter.default).startswith(("<function", "<factory")) else parameter.default,
        )
        for name, parameter in found.parameters.items()
        if not name.startswith("_")
    ]
    return str(found.replace(parameters=bare, return_annotation=found.empty)).replace("Ellipsis", "...")
