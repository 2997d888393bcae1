"""Canaries: values of every private kind, planted in raw files, and the search for them in whatever comes out.

Each is a word that stands nowhere else. A file is searched as it is read by programs: text with its entities resolved,
pictures with their metadata unpacked, pages with the pictures inside them.
"""

import base64
import html
import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.kernel.registry import SOURCES

#: What is planted, by kind. Those of ``INSIDE`` may stand in what never leaves: settings and names of raw files.
CANARIES = {
    "person id": "QZPERSON7731",
    "episode id": "QZEPISODE7732",
    "site in a rejected row": "QZSITE7733",
    "free text": "QZ Jane Roe called on Sunday",
    "calendar date": "1987-11-23",
    "telephone number": "212-555-0187",
    "rare label": "QZLABEL7734",
    "wrong code": "QZCODE7735",
    "number out of bounds": "77367736",
    "extreme number": "77377.25",
    "name of a column left out": "qz_mother_name",
    "name of a file that is no table": "QZ_Doe_MRN7739",
    "path": "qzpath7740",
    "user": "qzuser7741",
    "host": "qzhost7742",
}
#: A sheet and its file are called after somebody; it loses rows of its own and rows that others are joined to.
SHEET = "qzsheet7745"
INSIDE = ("name of a column left out", "name of a file that is no table", "path")

STUDY = """
study: planted
seed: 7
source:
  kind: tables
  path: {path}
  max_rejected_share: 0.2
  columns: {{baseline: {{qz_mother_name: null, intake: null, telephone: null}}}}
cohort:
  arms: {{iop: {{level_of_care: "2.1"}}, outpatient: {{level_of_care: "1"}}}}
  follow_up_days: 120
covariates: [sex, use_days_at_baseline, ward, distance]
metrics: {{completion: {{}}, attendance_rate: {{window_days: 84}}, retention_90: {{metric: retention, day: 90}}}}
designs: {{overlap: {{method: overlap_weights}}}}
analyses:
  primary: {{outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}}
  time_in_care: {{outcome: time_in_care, design: overlap, estimator: rmst, measure: rmst_difference}}
"""


#: A clinic's sheets with canaries of these kinds; `INSIDE` as above.
IN_SHEETS = (
    *(
        "person id",
        "free text",
        "calendar date",
        "telephone number",
        "rare label",
        "wrong code",
        "number out of bounds",
    ),
    *("name of a column left out", "name of a file that is no table", "path", "user", "host"),
)
CLINIC = """
study: planted_clinic
seed: 7
source:
  kind: sheets
  path: {path}
  person: Client
  anchor: {{sheet: intakes, column: Intake}}
  drawn: 2024-12-31
  dates: [M/D/YYYY, YYYY-MM-DD]
  max_rejected_share: 0.2
  sheets:
    intakes: {{file: intakes.csv}}
    qzsheet7745: {{file: qzsheet7745 visits.csv}}
    qzsheet7745_out: {{file: qzsheet7745 out.csv}}
  tables:
    person:
      from: intakes
      columns: {{sex: {{column: Sex, codes: {{F: female, M: male}}}}}}
    episode:
      from: intakes
      join: {{qzsheet7745_out: {{by: {{Client: Client}}}}}}
      columns:
        assignment_day: Intake
        discharge_day: {{sheet: qzsheet7745_out, column: Left}}
        level_of_care: {{column: Level, codes: {{IOP: "2.1", OP: "1"}}}}
    session:
      from: qzsheet7745
      columns:
        day: Date
        status: {{column: Status, codes: {{Kept: attended, NS: no_show}}}}
        minutes_scheduled: Minutes
cohort:
  arms: {{iop: {{level_of_care: "2.1"}}, outpatient: {{level_of_care: "1"}}}}
  follow_up_days: 84
covariates: [sex]
cluster: null
metrics: {{attendance_rate: {{window_days: 56}}}}
designs: {{overlap: {{method: overlap_weights}}}}
analyses:
  primary: {{outcome: attendance_rate, design: overlap, estimator: aipw, measure: mean_difference}}
"""


def plant_clinic(folder: Path, n_people: int = 240) -> None:
    """Write a clinic's intakes and appointments with canaries in cells, columns and names of files."""
    chance = np.random.default_rng(7)
    clients = [f"Q{i:04d}" for i in range(n_people)]
    clients[5] = CANARIES["person id"]
    intakes = pd.DataFrame({"Client": clients, "Intake": [f"{1 + i % 6}/{1 + i % 28}/2024" for i in range(n_people)]})
    intakes = intakes.assign(Level=["IOP", "OP"] * (n_people // 2), Sex=chance.choice(["F", "M"], n_people), Note="")
    intakes[CANARIES["name of a column left out"]] = ""
    intakes.loc[7, ["Note", CANARIES["name of a column left out"]]] = [CANARIES["free text"], CANARIES["rare label"]]
    intakes.loc[8, "Note"] = CANARIES["telephone number"]
    intakes.loc[9, "Sex"] = CANARIES["wrong code"]
    visits = intakes.loc[intakes.index.repeat(8), ["Client", "Intake"]].reset_index(drop=True)
    since = pd.to_timedelta(7 * (visits.index % 8), unit="D")
    visits["Date"] = (pd.to_datetime(visits["Intake"], format="%m/%d/%Y") + since).dt.strftime("%Y-%m-%d")
    visits = visits.assign(Status=chance.choice(["Kept", "Kept", "NS"], len(visits)), Minutes="60").drop(
        columns="Intake"
    )
    visits.loc[11, "Date"] = CANARIES["calendar date"]
    visits.loc[12, "Status"] = CANARIES["wrong code"]
    visits.loc[13, "Minutes"] = CANARIES["number out of bounds"]
    folder.mkdir(parents=True)
    intakes.to_csv(folder / "intakes.csv", index=False)
    visits.to_csv(folder / f"{SHEET} visits.csv", index=False)
    left = pd.DataFrame({"Client": [*clients, "nobody", *clients[:2]], "Left": "2024-12-01"})
    left.loc[20, "Left"] = "2023-01-01"
    left.to_csv(folder / f"{SHEET} out.csv", index=False)
    (folder / f"{CANARIES['name of a file that is no table']}.docx").write_text("x")


def plant(folder: Path, n_people: int = 300) -> None:
    """Write a simulated study's tables with the canaries among their rows, and a file that is no table."""
    source = SOURCES["simulated"]
    made = source(Path(), 7, **source.check({"n_people": n_people, "n_sites": 8, "true_effect": "benefit"}))
    tables = {name: _as_text(made[name]) for name in ("person", "site", "episode", "baseline", "session", "drug_test")}
    ids = {tables["person"]["person_id"][5]: CANARIES["person id"]}
    ids |= {tables["episode"]["episode_id"][5]: CANARIES["episode id"]}
    tables = {name: table.replace(ids) for name, table in tables.items()}
    person, episode, baseline = tables["person"], tables["episode"], tables["baseline"]
    baseline["ward"], baseline["distance"] = "north", "3.5"
    baseline.loc[baseline.index % 3 == 0, "ward"] = "south"
    baseline[["note", "intake", "telephone", "shelter"]] = ""
    baseline.loc[7, ["note", "intake"]] = [CANARIES["free text"], CANARIES["calendar date"]]
    baseline.loc[8, ["telephone", "shelter"]] = [CANARIES["telephone number"], CANARIES["rare label"]]
    baseline.loc[9, "distance"] = CANARIES["extreme number"]
    baseline[CANARIES["name of a column left out"]] = "x"
    person.loc[12, "sex"] = CANARIES["wrong code"]
    person.loc[13, "age_years"] = CANARIES["number out of bounds"]
    episode.loc[14, "site_id"] = CANARIES["site in a rejected row"]
    folder.mkdir(parents=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{CANARIES['name of a file that is no table']}.docx").write_text("x")


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(table.to_csv(index=False)), dtype=str, keep_default_na=False)


def found_in(text: str, allowed: tuple[str, ...] = ()) -> set[str]:
    """Return the kinds of canaries that a text holds, entities resolved and thousands written without commas."""
    plain = html.unescape(text)
    seen = plain + re.sub(r"(?<=\d),(?=\d{3})", "", plain) + re.sub(r"<[^>]*>", "", plain)
    return {kind for kind, word in CANARIES.items() if kind not in allowed and word.lower() in seen.lower()}


def text_of(path: Path) -> str:
    """Return all that a file says: a page with the pictures in it, a picture with its metadata."""
    content = path.read_bytes()
    if path.suffix == ".png":
        return _png(content)
    if path.suffix == ".docx" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return "".join(f"{name}{packed.read(name).decode('utf-8', 'replace')}" for name in packed.namelist())
    text = content.decode("utf-8", "replace")
    for kind, inside in re.findall(r"data:image/(png|svg\+xml);base64,([A-Za-z0-9+/=]+)", text):
        picture = base64.b64decode(inside)
        text += _png(picture) if kind == "png" else picture.decode("utf-8", "replace")
    return text


def _png(content: bytes) -> str:
    """Return the text in the chunks of a PNG, unpacked where it is packed."""
    at, said = 8, ""
    while at < len(content):
        (size,), kind = struct.unpack(">I", content[at : at + 4]), content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + size]
        if kind in (b"zTXt", b"iTXt"):
            packed = data.split(b"\0", 1)[1].lstrip(b"\0\1")
            said += zlib.decompressobj().decompress(packed).decode("utf-8", "replace") if kind == b"zTXt" else ""
        if kind != b"IDAT":
            said += data.decode("utf-8", "replace")
        at += size + 12
    return said
