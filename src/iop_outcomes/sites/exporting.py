"""What a site gives away: the verdicts and estimates of its release, and what was asked. No count that it hides."""

import json
from pathlib import Path

import pandas as pd

from iop_outcomes.diff.run import RELEASE, Run, read_run
from iop_outcomes.kernel.contents import MANIFEST, Digests, altered, manifest
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.provenance import versions
from iop_outcomes.release.disclosure import write_bytes
from iop_outcomes.release.disclosure.writing import SUPPRESSED
from iop_outcomes.sites.question import questions
from iop_outcomes.study import Study, recorded
from iop_outcomes.tables.estimate import ADJUSTED, ARM, CONTRAST, EVERYBODY, MAIN, REFUSED

ESTIMATES, FACTS = "estimates.csv", "site.json"
#: Of the released verdict, and of the estimate that was judged.
OF_VERDICT = (
    *("analysis", "outcome", "arm", "against", "design", "estimand", "place", "answer", "verdict", "reasons"),
    *("measure", "day", "margin", "better", "known_share"),
)
OF_ESTIMATE = ("value", "se", "se_scale", "ci_low", "ci_high", "unit", "status", "reason")
#: Form of the two files; a pool of files of another form is refused.
FORMAT = 2


def export_site(study: Study, folder: Path, site: str, results: Path) -> list[Path]:
    """Write what a site's finished release says of every analysis, and return the files.

    Parameters
    ----------
    study : Study
    folder : path
        To write into; what an earlier export left there is replaced.
    site : str
        What the site is called among the others.
    results : path
        Folder of the study's results.

    Raises
    ------
    StudyError
        There is no whole release, a file of it is not as it was released, or the study file has changed since.
    """
    release = results / RELEASE
    if not (release / MANIFEST).is_file():
        raise StudyError(f"{study.name}: there is no finished release to export; run the study first")
    changed = altered(release, Digests())
    if changed:
        raise StudyError(f"{release / changed[0]}: the file is not as it was released; run the study again")
    run = read_run(str(results))
    # What was asked is told from the study file, and what was answered from the release.
    if run.record and run.record.get("settings") != recorded(study):
        raise StudyError(
            f"{study.name}: the study file has changed since its release; run the study again, then export"
        )
    facts = {
        "format": FORMAT,
        "version": versions()["iop-outcomes"],
        "site": site,
        "questions": questions(study),
        "arms_without_people": _without_people(run, study),
    }
    folder.mkdir(parents=True, exist_ok=True)
    table = site_estimates(run)
    write_bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8"), folder / ESTIMATES)
    write_bytes((json.dumps(facts, indent=2, sort_keys=True) + "\n").encode("utf-8"), folder / FACTS)
    (folder / MANIFEST).unlink(missing_ok=True)
    write_bytes(manifest(folder), folder / MANIFEST)
    return [folder / name for name in (ESTIMATES, FACTS, MANIFEST)]


def site_estimates(run: Run) -> pd.DataFrame:
    """Return a row per analysis: its verdict, and the estimate that was judged, as text as they were released.

    Parameters
    ----------
    run : Run
        Released tables; ``n_first`` and ``n_second`` are people of each arm whose outcome is known, ``suppressed``
        where the release hides them.
    """
    estimate = run.tables.get("estimate", pd.DataFrame(columns=["analysis", "role", "kind", "scenario", "population"]))
    main = estimate[(estimate["kind"] == ADJUSTED) & (estimate["scenario"] == MAIN)]
    main = main[main["population"] == EVERYBODY]
    rows = [_row(verdict, main) for verdict in run.tables.get("verdict", pd.DataFrame()).to_dict("records")]
    return pd.DataFrame(rows, columns=[*OF_VERDICT, *OF_ESTIMATE, "n_first", "n_second"])


def _row(verdict: dict[str, str], main: pd.DataFrame) -> dict[str, str]:
    mine = main[main["analysis"] == verdict["analysis"]]
    judged = mine[(mine["role"] == CONTRAST) & (mine["measure"] == verdict["measure"])].head(1)
    found = judged.iloc[0] if len(judged) else pd.Series({"status": REFUSED, "reason": "the analysis was not made"})
    arms = mine[mine["role"] == ARM].drop_duplicates("arm").set_index("arm")
    sizes = {
        place: arms.loc[verdict[of], "n"] if verdict[of] in arms.index else ""
        for place, of in (("n_first", "arm"), ("n_second", "against"))
    }
    return {c: verdict[c] for c in OF_VERDICT} | {c: str(found.get(c, "")) for c in OF_ESTIMATE} | sizes


def _without_people(run: Run, study: Study) -> list[str]:
    """Return the arms in which the site has nobody; a number that is hidden is not none."""
    attrition = run.tables.get("attrition_flow", pd.DataFrame())
    if attrition.empty:
        return []
    last = attrition.drop_duplicates("arm", keep="last").set_index("arm")["n_after"]
    return [arm for arm in study.cohort.arms if last.get(arm, SUPPRESSED) == "0"]
