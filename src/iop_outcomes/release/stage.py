"""Make everything in ``release/``: built aside, whole, and swapped in."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from iop_outcomes.conclude.judging import Judged
from iop_outcomes.kernel.contents import MANIFEST, manifest
from iop_outcomes.release import figures, older, predecessors, words
from iop_outcomes.release.attack import attack_release, release_report
from iop_outcomes.release.disclosure import (
    Part,
    Released,
    Roles,
    protect,
    protect_together,
    release,
    utility,
    without_rows,
    write_bytes,
)
from iop_outcomes.release.figures.drawing import Second, draw_all
from iop_outcomes.release.manuscript import files, write_kit
from iop_outcomes.release.page.page import page
from iop_outcomes.release.records import changed_since, definitions, records, refuse_mended, remember_records
from iop_outcomes.release.tables import (
    attending,
    balance,
    components,
    costs,
    diagnostic,
    estimates,
    heterogeneity,
    ledger,
    outcomes,
    participation,
    plain,
    specifications,
    subgroups,
    verdict,
)
from iop_outcomes.study import Study

Tables = Mapping[str, pd.DataFrame]

#: What a release is made of.
READS = (
    "intake",
    "capability",
    "cohort",
    "attrition",
    "weekly",
    "abstinence_share",
    "agreement",
    "set_aside",
    "retained",
    "intercurrent",
    "refusal",
    "covariates",
    "outcomes",
    "estimate",
    "curve",
    "incidence",
    "balance",
    "propensity",
    "diagnostic",
    "truth",
    "subgroup",
    "interaction",
    "heterogeneity",
    "specification",
    "specification_summary",
    "participation",
    "participation_week",
    "participation_hours",
    "level_change",
    "component",
    "cost_difference",
    "cost_effectiveness",
    "acceptability",
    "cost_plane",
    "field_claim",
)

#: What verdicts and claims rest on; the rest is for readers.
JUDGED_BY = ("cohort", "covariates", "outcomes", "estimate", "diagnostic", "propensity")


def build(
    study: Study,
    tables: Tables,
    out: str | Path,
    run: Mapping[str, object] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    processes: int = 1,
) -> None:
    """Write ``report.html``, ``figures/``, ``tables/`` and their digests, the files that ``release_files`` names.

    What an earlier run left in the folder is gone: it may have been released under laxer rules. Where it was gone
    before this one was made, the last release lies in ``older_release`` beside it until a newer one is in place. The
    folder ``disclosure`` keeps what must stay inside: the key of the rounding, who was counted, what the attack on the
    files found, and what the protection costs a reader.

    Parameters
    ----------
    study : Study
        Arms, analyses, thresholds, words and release rules.
    tables : mapping
        Contract tables by name; those that are absent or empty are said to be so in the report.
    out : path
        The release folder.
    run : mapping, optional
        Facts of the run for "How it was done": ``versions`` (name -> version) and ``code``. Neither clock nor path
        belongs in it.
    tell : callable
        Gets a line per step, for progress.
    processes : int
        With more than one, a second process draws some of the figures.

    Raises
    ------
    DisclosureError
        Something could not be protected, an attack on the files as written opened a cell, or fewer people than the
        smallest cell joined, left, or have other records than in an earlier release; the folder stays as it was.
    """
    out = Path(out)
    with older.surviving(out):
        _build(study, tables, out, run or {}, tell, processes)


def _build(study: Study, tables: Tables, out: Path, run: Mapping[str, object], tell, processes: int) -> None:
    own = predecessors.inside(out)
    secret = predecessors.key(own, tables)
    people = predecessors.people(tables.get("cohort"), secret)
    predecessors.refuse_few(people, own, study.release.rules())
    known = records(tables, secret, definitions(study))
    refuse_mended(known, own, study.release.rules())
    study = study.model_copy(update={"release": study.release.keyed(secret)})
    aside = out.with_name(f".{out.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    with Second(study, processes > 1) as second:
        useful = _build_aside(study, tables, aside, run, tell, second)
    write_bytes(useful.to_csv(index=False, lineterminator="\n").encode("utf-8"), own / utility.REPORT)
    tell(utility.in_words(useful))
    attacked = attack_release(aside, study.release.rules())
    release_report(attacked, own)
    tell(attacked.in_words())
    attacked.refuse_opened()
    predecessors.refuse_cells(aside, own, study.release.rules())
    predecessors.refuse_together(aside, own, study.release.rules(), changed_since(known, own))
    # A run that is killed between the two would otherwise leave a release that later ones are not held against.
    predecessors.remember(people, own)
    predecessors.remember_tables(aside, own, remember_records(known, own))
    _swap(aside, out)


def release_files(study: Study) -> list[str]:
    """Return the path of every file in a study's release, from its folder; a table without rows is there, too."""
    drawn = [plugin.name for plugin in figures.FIGURES if plugin.asked(study)]
    tables = [f"tables/{name}.csv" for name in (*_table_roles(study), *drawn)]
    pictures = [f"figures/{name}.{kind}" for name in drawn for kind in ("png", "svg")]
    paper = [f"manuscript/{name}" for name in files(study)]
    return [*sorted(tables), *sorted(pictures), *paper, MANIFEST, "report.html"]


def _build_aside(
    study: Study, tables: Tables, aside: Path, run: Mapping[str, object], tell, second: Second
) -> pd.DataFrame:
    asked_for = [plugin for plugin in figures.FIGURES if plugin.asked(study)]
    ordered = [plugin.name for plugin in sorted(asked_for, key=lambda figure: figure.place)]
    numbers = {name: figures.numbers(name, tables, study) for name in ordered}
    asked = [part for part in numbers.values() if isinstance(part, Part)]
    # Whoever has one table has the others and the figures: they are protected as one.
    parts = [*_parts(study, tables), *asked]
    whole = protect_together(parts)
    useful = utility.utility(parts, whole)
    judged = verdict.judged(whole, study)
    whole |= _concluded(study, whole, judged, tables.get("field_claim"))
    released = {name: table for name, table in whole.items() if name not in numbers}
    given = {name: whole[name] if isinstance(part, Part) else part for name, part in numbers.items()}
    drawn = draw_all(ordered, given, study, second)
    for name, one in drawn.items():
        one.write(aside)
        tell(f"{name}: {one.reason or 'drawn'}")
    for name, roles in _table_roles(study).items():
        release(released.get(name) or without_rows(roles, study.release.rules(name)), aside / "tables" / f"{name}.csv")
    tell(f"{len(released)} tables protected")
    write_bytes(page(study, released, drawn, run, judged).encode("utf-8"), aside / "report.html")
    write_kit(study, released, drawn, run, aside / "manuscript", judged)
    write_bytes(manifest(aside), aside / MANIFEST)
    return useful


def _swap(aside: Path, out: Path) -> None:
    """Put a folder in the place of another, so that nobody finds files of two runs in it."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    aside.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _table_roles(study: Study) -> dict[str, Roles]:
    """Return the tables a study releases, with their roles."""
    roles = {
        **plain.ROLES,
        "balance": balance.ROLES,
        "diagnostic": diagnostic.ROLES,
        "outcomes": outcomes.ROLES,
        "estimate": estimates.ROLES,
        "verdict": verdict.ROLES,
        "subgroup": subgroups.ROLES,
        "interaction": subgroups.INTERACTION_ROLES,
        "subgroup_verdict": subgroups.VERDICT_ROLES,
        "heterogeneity": heterogeneity.ROLES,
        "specification": specifications.ROLES,
        "specification_summary": specifications.SUMMARY_ROLES,
        "participation": participation.ROLES,
        "participation_week": participation.WEEK_ROLES,
        "participation_verdict": participation.VERDICT_ROLES,
        "participation_hours": attending.HOURS_ROLES,
        "level_change": attending.CHANGE_ROLES,
        "level_change_verdict": attending.CHANGE_VERDICT_ROLES,
        "component": components.ROLES,
        "component_association": components.ASSOCIATION_ROLES,
        **costs.ROLES,
        "cost_verdict": costs.VERDICT_ROLES,
        "ledger": ledger.ROLES,
    }
    absent = [*(() if study.claims else ("claim",)), *(() if study.source.kind == "simulated" else ("truth",))]
    absent += [] if study.subgroups else ["subgroup", "interaction", "subgroup_verdict"]
    absent += [] if study.heterogeneity else ["heterogeneity"]
    absent += [] if study.specifications else ["specification", "specification_summary"]
    of_strategies = ["participation", "participation_week", "participation_verdict"]
    absent += [] if study.participation else of_strategies
    absent += [] if study.asks_hours else ["participation_hours"]
    absent += [] if study.asks_changes else ["level_change", "level_change_verdict"]
    absent += [] if study.components else ["component", "component_association"]
    absent += [] if study.ledger else ["ledger"]
    # Draws and prices are the numbers of figures, which write them.
    absent += ["cost_plane", "acceptability"] if study.costs else [*costs.ROLES, "cost_verdict"]
    return {name: roles[name] for name in roles if name not in absent}


def release_tables(study: Study, tables: Tables, beside: Sequence[Part] = ()) -> dict[str, Released]:
    """Return every table of the report after disclosure control; those without rows are left out.

    Parameters
    ----------
    study : Study
    tables : mapping
        Contract tables by name.
    beside : sequence of Part
        What else is released, as the numbers of figures: protected as one with the tables, and returned with them.
    """
    released = protect_together([*_parts(study, tables), *beside])
    return released | _concluded(study, released, verdict.judged(released, study), tables.get("field_claim"))


def conclusions(study: Study, tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the verdicts and claims of a study as they would be released, without their sentences.

    Parameters
    ----------
    study : Study
    tables : mapping
        Contract tables by name, from ``run_study``.

    Returns
    -------
    verdict, claim : pandas.DataFrame
        A row for each analysis and each claim.
    """
    given = {name: tables[name] for name in JUDGED_BY if name in tables}
    judged = verdict.judged(protect_together(_parts(study, given)), study)
    return verdict.verdict_table(judged, study), verdict.claim_verdicts(judged, study)


def _parts(study: Study, tables: Tables) -> list[Part]:
    """Return the tables of the report with their true numbers, roles and rules."""
    rules = study.release.rules
    tables = {name: _spoken(table, study) for name, table in tables.items()}
    frames = {
        name: (plain.frame(name, tables[name], rules(name)), roles)
        for name, roles in plain.ROLES.items()
        if _has(tables, name)
    }
    if _has(tables, "diagnostic"):
        frames["diagnostic"] = (diagnostic.frame(tables, rules("diagnostic")), diagnostic.ROLES)
    if _has(tables, "balance"):
        frames["balance"] = (balance.frame(tables, study), balance.ROLES)
    if _has(tables, "outcomes") and _has(tables, "covariates"):
        frames["outcomes"] = (outcomes.frame(tables, study), outcomes.ROLES)
    if _has(tables, "estimate"):
        frames["estimate"] = (estimates.frame(tables, study, rules("estimate")), estimates.ROLES)
    if study.subgroups and _has(tables, "subgroup"):
        by_level = subgroups.frame(tables, study, rules("subgroup"))
        frames["subgroup"] = (by_level, subgroups.ROLES)
        if _has(tables, "interaction"):
            frames["interaction"] = (subgroups.interactions(tables, by_level), subgroups.INTERACTION_ROLES)
    if study.heterogeneity and _has(tables, "heterogeneity"):
        explored = heterogeneity.frame(tables, rules("heterogeneity"))
        frames["heterogeneity"] = (explored, heterogeneity.ROLES)
    if study.specifications and _has(tables, "specification"):
        every = specifications.frame(tables, rules("specification"))
        frames["specification"] = (every, specifications.ROLES)
        frames["specification_summary"] = (specifications.summary(tables, every), specifications.SUMMARY_ROLES)
    if study.participation and _has(tables, "participation"):
        ways = participation.frame(tables, rules("participation"))
        frames["participation"] = (ways, participation.ROLES)
        if _has(tables, "participation_week"):
            by_week = participation.weeks(tables, ways, rules("participation_week"))
            frames["participation_week"] = (by_week, participation.WEEK_ROLES)
    if study.asks_hours and _has(tables, "participation_hours"):
        frames["participation_hours"] = (attending.hours(tables, rules("participation_hours")), attending.HOURS_ROLES)
    if study.asks_changes and _has(tables, "level_change"):
        frames["level_change"] = (attending.changes(tables, rules("level_change")), attending.CHANGE_ROLES)
    if study.components and _has(tables, "component"):
        frames["component"] = (components.means(tables, study, rules("component")), components.ROLES)
        apart = components.associations(tables, study, rules("component_association"))
        frames["component_association"] = (apart, components.ASSOCIATION_ROLES)
    if study.costs and _has(tables, "cost_effectiveness"):
        found = costs.frames(tables, study, rules(*costs.ROLES))
        frames |= {name: (table, costs.ROLES[name]) for name, table in found.items() if name != "cost_plane"}
    frames["facts"] = (verdict.facts(tables, rules("facts")), verdict.FACT_ROLES)
    return [Part(name, frame, roles, rules(name)) for name, (frame, roles) in frames.items() if len(frame)]


def _concluded(
    study: Study, released: Mapping[str, Released], judged: list[Judged], field: pd.DataFrame | None
) -> dict[str, Released]:
    """Return the tables of verdicts and claims, made from what is released so that they tell nothing more."""
    made: dict[str, tuple[pd.DataFrame, Roles]] = {}
    if "participation" in released:
        made["participation_verdict"] = (participation.verdicts(released, study), participation.VERDICT_ROLES)
    if "level_change" in released:
        changed = attending.change_verdicts(released["level_change"], study)
        made["level_change_verdict"] = (changed, attending.CHANGE_VERDICT_ROLES)
    if judged:
        said = verdict.frame(judged, released["estimate"].frame, study)
        made["verdict"] = (said, verdict.ROLES)
        if study.claims:
            claimed = plain.frame("claim", verdict.claims(judged, said, study), study.release.rules())
            made["claim"] = (claimed, plain.ROLES["claim"])
    if "subgroup" in released:
        made["subgroup_verdict"] = (subgroups.verdicts(released, judged, study), subgroups.VERDICT_ROLES)
    if "cost_effectiveness" in released:
        made["cost_verdict"] = (costs.verdicts(released, judged, study), costs.VERDICT_ROLES)
    if study.ledger and field is not None and len(field):
        verdicts = {name: table for name, (table, _) in made.items()}
        made["ledger"] = (ledger.frame(field, judged, verdicts, released, study), ledger.ROLES)
    return {name: protect(frame, roles, study.release.rules(name)) for name, (frame, roles) in made.items()}


def _spoken(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return a table whose reasons speak of arms and covariates in plain words."""
    if "reason" not in table:
        return table
    # Hundreds of rows have a reason in common.
    spoken = cache(lambda text: words.spoken(str(text), study))
    return table.assign(reason=table["reason"].astype("object").map(spoken, na_action="ignore"))


def _has(tables: Tables, name: str) -> bool:
    return tables.get(name) is not None and len(tables[name]) > 0
