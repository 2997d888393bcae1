"""The first stage: one source, read, checked and made canonical."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.ingest.examining import Examined, going_on
from iop_outcomes.ingest.identifying.anonymity import anonymity
from iop_outcomes.ingest.identifying.stored import identifying, refuse_identifying
from iop_outcomes.ingest.rules import check_refused
from iop_outcomes.kernel.errors import SourceError, in_words
from iop_outcomes.kernel.refusing import refused
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.study import Study
from iop_outcomes.study.view import Readable, StudyView
from iop_outcomes.tables.capability import capabilities
from iop_outcomes.tables.parts import Table, whole


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, Table]:
    """Read the study's source and make it canonical: the stage ``ingest``. Of a large file the tables come in parts."""
    records = _ingested(study, folder)
    for row in whole(records["intake"]).itertuples():
        tell(f"{row.file} -> {row.table}: {row.n_in:,} rows in, {row.n_rejected:,} rejected")
    return records | {"anonymity": anonymity(records)}


def ingest(study: Readable, folder: str | Path = ".") -> dict[str, pd.DataFrame]:
    """Return every canonical table of a study's source; those the source does not have are empty.

    Parameters
    ----------
    study : Study
        Its ``source`` section names the kind of source and its settings.
    folder : path
        Folder that the relative paths of a study file start from.

    Raises
    ------
    SourceError
        A file is missing or not what the study says it is, no episode is left, or a column would be stored that can
        tell who somebody is.
    """
    return {name: whole(table) for name, table in _ingested(study, folder).items()}


def _ingested(study: Readable, folder: str | Path) -> dict[str, Table]:
    source = SOURCES[study.source.kind]
    settings = source.check(study.source.settings)
    with in_words():
        # Links that lead elsewhere are refused where files are looked for.
        source.raw_files(Path(folder), **settings)
        read = source(Path(folder), study.seed, **settings)
    if not len(read["episode"]):
        raise SourceError("source: no episode was accepted; the table 'rejected' would hold every row")
    _count_everything(read["intake"], read["rejected"])
    refuse_identifying(read)
    for sentence in _refused(study, read["rejected"]):
        raise SourceError(sentence)
    return _completed(read, source.cannot)


def examine(study: Readable, folder: str | Path = ".") -> Examined:
    """Return what :func:`ingest` would, as far as it can be made, with every problem that would stop it.

    Parameters
    ----------
    study : Study
    folder : path
        Folder that the relative paths of a study file start from.
    """
    source = SOURCES[study.source.kind]
    found, settings = Examined(), source.check(study.source.settings)
    with going_on(found.complain), in_words():
        if source.examine is not None:
            found = source.examine(Path(folder), study.seed, **settings)
        else:
            found.tables = source(Path(folder), study.seed, **settings)
    with going_on(found.complain), in_words():
        source.raw_files(Path(folder), **settings)
    if not found.problems and not len(found.tables["episode"]):
        found.problems.append("source: no episode was accepted; see the rules below")
    found.problems += [sentence for sentence in identifying(found.tables) if sentence not in found.problems]
    if "rejected" in found.tables:
        with going_on(found.complain):
            found.problems += list(_refused(study, whole(found.tables["rejected"])))
    found.tables = {name: whole(table) for name, table in _completed(found.tables, source.cannot).items()}
    for name, frame in found.tables.items():
        # A table that breaks its contract would end the run when it is stored.
        with going_on(found.complain):
            tables.check(frame, name)
    return found


def _refused(study: Readable, rejected: pd.DataFrame) -> list[str]:
    """Return a sentence for each rule that the study refuses and that set rows aside."""
    once = rejected.astype({"table": "str", "rule": "str"})
    counts = once.groupby(["table", "rule"]).size()
    check_refused(study.refuse, list(counts.index))
    broken = list(zip(counts.index.get_level_values(0), counts.index.get_level_values(1), counts, strict=True))
    return list(refused(study.refuse, [(table, rule, int(n)) for table, rule, n in broken]))


def _completed(read: Mapping[str, Table], cannot: Mapping[str, str]) -> dict[str, Table]:
    """Return every canonical table, those that are not there empty, and what the source can give."""
    records: dict[str, Table] = {name: read[name] if name in read else tables.empty(name) for name in tables.CANONICAL}
    records["capability"] = capabilities(records, cannot)
    return records


def source_files(study: Study, folder: str | Path = ".") -> list[Path]:
    """Return the raw files a study reads, so that a changed file is noticed; simulated studies have none.

    Raises
    ------
    SourceError
        The path the study gives does not exist.
    """
    source = SOURCES[study.source.kind]
    settings = source.check(study.source.settings)
    with in_words():
        return [Path(file) for file in source.raw_files(Path(folder), **settings)]


def _count_everything(intake: pd.DataFrame, rejected: pd.DataFrame) -> None:
    """Refuse to go on when a row is neither accepted nor rejected; that is a bug in the source."""
    lost = intake["n_in"] - intake["n_accepted"] - intake["n_rejected"]
    if (lost != 0).any():
        raise AssertionError(f"{int((lost != 0).sum())} files have rows that are neither accepted nor rejected")
    counted = rejected.drop_duplicates(["file", "table", "line"]).groupby(["file", "table"], observed=True).size()
    stated = intake.set_index(["file", "table"])["n_rejected"]
    if not counted.reindex(stated.index, fill_value=0).eq(stated).all():
        raise AssertionError("the table 'rejected' does not hold as many rows as 'intake' says")
