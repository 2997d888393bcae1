"""One step from raw files to conclusions: what it may read of a study, its tables, and the function that makes them."""

import importlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iop_outcomes.kernel.provenance import code_digest
from iop_outcomes.kernel.registry import Plugin
from iop_outcomes.study import Study
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.parts import Table

#: Written and read by every stage, so that how a table is stored is part of what its bytes rest on.
_STORE = "iop_outcomes.tables.store"

Tables = dict[str, pd.DataFrame]

#: Megabytes that the hungriest stage takes for each megabyte of raw files, with room; see docs/performance.md.
MEMORY_OF_A_RAW_MB = 3
#: Minutes asked of a scheduler for a small study, and for each gigabyte of raw files: some ten times what the slowest
#: stage took on a quiet machine, since a stage may have hundreds of analyses, and a node may be slow.
MINUTES, MINUTES_OF_A_RAW_GB = 60, 10


def memory_of_data(raw_bytes: int) -> int:
    """Return the megabytes that a stage takes more, the larger the raw files of a study are."""
    return MEMORY_OF_A_RAW_MB * (raw_bytes // 1_000_000)


def minutes_for(raw_bytes: int) -> int:
    """Return the minutes to ask of a scheduler for a step of a study whose raw files are so large."""
    return MINUTES + -(-MINUTES_OF_A_RAW_GB * raw_bytes // 1_000_000_000)


@dataclass(frozen=True)
class Stage:
    """One step from raw files to conclusions.

    Attributes
    ----------
    name : str
        Also the name of its rule.
    sections : tuple of str
        What it may read of a study; see ``StudyView``.
    reads, writes : tuple of str
        Contract tables.
    function : str
        ``module:function``; called with the study's view, the tables by name, a function that tells of progress, and
        ``folder``, from which relative paths start. Returns the tables it makes.
    folder : str
        Folder of ``results/<study>/`` that holds what it makes.
    plugins : callable
        The plug-ins of a study (under one design) whose code its results rest on.
    files : callable
        The files outside ``results/`` that it reads: raw data, code lists.
    wanted : callable
        Does a study have this stage?
    per_design : bool
        Does it run once for every design of the study?
    of_members : tuple of str
        Tables of which only the rows of the cohort's members are read where they are long. Nothing it makes may rest
        on the rows of others.
    in_parts : tuple of str
        Tables that it goes through part by part where they are very long (``store.Stored``); others get them whole.
    memory_mb : int
        Memory that a small study takes, with room, for schedulers; see ``memory_for``.
    grows : bool
        Does it take more memory where there is more data?
    """

    name: str
    sections: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    function: str
    folder: str
    plugins: Callable[[Study, str | None], Iterable[Plugin]] = lambda study, design: ()
    files: Callable[[Study], list[Path]] = lambda study: []
    wanted: Callable[[Study], bool] = lambda study: True
    per_design: bool = False
    of_members: tuple[str, ...] = ()
    in_parts: tuple[str, ...] = ()
    memory_mb: int = 2000
    grows: bool = True

    def memory_for(self, raw_bytes: int) -> int:
        """Return the megabytes to ask of a scheduler for a study whose raw files are so large."""
        return self.memory_mb + (memory_of_data(raw_bytes) if self.grows else 0)

    def view(self, study: Study, design: str | None = None, only: Collection[str] | None = None) -> StudyView:
        """Return the study as this stage may read it, with some analyses ``only`` if they are named."""
        return StudyView(study, self.sections, design, only)

    def modules(self, study: Study, design: str | None = None) -> tuple[str, ...]:
        """Return the modules that its results rest on, together with all that these import."""
        plugins = {plugin.function.__module__ for plugin in self.plugins(study, design)}
        return (self.function.partition(":")[0], _STORE, *sorted(plugins))

    def digest(self, study: Study, design: str | None = None) -> str:
        """Return a digest of the code its results rest on."""
        return code_digest(*self.modules(study, design))

    def run(
        self,
        study: Study,
        made: Mapping[str, pd.DataFrame],
        tell: Callable[[str], None] = lambda _: None,
        folder: str | Path = ".",
        design: str | None = None,
        only: Collection[str] | None = None,
    ) -> dict[str, Table]:
        """Run it on tables by name, for some analyses only if they are named; return its tables, long ones in parts."""
        module, _, name = self.function.partition(":")
        function = getattr(importlib.import_module(module), name)
        design_of = {"design": design} if self.per_design else {}
        return function(self.view(study, design, only), dict(made), tell=tell, folder=Path(folder), **design_of)
