"""TEDS-D records written as SAMHSA wrote the files of each layout, with the quirks of each.

``records`` draws plain codes of 2015 to 2023. The writers put them into a file as it was handed out: other names of
columns, other codes for the same answer, labels in latin-1, zips, CSV under the name of TSV, line ends of Windows.
"""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.ingest.reference import reference_rows
from iop_outcomes.ingest.sources.teds_d import codebook
from iop_outcomes.ingest.sources.teds_d.crosswalk import TABLE

CODES = {
    "STFIPS": (4, 36, 37, 72), "SERVICES": (6, 7), "REASON": range(1, 8), "LOS": range(1, 38), "AGE": range(1, 13),
    "SEX": (1, 2), "RACE": range(1, 10), "ETHNIC": range(1, 6), "EDUC": range(1, 6), "MARSTAT": range(1, 5),
    "EMPLOY": range(1, 5), "LIVARAG": range(1, 4), "PRIMINC": range(1, 6), "VET": (1, 2), "ARRESTS": range(3),
    "PSOURCE": range(1, 8), "NOPRIOR": (0, 1), "DAYWAIT": range(5), "SUB1": range(1, 20), "SUB2": range(1, 20),
    "SUB3": range(1, 20), "FREQ1": (1, 2, 3), "FREQ1_D": (1, 2, 3), "ROUTE1": range(1, 6), "FRSTUSE1": range(1, 8),
    "IDU": (0, 1), "METHUSE": (1, 2), "PSYPROB": (1, 2), "DSMCRIT": range(1, 20), "HLTHINS": range(1, 5),
    "PRIMPAY": range(1, 8), "PREG": (1, 2), "FREQ_ATND_SELF_HELP": range(1, 6),
}  # fmt: skip
NEVER_MISSING = ("STFIPS", "SERVICES", "REASON", "LOS")

#: What the file of 2006-2014 has in the place of a later code, where it is another.
EARLY_CODES = {
    "RACE": {6: 13, 7: 20, 8: 21, 9: 23}, "ETHNIC": {4: 5, 5: 6}, "PRIMINC": {4: 20, 5: 21},
    "SUB1": {19: 20}, "SUB2": {19: 20}, "SUB3": {19: 20}, "ROUTE1": {5: 20}, "PRIMPAY": {6: 8, 7: 9},
    "FREQ1": {2: 4, 3: 5}, "FRSTUSE1": {7: 10}, "NOPRIOR": {1: 5}, "DAYWAIT": {1: 3, 2: 9, 3: 30, 4: 45},
}  # fmt: skip
NOT_IN_EARLY = ("FREQ1_D", "FREQ_ATND_SELF_HELP")


def records(n: int, year: int, seed: int = 1) -> pd.DataFrame:
    """Return ``n`` records of a year with every code of every variable among them, a tenth of the cells missing."""
    random = np.random.default_rng(seed)
    drawn = {
        name: np.where(
            (random.random(n) < 0.1) & (name not in NEVER_MISSING), codebook.MISSING, random.choice(list(codes), n)
        )
        for name, codes in CODES.items()
    }
    frame = pd.DataFrame({"DISYR": year, "CASEID": np.arange(1, n + 1)} | drawn)
    # Injection is not known of those for whom no substance is reported.
    frame["IDU"] = np.where(frame["SUB1"] > 1, frame["IDU"].clip(0), codebook.MISSING)
    return frame


def write_codes(frame: pd.DataFrame, file: Path) -> None:
    """Write codes as the files of 2015 to 2020 and 2022: GENDER for SEX, line ends of Windows; a zip holds a "tsv"."""
    text = frame.rename(columns={"SEX": "GENDER"}).to_csv(index=False, lineterminator="\r\n").encode()
    if file.suffix == ".zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("codebook/readme.txt", "The codebook is a file of its own.\n")
            packed.writestr(f"data/{file.stem}.tsv", text)
            packed.writestr(f"__MACOSX/data/._{file.stem}.tsv", b"CASEID\x00")
    else:
        file.write_bytes(text)


def write_early(frame: pd.DataFrame, file: Path, separator: str = ",") -> None:
    """Write codes as the one file of 2006-2014, which has no service at admission and nothing else at discharge."""
    early = frame.drop(columns=list(NOT_IN_EARLY)).rename(columns={"SEX": "GENDER", "SERVICES": "SERVSETD"})
    for name, codes in EARLY_CODES.items():
        early[name] = early[name].replace(codes)
    early["AGE"] = early["AGE"].where(early["AGE"] < 0, np.minimum(early["AGE"] + 1, 12))
    # Everybody without reported injection has one code, those too of whom no substance is known.
    early["IDU"] = np.where(early["IDU"] == 1, 1, -8)
    early.assign(PMSA=-9, NUMSUBS=1).to_csv(file, index=False, sep=separator)


def write_labels(frame: pd.DataFrame, file: Path) -> None:
    """Write label text as the file of 2021, in latin-1, some labels with a blank before them or a capital."""
    labels = frame.rename(columns={"SEX": "GENDER"}).astype(object)
    for name, text in _labels().items():
        shown = "GENDER" if name == "SEX" else name
        if shown in labels:
            labels[shown] = [text.get(code, code) for code in frame[name]]
    labels["STFIPS"] = [codebook.STATES[code][0] for code in frame["STFIPS"]]
    labels["EDUC"] = " " + labels["EDUC"].astype(str).str.capitalize()
    # A column nobody uses here, with a name that is no UTF-8 in latin-1.
    labels["CBSA2020"] = "Mayagüez, PR"
    file.write_bytes(labels.to_csv(index=False).encode("latin-1"))


def _labels() -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for row in reference_rows(TABLE):
        if row["layout"] == "labels" and row["code"].lstrip("-").isdigit():
            for variable in row["variable"].split():
                found.setdefault(variable, {}).setdefault(int(row["code"]), row["raw"].capitalize())
    return found
