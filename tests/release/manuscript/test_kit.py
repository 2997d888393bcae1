"""What goes into a paper: the numbers of the release in three formats, and sources cited only where they were used."""

import csv
import io
import re
from dataclasses import replace
from zipfile import ZipFile

import docx
import pytest
from PIL import Image

from iop_outcomes.kernel import registry
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.release.figures import make
from iop_outcomes.release.manuscript import files, write_kit
from iop_outcomes.release.manuscript.content import main_results, manuscript
from iop_outcomes.release.manuscript.latex import escaped, latex_text
from iop_outcomes.release.manuscript.methods import methods
from iop_outcomes.release.manuscript.phrases import CHECKS, DESIGNS, ESTIMATORS
from iop_outcomes.release.manuscript.references import CITED_BY, _known, numbered, used
from iop_outcomes.release.manuscript.widths import widths
from iop_outcomes.release.manuscript.word import word_bytes
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.release.stage import release_tables
from iop_outcomes.study.release_rules import check_print_figures
from report_tables import study, tables

RUN = {"versions": {"python": "3.11", "numpy": "2.4"}}


@pytest.fixture(scope="module")
def released():
    return release_tables(study(), tables())


@pytest.fixture(scope="module")
def paper(released):
    drawn = {"attrition_flow": make("attrition_flow", tables(), study())}
    return manuscript(study(), released, drawn, RUN)


def test_every_number_of_the_main_results_is_one_that_is_released(released):
    table = main_results(released, study())
    estimate = released["estimate"].frame
    shown = estimate[(estimate["role"] == "contrast") & (estimate["kind"] == "adjusted")].set_index("analysis")
    for name, row in zip(released["verdict"].frame["analysis"], table.rows, strict=True):
        if row[6] == "not shown":
            continue
        scale = 100 if shown.loc[name, "unit"] == "share" else 1
        numbers = [float(text) for text in re.findall(r"-?\d+\.\d+", row[6].replace("\N{MINUS SIGN}", "-"))]
        decimals = len(row[6].split()[0].partition(".")[2])
        kept = [shown.loc[name, column] * scale for column in ("value", "ci_low", "ci_high")]
        assert numbers == pytest.approx([round(one, decimals) for one in kept], abs=10**-decimals)


def test_results_are_the_sentences_of_the_verdicts_with_the_doubt_after_the_first_and_nothing_else(paper, released):
    sentences = list(released["verdict"].frame["sentence"])
    assert paper.results[0] == sentences[0]
    assert "not assigned by chance" in paper.results[1]
    assert set(paper.results[2:]) <= set(sentences)


@pytest.mark.parametrize(
    ("verdict", "codes", "said"),
    [
        ("better", ["good_side", "more_than_matters"], "Better"),
        ("worse", ["less_than_matters"], "Worse, by less than matters"),
        ("better", ["may_be_less_than_matters"], "Better, perhaps by less than matters"),
        ("better", ["crude_difference"], "Different, not adjusted"),
    ],
)
def test_the_table_says_no_more_than_the_badge_of_the_page(released, verdict, codes, said):
    first = released["verdict"].frame.index[0]
    table = released["verdict"].frame.copy()
    table.loc[first, ["verdict", "reasons"]] = [verdict, "; ".join(codes)]
    told = main_results(released | {"verdict": replace(released["verdict"], frame=table)}, study())
    assert told.rows[0][-1] == said


def test_a_comparison_by_chance_is_not_called_observational():
    analyses = study().model_dump()["analyses"]
    by_chance = study(analyses={name: own | {"randomised": name == "primary"} for name, own in analyses.items()})
    said = methods(by_chance, RUN, "Table 1", (), {})["Design and data"]
    assert "assigned by chance for “primary”" in said
    assert "observational" not in said


def test_what_is_shown_although_it_failed_is_said():
    shown = study(gate={"override": {"primary": "the only data there are"}})
    said = methods(shown, RUN, "Table 1", (), {})["Design and data"]
    assert "“primary” although it failed (the only data there are)" in said


def test_matching_that_left_people_out_does_not_speak_of_all():
    matched = study(designs={"overlap": {"method": "nearest_match"}})
    said = methods(matched, RUN, "Table 1", (), {"overlap": "matched treated"})["Making the arms comparable"]
    assert "for people of the first arm who found a match" in said


def test_word_latex_and_csv_hold_the_same_cells(paper, released, tmp_path):
    write_kit(study(), released, {}, RUN, tmp_path)
    rows = list(csv.reader(io.StringIO((tmp_path / "main_results.csv").read_text(encoding="utf-8"))))
    document = docx.Document(tmp_path / "manuscript.docx")
    in_word = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    assert rows in in_word
    latex = (tmp_path / "manuscript.tex").read_text(encoding="utf-8")
    assert all(escaped(cell) in latex for row in rows for cell in row)


def test_every_file_is_there_though_nothing_could_be_made(tmp_path):
    write_kit(study(), {}, {}, {}, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(files(study()))
    assert "No analysis of this study has an answer" in (tmp_path / "manuscript.tex").read_text(encoding="utf-8")


def test_a_figure_for_print_holds_its_letters_and_is_fine_enough(released, tmp_path):
    asked = study(release={"print_figures": ["retention_curves"]})
    drawn = {"retention_curves": make("retention_curves", tables(), asked)}
    write_kit(asked, released, drawn, RUN, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files(asked))
    for name, inches in (("retention_curves", 7), ("retention_curves_column", 3.5)):
        assert f"{name}.svg" in files(asked)
        assert b"/FontFile2" in (tmp_path / f"{name}.pdf").read_bytes()
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.width == inches * 600
            assert round(picture.info["dpi"][0]) == 600


def test_a_figure_that_the_study_does_not_have_cannot_be_printed():
    with pytest.raises(StudyFileError, match="has no figure 'cost_plan'; did you mean"):
        check_print_figures(study(release={"print_figures": ["cost_plan"]}))


def test_two_writings_give_the_same_bytes_and_hold_no_clock(paper):
    assert word_bytes(paper) == word_bytes(paper)
    with ZipFile(io.BytesIO(word_bytes(paper))) as packed:
        assert {entry.date_time[0] for entry in packed.infolist()} == {1980}


def test_references_are_exactly_those_that_are_cited(paper):
    text = " ".join(paper.methods.values())
    keys = [reference.key for reference in paper.references]
    assert sorted(set(re.findall(r"@(\w+)", text))) == keys
    assert {"li2018", "hernan2016", "robins1994", "molder2021"} <= set(keys)
    # No check is asked for, and nothing was matched.
    assert not {"vanderweele2017", "rosenbaum2002", "rosenbaum1984"} & set(keys)


def test_a_correction_for_few_sites_is_cited_only_where_it_was_made(released):
    text = " ".join(manuscript(study(), released, {}, RUN).methods.values())
    made = released["estimate"].frame["se_method"].astype("str").str.contains("CR2").any()
    assert ("bell2002" in text) == made


def test_citations_are_numbered_in_the_order_of_the_list():
    references = used(["[@li2018]", "[@holm1979; @li2018]"])
    assert [reference.key for reference in references] == ["holm1979", "li2018"]
    assert numbered("weights [@li2018], both [@holm1979; @li2018]", references) == "weights [2], both [1, 2]"


def test_everything_cited_is_known_and_everything_known_is_cited():
    assert {key for keys in CITED_BY.values() for key in keys} | {"hernan2016"} == set(_known())


def test_every_entry_says_who_when_what_and_where():
    for key, reference in _known().items():
        assert {"author", "title", "year"} <= set(reference.fields)
        assert {"journal", "publisher"} & set(reference.fields)
        assert key.endswith(reference.fields["year"])
        assert reference.bibtex().count("{") == reference.bibtex().count("}")


def test_every_design_estimator_and_check_has_its_phrase():
    kinds = ((registry.DESIGN_METHODS, DESIGNS), (registry.ESTIMATORS, ESTIMATORS), (registry.CHECKS, CHECKS))
    for plugins, phrases in kinds:
        assert {plugin.name for plugin in plugins} == set(phrases)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("50% & more_of #1", r"50\% \& more\_of \#1"),
        ("$10k {x} \\input", r"\$10k \{x\} \textbackslash{}input"),
        ("“so”", "``so''"),
        ("\N{MINUS SIGN}0.5", "$-$0.5"),
    ],
)
def test_no_text_is_a_command_in_latex(text, said):
    assert escaped(text) == said


def test_braces_of_the_latex_match(paper):
    text = re.sub(r"\\[{}]", "", latex_text(paper))
    assert text.count("{") == text.count("}")
    assert text.count(r"\begin{") == text.count(r"\end{")


@pytest.mark.parametrize("name", ["flow", "table_1", "outcomes"])
def test_every_count_in_a_table_of_the_paper_is_one_that_is_released(paper, released, name):
    """Its files need no attack of their own: they say no count that the guarded tables do not."""
    guarded = [make("attrition_flow", tables(), study()).data, released["balance"], released["outcomes"]]
    shown = {round(n) for one in guarded for n in one.frame.filter(regex="^n(_|$)").stack().dropna()}
    text = [str(cell) for row in paper.tables[name].rows for cell in row[1:]]
    counts = [re.findall(r"(?:^|n )([\d,]+)(?= \(\d|$|;)", cell) for cell in text]
    found = {int(n.replace(",", "")) for cell in counts for n in cell}
    assert found and found <= shown


def test_an_interval_stands_in_one_line_where_the_page_has_room():
    rows = [("an outcome that takes a good many words to say", "-13.2 (-17.5 to -8.9)")]
    table = HtmlTable("Main results", ("Outcome", "Estimate (95% CI)"), rows, "", (1,))
    first, second = widths(table, 60)
    assert second == 21 + 4 and first + second == 60
    # Of 30 letters the longest words have 7 + 4 and 8 + 4, and the other 7 go where more stands.
    assert widths(table, 30) == pytest.approx([11 + 7 * 39 / 52, 12 + 7 * 13 / 52])
