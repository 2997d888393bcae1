"""Whether a text file holds nothing that must be looked for line by line."""

import pytest

from iop_outcomes.ingest import plain_text
from iop_outcomes.ingest.plain_text import is_plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (b"", True),
        (b"CASEID,AGE\n1,-9\n", True),
        (b"CASEID,AGE\r\n1,-9\r\n", True),
        (b"A,#$%~\n", True),
        (b'A,"B"\n', False),
        (b"A, B\n", False),
        (b"A\tB\n", False),
        (b"A,B\r1,2\r", False),
        (b"A,B\n1,2\r", False),
        (b"A,\x00\n", False),
        (b"A,\x7f\n", False),
        ("A,ä\n".encode(), False),
        (b"\xef\xbb\xbfA,B\n", False),
    ],
)
@pytest.mark.parametrize("at_once", [1, 2, 1 << 22])
def test_only_signs_of_ascii_in_lines_of_unix_or_windows_are_plain(tmp_path, monkeypatch, text, plain, at_once):
    monkeypatch.setattr(plain_text, "_AT_ONCE", at_once)
    (tmp_path / "some.csv").write_bytes(text)
    assert is_plain(tmp_path / "some.csv") is plain
