"""Files by content: what is remembered, what is noticed, and what a list of digests may say."""

import os
import random
import signal
import subprocess
import time

import pytest

from iop_outcomes.kernel import contents
from iop_outcomes.kernel.contents import MANIFEST, Digests, altered, damaged, intact, manifest, seal_of, sums, whole


def written(path, content: bytes = b"one", age: float = 0):
    """Write a file, as if so many seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


@pytest.fixture
def no_wait(monkeypatch):
    """Remember files at once, however fresh they are."""
    monkeypatch.setattr(contents, "_TOO_FRESH_NS", -1)


def test_a_file_is_read_once_and_remembered_between_runs(tmp_path, no_wait, monkeypatch):
    raw, memory = written(tmp_path / "raw.csv"), tmp_path / "memory.json"
    first = Digests(memory)
    digest = first.of(raw)
    first.keep()
    monkeypatch.setattr(contents, "file_digest", lambda path: pytest.fail("read again"))
    assert Digests(memory).of(raw) == digest


@pytest.mark.parametrize("replaced", ["in place", "by another file"])
def test_a_file_of_the_same_size_and_an_older_time_is_noticed(tmp_path, no_wait, replaced):
    raw = written(tmp_path / "raw.csv", b"one", age=100)
    digests = Digests()
    before, times = digests.of(raw), raw.stat().st_mtime_ns
    other = raw if replaced == "in place" else tmp_path / "other.csv"
    other.write_bytes(b"two")
    os.utime(other, ns=(times, times))
    other.replace(raw)
    assert raw.stat().st_mtime_ns == times and raw.stat().st_size == 3
    assert digests.of(raw) != before


def test_a_file_that_has_just_changed_is_not_remembered(tmp_path):
    digests = Digests(tmp_path / "memory.json")
    digests.of(written(tmp_path / "raw.csv"))
    digests.keep()
    assert not (tmp_path / "memory.json").exists()


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b'{"/raw.csv": 3}', b"\xff\x00"])
def test_a_memory_that_cannot_be_read_is_made_anew(tmp_path, kept):
    memory = written(tmp_path / "memory.json", kept)
    assert Digests(memory).of(written(tmp_path / "raw.csv")) == contents.file_digest(tmp_path / "raw.csv")


def test_names_and_order_of_files_count_and_no_file_is_nothing(tmp_path):
    one, two = written(tmp_path / "a.csv"), written(tmp_path / "b.csv")
    digests = Digests()
    assert len({digests.together(files) for files in ([one], [two], [one, two], [two, one])}) == 4
    assert digests.together([]) == ""


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(tmp_path):
    file = written(tmp_path / "table", b"old")
    with pytest.raises(ZeroDivisionError), whole(file, sealed=True) as aside:
        aside.write_bytes(b"half")
        1 / 0  # noqa: B018
    assert [path.name for path in tmp_path.iterdir()] == ["table"]
    assert file.read_bytes() == b"old"


def test_a_sealed_file_tells_every_flipped_byte(tmp_path):
    file = tmp_path / "table"
    with whole(file, sealed=True) as aside:
        aside.write_bytes(b"content")
    assert intact(file)
    for place in range(7):
        flipped = bytearray(b"content")
        flipped[place] ^= 1
        file.write_bytes(flipped)
        assert not intact(file) and damaged(tmp_path, Digests()) == [file]
    file.write_bytes(b"content")
    assert damaged(tmp_path, Digests()) == []
    seal_of(file).write_bytes(b"no digest")
    assert damaged(tmp_path, Digests()) == [file]


def test_a_run_killed_between_digest_and_file_leaves_nothing_that_passes_for_the_new_file(tmp_path, monkeypatch):
    file = tmp_path / "table"
    with whole(file, sealed=True) as aside:
        aside.write_bytes(b"old")
    replace = os.replace

    def killed(self, target):
        if target == file:
            raise KeyboardInterrupt
        replace(self, target)

    monkeypatch.setattr(type(file), "replace", killed)
    with pytest.raises(KeyboardInterrupt), whole(file, sealed=True) as aside:
        aside.write_bytes(b"new")
    assert file.read_bytes() == b"old" and not intact(file)


def test_a_writer_killed_at_fifty_moments_leaves_one_content_or_the_other_whole(tmp_path):
    # A thousand moments, and whole runs, are killed by benchmarks/faults.py.
    file, chance = tmp_path / "table", random.Random(5)
    both = {b"0" * 500_000, b"1" * 500_000}

    def write(content: bytes) -> None:
        with whole(file, sealed=True) as aside:
            aside.write_bytes(content)

    write(b"0" * 500_000)
    seen = set()
    for _ in range(50):
        child = os.fork()
        if child == 0:
            while True:
                for content in sorted(both):
                    write(content)
        time.sleep(chance.uniform(0.002, 0.04))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        seen.add(file.read_bytes())
    assert seen == both


def test_what_a_killed_writer_left_is_told_from_files_and_digests(tmp_path):
    left = [tmp_path / ".table.parquet.4711", tmp_path / "cohort" / "..table.parquet.sha256.4711"]
    kept = [tmp_path / "table.parquet", tmp_path / ".table.parquet.sha256", tmp_path / ".digests.json"]
    for path in [*left, *kept]:
        written(path)
    assert contents.halves(tmp_path) == sorted(left)


def test_a_manifest_is_one_that_sha256sum_reads(tmp_path):
    written(tmp_path / "tables" / "one two.csv")
    written(tmp_path / "report.html", b"page")
    (tmp_path / MANIFEST).write_bytes(manifest(tmp_path))
    done = subprocess.run(["sha256sum", "--check", MANIFEST], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "report.html: OK\ntables/one two.csv: OK\n"
    assert altered(tmp_path, Digests()) == []
    (tmp_path / "report.html").write_bytes(b"Page")
    assert altered(tmp_path, Digests()) == ["report.html"]


DIGEST = "0" * 64


@pytest.mark.parametrize(
    "text", [f"{DIGEST}  ../table\n", f"{DIGEST}  /etc/hosts\n", f"{DIGEST}  a/../../b\n", f"{DIGEST} x\n", "\xff", ""]
)
def test_a_list_that_leads_out_of_its_folder_or_is_none_lists_nothing(tmp_path, text):
    assert sums(written(tmp_path / MANIFEST, text.encode("latin-1"))) == {}
    assert altered(tmp_path, Digests()) == [MANIFEST]
