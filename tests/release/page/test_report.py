"""The report: one page that needs nothing else and says nothing it should not."""

import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.release import figures, words
from iop_outcomes.release.page.checks import check_in_words
from iop_outcomes.release.page.page import page
from iop_outcomes.release.page.target import named
from iop_outcomes.release.stage import build, release_files, release_tables
from report_tables import study, tables


@pytest.fixture(scope="module")
def out(example_release):
    """Return the release folder of the example study."""
    return example_release / "release"


@pytest.fixture(scope="module")
def html(out):
    """Return the page."""
    return (out / "report.html").read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Collects the start tags of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict]:
        """Return the attributes of every element of one kind."""
        return [attrs for name, attrs in self.found if name == tag]


def test_every_figure_stands_in_the_page_once_by_its_place(html):
    every = [figure for figure in figures.FIGURES if not figure.asked_by]
    by_place = sorted(every, key=lambda figure: figure.place)
    assert len({figure.place for figure in by_place}) == len(by_place)
    asked = [figure.name for figure in by_place if figure.asked(study())]
    assert re.findall(r'id="figure-(\w+)"', html) == asked


def test_a_page_of_people_assigned_by_chance_does_not_say_that_they_were_not():
    analyses = {name: one.model_copy(update={"randomised": True}) for name, one in study().analyses.items()}
    by_chance = study().model_copy(update={"analyses": analyses})
    said = page(by_chance, release_tables(by_chance, tables()), {}, {})
    assert "The study says of some of its comparisons that people were assigned by chance" in said
    assert "here the study says so of some of its comparisons" in said
    assert "not assigned to" not in said and "assigned by somebody" not in said


def test_the_page_begins_with_the_answer(html):
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)
    start = " ".join(text.split())[:700]
    assert "The answer" in start
    assert re.search(r"People assigned to IOP were [\d.]+ percentage points", start, re.I)
    assert "People were not assigned by chance." in start


def test_sections_read_like_a_results_section(html):
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert headings == [
        "The answer",
        "Who was compared",
        "Can they be compared?",
        "What happened",
        "What difference it made",
        "How sure can one be?",
        "What these data cannot say",
        "Claims",
        "How it was done",
    ]


def test_the_page_asks_for_nothing_from_outside(html):
    elements = Elements(html)
    assert not elements.named("script") and not elements.named("link") and not elements.named("iframe")
    sources = [attrs[key] for _, attrs in elements.found for key in ("src", "href") if key in attrs]
    assert sources and all(source.startswith(("data:", "#", "tables/", "figures/")) for source in sources)
    assert "url(" not in html and "@import" not in html


def test_every_table_and_figure_is_numbered_and_leads_to_its_numbers(html, out):
    for what in ("Table", "Figure"):
        numbers = [int(n) for n in re.findall(rf'<span class="number">{what} (\d+)\.</span>', html)]
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 5
    links = [link["href"] for link in Elements(html).named("a")]
    assert {"tables/balance.csv", "tables/estimate.csv", "figures/love_plot.svg"} <= set(links)
    assert all((out / link).is_file() for link in links if not link.startswith("#"))


def test_the_contents_lead_to_the_sections_there_are(html):
    elements = Elements(html)
    links = [link["href"] for link in elements.named("a") if link["href"].startswith("#")]
    assert links == [f"#{heading['id']}" for heading in elements.named("h2")]


def test_the_page_can_be_read_without_seeing_it(html):
    elements = Elements(html)
    assert elements.named("html")[0]["lang"] == "en"
    assert all(len(image["alt"]) > 40 for image in elements.named("img"))
    assert len(elements.named("source")) == len(elements.named("img"))
    assert all(head.get("scope") in ("col", "row") for head in elements.named("th"))
    assert len(elements.named("h1")) == 1


def test_rows_in_and_arms_before_eligibility_are_named(html):
    # 1,023 rows, 23 rejected; 362 and 625 before eligibility, 300 and 520 after: each to a multiple of 5 beside it.
    assert re.search("1,02[05] rows of episodes read: 1,000 accepted, 2[05] rejected.", html)
    assert re.search("Before eligibility: 36[05] in IOP and 625 in outpatient care.", html)
    assert "In the cohort: 300 in IOP and 520 in outpatient care." in html


def test_every_number_written_is_rounded_or_suppressed(out):
    for path in sorted((out / "tables").glob("*.csv")):
        frame = pd.read_csv(path)
        for column in [c for c in frame if c.startswith("n_") or c == "n"]:
            counts = pd.to_numeric(frame[column], errors="coerce").dropna()
            assert (counts % 5 == 0).all(), (path.name, column)
            assert not ((counts > 0) & (counts < 11)).any(), (path.name, column)


def test_neither_names_nor_digests_of_raw_files_leave(out):
    # A table of one row is found from its digest in seconds; a name may hold a patient's.
    released = "".join(path.read_text() for path in out.rglob("*") if path.suffix in {".html", ".csv", ".svg"})
    assert "episodes.csv" not in released and "5ec2e7" not in released


def test_every_file_of_a_release_is_declared_and_nothing_else_stays_in_it(out, tmp_path):
    folder = shutil.copytree(out, tmp_path / "release")
    (folder / "tables" / "of_an_earlier_run.csv").write_text("n\n3\n")
    build(study(), {"attrition": tables()["attrition"]}, folder)
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == sorted(release_files(study()))
    assert (folder / "tables" / "balance.csv").read_text().count("\n") == 1  # its header: nothing could be balanced
    # What must stay inside lies beside it: the key, who was counted, and what the attack found.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disclosure", "release"]


def test_a_release_that_fails_leaves_the_last_one_as_it_was(out, tmp_path, monkeypatch):
    folder = shutil.copytree(out, tmp_path / "release")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    given = tables()
    given["balance"] = given["balance"].drop(columns="smd")
    with pytest.raises(KeyError):
        build(study(), given, folder)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_effective_sizes_are_guarded_like_the_counts_they_are():
    given = tables()
    naive = given["estimate"]["kind"] == "naive"
    given["estimate"].loc[naive, "ess"] = given["estimate"].loc[naive, "n"].astype(float)
    shown = release_tables(study(), given)["estimate"].frame
    # Without weights the effective size is the number of people: 820 in all, of whom 6 and 11 lack the outcome.
    assert (shown["ess"].dropna() % 5 == 0).all()
    assert shown.loc[shown["role"] == "contrast", "ess"].isna().all()


@pytest.mark.parametrize(("with_it", "shown"), [(3, False), (297, False), (11, True), (289, True)])
def test_a_mean_is_shown_only_where_enough_people_have_and_lack_the_outcome(with_it, shown):
    # 300 people in the arm: three with the outcome, or three without it, could be read off the mean.
    given = tables()
    mine = given["estimate"].eval("analysis == 'primary' and role == 'arm' and arm == 'iop'")
    given["estimate"].loc[mine, ["n", "n_events"]] = [300.0, with_it]
    released = release_tables(study(), given)["estimate"].frame
    rows = released[(released["analysis"] == "primary") & (released["arm"] == "iop") & (released["kind"] == "adjusted")]
    assert rows["value"].notna().tolist() == [shown] * len(rows)
    assert set(rows["status"]) == ({"shown"} if shown else {"withheld"})
    assert rows["se_method"].eq("").all() == (not shown)


def test_a_check_of_a_share_of_people_shows_no_small_count():
    given = tables()
    rows = (
        given["diagnostic"]
        .iloc[[1, 1, 1]]
        .assign(check=["one_arm_sites", "equipoise", "ess_iop"], value=[3 / 820, 412 / 820, 261.3])
    )
    shown = release_tables(study(), given | {"diagnostic": rows})["diagnostic"]
    # 3 people of 820: hidden; 412 of 820: 410 of 820; an effective size of 261.3: 260.
    assert shown.suppressed["value"].tolist() == [True, False, False]
    assert shown.frame["value"].tolist()[1:] == [0.5, 260.0]


def test_means_are_of_those_recorded_and_the_table_says_how_the_others_were_filled_in():
    given = tables()
    covariates, balance = given["covariates"], given["balance"]
    missing = np.arange(len(covariates)) % 4 == 0
    truth = covariates["use_days"].where(~missing)
    covariates["use_days"] = truth.fillna(truth.median())
    covariates["use_days_missing"] = missing.astype(float)
    flag = balance[balance["covariate"] == "use_days"].assign(covariate="use_days_missing")
    given["balance"] = pd.concat([balance, flag], ignore_index=True)
    released = release_tables(study(), given)
    row = released["balance"].frame.set_index("covariate").loc["use_days"]
    iop = truth[covariates["arm"] == "iop"].dropna()
    # In steps of 0.1: five standard deviations over 225 people are 0.08.
    assert row["mean_treated_before"] == round(iop.mean(), 1)
    assert row["sd_treated_before"] == round(iop.std(), 1)
    assert "Not recorded of everybody: use days; means and SDs are of those recorded" in page(study(), released, {}, {})


def test_the_checks_counted_are_those_of_the_primary_comparison():
    given = tables()
    other = given["diagnostic"].assign(design="matched", status="FAIL")
    given["diagnostic"] = pd.concat([given["diagnostic"], other], ignore_index=True)
    assert "<dd>2 of 3</dd>" in page(study(), release_tables(study(), given), {}, {})


def test_no_person_and_no_small_count_in_words_leaves(out, html):
    pages = html + "".join(path.read_text() for path in (out / "tables").glob("*.csv"))
    assert "m00001" not in pages and "p00001" not in pages
    assert "7 members" not in pages  # the reason of the positivity check names them
    assert "fewer than 11 members" in pages


def test_every_figure_is_there_in_three_forms(out):
    names = {path.stem for path in (out / "figures").glob("*.png")}
    assert names == {figure.name for figure in figures.FIGURES if not figure.asked_by}
    assert names == {path.stem for path in (out / "figures").glob("*.svg")}
    assert names <= {path.stem for path in (out / "tables").glob("*.csv")}


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(out, tmp_path):
    again = tmp_path / "release"
    build(study(), tables(), again, {"versions": {"python": "3.11"}, "code": {"digest": "abc"}})
    files = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((out / name).read_bytes() == (again / name).read_bytes() for name in files)


def test_a_study_in_which_nothing_could_be_made_still_has_a_report(tmp_path):
    build(study(), {"attrition": tables()["attrition"]}, tmp_path / "release")
    page = (tmp_path / "release" / "report.html").read_text()
    assert "Cannot be answered" in page and "No analysis could be made." in page


def test_a_withheld_study_shows_no_estimate():
    given = tables()
    given["estimate"]["status"] = "withheld"
    given["estimate"]["reason"] = "29% of people are at sites that have one arm only."
    released = release_tables(study(), given)
    assert released["estimate"].frame[["value", "se", "ci_low", "ci_high"]].isna().all(axis=None)
    text = page(study(), released, {}, {})
    assert "These data allow no fair comparison" in text
    assert "29% of people are at sites that have one arm only." in text


def test_outcomes_of_withheld_comparisons_are_not_shown_by_arm_for_the_eye_to_compare():
    given = tables()
    primary = given["estimate"]["analysis"] == given["estimate"]["analysis"].iloc[0]
    outcome = given["estimate"].loc[primary, "outcome"].iloc[0]
    mine = given["estimate"]["outcome"] == outcome
    given["estimate"].loc[mine, "status"] = "withheld"
    given["estimate"].loc[mine, "reason"] = "too few people"
    left = set(release_tables(study(), given)["outcomes"].frame["outcome"])
    assert outcome not in left
    assert left
    given["estimate"]["status"] = "withheld"
    assert "outcomes" not in release_tables(study(), given)
    for name in ("attendance_heatmap", "urine_weeks", "abstinence_definitions"):
        assert figures.make(name, given, study()).reason.startswith("Withheld: the arms may not be compared")


def test_reasons_speak_of_arms_and_covariates_in_plain_words():
    own = study()
    assert words.spoken("weighting leaves iop with few people", own) == "weighting leaves IOP with few people"


def test_few_missing_outcomes_are_not_given_away():
    given = tables()
    given["outcomes"].loc[given["outcomes"].index[:4], "completion"] = float("nan")
    exact = study(release={"min_cell": 11, "round_to": 1})
    released = release_tables(exact, given)
    outcomes = released["outcomes"]
    row = outcomes.where((outcomes.frame["outcome"] == "completion") & (outcomes.frame["arm"] == "iop"))
    # 4 of 300 are missing: with 300 shown in the flow, 296 would give the 4 away.
    assert row.frame["n_people"].tolist() == [300]
    assert row.suppressed["n"].tolist() == [True]
    assert "n 296" not in page(exact, released, {}, {})


def test_where_no_interval_can_be_had_no_sentence_speaks_of_one():
    given = tables()
    estimate = given["estimate"]
    estimate["reason"] = estimate["reason"].astype(object)
    bare = estimate["role"] == "contrast"
    estimate.loc[bare, ["se", "ci_low", "ci_high"]] = np.nan
    estimate.loc[bare, "reason"] = "arm 'iop' in one cluster, so that there is no standard error"
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page(study(), release_tables(study(), given), {}, {}), flags=re.S)
    said = " ".join(text.split())
    assert not re.search(r"\(\s*to\b|\bto\s+\)", said)
    assert "Cannot tell: people assigned to IOP were" in said
    assert "(no interval)" in said
    assert not re.search(r"No difference shown|would do to move the interval", said)


@pytest.mark.parametrize(
    ("value", "limit", "said"),
    [
        (2.1, 1.4, "by a risk ratio of 2.10 each; 1.40 would do to move the interval to no difference."),
        (2.1, 1.0, "unrecorded that goes with both the arm and the outcome by a risk ratio of 2.10 each."),
        (2.1, np.nan, "by a risk ratio of 2.10 each."),
        (1.0, 1.0, "There is no difference that something unrecorded would have to explain."),
    ],
)
def test_an_e_value_says_what_its_own_row_holds(value, limit, said):
    row = pd.Series({"measure": "e_value", "value": value, "ci_low": limit, "ci_high": np.nan, "status": "shown"})
    assert check_in_words(row).endswith(said)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"measure": "risk_difference", "value": 0.05, "ci_low": 0.01, "ci_high": 0.09, "unit": "share"},
            "Risk difference: 5.0 (1.0 to 9.0) percentage points. How it was made.",
        ),
        (
            {"measure": "tipping_gamma", "value": 1.5, "unit": "ratio"},
            "would have to make the odds of IOP 1.50 times as high for one of a pair as for the other before chance "
            "could explain the difference.",
        ),
        (
            {"measure": "tipping_gamma", "value": 1.0, "unit": "ratio"},
            "Chance could explain the difference within pairs without any hidden bias.",
        ),
        (
            {"measure": "wild_bootstrap_p", "value": 0.03125, "se_method": "all patterns; agrees with the interval"},
            "By whole sites it comes to p = 0.031, which agrees with the interval.",
        ),
        (
            {"measure": "wild_bootstrap_p", "value": 0.0, "se_method": "drawn; does not agree with the interval"},
            "By whole sites it comes to p < 0.001, which the interval does not agree with: count on neither alone.",
        ),
        (
            {"measure": "risk_difference", "status": "refused", "reason": "this study names no sites; leave it out"},
            "Not made: This study names no sites; leave it out.",
        ),
    ],
)
def test_a_check_that_makes_an_analysis_anew_says_what_it_found_or_why_it_was_not_made(row, said):
    empty = {"value": np.nan, "ci_low": np.nan, "ci_high": np.nan, "reason": "", "unit": ""}
    given = empty | {"status": "shown", "arm": "iop", "se_method": "how it was made"} | row
    assert check_in_words(pd.Series(given)).endswith(said)


@pytest.mark.parametrize(
    ("protocol", "shown"),
    [
        ({}, False),
        ({"digest": "ab", "locked": None}, False),
        ({"digest": "ab", "locked": "ab", "before_results": False}, False),
        ({"digest": "cd", "locked": "ab", "before_results": True, "changed": ["subgroups"]}, False),
        ({"digest": "ab", "locked": "ab", "before_results": True, "changed": []}, True),
    ],
)
def test_only_a_protocol_locked_in_time_shows_that_subgroups_were_named_beforehand(protocol, shown):
    """Before, every page said so, on the same page as that the protocol was not locked."""
    assert ("nothing here shows" not in named({"protocol": protocol})) == shown
