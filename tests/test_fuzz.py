"""Whatever a study file, a raw file or a list of codes holds: a result or one clean sentence, and no row lost.

Here are 2,000 study files, 100,000 rows for each source that reads files, and 40 broken runs for each command that
reads one; ``benchmarks/fuzz.py`` draws more.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fuzzed_files
import fuzzed_folders
import fuzzed_studies

pytestmark = pytest.mark.slow

MANY = settings(max_examples=1000, suppress_health_check=list(HealthCheck))


@MANY
@given(fuzzed_studies.wrong_texts())
def test_a_study_file_of_any_text(text):
    fuzzed_studies.complaint(lambda: fuzzed_studies.load_text(text))


@MANY
@given(fuzzed_studies.wrong_contents())
def test_a_study_file_of_any_values(content):
    fuzzed_studies.complaint(lambda: fuzzed_studies.load_content(content))


@pytest.mark.parametrize(
    ("source", "n", "n_files"),
    [("tables", 1500, 25), ("teds_d", 4000, 28), ("ctn0094", 1500, 20), ("sheets", 4000, 28)],
)
def test_raw_files_of_any_cells(source, n, n_files, tmp_path_factory):
    n_rows = []

    @settings(max_examples=n_files, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 10**6), st.sampled_from(fuzzed_files.KINDS), st.sampled_from((0.0, 0.001, 0.02, 0.5)))
    def read(seed, kind, wrong):
        n_rows.append(fuzzed_files.ingested(source, tmp_path_factory.mktemp("raw"), seed, kind, n, wrong))

    read()
    assert sum(n_rows) > 100_000


@settings(max_examples=300)
@given(content=fuzzed_files.wrong_code_lists())
def test_a_list_of_codes_of_any_cells(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "codes.csv"
    path.write_bytes(content)
    fuzzed_studies.complaint(lambda: fuzzed_files.load_code_list(path))


@pytest.mark.parametrize("reader", fuzzed_folders.READERS)
def test_a_finished_run_with_a_file_that_is_no_longer_what_it_was(reader, tmp_path):
    assert any([fuzzed_folders.said_of(reader, number, tmp_path) for number in range(40)]) == (reader != "verify")


def test_a_snapshot_of_any_settings(tmp_path):
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir()
        fuzzed_folders.snapshot_of(number, folder)
