"""A run that goes on where another was killed makes what was not finished, and nobody can tell its files apart."""

from functools import partial

import pandas as pd
import pytest

from iop_outcomes import tables
from iop_outcomes.dataset.kept_values import of_shard
from iop_outcomes.kernel import unfinished
from iop_outcomes.kernel.contents import seal_of
from iop_outcomes.kernel.errors import ContractError
from iop_outcomes.tables import store
from iop_outcomes.tables.parts import Parts

N_GROUPS, A_GROUP = 16, 4
ANSWERS = pd.DataFrame(
    {
        "person_id": [f"p{row:02}" for row in range(N_GROUPS * A_GROUP - 1)],
        "day": range(N_GROUPS * A_GROUP - 1),
        "instrument": "TEDS",
        "item": [f"item {row // 9}" for row in range(N_GROUPS * A_GROUP - 1)],
        "value": [float(row) if row % 5 else None for row in range(N_GROUPS * A_GROUP - 1)],
    }
)


class Killed(BaseException):
    """Stands for the end of a process; ``workflow/test_killed_in_parts.py`` kills one."""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a call that writes the answers in parts, and tells which parts were made for it."""
    monkeypatch.setattr(store, "MOST_ROWS", A_GROUP)
    raw = tmp_path / "raw.csv"
    raw.write_text("what is read")

    def call(a_part: int = A_GROUP, killed_at: int | None = None, rows=ANSWERS, **settings) -> list[int]:
        made: list[int] = []

        def part(number: int) -> pd.DataFrame:
            if number == killed_at:
                raise Killed
            made.append(number)
            return tables.conform(rows[number * a_part : (number + 1) * a_part].reset_index(drop=True), "assessment")

        parts = Parts(lambda: (partial(part, number) for number in range(-(-len(rows) // a_part))), len(rows))
        try:
            with unfinished.keeping(tmp_path / "unfinished" / "ingest", [raw], settings):
                store.write(parts, "assessment", tmp_path / "assessment.parquet")
        except Killed:
            assert not (tmp_path / "assessment.parquet").exists()
        return made

    call.folder, call.raw, call.bytes = tmp_path, raw, (tmp_path / "assessment.parquet").read_bytes
    return call


def pieces(run):
    return sorted((path for path in run.folder.rglob("unfinished/*/*/*/*") if path.name[0] != "."), key=_number)


def _number(path) -> int:
    return int(path.name)


def test_of_sixteen_parts_those_finished_before_the_kill_are_not_made_again(run):
    # With the same labels in all parts, as sources make them.
    rows = tables.conform(ANSWERS, "assessment")
    assert run(killed_at=8, rows=rows) == list(range(8))
    assert len(pieces(run)) == 8
    assert run(rows=rows) == list(range(8, N_GROUPS))
    continued = run.bytes()
    assert pieces(run) == [] and not (run.folder / "unfinished" / "ingest").exists()
    assert run(rows=rows) == list(range(N_GROUPS))
    assert run.bytes() == continued
    store.write(rows, "assessment", run.folder / "once.parquet")
    assert (run.folder / "once.parquet").read_bytes() == continued


@pytest.mark.parametrize(("a_part", "again"), [(1, range(32, 63)), (3, range(10, 21)), (7, range(4, 9)), (25, [1, 2])])
def test_of_a_part_that_ends_within_a_group_only_that_one_is_made_again(run, a_part, again):
    run(a_part)
    undisturbed = run.bytes()
    (run.folder / "assessment.parquet").unlink()
    run(a_part, killed_at=33 // a_part if a_part < 25 else 2)
    assert run(a_part) == list(again)
    assert run.bytes() == undisturbed


@pytest.mark.parametrize("change", ["input", "input and back", "settings"])
def test_nothing_is_taken_from_a_run_on_something_else(run, change):
    run(killed_at=8)
    before = pieces(run)
    if change != "settings":
        run.raw.write_text("something else" if change == "input" else "what is read")
    changed = {"path": "other.csv"} if change == "settings" else {}
    assert run(killed_at=3, **changed) == [0, 1, 2]
    # What is of no use any more does not fill the disk.
    assert len(pieces(run)) == 3 and not set(pieces(run)) & set(before)


def test_other_code_finds_nothing(run, monkeypatch):
    run(killed_at=8)
    monkeypatch.setattr(unfinished, "versions", lambda: {"pandas": "4"})
    assert run() == list(range(N_GROUPS))


@pytest.mark.parametrize("damage", ["a byte", "half", "gone", "no digest"])
def test_a_damaged_piece_is_made_again_and_the_others_are_not(run, damage):
    run(killed_at=8)
    piece = pieces(run)[2]
    content = piece.read_bytes()
    if damage in ("gone", "no digest"):
        (piece if damage == "gone" else seal_of(piece)).unlink()
    else:
        piece.write_bytes(content[:40] + b"?" + content[41:] if damage == "a byte" else content[:100])
    assert run() == [2, *range(8, N_GROUPS)]
    continued = run.bytes()
    run()
    assert run.bytes() == continued


def test_a_key_that_repeats_one_of_a_kept_piece_is_found(run):
    rows = pd.concat([ANSWERS, ANSWERS[:1]], ignore_index=True)
    run(killed_at=15, rows=rows)
    with pytest.raises(ContractError, match="repeats a key that an earlier row has"):
        run(rows=rows)
    assert not (run.folder / "assessment.parquet").exists()


def test_where_nothing_is_kept_nothing_is_found():
    unfinished.keep("piece", lambda: pytest.fail("made for nobody"))
    assert unfinished.kept("piece") is None


def test_a_folder_that_was_never_needed_is_not_made(tmp_path):
    with unfinished.keeping(tmp_path / "unfinished", [], {}):
        assert unfinished.kept("piece") is None
    assert list(tmp_path.iterdir()) == []


def test_values_of_a_shard_are_those_that_were_made(tmp_path):
    members = pd.Index(["a", "b", "c"], name="member_id")
    made = {
        "rate": pd.DataFrame({"value": [0.5, None, 1.0], "observed_share": [1.0, 0.25, 1.0]}, members),
        "days": pd.Series([1, 2, 3], members).to_frame("value"),
        "ratio/two": pd.DataFrame({"value": [None, 1.0, None], "missing_reason": ["few", None, "none"]}, members),
    }
    with pytest.raises(Killed), unfinished.keeping(tmp_path / "metrics", [], {}):
        assert of_shard(0, members, lambda: made) is made
        raise Killed
    with unfinished.keeping(tmp_path / "metrics", [], {}):
        found = of_shard(0, members, lambda: pytest.fail("made again"))
        with pytest.raises(ZeroDivisionError):
            of_shard(3, members, lambda: {"days": 1 / 0})
    assert list(found) == list(made)
    for name, frame in made.items():
        pd.testing.assert_frame_equal(found[name], frame)
