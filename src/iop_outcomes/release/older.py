"""The last valid release, kept for as long as no newer one has taken its place.

A workflow deletes what a rule is to make before it starts the rule, so that a rerun that is refused, or killed, would
leave a study without any release. A copy of what was released survives that. It comes to lie in a folder of
its own, beside the place of the release and never in it: whoever looks there finds the newest or nothing.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iop_outcomes.kernel.contents import MANIFEST, Digests, altered, names_in, sums
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.predecessors import inside

#: Folder beside the release that holds the last one while there is no newer, and where it is kept until then.
FOLDER, KEPT = "older_release", "last"


@contextmanager
def surviving(release: Path) -> Iterator[None]:
    """Let the last release survive while a newer one is made, and keep that one in its stead once it is in place.

    Parameters
    ----------
    release : path
        The release folder.

    Raises
    ------
    DisclosureError
        That of the body; where the place is empty it says where the last release lies.
    """
    older, kept = release.absolute().with_name(FOLDER), inside(release) / KEPT
    if not (release / MANIFEST).is_file() and _is_whole(kept):
        shutil.rmtree(older, ignore_errors=True)
        kept.rename(older)
    try:
        yield
    except DisclosureError as error:
        if (release / MANIFEST).is_file() or not older.is_dir():
            raise
        raise DisclosureError(f"{error}; the release of an earlier run, and not of this one, is in {FOLDER}") from None
    shutil.rmtree(older, ignore_errors=True)
    shutil.rmtree(kept, ignore_errors=True)
    # Copies: of a second name for the same file whatever somebody writes into the release would stand in both.
    shutil.copytree(release, kept)


def _is_whole(folder: Path) -> bool:
    """Is a folder a release as it was made, so that nothing that was edited since passes for one?"""
    listed = sums(folder / MANIFEST)
    return bool(listed) and names_in(folder) == sorted(listed) and not altered(folder, Digests())
