"""A made-up clinic written as claims: a line for each session that took place, members and their cover."""

import datetime
from pathlib import Path

import pandas as pd

from dated_clinic import DRAWN, Clinic

REVENUE = {"H0015": "906", "H0004": "914"}


def tables(clinic: Clinic) -> dict[str, pd.DataFrame]:
    """Return ``claims``, ``members`` and ``enrollment``. Who did not come was not billed for."""
    people = clinic.people
    came = clinic.sessions[clinic.sessions["status"] == "attended"].reset_index(drop=True)
    iop = came["code"] == "H0015"
    sites = dict(zip(people["person"], people["site"], strict=True))
    lines = pd.DataFrame(
        {
            "claim_id": [f"C{number}" for number in range(len(came))],
            "line_number": 1,
            "person_id": came["person"],
            "from_date": [date.strftime("%Y%m%d") for date in came["date"]],
            "status": "P",
            "procedure_code": came["code"],
            "revenue_code": came["code"].map(REVENUE),
            "diagnosis_codes": "F1120;I10",
            "units": iop.map({True: 1, False: 3}),
            "payer": "state plan",
            "provider_id": came["person"].map(sites),
            "frequency": "131",
            "original_claim_id": None,
            "paid_amount": iop.map({True: 150.0, False: 45.0}),
            "place_of_service": "11",
            "member_name": "Name Surname",
        }
    )
    members = pd.DataFrame(
        {
            "person_id": people["person"],
            "birth_date": [born.isoformat() for born in people["born"]],
            "sex": people["sex"].map({"female": "F", "male": "M"}),
            "race_ethnicity": people["race"],
            "death_date": [day.isoformat() if isinstance(day, datetime.date) else None for day in people["died"]],
        }
    )
    cover = pd.DataFrame({"person_id": people["person"], "start_date": "2021-01-01", "end_date": DRAWN.isoformat()})
    return {"claims": lines, "members": members, "enrollment": cover}


def write(made: dict[str, pd.DataFrame], folder: Path) -> str:
    """Write the files and return their folder."""
    (folder / "bills").mkdir()
    for name, frame in made.items():
        frame.to_csv(folder / "bills" / f"{name}.csv", index=False)
    return "bills"
