"""A study and its files checked together: the study file, then every file to its end, then what can be answered."""

from dataclasses import dataclass, field
from pathlib import Path

from iop_outcomes.check.answers import look_ahead
from iop_outcomes.check.doubts import doubts
from iop_outcomes.check.findings import Findings
from iop_outcomes.check.lost import lost_rows
from iop_outcomes.ingest.identifying.anonymity import anonymity, in_words, more_exact_than_a_year
from iop_outcomes.ingest.stage import examine
from iop_outcomes.kernel.errors import counted
from iop_outcomes.study import Study


@dataclass
class Checked:
    """A study that was checked.

    Attributes
    ----------
    study : Study
    findings : Findings
    read : str
        How many rows of how many files were read, in a sentence.
    """

    study: Study
    findings: Findings = field(default_factory=Findings)
    read: str = ""

    @property
    def is_ready(self) -> bool:
        """Does nothing keep the study from running?"""
        return not self.findings.problems


def check_study(study: Study, folder: str | Path = ".") -> Checked:
    """Read a study's files and return everything that is to be known before it runs.

    Parameters
    ----------
    study : Study
        From ``load_study``.
    folder : path
        Folder that the relative paths of the study start from.

    Returns
    -------
    Checked
        Its ``findings`` hold counts, files, columns and rules, and never a value of a record.
    """
    examined = examine(study, folder)
    records, found = examined.tables, Findings(problems=list(examined.problems), confirm=list(examined.notes))
    found.telling = list(examined.telling)
    if len(records["person"]) and len(records["episode"]):
        told = (in_words(anonymity(records)), more_exact_than_a_year(records))
        found.telling += [sentence for sentence in told if sentence]
    intake, rejected = records["intake"], records["rejected"]
    found.lost = lost_rows(intake, rejected, study.source.kind)
    look_ahead(study, records, found)
    if len(records["episode"]):
        found.doubts = doubts(records) + found.doubts
    if "format" not in study.model_fields_set:
        found.confirm.append(f"the study names no format and was read as format {study.format}: format: {study.format}")
    n_in, n_out = int(intake["n_in"].sum()), int(intake["n_rejected"].sum())
    # A wide sheet is counted once for each of its columns.
    files = counted(intake["file"].astype("str").str.replace(r", column .*$", "", regex=True).nunique(), "file")
    return Checked(study, found, f"{files} read, {counted(n_in, 'row')}: {n_in - n_out:,} taken, {n_out:,} set aside")
