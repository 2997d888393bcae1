"""A raw file is whole and readable, or refused in one sentence."""

import gzip

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iop_outcomes.ingest.reading import LINE, locate, read
from iop_outcomes.kernel.errors import SourceError


def write(folder, name, content):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


def test_cells_are_text_and_know_their_line(tmp_path):
    raw = read(write(tmp_path, "a.csv", "A,B\n1,x\n,y\n"))
    assert raw.columns == ("A", "B")
    assert raw.rows.collect().rows() == [(2, "1", "x"), (3, None, "y")]


def test_lines_of_the_wrong_length_are_set_apart_and_blank_lines_are_nothing(tmp_path):
    raw = read(write(tmp_path, "a.csv", 'A,B\n1,2\n\n1\n1,2,3\n"a,b",2\n\n'))
    assert raw.misshapen == (4, 5)
    assert raw.rows.collect()[LINE].to_list() == [2, 6]


def test_quoted_cells_and_names_are_read_as_they_are_meant(tmp_path):
    raw = read(write(tmp_path, "a.csv", b'\xef\xbb\xbf"A ""x""","B,c"\n"a,b","say ""yes"""\n'))
    assert raw.columns == ('A "x"', "B,c")
    assert raw.rows.collect().rows() == [(2, "a,b", 'say "yes"')]


def test_a_very_long_cell_is_a_cell(tmp_path):
    assert read(write(tmp_path, "a.csv", f"A,B\n{'x' * 2_000_000},2\n")).rows.collect()["B"].to_list() == ["2"]


def test_line_ends_may_be_mixed(tmp_path):
    raw = read(write(tmp_path, "a.csv", "A,B\r\n1,2\n\r\n3,4\r\n5\n"))
    assert raw.rows.collect().rows() == [(2, "1", "2"), (4, "3", "4")]
    assert raw.misshapen == (5,)


def test_two_stored_columns_of_one_name_are_refused(tmp_path):
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["A", "A"]), tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="a.parquet: two columns have the same name; keep one, or rename it"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_gzip_and_byte_order_mark_make_no_difference(tmp_path, ending):
    text = "A,B\n1,2\n".replace("\n", ending).encode()
    plain = read(write(tmp_path, "a.csv", b"\xef\xbb\xbf" + text))
    zipped = read(write(tmp_path, "b.csv.gz", gzip.compress(text)))
    assert plain.columns == zipped.columns == ("A", "B")
    assert plain.rows.collect().equals(zipped.rows.collect())


def test_parquet_keeps_its_types(tmp_path):
    pl.DataFrame({"A": [1.5]}).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").rows.collect().rows() == [(2, 1.5)]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", "", "a.csv: the file is empty; give a file with a header and one row per record"),
        ("a.csv", "A;B\n1;2\n", "a.csv: the cells are separated by semicolons; save the file with commas"),
        ("a.csv", "A,A\n1,2\n", "a.csv: the column 'A' stands there 2 times; keep one"),
        ("a.csv", ",A\n0,2\n", "a.csv: column 1 has no name; name it, or write the file without row numbers"),
        (
            "a.csv",
            "A,B\n1,é\n".encode("latin-1"),
            "a.csv, line 2: the text is not UTF-8; save the file in the encoding",
        ),
        ("a.csv", "A,B\n1,2\n".encode("utf-16"), "a.csv, line 1: the text is not UTF-8"),
        ("a.csv", "A,B\n1,2\n".encode("utf-16-le"), "a.csv: the text holds zero bytes, so it is damaged or not UTF-8"),
        ("a.csv", "A,B\n1,2\0\n", "a.csv: the text holds zero bytes, so it is damaged or not UTF-8"),
        ("a.csv", "A,B\r1,2\r", "a.csv: some lines end in a carriage return alone"),
        ("a.csv", "A,B\n1,2\r3,4\n", "a.csv: some lines end in a carriage return alone"),
        ("a.csv", "A,B\r\r\n1,2\r\r\n", "a.csv: some lines end in a carriage return alone"),
        ("a.csv", "\nA,B\n1,2\n", "a.csv: the first line is blank; begin the file with its header"),
        ("a.csv", 'A,B\n1,5" by 6"\n', "a.csv: 1 line has a quotation mark inside a cell; put the whole cell in"),
        ("a.csv", 'A,B\n1,"x"y\n', "a.csv: 1 line has a quotation mark inside a cell"),
        ("a.csv", "A,*\n1,2\n", "a.csv: the name of column 2 is a pattern for names; rename it"),
        ("a.csv", "A,^B.*$\n1,2\n", "a.csv: the name of column 2 is a pattern for names; rename it"),
        ("a.csv", "A,B\tC\n1,2\n", "a.csv: the name of column 2 holds a control character; rename it"),
        ("a.csv", "x" * 200_000 + ",B\n1,2\n", "a.csv: the header cannot be split into names"),
        ("a.csv", 'A,B\n1,"2\n3",4\n', "a.csv: 2 lines open a quotation mark and close none"),
        (
            "a.csv.gz",
            gzip.compress(b"A,B\n" + b"1,2\n" * 999, mtime=0)[:30],
            "a.csv.gz: the file is damaged or cut off",
        ),
        ("a.parquet", "A,B\n1,2\n", "a.parquet: this is not a Parquet file"),
        ("a.xlsx", "A", "a.xlsx: a file ends in .csv, .csv.gz, .parquet; export it as one of these"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_in_one_sentence(tmp_path, name, content, sentence):
    with pytest.raises(SourceError) as error:
        read(write(tmp_path, name, content))
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_a_file_that_is_not_there_is_answered_with_the_nearest(tmp_path):
    write(tmp_path, "teds_2023.csv", "A\n1\n")
    with pytest.raises(
        SourceError, match=r"there is no file or folder 'tedsd_2023.csv'; did you mean 'teds_2023.csv'\?"
    ):
        locate(tmp_path, "tedsd_2023.csv")
