"""The command line beside the workflow: check a study, start one, print what there is."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from iop_outcomes import study as studies
from iop_outcomes.kernel.errors import StudyError, counted
from iop_outcomes.launching import running_command, usual_study
from iop_outcomes.study.running import in_one_sentence

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

#: What the commands are for, as the help groups them, in the order in which one comes to need them.
ROAD = "From files to a report"
AFTER = "After a run"
SITES = "Several sites"
TRUTH = "Where the truth is known"
OWN = "Parts of your own, and their pages"

#: Where editors find the names of a study file; there is a schema at this place in a clone only.
SCHEMA_LINE = "# yaml-language-server: $schema=../schema/study.json\n"


def _studies(incomplete: str) -> list[str]:
    """Return the studies that a shell may complete a word to; no file is opened, however broken it is."""
    return [name for name in studies.known_studies() if name.startswith(incomplete)]


StudyName = Annotated[
    str,
    typer.Argument(help="Name of a study in workflow/studies, or the path of a YAML file.", autocompletion=_studies),
]
ThisStudy = Annotated[
    str,
    typer.Argument(
        help="Name or path of a study; left out, the only one of this folder, or demo.", autocompletion=_studies
    ),
]


@app.command(rich_help_panel=ROAD)
def init(folder: Annotated[Path, typer.Argument(help="Folder that does not exist yet.")]) -> None:
    """Start a project: a study that runs, a place for your files, and a .gitignore that keeps them there."""
    from iop_outcomes.templates.starting import EXAMPLE, start_project

    for path in start_project(folder):
        typer.echo(f"{path} is written")
    typer.echo(f"cd {shlex.quote(str(folder))}, then: iop-outcomes run {EXAMPLE}")


@app.command(rich_help_panel=ROAD)
def new_study(
    files: Annotated[list[str], typer.Argument(help="Your files, or the name of a study to start from the template.")],
    path: Annotated[str, typer.Option(help="Folder or file of your raw data, for the template.")] = "data/raw",
    name: Annotated[str, typer.Option(help="Name of a study drafted from files.")] = "my_study",
) -> None:
    """Draft a study from a clinic's own files, or start one from the template."""
    if len(files) == 1 and not Path(files[0]).suffix:
        name, text = files[0], studies.find("template").read_text(encoding="utf-8")
        text = text.replace("study: template", f"study: {name}").replace("path: data/raw/template", f"path: {path}")
    else:
        from iop_outcomes.drafting.drafting import draft_study

        text = draft_study(files, name)
    in_studies = studies.STUDIES.is_dir()
    if not in_studies:
        text = text.removeprefix(SCHEMA_LINE)
    target = (studies.STUDIES if in_studies else Path()) / f"{name}.yaml"
    if target.exists():
        raise StudyError(f"{target} exists already; choose another name or edit that file")
    studies.parse(studies.read_yaml(text, str(target)), str(target))
    target.write_text(text, encoding="utf-8")
    typer.echo(f"{target} is written; describe your study in it, then: iop-outcomes check {name}")


@app.command(rich_help_panel=ROAD)
def check(study: ThisStudy = "") -> None:
    """Read a study and all of its files, and say what is wrong, what is lost and what it will answer."""
    from iop_outcomes.check.checking import check_study

    study = study or usual_study()
    checked = check_study(studies.load(study))
    loaded, found = checked.study, checked.findings
    parts = {"metric": loaded.metrics, "analysis": loaded.analyses, "design": loaded.designs}
    listed = ", ".join(counted(len(part), noun, {"analysis": "analyses"}.get(noun)) for noun, part in parts.items())
    typer.echo(f"{loaded.name}: {listed}; {checked.read}.\n")
    if found.text():
        typer.echo(f"{found.text()}\n")
    if not checked.is_ready:
        several = f"{loaded.name} is not ready: {len(found.problems):,} problems, told above"
        raise StudyError(found.problems[0] if len(found.problems) == 1 else several)
    doubt = f", with {counted(len(found.doubts), 'doubt')} told above" if found.doubts else ""
    typer.echo(f"It is ready{doubt}: {running_command(study)}")


@app.command(rich_help_panel=ROAD)
def snapshot(
    study: ThisStudy = "",
    again: Annotated[bool, typer.Option("--again", help="Take the place of an earlier snapshot.")] = False,
) -> None:
    """Copy what a study reads of a live database into files, so that every run reads the same."""
    from iop_outcomes.ingest.snapshots import take

    study = study or usual_study()
    for line in take(studies.load(study), again):
        typer.echo(line)
    typer.echo(f"The snapshot is taken; then: iop-outcomes check {study}")


@app.command(rich_help_panel=ROAD)
def lock(study: StudyName = "demo") -> None:
    """Lock the protocol of a study before its outcomes are read; its report says whether it was changed since."""
    from iop_outcomes.study import protocol

    loaded, file = studies.load(study), studies.find(study)
    made = protocol.lock(loaded, file, Path("results") / loaded.name)
    when = "before there were any results" if made.before_results else "after results of it had been made"
    typer.echo(f"{protocol.lock_file(file)}: the protocol of {loaded.name} is locked, {when}: {made.digest}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, rich_help_panel=ROAD)
def run(
    more: typer.Context,
    study: ThisStudy = "",
    cores: Annotated[str, typer.Option(help="Processes at work, or all.")] = "all",
) -> None:
    """Run a study to its report, in this folder; further words are handed to Snakemake."""
    from iop_outcomes.launching import run_study_here

    words = [study, *more.args] if study.startswith("-") else more.args
    study = "" if study.startswith("-") else study
    run_study_here(study or usual_study(), cores, words)


@app.command("open", rich_help_panel=ROAD)
def open_report(study: ThisStudy = "") -> None:
    """Show the report of a study, and say where it is."""
    from iop_outcomes.launching import report_of, show_in_browser

    report = report_of(study or usual_study())
    show_in_browser(report)
    typer.echo(report)


@app.command(rich_help_panel=ROAD)
def show(
    study: StudyName = "demo",
    analysis: Annotated[str, typer.Argument(help="One analysis of it; left out, all of them in a line each.")] = "",
) -> None:
    """Print what a finished study found: verdicts, or the verdict, estimates and checks of one analysis."""
    from iop_outcomes.show import told

    typer.echo(told(study, analysis))


@app.command(rich_help_panel=AFTER)
def diff(
    first: Annotated[str, typer.Argument(help="A study, a folder of results, or a release.")],
    second: Annotated[str, typer.Argument(help="The one to hold against it.")],
    page: Annotated[Path | None, typer.Option(help="Write the differences as an HTML page, too.")] = None,
) -> None:
    """Say what differs between two runs: what caused it, then what came of it; the exit code is 1 if anything does."""
    from iop_outcomes.diff import words
    from iop_outcomes.diff.differences import differences
    from iop_outcomes.diff.run import read_run

    runs = read_run(first), read_run(second)
    found = differences(*runs)
    typer.echo(words.in_words(*runs, found))
    if page is not None:
        page.write_text(words.as_page(*runs, found), encoding="utf-8")
        typer.echo(f"\n{page} is written")
    if found:
        raise typer.Exit(1)


@app.command(rich_help_panel=AFTER)
def verify(
    study: Annotated[str, typer.Argument(help="A study, or the folder of a release or of results.")] = "demo",
) -> None:
    """Hold a release or a study's results against their digests and the record of the run."""
    from iop_outcomes.verify import faults

    found = faults(study)
    for fault in found:
        typer.echo(fault, err=True)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{study}: every file is as it was written")


@app.command(rich_help_panel=AFTER)
def attack(
    release: Annotated[Path, typer.Argument(help="Folder of a release, as results/demo/release.")],
) -> None:
    """Try to work out the suppressed counts of a release from its files alone, as a stranger would."""
    from iop_outcomes.release.attack import attack_release

    attacked = attack_release(release)
    typer.echo(f"{release}: {attacked.in_words()}")
    for place in attacked.opened["place"]:
        typer.echo(f"opened: {place}")
    if len(attacked.opened):
        raise typer.Exit(1)


@app.command(rich_help_panel=AFTER)
def claims(
    names: Annotated[list[str], typer.Argument(help="Studies that were run, to stand side by side.")],
    folder: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("docs"),
) -> None:
    """Write the ledgers of some studies side by side, as docs/claims.md, from what they have released."""
    from iop_outcomes.pages.claims import write_ledgers

    typer.echo(f"{write_ledgers([studies.load(name) for name in names], Path('results'), folder)} is written")


@app.command(rich_help_panel=SITES)
def export_site(
    study: StudyName,
    folder: Annotated[Path, typer.Argument(help="Folder to write the site's aggregates into.")],
    site: Annotated[str, typer.Option(help="What the site is called among the others; left out, as the study.")] = "",
) -> None:
    """Write what a site's finished release says of every analysis, to be pooled with other sites."""
    from iop_outcomes.sites.exporting import export_site as export

    loaded = studies.load(study)
    for path in export(loaded, folder, site or loaded.name, Path("results") / loaded.name):
        typer.echo(f"{path} is written")


@app.command(rich_help_panel=SITES)
def pool(
    folders: Annotated[list[Path], typer.Argument(help="Folders that sites have exported.")],
    out: Annotated[Path, typer.Option(help="Folder to write tables, figures and the page into.")] = Path("pooled"),
) -> None:
    """Pool what several sites have exported: one estimate an analysis, how sites differ, and a verdict."""
    from iop_outcomes.sites.run import pool as pool_folders

    for sentence in pool_folders(folders, out)["sentence"]:
        typer.echo(sentence)
    typer.echo(f"{out / 'pooled.html'} is written")


@app.command(rich_help_panel=TRUTH)
def simulate(
    folder: Annotated[Path, typer.Argument(help="Folder to write the canonical tables into, as CSV.")],
    n_people: Annotated[int, typer.Option(help="How many people.")] = 4000,
    true_effect: Annotated[str, typer.Option(help="benefit, none or harm.")] = "benefit",
    seed: Annotated[int, typer.Option(help="Same seed, same people.")] = 1,
) -> None:
    """Write a simulated study as CSV files that the source `tables` reads: a model for your own files."""
    from iop_outcomes.kernel.registry import SOURCES

    source = SOURCES["simulated"]
    tables = source(Path(), seed, **source.check({"n_people": n_people, "true_effect": true_effect}))
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        if name not in ("intake", "rejected") and len(frame):
            frame.to_csv(folder / f"{name}.csv", index=False)
    typer.echo(f"{folder}: {', '.join(sorted(path.name for path in folder.glob('*.csv')))}")


@app.command(rich_help_panel=TRUTH)
def operate(
    study: StudyName = "demo_operating",
    cores: Annotated[int, typer.Option(min=1, help="Processes at work.")] = 2,
    replicates: Annotated[int, typer.Option(min=0, help="Of every world; 0 for what the study says.")] = 0,
    page: Annotated[bool, typer.Option(help="Write docs/operating_characteristics.md from it, too.")] = False,
) -> None:
    """Draw a study anew many times in worlds whose truth is known, and say how often it errs.

    A run that is killed goes on where it was.
    """
    from iop_outcomes.operating.stage import run
    from iop_outcomes.operating.worlds import asking
    from iop_outcomes.pages.operating import keep
    from iop_outcomes.study.running import open_study, progress

    loaded = asking(open_study(study), replicates)
    for path in run(loaded, Path("results") / loaded.name / "operating", cores, progress("operate")):
        typer.echo(f"{path} is written")
    if page:
        said = f"iop-outcomes operate {study} --page" + (f" --replicates {replicates}" if replicates else "")
        typer.echo(f"{keep(loaded, Path('results') / loaded.name / 'operating', Path('docs'), said)} is written")


def _start(kind: str, name: str) -> None:
    from iop_outcomes.templates.writing import KINDS, write

    module, test = write(kind, name)
    typer.echo(f"{module} and {test} are written and work; make them your own, and {KINDS[kind].then}")
    typer.echo(f"then: ./run test {test}, ./run iop-outcomes codebook, ./run iop-outcomes schema, ./run check")


PluginName = Annotated[str, typer.Argument(help="What a study will call it: small letters, digits, underscores.")]


@app.command(rich_help_panel=OWN)
def new_metric(name: PluginName) -> None:
    """Start a metric: a function with its worked timeline, and its test."""
    _start("metric", name)


@app.command(rich_help_panel=OWN)
def new_eligibility(name: PluginName) -> None:
    """Start an eligibility rule, and its test."""
    _start("eligibility", name)


@app.command(rich_help_panel=OWN)
def new_source(name: PluginName) -> None:
    """Start a kind of source, and its test."""
    _start("source", name)


@app.command(rich_help_panel=OWN)
def new_figure(name: PluginName) -> None:
    """Start a figure of the report, and its test."""
    _start("figure", name)


@app.command(rich_help_panel=OWN)
def why(
    file: Annotated[Path, typer.Argument(help="A file that has changed or will: code, the study, raw data.")],
    study: Annotated[str, typer.Option(help="The study; left out, the study file given, or demo.")] = "",
) -> None:
    """Say which stages of a study a changed file reruns, and why."""
    from iop_outcomes.why import reruns

    asked = study or (str(file) if file.suffix in (".yaml", ".yml") else "demo")
    found = reruns(file, asked)
    name = studies.load(asked).name
    if not found and file.resolve() == studies.find(asked).resolve():
        typer.echo(f"{name}: the study is as it was in its last run, so that nothing runs again")
    elif not found:
        typer.echo(f"{name}: no rule is known to rest on a change of {file}; snakemake -n shows what would run")
    for rerun in found:
        typer.echo(f"{name}: {f'{rerun.rule} {rerun.design}'.strip()} runs again, because it {rerun.because}")


@app.command(rich_help_panel=OWN)
def schema(path: Annotated[Path, typer.Argument()] = Path("workflow/schema/study.json")) -> None:
    """Write the JSON schema of study files, from which editors complete names."""
    from iop_outcomes.study.schema import study_schema

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(study_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    typer.echo(f"{path} is written")


@app.command(rich_help_panel=OWN)
def codebook(folder: Annotated[Path, typer.Argument()] = Path("docs")) -> None:
    """Write the pages that are generated from the code: tables, metrics, endpoints, plug-ins, calls."""
    from iop_outcomes.pages.documentation import write_all

    for page in write_all(folder):
        typer.echo(f"{page} is written")


def main() -> None:
    """Run the command line; an error meant for people is one sentence."""
    with in_one_sentence(in_a_run=False):
        app()
