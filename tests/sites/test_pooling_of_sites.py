"""Several sites: what each gives away, and what they show together in worlds with and without a biased one."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from iop_outcomes.cli import app
from iop_outcomes.conclude.sites import pool_sites
from iop_outcomes.errors import StudyError
from iop_outcomes.kernel.contents import MANIFEST, manifest
from iop_outcomes.kernel.provenance import write_record
from iop_outcomes.release.stage import build
from iop_outcomes.sites.exporting import export_site
from iop_outcomes.sites.pooling import numbers, pool_analysis
from iop_outcomes.sites.reading import Site, all_estimates, read_sites
from iop_outcomes.sites.run import pool, pool_exports
from iop_outcomes.sites.verdicts import judge_sites
from iop_outcomes.study import recorded
from report_tables import study, tables

QUESTION = {"primary": {"outcome": "completion", "made_up": False}}


def site(name: str, value: float, se: float = 0.02, one_armed: bool = False, **told) -> Site:
    """Return a site with one analysis, a risk difference whose margin is 5 points."""
    row = {
        "analysis": "primary",
        "outcome": "completion",
        "arm": "iop",
        "against": "outpatient",
        "estimand": "ATO",
        "place": "primary",
        "answer": "primary",
        "verdict": "cannot tell",
        "reasons": "beyond_margin",
        "measure": "risk_difference",
        "margin": 0.05,
        "better": "higher",
        "known_share": 1.0,
        "value": value,
        "se": se,
        "ci_low": value - 1.96 * se,
        "ci_high": value + 1.96 * se,
        "unit": "share",
        "status": "shown",
        "reason": "",
    }
    return Site(name, "1", QUESTION, one_armed, pd.DataFrame([row | told]))


def verdict(*sites: Site) -> tuple[str, str]:
    """Return verdict and deciding code of the one analysis."""
    found = judge_sites(pool_exports(sites), {"primary": False})["primary"]
    return found.verdict, found.codes[0]


def test_sites_are_pooled_as_by_the_call_and_each_is_left_out_in_turn():
    values, errors = [0.02, 0.05, 0.09, 0.03], [0.02, 0.03, 0.02, 0.04]
    rows = all_estimates([site(f"S{i}", v, e) for i, (v, e) in enumerate(zip(values, errors, strict=True))])
    pooled = pool_analysis(rows, "primary")
    whole = pool_sites(values, errors, tau="reml", interval="modified-hartung-knapp")
    assert pooled.whole["value"] == whole["value"]
    without_last = pool_sites(values[:3], errors[:3], tau="reml", interval="modified-hartung-knapp")
    assert pooled.without["value"].iloc[3] == without_last["value"]
    assert numbers(pooled)["n_pooled"] == 4


def test_an_interval_of_sites_that_agree_by_chance_is_no_narrower_than_their_errors_make_it():
    alike = {"estimates": [0.05, 0.05, 0.0501], "standard_errors": [0.03, 0.03, 0.03], "tau": "reml"}
    plain, modified = (pool_sites(**alike, interval=how) for how in ("hartung-knapp", "modified-hartung-knapp"))
    assert plain["se"] < 0.001
    assert modified["se"] == pytest.approx(0.03 / np.sqrt(3))


def test_five_sites_without_an_effect_and_one_that_is_biased_show_none():
    draw = np.random.default_rng(1)
    five = [site(f"S{i}", float(draw.normal(0, 0.02))) for i in range(5)]
    said, code = verdict(*five, site("biased", 0.25))
    assert (said, code) in [("cannot tell", "beyond_margin"), ("cannot tell", "sites_differ")]


def test_a_difference_that_one_site_makes_is_inconclusive():
    # The first three find nothing; the last, eight times as precise, makes all of the mean.
    three = [site("A", 0.00, 0.08), site("B", 0.01, 0.08), site("C", -0.01, 0.08)]
    assert verdict(*three, site("D", 0.06, 0.01)) == ("inconclusive", "hangs_on_one_site")
    # Where the others find the same, only precision is lost without it.
    alike = [site("A", 0.07, 0.08), site("B", 0.08, 0.08), site("C", 0.09, 0.08)]
    assert verdict(*alike, site("D", 0.08, 0.01))[0] == "better"


def test_sites_that_agree_on_a_difference_show_it():
    assert verdict(*(site(f"S{i}", 0.09 + 0.002 * i) for i in range(6)))[0] == "better"


def test_no_difference_is_not_said_of_sites_that_differ_by_more_than_matters():
    apart = [site(f"S{i}", sign * 0.04, 0.004) for i, sign in enumerate([1, -1] * 10)]
    assert verdict(*apart) == ("cannot tell", "sites_differ")
    alike = [site(f"S{i}", 0.002 * sign, 0.01) for i, sign in enumerate([1, -1] * 5)]
    assert verdict(*alike) == ("no difference", "within_margin")


def test_what_a_site_withheld_or_doubts_is_counted_and_not_pooled():
    given = [
        *(site(f"S{i}", 0.01 * i) for i in range(3)),
        site("hidden", np.nan, np.nan, status="withheld"),
        site("hidden too", np.nan, np.nan, status="withheld"),
        site("one arm", np.nan, np.nan, one_armed=True, status="refused"),
        site("unlike before", 0.2, reasons="placebo_failed", verdict="inconclusive"),
    ]
    [pooled] = pool_exports(given)
    row = numbers(pooled)
    assert (row["n_pooled"], row["n_withheld"], row["n_one_arm_only"], row["n_failed_a_check"]) == (3, 2, 1, 1)
    assert row["value"] == pytest.approx(0.01, abs=1e-12)


def test_two_sites_are_not_pooled():
    given = [site("A", 0.1), site("B", 0.1), site("C", np.nan, np.nan, status="withheld")]
    assert verdict(*given) == ("withheld", "too_few_sites")


@pytest.mark.slow
def test_over_replicates_few_sites_without_an_effect_seldom_show_one():
    draw = np.random.default_rng(7)
    shown = 0
    for _ in range(400):
        given = [site(f"S{i}", float(draw.normal(draw.normal(0, 0.02), 0.03)), 0.03) for i in range(6)]
        shown += verdict(*given)[0] in ("better", "worse")
    assert shown / 400 < 0.05


@pytest.fixture(scope="module")
def exported(example_release, tmp_path_factory) -> Path:
    """Return the folder of three exports: one release under three names, moved a little at two of them."""
    root = tmp_path_factory.mktemp("sites")
    shutil.copytree(example_release / "release", root / "results" / "release")
    for number, name in enumerate(("north", "south", "west")):
        export_site(study(), root / name, name, root / "results")
        file = root / name / "estimates.csv"
        table = pd.read_csv(file)
        table["value"] += 0.01 * number
        table.to_csv(file, index=False)
        (root / name / MANIFEST).unlink()
        (root / name / MANIFEST).write_bytes(manifest(root / name))
    return root


def test_an_export_holds_what_was_released_and_nothing_else(exported):
    assert sorted(path.name for path in (exported / "north").iterdir()) == ["estimates.csv", MANIFEST, "site.json"]
    released = pd.read_csv(exported / "results" / "release" / "tables" / "estimate.csv")
    own = pd.read_csv(exported / "north" / "estimates.csv").set_index("analysis")
    row = released.query("analysis == 'primary' and role == 'contrast' and kind == 'adjusted'").iloc[0]
    assert own.loc["primary", ["value", "se"]].tolist() == row[["value", "se"]].tolist()
    arms = released.query("analysis == 'primary' and role == 'arm' and kind == 'adjusted'").set_index("arm")["n"]
    assert own.loc["primary", ["n_first", "n_second"]].tolist() == arms[["iop", "outpatient"]].tolist()


def test_folders_become_tables_a_figure_and_a_page(exported, tmp_path):
    table = pool([exported / name for name in ("north", "south", "west")], tmp_path / "pooled")
    assert table.set_index("analysis").loc["primary", "n_pooled"] == 3
    page = (tmp_path / "pooled" / "pooled.html").read_text(encoding="utf-8")
    assert "3 sites together" in page
    numbers_of = pd.read_csv(tmp_path / "pooled" / "figures" / "primary.csv")
    assert numbers_of["row"].tolist() == ["site"] * 3 + ["pooled", "a further site"]
    assert (tmp_path / "pooled" / "figures" / "primary.png").is_file()
    [told] = re.findall(r'alt="([^"]*figures/primary.csv.)"', page)
    assert re.search(r"3 sites from [−\d.]+ to [−\d.]+\. Pooled [−\d.]+ \(", told)
    by_site = pd.read_csv(tmp_path / "pooled" / "sites.csv")
    assert by_site["site"].unique().tolist() == ["north", "south", "west"]


def rewritten(export: Path, folder: Path, changed: dict | None) -> Path:
    """Return an export that says something else, with digests made anew: None for nothing that can be read."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(export, folder)
    facts = json.loads((folder / "site.json").read_text()) | (changed or {})
    kept = {name: value for name, value in facts.items() if value is not None}
    (folder / "site.json").write_text(json.dumps(kept) if changed else "{")
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_bytes(manifest(folder))
    return folder


def test_sites_that_all_have_one_arm_are_told_as_such_and_nothing_is_drawn(exported, tmp_path):
    alone = {"arms_without_people": ["outpatient"]}
    folders = [rewritten(exported / name, tmp_path / name, alone) for name in ("north", "south", "west")]
    table = pool(folders, tmp_path / "pooled").set_index("analysis")
    assert set(table["verdict"]) == {"withheld"}
    assert table.loc["primary", ["n_pooled", "n_one_arm_only"]].tolist() == [0, 3]
    assert "3 estimates are of sites with one arm only." in table.loc["primary", "sentence"]
    assert table["value"].isna().all()
    assert "<img" not in (tmp_path / "pooled" / "pooled.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_site_with_one_arm_is_named_by_the_commands(exported, tmp_path, monkeypatch):
    """The fourth site has nobody in outpatient care: its command exports that, and the pool counts and names it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("iop_outcomes.cli.studies.load", lambda _: study())
    known = tables()
    last = known["attrition"].index[known["attrition"]["arm"].astype("str") == "outpatient"][-1]
    known["attrition"].loc[last, "n_after"] = 0
    build(study(), known, Path("results") / study().name / "release")
    found = CliRunner().invoke(app, ["export-site", "own", "out", "--site", "east"])
    assert (found.exit_code, found.output.count("is written")) == (0, 3)
    assert json.loads(Path("out/site.json").read_text())["arms_without_people"] == ["outpatient"]
    folders = [str(exported / name) for name in ("north", "south", "west")]
    found = CliRunner().invoke(app, ["pool", *folders, "out", "--out", "pooled"])
    assert found.exit_code == 0
    assert "1 estimate is of a site with one arm only." in found.output
    by_site = pd.read_csv("pooled/sites.csv").query("analysis == 'primary'").set_index("site")["use"]
    assert by_site.to_dict() == {"north": "pooled", "south": "pooled", "west": "pooled", "east": "one arm only"}


def test_a_study_file_changed_since_its_release_is_not_exported(example_release, tmp_path):
    """What was asked would be told from the new file, and what was answered from the old one."""
    results = tmp_path / "results"
    shutil.copytree(example_release / "release", results / "release")
    write_record(recorded(study()), [], results / "run.json")
    export_site(study(), tmp_path / "same", "north", results)
    changed = study(cohort={**study().cohort.model_dump(), "follow_up_days": 90})
    with pytest.raises(StudyError, match="the study file has changed since its release; run the study again"):
        export_site(changed, tmp_path / "stale", "north", results)


def test_files_that_cannot_be_pooled_are_refused_by_name(exported, tmp_path):
    north, south = exported / "north", exported / "south"
    with pytest.raises(StudyError, match=r"there is 1 folder; name those of two sites or more"):
        read_sites([north])
    with pytest.raises(StudyError, match=r"two folders are of the site 'north'"):
        read_sites([north, north])
    with pytest.raises(StudyError, match=r"there is no export of a site"):
        read_sites([north, tmp_path])
    other = tmp_path / "other"
    export_site(study(cohort={**study().cohort.model_dump(), "follow_up_days": 90}), other, "x", exported / "results")
    with pytest.raises(StudyError, match=r"'primary' of 'x' has another follow up days than that of 'north'"):
        read_sites([north, other])
    elsewhere = tmp_path / "elsewhere"
    asked = json.loads((other / "site.json").read_text())["questions"]["primary"]
    told = {"questions": {"another": asked}}, {"version": "0.0.9"}, {"format": 1}, {"site": None}, None
    said = (
        "no analysis of 'x' is called as one of 'north' is",
        "'x' was exported by version 0.0.9 and 'north' by",
        "the export is of another form than 2",
        "the file does not say what was asked",
        "the file is not as it was written",
    )
    for changed, sentence in zip(told, said, strict=True):
        with pytest.raises(StudyError, match=sentence):
            read_sites([north, rewritten(other, elsewhere, changed)])
    facts = json.loads((south / "site.json").read_text())
    (other / "site.json").write_text(json.dumps(facts))
    with pytest.raises(StudyError, match=r"the file is not as it was exported"):
        read_sites([north, other])
