"""Raw files as nobody should write them, with thousands of rows drawn at once, and what must be true of each row."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import strategies as st

from clinics import mapping
from fuzzed_studies import complaint
from iop_outcomes import study as studies
from iop_outcomes import tables
from iop_outcomes.history.contacts import read_code_list
from iop_outcomes.ingest.crosschecks import ORDER
from iop_outcomes.ingest.sources.teds_d import codebook
from iop_outcomes.ingest.stage import ingest
from iop_outcomes.tables.declare import Column, Table

ARMS = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
KINDS = ("plain csv", "csv", "quoted csv", "dos csv", "csv with a mark", "packed csv", "parquet")
#: Tables with as many rows as there are people.
ONCE = ("person", "site", "episode")

#: Cells that have broken some program.
CELLS = (
    *("", " ", "NA", "NaN", "null", "-9", "-99", "9999", "99999", "43831", "1e308", "-1e308", "1e-320", "inf", "-inf"),
    *("0x1F", "1_000", "1,5", "1.0", "01", "+1", "−1", "2023-03-01", "3/1/2023", "12:30", "TRUE", "yes", "0.5", "½"),
    *("a" * 3000, "\x1b[31m", "a\x07b", "\x7f", "\u202egnp", "\ufffe", "$\\alpha$", "=1+1", "@x", "<b>", "é", "😀"),
    *('say "so"', "a, b", "'", "\\", "%s", "{0}", "None", "-", "1e5", "999999999999999999999", "-0", "٣", "\u200b1"),
)


def table_rows(table: Table, n: int, n_ids: int, chance: np.random.Generator, wrong: float) -> pl.DataFrame:
    """Return rows of a contract table as text, a share of whose cells are wrong."""
    drawn = {c.name: _cells(c, n, n_ids, chance) for c in table.columns if c.required or chance.random() < 0.7}
    if table.name in ONCE:
        drawn[table.key[0]] = np.array([f"{table.name[0]}{i}" for i in range(n)], dtype=object)
    return _spoilt(_text(drawn), chance, wrong)


def _cells(column: Column, n: int, n_ids: int, chance: np.random.Generator) -> np.ndarray:
    if column.name.endswith("_id"):
        return np.char.add(column.name[0], chance.integers(0, n_ids, n).astype(str)).astype(object)
    if column.allowed:
        return chance.choice(np.array(column.allowed, dtype=object), n)
    if column.type == "flag":
        return chance.choice(np.array(["yes", "no"], dtype=object), n)
    if column.type in ("int", "float"):
        low = max(-100.0, column.minimum if column.minimum is not None else -100)
        return chance.integers(int(low), int(min(200, column.maximum or 200)) + 1, n).astype(str).astype(object)
    return chance.choice(np.array(["a", "b", "c d"], dtype=object), n)


def _text(drawn: dict[str, np.ndarray]) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(values, dtype=pl.String) for name, values in drawn.items()})


def _spoilt(frame: pl.DataFrame, chance: np.random.Generator, wrong: float) -> pl.DataFrame:
    """Replace a share of the cells by ones that have broken some program."""
    spoilt = {name: frame[name].to_numpy().astype(object) for name in frame.columns}
    for values in spoilt.values():
        where = chance.random(len(values)) < wrong
        values[where] = chance.choice(np.array(CELLS, dtype=object), int(where.sum()))
    return _text(spoilt)


def write(frame: pl.DataFrame, folder: Path, name: str, kind: str, chance: np.random.Generator) -> int:
    """Write rows as a file of some kind; return how many rows it has, those of a wrong shape too."""
    if kind == "parquet":
        frame.write_parquet(folder / f"{name}.parquet")
        return len(frame)
    lines = frame.write_csv(null_value="", quote_style="always" if "quoted" in kind else "necessary").split("\n")[:-1]
    for odd in () if "plain" in kind else ("x", ",".join(["1"] * (frame.width + 2)), ",".join("abcdefghijklmnopqrs")):
        lines.insert(1 + int(chance.integers(0, len(lines))), odd)
    end = "\r\n" if "dos" in kind else "\n"
    content = (end.join(lines) + (end if chance.random() < 0.5 else "")).encode("utf-8")
    content = b"\xef\xbb\xbf" + content if "mark" in kind else content
    packed = "packed" in kind
    (folder / f"{name}.csv{'.gz' if packed else ''}").write_bytes(gzip.compress(content, 1) if packed else content)
    return len(lines) - 1


def own_tables(folder: Path, seed: int, kind: str, n: int, wrong: float) -> tuple[dict, dict[str, int]]:
    """Write a folder of our own tables; return the source's settings and the rows of each table."""
    chance = np.random.default_rng(seed)
    n_ids, rows = max(2, n // 20), {}
    for name in [name for name in ORDER if name in ("person", "episode") or chance.random() < 0.6]:
        frame = table_rows(tables.contract(name), n_ids if name in ONCE else n, n_ids, chance, wrong)
        if name == "baseline":
            free = chance.choice(np.array(CELLS, dtype=object), len(frame))
            frame = frame.with_columns(line_in_file=pl.lit("3"), free=pl.Series(free, dtype=pl.String))
        rows[name] = write(frame, folder, name, kind, chance)
    return {"kind": "tables", "path": str(folder), "max_rejected_share": 1.0}, rows


def teds(folder: Path, seed: int, kind: str, n: int, wrong: float) -> tuple[dict, dict[str, int]]:
    """Write a file as SAMHSA's; return the source's settings and the rows of its one table."""
    chance = np.random.default_rng(seed)
    drawn = {column: chance.choice(codes, n) for column, codes in _codes().items()}
    drawn["CASEID"] = np.arange(n).astype(str).astype(object)
    rows = write(_spoilt(_text(drawn), chance, wrong / 20), folder, "teds", kind, chance)
    path = str(next(folder.glob("teds.*")))
    settings = {"kind": "teds_d", "path": path, "empty_los": "seven_or_more", "max_rejected_share": 1.0}
    return settings, {"episode": rows}


def _codes() -> dict[str, np.ndarray]:
    """Return the codes that each column of SAMHSA's file may hold."""
    known: dict = {"DISYR": ["2023"], "SERVICES": codebook.LEVEL_OF_CARE, "REASON": codebook.DISCHARGE_REASON}
    known |= {"LOS": codebook.STAY, "STFIPS": codebook.STATES, "AGE": codebook.AGE, "SEX": codebook.SEX}
    known |= {"RACE": codebook.RACE, "ETHNIC": codebook.ETHNIC, "PREG": codebook.YES_NO}
    known |= dict(codebook.COVARIATES.values())
    return {c: np.array([str(code) for code in known.get(c, (1, 2, -9))], dtype=object) for c in codebook.LAYOUT}


#: Columns of the trials' raw tables with values that they may hold; None stands for numbers.
TRIALS: dict[str, dict[str, tuple | None]] = {
    "everybody": {"who": None, "project": ("27", "30", "51")},
    "randomization": {"who": None, "treatment": ("Methadone", "Inpatient NR-NTX"), "which": ("1", "2"), "when": None},
    "site_masked": {"who": None, "site_masked": ("1", "2", "3")},
    "demographics": {
        **{"who": None, "age": ("30", "45"), "is_hispanic": ("No", "Yes"), "race": ("White",), "job": ("Full Time",)},
        **{"is_living_stable": ("Yes",), "education": ("HS/GED",), "marital": ("Married",), "is_male": ("Yes", "No")},
    },
    "visit": {
        **{"who": None, "visit": ("WK1", "WK2", "BASELINE"), "what": ("visit", "no visit"), "is_in_jail": ("", "1")},
        **{"is_in_hospital": ("", "1"), "is_illness": ("",), "is_dead": ("",), "when": None},
    },
    "uds": {"who": None, "what": ("Methadone", "Opioid", "Thc"), "when": None},
    "tlfb": {"who": None, "what": ("Heroin", "Opioid", "Alcohol"), "when": None},
    "treatment": {"who": None, "amount": ("30", "8"), "when": None},
    "detox": {"who": None, "what": ("admission", "discharge"), "when": None},
}


def trials(folder: Path, seed: int, kind: str, n: int, wrong: float) -> tuple[dict, dict[str, int]]:
    """Write the trials' raw tables; return the source's settings and no rows, as one file fills several tables."""
    chance = np.random.default_rng(seed)
    people, kind = n // 10, "plain csv" if kind == "parquet" else kind
    for name, columns in TRIALS.items():
        size = people if name in ("everybody", "randomization", "site_masked", "demographics") else n
        drawn = {c: _drawn(c, values, size, people, chance) for c, values in columns.items()}
        if size == people:
            drawn["who"] = np.arange(size).astype(str).astype(object)
        write(_spoilt(_text(drawn), chance, wrong), folder, name, kind, chance)
    return {"kind": "ctn0094", "path": str(folder), "max_rejected_share": 1.0}, {}


def _drawn(column: str, values: tuple | None, n: int, people: int, chance: np.random.Generator) -> np.ndarray:
    if values:
        return chance.choice(np.array(values, dtype=object), n)
    low, high = (0, people) if column == "who" else (-30, 170)
    return chance.integers(low, high, n).astype(str).astype(object)


def clinic(folder: Path, seed: int, kind: str, n: int, wrong: float) -> tuple[dict, dict[str, int]]:
    """Write a clinic's two sheets, dates and times as people type them; return the mapping and the rows of visits."""
    chance = np.random.default_rng(seed)
    clients, kind = max(2, n // 20), "plain csv" if kind in ("parquet", "packed csv") else kind
    dates = np.array([f"{month}/{day}/2024" for month in range(1, 12) for day in range(1, 29)], dtype=object)
    hours = np.array(
        [f"{hour}:{minute:02d} {half}" for hour in range(1, 12) for minute in (0, 30) for half in ("AM", "PM")]
    )
    ids = np.array([f"C{i}" for i in range(clients)], dtype=object)
    levels = chance.choice(np.array(["IOP", "op", "OP"], dtype=object), clients)
    intakes = {"Client": ids, "Intake": chance.choice(dates[:112], clients), "Level": levels}
    visits = {"Client": chance.choice(ids, n), "Date": chance.choice(dates, n)}
    visits |= {name: chance.choice(hours.astype(object), n) for name in ("Start", "End")}
    visits["Status"] = chance.choice(np.array(["Kept", "NS", "kept "], dtype=object), n)
    write(_spoilt(_text(intakes), chance, wrong), folder, "intakes", kind, chance)
    rows = write(_spoilt(_text(visits), chance, wrong), folder, "visits", kind, chance)
    return mapping(kind="sheets", path=str(folder), max_rejected_share=1.0), {"session": rows}


SOURCES = {"tables": own_tables, "teds_d": teds, "ctn0094": trials, "sheets": clinic}


def ingested(source: str, folder: Path, seed: int, kind: str, n: int, wrong: float) -> int:
    """Write and read one source, hold every row accepted or set aside unless all are refused; return how many."""
    settings, rows = SOURCES[source](folder, seed, kind, n, wrong)
    study = studies.parse({"study": "own", "source": settings, "cohort": {"arms": ARMS}})
    made: dict = {}
    if complaint(lambda: made.update(ingest(study))):
        return sum(rows.values()) or n
    intake = made["intake"].set_index("table")
    assert (intake["n_in"] == intake["n_accepted"] + intake["n_rejected"]).all()
    assert {name: int(intake.loc[name, "n_in"]) for name in rows} == rows
    assert all(len(made[name]) == intake.loc[name, "n_accepted"] for name in rows)
    return int(intake["n_in"].sum())


def wrong_code_lists() -> st.SearchStrategy[bytes]:
    """Return lists of codes, as files, with any cells and any bytes among them."""
    row = st.tuples(st.sampled_from(("H0015", *CELLS)), st.sampled_from(("visit", "VISIT ", *CELLS)))
    table = st.lists(row, max_size=6).map(lambda rows: pl.DataFrame(rows, schema=["code", "kind"], orient="row"))
    written = table.map(lambda frame: frame.write_csv().encode("utf-8"))
    return st.builds(lambda text, tail: text + tail, written, st.one_of(st.just(b""), st.binary(max_size=20)))


def load_code_list(path: Path) -> None:
    """Read a list of codes."""
    read_code_list(str(path))
