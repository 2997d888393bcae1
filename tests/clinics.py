"""Small clinics: files with the mess that real ones have, and the mapping that a study gives for them."""

import copy
from pathlib import Path
from typing import Any

import yaml

from iop_outcomes.ingest.examining import Examined
from iop_outcomes.kernel.registry import SOURCES

#: Two sheets of text: intakes in which one client comes back, and appointments.
INTAKES = """\
Client,Intake,Level
A,1/2/2024,IOP
B,1/20/2024,op
A,3/1/2024,OP
"""
VISITS = """\
Client,Date,Start,End,Status
A,1/3/2024,9:00 AM,12:00 PM,Kept
A,1/4/2024,9:00 AM,12:00 PM,NS
A,3/5/2024,1:00 PM,1:50 PM,kept\u0020
B,1/22/2024,1:00 PM,1:50 PM,Kept
"""

MAPPING = """\
path: raw
person: Client
anchor: {sheet: intakes, column: Intake}
drawn: 2024-12-31
dates: [M/D/YYYY]
sheets:
  intakes: {file: intakes.csv}
  visits: {file: visits.csv}
tables:
  person:
    from: intakes
    columns: {}
  episode:
    from: intakes
    columns:
      assignment_day: Intake
      level_of_care: {column: Level, codes: {IOP: "2.1", OP: "1"}}
  session:
    from: visits
    columns:
      day: Date
      status: {column: Status, codes: {Kept: attended, NS: no_show}}
      minutes_scheduled: {between: [Start, End]}
"""


def mapping(**changes: Any) -> dict[str, Any]:
    """Return the mapping of the two sheets, with settings changed."""
    return copy.deepcopy(yaml.safe_load(MAPPING)) | changes


def put(folder: Path, **files: str | bytes) -> None:
    """Write files into ``raw``; ``name_csv`` is ``name.csv``."""
    (folder / "raw").mkdir(exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / "raw" / name.replace("_csv", ".csv").replace("_txt", ".txt")).write_bytes(data)


def read(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the tables that a mapping makes of the files in a folder."""
    source = SOURCES["sheets"]
    return source(folder, 1, **source.check(settings))


def examined(folder: Path, settings: dict[str, Any]) -> Examined:
    """Return everything that is found when the files are read to the end."""
    source = SOURCES["sheets"]
    return source.examine(folder, 1, **source.check(settings))


def rules(tables: dict[str, Any], table: str) -> dict[str, int]:
    """Return how many rows of a table each rule set aside."""
    rejected = tables["rejected"]
    return rejected[rejected["table"] == table]["rule"].astype(str).value_counts().to_dict()
