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
INSIDE = ("name of a column left out", "name of a file that is no table", "path")

STUDY = """
study: planted
seed: 7
source:
  kind: tables
  path: {path}
  max_rejected_share: 0.2
  columns: {{baseline: {{qz_mother_name: null}}}}
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
    if path.suffix == ".docx":
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
