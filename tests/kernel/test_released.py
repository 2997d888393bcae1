"""A broken file of a release or an export is told in one sentence, without what stands in it."""

import pytest

from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.released import read_facts, read_released


@pytest.mark.parametrize("content", [b"", b'a,b\n"1,2\n', b"a,b\n1,2\n3,4,5\n", b"a\n\xff\n"])
def test_a_table_that_cannot_be_read(tmp_path, content):
    file = tmp_path / "estimate.csv"
    file.write_bytes(content)
    with pytest.raises(StudyError, match="estimate.csv: this is no table as a release has it; run the study again"):
        read_released(file)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b'{"site": "\xff"}', b"[" * 10**5])
def test_facts_that_cannot_be_read(tmp_path, content):
    file = tmp_path / "site.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StudyError, match="site.json: the file is not as it was written"):
        read_facts(file)


def test_what_is_whole_is_read_as_text(tmp_path):
    (tmp_path / "a.csv").write_text("n,said\n007,\n")
    assert read_released(tmp_path / "a.csv").to_dict("records") == [{"n": "007", "said": ""}]
