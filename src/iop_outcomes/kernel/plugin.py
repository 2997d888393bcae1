"""One plug-in: a function that a study file can name, with the facts its decorator states and its checked settings."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import fields
from functools import cached_property
from typing import Any, ClassVar, TypeVar, dataclass_transform

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.dataclasses import dataclass

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean

T = TypeVar("T")


@dataclass_transform(frozen_default=True, eq_default=False)
def stated(kind: type[T]) -> type[T]:
    """Declare a kind of plug-in; what its decorator states is checked when a module that holds one is imported."""
    declared: type[Any] = dataclass(frozen=True, eq=False, config=ConfigDict(arbitrary_types_allowed=True))(kind)
    return declared


@plain_dataclass(frozen=True)
class InStudy:
    """Default of a setting in a study file, where it is not that of a call; it stands in the setting's annotation.

    A call does what its counterparts in R do unless told. A study file is read by people who do not look settings up,
    and gets what covers the truth most often.
    """

    value: object


@stated
class Plugin:
    """One named function; each kind of plug-in is a class of its own that adds what its decorator states.

    Attributes
    ----------
    kind : str
        What it is called in a sentence: ``metric``, ``source``, ...
    name : str
        What a study file calls it.
    function : callable
        The function itself; positional parameters are tables, keyword-only parameters are settings.
    """

    kind: ClassVar[str] = "plug-in"
    name: str
    function: Callable[..., Any]

    def __call__(self, *tables: Any, **settings: Any) -> Any:
        return self.function(*tables, **settings)

    @property
    def facts(self) -> dict[str, object]:
        """What its decorator states, by name: unit, needs, missing rule, estimands, ..."""
        names = [field.name for field in fields(self)]
        return {name: getattr(self, name) for name in names if name not in ("name", "function")}

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @cached_property
    def settings_model(self) -> type[BaseModel]:
        """The settings as a pydantic model, made from the keyword-only parameters of the function."""
        return self._model({})

    @cached_property
    def study_settings_model(self) -> type[BaseModel]:
        """The same with the defaults of a study file."""
        return self._model(self.study_defaults)

    @cached_property
    def study_defaults(self) -> dict[str, object]:
        """Settings whose default in a study file is not that of a call, and that default."""
        stated = {name: about.metadata for name, about in self.settings_model.model_fields.items()}
        return {name: one.value for name, metadata in stated.items() for one in metadata if isinstance(one, InStudy)}

    def check(self, settings: Mapping[str, object] | None = None, place: str = "") -> dict[str, object]:
        """Return the settings of a call checked and completed with defaults.

        Raises
        ------
        StudyFileError
            A setting is unknown, missing or of the wrong kind; the sentence names it and what is allowed.
        """
        return self._checked(self.settings_model, settings, place)

    def check_in_study(self, settings: Mapping[str, object] | None = None, place: str = "") -> dict[str, object]:
        """Return the settings of a study file checked and completed with the defaults of one.

        Raises
        ------
        StudyFileError
            As :meth:`check`.
        """
        return self._checked(self.study_settings_model, settings, place)

    def _model(self, defaults: Mapping[str, object]) -> type[BaseModel]:
        asked: dict[str, Any] = {
            p.name: (p.annotation, defaults.get(p.name, ... if p.default is p.empty else p.default))
            for p in _keyword_only(self.function)
        }
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
        return create_model(f"{self.kind}_{self.name}", __config__=config, **asked)

    def _checked(self, model: type[BaseModel], settings: Mapping[str, object] | None, place: str) -> dict[str, object]:
        try:
            checked = model(**(settings or {}))
        except ValidationError as error:
            raise StudyFileError(sentence(error, place or f"{self.kind} '{self.name}'", model)) from None
        return {name: getattr(checked, name) for name in type(checked).model_fields}


def _keyword_only(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the settings of a function; what else it takes and gives may be of a library that is loaded late."""
    found = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    if any(isinstance(p.annotation, str) for p in found):
        named = inspect.signature(function, eval_str=True).parameters
        return [named[p.name] for p in found]
    return found


def _settings_beside(model: type[BaseModel], place: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the settings there are where an unknown one stands; none where that is no model."""
    for part in place[:-1]:
        inner = model.model_fields[str(part)].annotation if str(part) in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ()
        model = inner
    return tuple(model.model_fields)


def sentence(error: ValidationError, place: str, model: type[BaseModel]) -> str:
    """Turn the first complaint of pydantic into one sentence for the author of a study file."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _settings_beside(model, first["loc"])
        hint = f"; {did_you_mean(str(first['loc'][-1]), known)}" if known else ""
        return f"{place}: there is no setting '{where}'{hint}"
    if first["type"] == "missing":
        return f"{place}: the setting '{where}' is missing"
    return f"{place}: '{where}': {first['msg'][0].lower()}{first['msg'][1:]}"
