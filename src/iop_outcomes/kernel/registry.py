"""Plug-ins by name: what a study file may ask for.

A plug-in is a function with a decorator; its keyword-only parameters are its settings. The module it stands in is
found by looking through the package of its kind, so adding one is writing one function. Two plug-ins of one name are
an error. Figures have a registry of the same shape where they are made, ``release/figures/declare.py``.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.plugin import Plugin, stated

P = TypeVar("P", bound=Plugin)
F = TypeVar("F", bound=Callable[..., Any])

#: What the value of a metric is.
ValueKind = Literal["binary", "proportion", "count", "continuous", "duration"]
#: What is planned unlike in arms that differ in an outcome for that alone.
Plan = Literal["", "sessions", "hours", "first session"]
OutcomeKind = ValueKind | Literal["time_to_event", "competing", "repeated"]
Estimand = Literal["ATE", "ATT", "ATC", "ATO", "ATM"]


class Registry(Generic[P]):
    """All plug-ins of one kind, found in one package of this project.

    Parameters
    ----------
    plugin : type
        The class of the kind.
    package : str
        Dotted name of the package whose modules hold them.
    renamed : mapping of str to str, optional
        Names of earlier versions and what they are called now, so that an old study is told what to change.
    """

    def __init__(self, plugin: type[P], package: str, renamed: Mapping[str, str] | None = None):
        self.kind = plugin.kind
        self.package = package
        self.renamed = dict(renamed or {})
        self._plugins: dict[str, P] = {}
        self._discovered = False

    def register(self, make: Callable[[str, Callable[..., Any]], P], name: str | None = None) -> Callable[[F], F]:
        """Return a decorator that makes a function a plug-in and leaves the function as it is."""

        def remember(function: F) -> F:
            plugin = make(name or function.__name__, function)
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

    def __getitem__(self, name: str) -> P:
        self.discover()
        try:
            return self._plugins[name]
        except KeyError:
            if name in self.renamed:
                now = self.renamed[name]
                raise StudyFileError(f"the {self.kind} '{name}' is now called '{now}'; write {now}") from None
            hint = did_you_mean(name, self._plugins)
            raise StudyFileError(f"there is no {self.kind} '{name}'; {hint}") from None

    def __contains__(self, name: str) -> bool:
        self.discover()
        return name in self._plugins

    def __iter__(self) -> Iterator[P]:
        self.discover()
        return iter(sorted(self._plugins.values(), key=lambda plugin: plugin.name))

    def names(self) -> list[str]:
        """Return the names of all plug-ins, in order."""
        return [plugin.name for plugin in self]


@stated
class Source(Plugin):
    """A kind of raw files, read into canonical tables."""

    kind: ClassVar[str] = "source"
    cannot: Mapping[str, str]
    raw_files: Callable[..., list[Path]]
    examine: Callable[..., Any] | None = None
    snapshot: Callable[..., Iterator[str]] | None = None


@stated
class EligibilityRule(Plugin):
    """A rule that keeps or drops episodes by what was known at time zero."""

    kind: ClassVar[str] = "eligibility rule"
    label: str
    needs: tuple[str, ...]


@stated
class Metric(Plugin):
    """A number for every member of the cohort."""

    kind: ClassVar[str] = "metric"
    unit: str
    kind_of_value: ValueKind
    needs: tuple[str, ...]
    missing: str
    source: str
    better: Literal["higher", "lower", "neither"]
    by_member: bool = False
    by_plan: Plan = ""


@stated
class DesignMethod(Plugin):
    """A way to make arms comparable."""

    kind: ClassVar[str] = "design method"
    estimand: Estimand
    description: str
    several_arms: Literal["together", "by pairs", "refused"]


@stated
class Estimator(Plugin):
    """A way from an outcome and a comparison to a difference."""

    kind: ClassVar[str] = "estimator"
    estimands: tuple[Estimand, ...]
    kinds: tuple[OutcomeKind, ...]
    measures: tuple[str, ...]
    description: str
    several_arms: Literal["everybody", "two arms", "refused"]


@stated
class Check(Plugin):
    """A doubt put to an estimate."""

    kind: ClassVar[str] = "sensitivity check"
    description: str
    refits: bool


SOURCES = Registry(Source, "iop_outcomes.ingest.sources")
ELIGIBILITY = Registry(EligibilityRule, "iop_outcomes.cohort")
METRICS = Registry(Metric, "iop_outcomes.metrics")
DESIGN_METHODS = Registry(DesignMethod, "iop_outcomes.designs")
ESTIMATORS = Registry(Estimator, "iop_outcomes.estimates.estimators", renamed={"weighting": "weighted"})
CHECKS = Registry(Check, "iop_outcomes.robustness")


def figure_names(study: Any = None) -> list[str]:
    """Return the names of all figures, or of those of a study; found late, because figures know studies."""
    every = importlib.import_module("iop_outcomes.release.figures").FIGURES
    return [plugin.name for plugin in every if study is None or plugin.asked(study)]


def source(
    *,
    cannot: Mapping[str, str],
    raw_files: Callable[..., list[Path]],
    name: str | None = None,
    examine: Callable[..., Any] | None = None,
    snapshot: Callable[..., Iterator[str]] | None = None,
) -> Callable[[F], F]:
    """Declare a kind of source.

    Parameters
    ----------
    cannot : mapping
        By table or ``table.column``, what it can never give, and why.
    raw_files : callable
        ``raw_files(folder, **settings)`` returns every file that it reads, so that a changed one is noticed.
    name : str, optional
        The function's name when left out.
    examine : callable, optional
        Called as the source is; reads on where the source would stop, and returns everything that is wrong as an
        ``ingest.examining.Examined``. A source without one is read until its first problem.
    snapshot : callable, optional
        Called as the source is, with ``again``; copies what is read of a live database into files, and yields a line
        for each.
    """
    made = partial(Source, cannot=cannot, raw_files=raw_files, examine=examine, snapshot=snapshot)
    return SOURCES.register(made, name)


def eligibility(*, label: str, needs: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Declare an eligibility rule; its label, filled with its settings, stands in the flow diagram."""
    return ELIGIBILITY.register(partial(EligibilityRule, label=label, needs=needs))


def metric(
    *,
    unit: str,
    kind: ValueKind,
    needs: tuple[str, ...],
    missing: str,
    source: str,
    better: Literal["higher", "lower", "neither"] = "higher",
    by_member: bool = False,
    by_plan: Plan = "",
) -> Callable[[F], F]:
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
    by_member : bool
        Does a value rest on nothing but the member's own sessions and row of ``members``? Then members may be taken a
        shard at a time where sessions are many.
    by_plan : {'', 'sessions', 'hours', 'first session'}
        What makes it differ between arms in which everybody comes to the same share of what is due: how many sessions
        or hours are planned, or that the first session, by which care begins, is one of few. No verdict rests on it
        where the arms plan unlike much.
    """
    said = partial(Metric, unit=unit, kind_of_value=kind, needs=needs, missing=missing, source=source)
    return METRICS.register(partial(said, better=better, by_member=by_member, by_plan=by_plan))


#: Setting of a design method: the arm whose people an ATT or ATC of several arms speaks for.
TARGET = "target"


def design_method(
    *, estimand: Estimand, description: str, several_arms: Literal["together", "by pairs", "refused"] = "refused"
) -> Callable[[F], F]:
    """Declare a way to make arms comparable, and for whom the contrast then holds.

    Parameters
    ----------
    estimand : {'ATE', 'ATT', 'ATC', 'ATO', 'ATM'}
    description : str
    several_arms : {'together', 'by pairs', 'refused'}
        What it does where there are more than two arms: makes all of them comparable at once, compares two by
        themselves, or refuses.
    """
    return DESIGN_METHODS.register(
        partial(DesignMethod, estimand=estimand, description=description, several_arms=several_arms)
    )


def estimator(
    *,
    estimands: tuple[Estimand, ...],
    kinds: tuple[OutcomeKind, ...],
    measures: tuple[str, ...],
    description: str,
    several_arms: Literal["everybody", "two arms", "refused"] = "refused",
) -> Callable[[F], F]:
    """Declare an estimator: for which estimands, kinds of outcome and measures it is right.

    ``several_arms`` says what it does with a design that makes more than two arms comparable at once: it works on
    ``everybody``, on the ``two arms`` of the contrast with the weights that all arms share, or is ``refused``.
    """
    return ESTIMATORS.register(
        partial(
            Estimator,
            estimands=estimands,
            kinds=kinds,
            measures=measures,
            description=description,
            several_arms=several_arms,
        )
    )


def check(*, description: str, refits: bool = False, name: str | None = None) -> Callable[[F], F]:
    """Declare a sensitivity check.

    Parameters
    ----------
    description : str
    refits : bool
        Does it make analyses anew? It is then given a ``Refit``, one analysis at a time, and returns mappings of what
        its rows hold; otherwise it is given the finished rows of all that may be shown, and returns such rows.
    name : str, optional
        The function's name when left out.
    """
    return CHECKS.register(partial(Check, description=description, refits=refits), name)
