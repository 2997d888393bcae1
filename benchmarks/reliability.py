"""What was injected, fuzzed and planted, and what came of it: the table of ``docs/reliability.md``.

The scripts ``fuzz.py``, ``faults.py`` and ``canaries.py`` note in ``benchmarks/reliability.json`` what they ran, and
write the page anew, and so does ``attacks.py``. What an attack is, is told in ``docs/disclosure.md``.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGE, NOTES = ROOT / "docs" / "reliability.md", Path(__file__).with_suffix(".json")
TESTS = ROOT / "tests"
sys.path[:0] = [str(TESTS / "workflow"), str(TESTS)]

PARTS = {
    "attacks": ("Attacked", "cells tried", "cells opened"),
    "fuzz": ("Fuzzed", "cases", "tracebacks, or rows lost"),
    "faults": ("Faults injected", "times", "not survived"),
    "canaries": ("Canaries planted", "planted", "found"),
}

INTRODUCTION = """\
# Reliability: nothing lost, nothing that breaks, nothing private out

The tables are made by the scripts that ran what they say: `python benchmarks/attacks.py`, `fuzz.py`, `faults.py` and
`canaries.py`, each of which takes sizes or names. CI runs less of the same: `tests/release/test_crafted.py`,
`tests/test_fuzz.py` (2,000 study files, 100,000 rows for each source, 40 broken runs for each command that reads one),
`tests/workflow/test_faults.py`, `tests/kernel/test_contents.py` (50 kills), `tests/test_verify.py` and
`tests/test_canaries.py`.

## What holds

- **Content decides, not dates.** The rules carry digests of the raw files and code lists they read: one that was
  replaced by an older copy, or by one of the same size and time, is read again. For its digest a file is read only
  where its size, inode or times have changed (`results/.digests.json`).
- **Results are what was written.** Beside each stage table and `run.json` lies its SHA-256, held against it whenever it
  is read; a release has `manifest.sha256`, which `sha256sum -c` reads anywhere. What is not as it was written when a
  run starts is moved to `results/<study>/altered/` and made again; what was deleted is made again.
- **`iop-outcomes verify STUDY`** (or a folder: a release, wherever it lies) names each file that was edited, deleted or
  added, and says whether study file, raw files and code are still those of `run.json`: a sentence each, exit code 1.
- **A sentence, never a traceback**, for any study file, raw file or list of codes, a full disk, a disk that can only be
  read, missing rights, a second run, a packed file that would fill the memory, links out of the source's folder.
- **Rows in = accepted + set aside.** A text with a control character sets its row aside by name; columns that nobody
  named are left out with `'*': null`, and a table of more than 1,000 columns is told so.
- **A killed run** leaves files of before or after, and the next run completes it with the same bytes. Of tables in
  parts and of metrics in shards the pieces that were finished are used (`results/<study>/unfinished/`), unless a file
  they rest on was written to since, a setting or the code is another, or a piece is not what its digest says
  (`tests/test_unfinished.py`; `tests/workflow/test_killed_in_parts.py` kills a run after eight of sixteen).
"""

LIMITS = """\
## What it does not do

- Digests are no signatures: who edits a file and its digest alike is noticed only by another copy of the manifest.
- A plain CSV file that was cut off between two rows cannot be told from a shorter one; packed files and Parquet can.
- Snakemake keeps its own records in `.snakemake/`; where there is no room for these, it says so itself, at length.
- The banner of plain `snakemake`, on the screen and in `.snakemake/log`, names user and host; that is the one canary
  found. `./run` starts it without (`quiet: host`), and none of it reaches `results/`.
- A Parquet file can hold far more rows than its size tells, and is not weighed as packed CSV files are.
"""


class Row(NamedTuple):
    """A kind of case, how many there were, how many failed, and what was seen."""

    kind: str
    n: int
    failed: int
    seen: str = ""


def note(part: str, how: str, rows: list[Row]) -> None:
    """Keep what a script has run, in the place of what it ran of the same kind before, and write the page."""
    notes = json.loads(NOTES.read_text(encoding="utf-8")) if NOTES.is_file() else {}
    before = notes.get(part, {"how": [], "rows": []})
    kept = {row[0]: row for row in before["rows"]} | {row.kind: row for row in rows}
    notes[part] = {"how": sorted({*before["how"], how}), "rows": list(kept.values())}
    NOTES.write_text(json.dumps(notes, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(notes), encoding="utf-8")
    for row in rows:
        print(*row, sep=" | ")


def page(notes: dict) -> str:
    """Return the page from what the scripts noted."""
    parts = [INTRODUCTION]
    for part, (title, number, failed) in PARTS.items():
        if part in notes:
            lines = [f"| {kind} | {n:,} | {wrong:,} | {seen} |" for kind, n, wrong, seen in notes[part]["rows"]]
            how = "`, `".join(notes[part]["how"])
            head = f"## {title}\n\nBy `{how}`.\n\n| | {number} | {failed} | seen |\n|---|---|---|---|\n"
            parts.append(head + "\n".join(lines) + "\n")
    return "\n".join([*parts, LIMITS])
