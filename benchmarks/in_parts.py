"""The same file read in one part and in more: what ``ingest`` costs, and what going on after a kill saves.

Each measurement is a process of its own that keeps what it has finished, as a job of the workflow does. Of those that
are killed half of what they write is there. Numbers go into ``benchmarks/in_parts.json``, of which ``at_size.py``
makes the page.

    ./run python benchmarks/in_parts.py MARGINALS.csv --work FOLDER [--rows 4200000] [--parts 1 2 4 8 16] [--times 3]
"""

import argparse
import hashlib
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from at_size import ROOT, machine, peak_mb, run_stage, study_of

NUMBERS = ROOT / "benchmarks" / "in_parts.json"


def main() -> None:
    """Measure every number of parts, and keep the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("marginals", type=Path, nargs="?", help="CSV with file_year, variable, value, n")
    parser.add_argument("--work", type=Path, required=True, help="folder for files and results")
    parser.add_argument("--rows", type=int, default=4_200_000)
    parser.add_argument("--parts", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--times", type=int, default=3, help="repeats")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(ingest(given.work, given.rows, given.one)))
        return
    raw = given.work / f"teds_{given.rows}.csv"
    if not raw.exists():
        maker = [sys.executable, str(ROOT / "benchmarks" / "teds_file.py"), str(given.marginals), str(raw)]
        subprocess.run([*maker, "--rows", str(given.rows)], check=True)
    (given.work / "in_parts.yaml").write_text(study_of(raw), encoding="utf-8")
    each: dict[int, list[dict[str, float]]] = {n: [] for n in given.parts}
    for _ in range(given.times):
        for n in given.parts:
            each[n].append(json.loads(subprocess.run(_apart(given, n), check=True, stdout=subprocess.PIPE).stdout))
            print(n, each[n][-1], flush=True)
    found = {str(n): _medians(all_of) for n, all_of in each.items()}
    most = max(given.parts)
    before = json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}
    numbers = {
        "note": before.get("note", ""),
        "machine": machine(),
        "rows": given.rows,
        "times": given.times,
        "parts": found,
    }
    numbers["continued"] = {str(most): continued(given, most, each[most][-1])}
    NUMBERS.write_text(json.dumps(numbers, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _apart(given: argparse.Namespace, n: int) -> list[str]:
    return [sys.executable, __file__, "--work", str(given.work), "--rows", str(given.rows), "--one", str(n)]


def _medians(all_of: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in all_of) for name in all_of[0] if name != "bytes"}


def ingest(work: Path, n_rows: int, n_parts: int) -> dict:
    """Read the file in so many parts in this process, and return what it cost with all its imports."""
    start = time.perf_counter()
    from iop_outcomes import stages
    from iop_outcomes.kernel import unfinished
    from iop_outcomes.study import load
    from iop_outcomes.tables import parts, store

    parts.MOST_ROWS = store.MOST_ROWS = -(-n_rows // n_parts)
    study, results = load(work / "in_parts.yaml"), work / f"in_{n_parts}_parts"
    shutil.rmtree(results, ignore_errors=True)
    with unfinished.keeping(_kept(work), stages.named("ingest").files(study), {"parts": n_parts}):
        run_stage(study, results, "ingest")
    used = resource.getrusage(resource.RUSAGE_SELF)
    content = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(results.rglob("*.parquet"))))
    return {
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "wall_s": round(time.perf_counter() - start, 2),
        "peak_mb": round(peak_mb()),
        "bytes": content.hexdigest(),
    }


def _n_pieces(results: Path) -> int:
    """Return of how many groups of rows the tables are that were written in parts."""
    import pyarrow.parquet as pq

    groups = [pq.read_metadata(file).num_row_groups for file in results.rglob("*.parquet")]
    return sum(n for n in groups if n > 1)


def continued(given: argparse.Namespace, n_parts: int, whole: dict) -> dict:
    """Kill a run when half of its pieces are there; return how many were, and what the run after it cost."""
    n_pieces = _n_pieces(given.work / f"in_{n_parts}_parts")
    running = subprocess.Popen(_apart(given, n_parts), stdout=subprocess.DEVNULL)
    while running.poll() is None and len(_there(given.work)) < n_pieces // 2:
        time.sleep(0.02)
    running.kill()
    running.wait()
    there = _there(given.work)
    after = json.loads(subprocess.run(_apart(given, n_parts), check=True, stdout=subprocess.PIPE).stdout)
    if after.pop("bytes") != whole["bytes"]:
        raise AssertionError("the run after the kill made other tables")
    return {"n_kept": len(there), "n_pieces": n_pieces, "undisturbed_cpu_s": whole["cpu_s"], **after}


def _kept(work: Path) -> Path:
    return work / "unfinished"


def _there(work: Path) -> list[Path]:
    return [path for path in _kept(work).glob("*/*/*") if path.name[0] != "."]


def section(numbers: dict) -> str:
    """Return the table of the page, and what a run that goes on after a kill costs."""
    lines = ["| parts | rows of a part | CPU s | peak MB |", "|---|---|---|---|"]
    for n in sorted(numbers["parts"], key=int):
        one = numbers["parts"][n]
        size = -(-numbers["rows"] // int(n))
        lines.append(f"| {n} | {size:,} | {one['cpu_s']:.1f} | {one['peak_mb']:,.0f} |")
    for n, one in numbers["continued"].items():
        told = (
            f"Killed in {n} parts when {one['n_kept']} of the {one['n_pieces']} pieces of its tables were written, the "
            f"same call took {one['cpu_s']:.1f} instead of {one['undisturbed_cpu_s']:.1f} processor seconds and left "
            "the same bytes: reading the file and looking through it come before the first piece, and are done again."
        )
    return "\n".join([*lines, "", told])


if __name__ == "__main__":
    main()
