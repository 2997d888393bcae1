"""The format of study files: its version stands in each file, so that one of another version is told what to change.

A new version is needed when a file that used to mean one thing comes to mean another. A plug-in that merely changes
its name is answered where names are looked up (``renamed`` in ``kernel/registry.py``) and needs none.
"""

from collections.abc import Mapping
from typing import Literal

from iop_outcomes.kernel.errors import StudyFileError

Format = Literal[1]

#: The version that this program reads and that its template carries. Files older than the key are of version 1, too.
FORMAT: Format = 1


def check_format(content: Mapping[str, object]) -> None:
    """Refuse the content of a study file of another format than this program reads.

    Parameters
    ----------
    content : mapping
        The keys and values of a study file; without ``format`` it is of version 1.

    Raises
    ------
    StudyFileError
        One sentence that says what to change.
    """
    found = content.get("format", FORMAT)
    if type(found) is int and found > FORMAT:
        raise StudyFileError(
            f"format: the file is of format {found} and this version of iop-outcomes reads format {FORMAT}; install a "
            f"newer one, or write the study in format {FORMAT}, starting from the template"
        )
    if type(found) is not int or found != FORMAT:
        raise StudyFileError(f"format: there is no such format of study files; write format: {FORMAT}")
