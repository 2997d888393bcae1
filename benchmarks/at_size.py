"""What a study of a large file costs: processor seconds and peak memory of each stage, from raw file to report.

Files of several sizes are made in the layout of TEDS-D 2023 (``teds_file.py``). Every stage runs in a process of its
own on the files the stage before has left, as in the workflow, one after the other. Numbers go into
``benchmarks/at_size.json`` by size, so that a size can be measured again by itself; page and figure are made of them.

    ./run benchmark MARGINALS.csv --work FOLDER [--rows 200000 400000 1474025]
    ./run benchmark --sessions 1000000 --work FOLDER # so many episodes of 100 sessions; see many_sessions.py
    ./run python benchmarks/in_parts.py MARGINALS.csv --work FOLDER # one file in one part and in more
    ./run python benchmarks/at_size.py --page        # page and figure anew, from the numbers there are
"""

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
NUMBERS, PAGE = ROOT / "benchmarks" / "at_size.json", ROOT / "docs" / "performance.md"
SESSIONS = ROOT / "benchmarks" / "many_sessions.json"
IN_PARTS = ROOT / "benchmarks" / "in_parts.json"
ANALYSES = ROOT / "benchmarks" / "many_analyses.json"
BESIDE_R = ROOT / "benchmarks" / "r_at_size.json"
FIGURE = ROOT / "docs" / "images" / "performance.png"
SIZES = (200_000, 400_000, 1_474_025)
CHECKING, RELEASE, WHOLE = "checking the study", "release", "whole"
#: Stages that the page tells of where a machine is filled.
OUTLOOK = 5
PACKAGES = ("numpy", "pandas", "polars", "pyarrow", "scipy")


def main() -> None:
    """Measure the sizes asked for, and write page and figure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("marginals", type=Path, nargs="?", help="CSV with file_year, variable, value, n")
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--sessions", type=int, metavar="EPISODES", help="measure many sessions instead")
    parser.add_argument("--work", type=Path, help="folder for files and results")
    parser.add_argument("--page", action="store_true", help="measure nothing; write page and figure")
    parser.add_argument("--note", help="a sentence for the page on how the numbers were taken, kept with them")
    parser.add_argument("--one", nargs=3, metavar=("STUDY", "FOLDER", "STAGE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one_stage(given.one[0], Path(given.one[1]), given.one[2])))
        return
    if given.sessions:
        maker = [sys.executable, str(ROOT / "benchmarks" / "many_sessions.py"), "--work", str(given.work)]
        subprocess.run([*maker, "--episodes", str(given.sessions)], check=True)
    elif not given.page:
        if given.marginals is None or given.work is None:
            parser.error("name the file of marginal counts and, as --work, a folder for files and results")
        for n_rows in given.rows:
            keep(n_rows, measured(given.marginals, n_rows, given.work))
    if given.note is not None:
        NUMBERS.write_text(_as_text(known() | {"note": given.note}), encoding="utf-8")
    write_page(known())


def measured(marginals: Path, n_rows: int, work: Path) -> dict[str, dict[str, float]]:
    """Return processor seconds, seconds and peak megabytes by stage of a study of ``n_rows`` records."""
    from iop_outcomes import stages
    from iop_outcomes.study import load

    work.mkdir(parents=True, exist_ok=True)
    raw, study, folder = work / f"teds_{n_rows}.csv", work / f"teds_{n_rows}.yaml", work / f"results_{n_rows}"
    if not raw.exists():
        maker = [sys.executable, str(ROOT / "benchmarks" / "teds_file.py"), str(marginals), str(raw)]
        subprocess.run([*maker, "--rows", str(n_rows)], check=True)
    study.write_text(study_of(raw), encoding="utf-8")
    found = {}
    for name in [CHECKING, *(stage.name for stage in stages.of(load(study))), RELEASE]:
        command = [sys.executable, __file__, "--one", str(study), str(folder), name]
        found[name] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{n_rows:>12,} {name:<12} {found[name]}", flush=True)
    return found


def study_of(raw: Path) -> str:
    """Return the study of TEDS-D as it is shipped, of another file, and without what only its sample needs."""
    lines = (ROOT / "workflow" / "studies" / "teds_d.yaml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "empty_los" not in line]
    return "\n".join(f"  path: {raw}" if line.startswith("  path:") else line for line in kept) + "\n"


def one_stage(study_file: str, folder: Path, name: str) -> dict[str, float]:
    """Run one stage on what the earlier ones left, and return what it cost this process, with all its imports."""
    start = time.perf_counter()
    from iop_outcomes.study import load
    from iop_outcomes.study.loading import text_digest

    # As in a run, which checks a study once when it begins.
    study = load(study_file, checked="" if name == CHECKING else text_digest(study_file))
    if name == CHECKING:
        return used_since(start)
    release(study, folder) if name == RELEASE else run_stage(study, folder, name)
    return used_since(start)


def used_since(start: float) -> dict[str, float]:
    """Return processor seconds and peak megabytes of this process, and the seconds since it began."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "wall_s": round(time.perf_counter() - start, 2),
        "peak_mb": round(peak_mb()),
    }


def run_stage(study, folder: Path, name: str) -> None:
    """Read the tables of a stage, run it, write what it makes; for each design where it has one."""
    from iop_outcomes import stages
    from iop_outcomes.tables import store

    stage = stages.named(name)
    for design in study.designs if stage.per_design else [None]:
        paths = stages.inputs(stage, study.designs)
        given = {
            table: [folder / p for p in path] if isinstance(path, list) else folder / path.format(design=design)
            for table, path in paths.items()
        }
        made = stage.run(study, stages.read(stage, given), design=design)
        for table in [table for table in made if table in stage.writes]:
            store.write(made[table], table, folder / stages.path(stage, table, design))


def release(study, folder: Path) -> None:
    """Make the report from the stage tables."""
    from iop_outcomes import stages
    from iop_outcomes.release.stage import READS
    from iop_outcomes.road import release_study
    from iop_outcomes.tables import store

    made = {table for stage in stages.of(study) for table in stage.writes}
    paths = {table: stages.path(stages.maker(table), table) for table in READS if table in made}
    release_study(study, {table: store.read(folder / path) for table, path in paths.items()}, folder / "release")


def peak_mb() -> float:
    """Return the largest memory this process held, in megabytes; not that of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def keep(n_rows: int, found: dict[str, dict[str, float]]) -> None:
    """Add the numbers of one size to those there are, with the machine they are of."""
    numbers = known()
    numbers["machine"] = machine()
    numbers.setdefault("sizes", {})[str(n_rows)] = found
    NUMBERS.write_text(_as_text(numbers), encoding="utf-8")


def _as_text(numbers: dict) -> str:
    return json.dumps(numbers, indent=1, sort_keys=True) + "\n"


def known() -> dict:
    """Return the numbers there are."""
    return json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.exists() else {}


def machine() -> str:
    """Return processor, memory and versions in a sentence."""
    models = [line for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    processor = models[0].partition(":")[2].strip() if models else platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return f"{os.cpu_count()} cores of {processor}, {memory:.0f} GB; Python {platform.python_version()}, {versions}"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def exponents(numbers: dict) -> dict[str, float]:
    """Return by stage, and for the whole, the slope of log processor time over log rows."""
    sizes = sorted(numbers["sizes"], key=int)
    if len(sizes) < 2:
        return {}
    rows = np.log([int(size) for size in sizes])
    cpu = {stage: [numbers["sizes"][size][stage]["cpu_s"] for size in sizes] for stage in _stages(numbers)}
    cpu[WHOLE] = list(np.sum(list(cpu.values()), axis=0))
    return {stage: float(np.polyfit(rows, np.log(seconds), 1)[0]) for stage, seconds in cpu.items()}


def _stages(numbers: dict) -> list[str]:
    """Return the stages in the order in which they run."""
    from iop_outcomes.stages import STAGES

    measured = next(iter(numbers["sizes"].values()))
    return [name for name in [CHECKING, *(stage.name for stage in STAGES), RELEASE] if name in measured]


def table(numbers: dict) -> str:
    """Return the table of the page: a row a stage, processor seconds and peak memory by size, and the exponent."""
    sizes = sorted(numbers["sizes"], key=int)
    slope = exponents(numbers)
    head = [f"{int(size) / 1e6:.2g} M: CPU s | peak MB" for size in sizes]
    lines = [f"| stage | {' | '.join(head)} | exponent |", "|" + "---|" * (2 + 2 * len(sizes))]
    for stage in _stages(numbers):
        of_size = [numbers["sizes"][size][stage] for size in sizes]
        cells = [f"{one['cpu_s']:.1f} | {one['peak_mb']:,.0f}" for one in of_size]
        lines.append(f"| {stage} | {' | '.join(cells)} | {slope.get(stage, np.nan):.2f} |")
    cells = []
    for size in sizes:
        stages = numbers["sizes"][size].values()
        cells.append(f"**{sum(s['cpu_s'] for s in stages):.0f}** | **{max(s['peak_mb'] for s in stages):,.0f}**")
    return "\n".join([*lines, f"| whole | {' | '.join(cells)} | {slope.get(WHOLE, np.nan):.2f} |"])


def further_million(numbers: dict) -> dict[str, tuple[float, float, float]]:
    """Return by stage what a million records more cost between the two largest sizes, and what none would, in MB.

    Those are megabytes and processor seconds for each further million, and the megabytes of the straight line at zero.
    """
    smaller, larger = sorted(numbers["sizes"], key=int)[-2:]
    millions = (int(larger) - int(smaller)) / 1e6
    found = {}
    for stage in _stages(numbers):
        few, many = numbers["sizes"][smaller][stage], numbers["sizes"][larger][stage]
        memory, seconds = ((many[what] - few[what]) / millions for what in ("peak_mb", "cpu_s"))
        found[stage] = memory, seconds, many["peak_mb"] - memory * int(larger) / 1e6
    return found


def outlook(numbers: dict) -> str:
    """Return what fills a machine first as files grow: the stages that need most memory, and all of them together."""
    each = further_million(numbers)
    hungriest = sorted(each, key=lambda stage: -each[stage][0])[:OUTLOOK]
    lines = ["| stage | MB a million | CPU s a million | fills 16 GB at | fills 128 GB at |", "|" + "---|" * 5]
    for stage in hungriest:
        memory, seconds, least = each[stage]
        places = (f"{(gigabytes * 1000 - least) / memory:,.0f} M" for gigabytes in (16, 128))
        lines.append(f"| {stage} | {memory:,.0f} | {seconds:.1f} | {' | '.join(places)} |")
    slowest = max(each, key=lambda stage: each[stage][1])
    whole = sum(seconds for _, seconds, _ in each.values())
    told = (
        f"The first to fill a machine is `{hungriest[0]}`. A thousand million records would take {whole / 3.6:.0f} "
        f"hours of a processor, {each[slowest][1] / 3.6:.0f} of them in the one job of `{slowest}`, if time grew on in "
        "proportion: memory ends first."
    )
    return "\n".join([*lines, "", told])


TEXT = """# What a large study costs

Made by `benchmarks/at_size.py` (`./run benchmark`) from `benchmarks/at_size.json`; not by hand. A file in the layout of
TEDS-D 2023 goes from raw records to the report, every stage in a process of its own; the study is checked once, as when
a run begins. Seconds are of the processor, with more than half a second of imports in every stage, and memory is the
largest that the process of the stage held.

{machine}. {note}

{table}

The exponent is the slope of the logarithm of processor time over that of rows: 1 is in proportion to the file, less is
what starting costs at small sizes.

![Processor time and memory by size](images/performance.png)

What bounds memory: a source hands over a table of more than {most_rows:,} rows in parts, which are checked and written
one after the other (`tables/parts.py`), and of such a table the stages that follow the cohort read the rows of its
members only (`stages.read`). Neither changes a number: a table in parts has the same rows in the same order.

## What fills up first

On paper: what a further million records cost between the two largest sizes above, and, drawn on in a straight line, how
many fit into the memory of a machine.

{outlook}

More machines help where a study has several designs, whose stages run side by side; the stages of one design wait for
each other, and each is one job (why: [decisions.md](decisions.md), Large files).

## In one part and in more

The stage `ingest` on one file of {parts_rows} records, whose tables are made and written as a whole or in more and
smaller parts (`benchmarks/in_parts.py`); {parts_times}. A part that is written is kept until the stage is done, so that
a run after a kill goes on ([decisions.md](decisions.md), Large files). {parts_note}

{in_parts}

## Many analyses

Five designs, fifty outcomes and two estimators of 2,000 simulated people in one study (`benchmarks/many_analyses.py`),
each step in a process of its own: checking the study file, all stages from simulated records to verdicts, and the
release from finished tables; {analyses_times}.

{analyses}

## Many sessions

Sessions of a hundred an episode (`benchmarks/many_sessions.py`), from a folder of Parquet files: reading and checking
(`ingest`), the cohort, and the stage `metrics` with all 28 attendance metrics and its descriptive tables, beside
DuckDB on one thread, which reads the same columns of the canonical file and counts and sums by episode. Ids are
numbered in order, which packs them more tightly than pseudonyms would. {sessions_note}

{sessions}

## Beside R

The steps from raw records to effects on one file of {r_rows} records (`benchmarks/r_at_size.py`): ours, called as a
notebook would; R as one would write it who knows it well (`data.table`, cross-products for the score, `sandwich`,
`survival`); and R as most would (`glm`, `svyglm`). Each reads the same columns of the same CSV in a process of its own,
on one thread; medians. Libraries are loaded before the steps begin, on all sides; the whole process has them. Ours
reads numbers of one byte in blocks of the file, which is not held as a whole. What a study does beyond these steps
(checks of every record, canonical tables, other outcomes, sensitivity, the report) is on neither side; the first table
of this page has it.

{beside_r_versions} {beside_r_note}

{beside_r}
"""


def sessions_table(measured: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the table of many sessions: a row a step, processor seconds and peak memory by number of sessions."""
    sizes = sorted((size for size in measured if size != "note"), key=int)
    head = [f"{int(size) / 1e6:.0f} M: CPU s | peak MB" for size in sizes]
    lines = [f"| step | {' | '.join(head)} |", "|" + "---|" * (1 + 2 * len(sizes))]
    for step in sorted(measured[sizes[0]], key=_steps):
        cells = []
        for size in sizes:
            one = measured[size].get(step)
            cells.append(f"{one['cpu_s']:.1f} | {one['peak_mb']:,.0f}" if one else "- | -")
        lines.append(f"| {step} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _steps(step: str) -> int:
    """Return where a step of many sessions stands."""
    return ("ingest", "cohort", "metrics", "DuckDB").index(step)


def write_page(numbers: dict) -> None:
    """Write page and figure."""
    from in_parts import section as section_of_parts
    from many_analyses import section as section_of_analyses
    from r_at_size import section

    from iop_outcomes.tables.parts import MOST_ROWS

    files = (SESSIONS, BESIDE_R, IN_PARTS, ANALYSES)
    of_sessions, of_r, of_parts, of_analyses = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    text = TEXT.format(
        machine=numbers["machine"],
        note=numbers.get("note", ""),
        table=table(numbers),
        outlook=outlook(numbers),
        most_rows=MOST_ROWS,
        sessions=sessions_table(of_sessions),
        sessions_note=of_sessions.get("note", ""),
        parts_rows=f"{of_parts['rows']:,}",
        parts_times=_repeated(of_parts["times"]),
        parts_note=of_parts["note"],
        in_parts=section_of_parts(of_parts),
        analyses=section_of_analyses(of_analyses),
        analyses_times=_repeated(of_analyses["times"]),
        r_rows=f"{of_r['records']:,}",
        beside_r=section(of_r),
        beside_r_versions=of_r["sides"]["R"]["versions"] + ".",
        beside_r_note=of_r["note"],
    )
    PAGE.write_text(text, encoding="utf-8")
    draw(numbers)


def _repeated(times: int) -> str:
    return "one run each" if times == 1 else f"medians of {times} runs"


def draw(numbers: dict) -> None:
    """Draw processor time and peak memory of every stage over the number of rows, both axes in logarithms."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sizes, slope = sorted(numbers["sizes"], key=int), exponents(numbers)
    rows = [int(size) for size in sizes]
    figure, panels = pyplot.subplots(1, 2, figsize=(11, 5), layout="constrained")
    for panel, what, label in zip(panels, ("cpu_s", "peak_mb"), ("processor seconds", "peak memory, MB"), strict=True):
        for number, stage in enumerate(_stages(numbers)):
            called = f"{stage} ({slope[stage]:.2f})" if what == "cpu_s" and stage in slope else stage
            values = [numbers["sizes"][size][stage][what] for size in sizes]
            panel.plot(
                rows,
                values,
                marker="o",
                markersize=3,
                linewidth=1,
                label=called,
                color=f"C{number % 10}",
                linestyle="--" if number > 9 else "-",
            )
        panel.set(xscale="log", yscale="log", xlabel="records of the raw file", ylabel=label)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside right upper", title="stage (exponent)", fontsize=8
    )
    FIGURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(FIGURE, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
