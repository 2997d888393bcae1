"""Fuzz every parser: study files, raw files of each source, lists of codes, and runs of which a file is broken.

Each case is a result or one clean sentence.

    nice python benchmarks/fuzz.py --studies 20000 --files 200 --folders 1000

The cases are those of ``tests/fuzzed_studies.py``, ``tests/fuzzed_files.py`` and
``tests/fuzzed_folders.py``, drawn by other seeds than in CI.
"""

import argparse
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from reliability import Row, note

import fuzzed_files
import fuzzed_folders
import fuzzed_studies

#: Rows of the larger tables of each file.
N_ROWS = 4000


def tried(name: str, cases: st.SearchStrategy, n: int, number: int, call: Callable[[Any], str]) -> Row:
    """Call on many cases and count what went wrong; the first of each kind is printed."""
    outcomes, wrong = Counter(), Counter()

    @seed(number)
    @settings(
        max_examples=n, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None, database=None
    )
    @given(cases)
    def one(case):
        try:
            outcomes["refused" if call(case) else "read"] += 1
        except Exception as error:
            kind = f"{type(error).__name__}: {traceback.extract_tb(error.__traceback__)[-1].name}"
            if not wrong[kind]:
                traceback.print_exc()
            wrong[kind] += 1

    one()
    seen = f"{outcomes['read']:,} read, {outcomes['refused']:,} refused in one sentence"
    return Row(name, sum(outcomes.values()) + sum(wrong.values()), sum(wrong.values()), seen)


def code_list(content: bytes) -> str:
    """Write and read a list of codes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codes.csv"
        path.write_bytes(content)
        return fuzzed_studies.complaint(lambda: fuzzed_files.load_code_list(path))


def raw_rows(source: str, n: int, number: int) -> Row:
    """Read many raw folders of one source and count their rows."""
    n_rows = []

    def one(case: tuple) -> str:
        with tempfile.TemporaryDirectory() as folder:
            n_rows.append(fuzzed_files.ingested(source, Path(folder), case[0], case[1], N_ROWS, case[2]))
        return ""

    shares = st.sampled_from((0.0, 0.0005, 0.005, 0.05, 0.5))
    cases = st.tuples(st.integers(0, 10**9), st.sampled_from(fuzzed_files.KINDS), shares)
    row = tried("", cases, n, number, one)
    return Row(f"rows of raw files, source `{source}`", sum(n_rows), row.failed, f"in {row.n:,} folders or files")


def folders(n: int, number: int) -> list[Row]:
    """Break a file of a finished run, or ask for a snapshot, and count what those who read it made of that."""

    def in_a_folder(say: Callable[[int, Path], str]) -> Callable[[int], str]:
        def call(case: int) -> str:
            with tempfile.TemporaryDirectory() as folder:
                return say(case, Path(folder))

        return call

    cases = st.integers(0, 10**9)
    rows = [
        tried(f"broken files, read by `{name}`", cases, n, number, in_a_folder(partial(fuzzed_folders.said_of, name)))
        for name in fuzzed_folders.READERS
    ]
    said = in_a_folder(fuzzed_folders.snapshot_of)
    return [*rows, tried("settings of `snapshot`, without a server", cases, n, number, said)]


def main() -> None:
    """Fuzz, and note what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=2000, help="study files of each of two kinds")
    parser.add_argument("--files", type=int, default=30, help="raw folders of each source")
    parser.add_argument("--folders", type=int, default=0, help="broken runs for each command that reads one")
    parser.add_argument("--sources", nargs="*", default=list(fuzzed_files.SOURCES), choices=list(fuzzed_files.SOURCES))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    def loaded(load: Callable) -> Callable[[Any], str]:
        return lambda case: fuzzed_studies.complaint(lambda: load(case))

    how = f"benchmarks/fuzz.py --studies {asked.studies} --files {asked.files} --seed {asked.seed}"
    how += f" --folders {asked.folders}" if asked.folders else ""
    how += f" --sources {' '.join(asked.sources)}" if asked.sources != list(fuzzed_files.SOURCES) else ""
    for name, cases, load in (
        ("study files, wrong text", fuzzed_studies.wrong_texts(), loaded(fuzzed_studies.load_text)),
        ("study files, wrong values", fuzzed_studies.wrong_contents(), loaded(fuzzed_studies.load_content)),
        ("lists of codes", fuzzed_files.wrong_code_lists(), code_list),
    ):
        if asked.studies:
            note("fuzz", how, [tried(name, cases, asked.studies, asked.seed, load)])
    if asked.folders:
        note("fuzz", how, folders(asked.folders, asked.seed))
    for source in asked.sources if asked.files else ():
        note("fuzz", how, [raw_rows(source, asked.files, asked.seed)])


if __name__ == "__main__":
    main()
