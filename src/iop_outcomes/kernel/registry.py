"""Plug-ins by name: what a study file may ask for.

A plug-in is a function with a decorator; its keyword-only parameters are its settings. The module it stands in is
found by looking through the package of its kind, so adding one is writing one function. Two plug-ins of one name are
an error.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean


@dataclass(frozen=True)
class Plugin:
    """One named function of one kind, with the facts its decorator states.

    Attributes
    ----------
    kind, name : str
        What it is (``metric``, ``source``, ...) and what a study file calls it.
    function : callable
        The function itself; positional parameters are tables, keyword-only parameters are settings.
    facts : mapping
        What the decorator said: unit, needs, missing rule, source, estimands, ...
    """

    kind: str
    name: str
    function: Callable
    facts: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, *tables, **settings):
        return self.function(*tables, **settings)

    def __getattr__(self, fact: str):
        try:
            return object.__getattribute__(self, "facts")[fact]
        except KeyError:
            raise AttributeError(f"{self.kind} '{self.name}' states no '{fact}'") from None

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @cached_property
    def settings_model(self) -> type[BaseModel]:
        """The settings as a pydantic model, made from the keyword-only parameters of the function."""
        fields = {
            p.name: (p.annotation, ... if p.default is p.empty else p.default)
            for p in inspect.signature(self.function, eval_str=True).parameters.values()
            if p.kind is p.KEYWORD_ONLY
        }
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
        return create_model(f"{self.kind}_{self.name}", __config__=config, **fields)

    def check(self, settings: Mapping[str, object] | None = None, place: str = "") -> dict[str, object]:
        """Return the settings checked and completed with defaults.

        Raises
        ------
        StudyFileError
            A setting is unknown, missing or of the wrong kind; the sentence names it and what is allowed.
        """
        place = place or f"{self.kind} '{self.name}'"
        try:
            checked = self.settings_model(**(settings or {}))
        except ValidationError as error:
            raise StudyFileError(sentence(error, place, self.settings_model)) from None
        return {name: getattr(checked, name) for name in type(checked).model_fields}


def sentence(error: ValidationError, place: str, model: type[BaseModel]) -> str:
    """Turn the first complaint of pydantic into one sentence for the author of a study file."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = model.model_fields if len(first["loc"]) == 1 else ()
        hint = f"; {did_you_mean(str(first['loc'][-1]), known)}" if known else ""
        return f"{place}: there is no setting '{where}'{hint}"
    if first["type"] == "missing":
        return f"{place}: the setting '{where}' is missing"
    return f"{place}: '{where}': {first['msg'][0].lower()}{first['msg'][1:]}"


class Registry:
    """All plug-ins of one kind, found in one package of this project.

    Parameters
    ----------
    kind : str
        What one is called in a sentence.
    package : str
        Dotted name of the package whose modules hold them.
    """

    def __init__(self, kind: str, package: str):
        self.kind = kind
        self.package = package
        self._plugins: dict[str, Plugin] = {}
        self._discovered = False

    def register(self, name: str | None = None, **facts) -> Callable[[Callable], Callable]:
        """Return a decorator that makes a function a plug-in and leaves the function as it is."""

        def remember(function: Callable) -> Callable:
            plugin = Plugin(self.kind, name or function.__name__, function, facts)
            other = self._plugins.get(plugin.name)
            if other is not None and other.function.__module__ != function.__module__:
                raise ValueError(
                    f"two {self.kind}s are called '{plugin.name}': in {other.function.__module__} "
                    f"and in {function.__module__}"
                )
            self._plugins[plugin.name] = plugin
            return function

        return remember

    def discover(self) -> None:
        """Import every module of the package once."""
        if self._discovered:
            return
        package = importlib.import_module(self.package)
        for module in pkgutil.walk_packages(package.__path__, f"{self.package}."):
            importlib.import_module(module.name)
        self._discovered = True

    def __getitem__(self, name: str) -> Plugin:
        self.discover()
        try:
            return self._plugins[name]
        except KeyError:
            hint = did_you_mean(name, self._plugins)
            raise StudyFileError(f"there is no {self.kind} '{name}'; {hint}") from None

    def __contains__(self, name: str) -> bool:
        self.discover()
        return name in self._plugins

    def __iter__(self) -> Iterator[Plugin]:
        self.discover()
        return iter(sorted(self._plugins.values(), key=lambda plugin: plugin.name))

    def names(self) -> list[str]:
        """Return the names of all plug-ins, in order."""
        return [plugin.name for plugin in self]


SOURCES = Registry("source", "iop_outcomes.ingest.sources")
ELIGIBILITY = Registry("eligibility rule", "iop_outcomes.cohort")
METRICS = Registry("metric", "iop_outcomes.metrics")
DESIGN_METHODS = Registry("design method", "iop_outcomes.designs")
ESTIMATORS = Registry("estimator", "iop_outcomes.estimates.estimators")
CHECKS = Registry("sensitivity check", "iop_outcomes.robustness")
FIGURES = Registry("figure", "iop_outcomes.release.figures")


def source(*, cannot: Mapping[str, str], raw_files: Callable[..., list], name: str | None = None):
    """Declare a kind of source.

    Parameters
    ----------
    cannot : mapping
        By table or ``table.column``, what it can never give, and why.
    raw_files : callable
        ``raw_files(folder, **settings)`` returns every file that it reads, so that a changed one is noticed.
    name : str, optional
        The function's name when left out.
    """
    return SOURCES.register(name, cannot=cannot, raw_files=raw_files)


def eligibility(*, label: str, needs: tuple[str, ...] = ()):
    """Declare an eligibility rule; its label, filled with its settings, stands in the flow diagram."""
    return ELIGIBILITY.register(label=label, needs=needs)


def metric(*, unit: str, kind: str, needs: tuple[str, ...], missing: str, source: str, better: str = "higher"):
    """Declare a metric.

    Parameters
    ----------
    unit : str
        Unit of the value, ``share``, ``days``, ``hours per week``, ...
    kind : {'binary', 'proportion', 'count', 'continuous', 'duration'}
        Which estimators may take it as an outcome.
    needs : tuple of str
        Tables or ``table.column`` without which it is refused.
    missing : str
        The missing rule, in words.
    source : str
        Where the definition comes from.
    better : {'higher', 'lower', 'neither'}
        Which way is good for the person.
    """
    return METRICS.register(unit=unit, kind_of_value=kind, needs=needs, missing=missing, source=source, better=better)


#: Setting of a design method: the arm whose people an ATT or ATC of several arms speaks for.
TARGET = "target"


def design_method(*, estimand: str, description: str, several_arms: str = "refused"):
    """Declare a way to make arms comparable, and for whom the contrast then holds.

    Parameters
    ----------
    estimand : str
        ATE, ATT, ATC, ATO or ATM.
    description : str
    several_arms : {'together', 'by pairs', 'refused'}
        What it does where there are more than two arms: makes all of them comparable at once, compares two by
        themselves, or refuses.
    """
    return DESIGN_METHODS.register(estimand=estimand, description=description, several_arms=several_arms)


def estimator(
    *,
    estimands: tuple[str, ...],
    kinds: tuple[str, ...],
    measures: tuple[str, ...],
    description: str,
    several_arms: str = "refused",
):
    """Declare an estimator: for which estimands, kinds of outcome and measures it is right.

    ``several_arms`` says what it does with a design that makes more than two arms comparable at once: it works on
    ``everybody``, on the ``two arms`` of the contrast with the weights that all arms share, or is ``refused``.
    """
    return ESTIMATORS.register(
        estimands=estimands, kinds=kinds, measures=measures, description=description, several_arms=several_arms
    )


def check(*, description: str, name: str | None = None):
    """Declare a sensitivity check."""
    return CHECKS.register(name, description=description)
