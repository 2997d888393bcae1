"""Care before assignment, some of it intensive and recent, so that eligibility rules have somebody to exclude."""

import numpy as np
import pandas as pd

from iop_outcomes.simulate.draws import Draws
from iop_outcomes.simulate.identifiers import numbered
from iop_outcomes.simulate.people import People

#: Level and service code of what people stepped down from.
STEPPED_DOWN = {
    "detox": ("detox_inpatient", "H0010"),
    "residential": ("3", "H0018"),
    "inpatient": ("4", "0116"),
    "partial_hospital": ("2.5", "H0035"),
}
#: Share of people with an earlier IOP, half of them within the 60 days that rule them out.
EARLIER_IOP_RATE, EARLIER_IOP_DAYS = 0.06, 120
SERVICES_OF_A_STAY = 5


def make_services(people: People, draws: Draws) -> pd.DataFrame:
    """Return the ``service`` table: five contacts of each earlier stay, the last within 14 days for a step-down."""
    from_where = people.true["stepped_down_from"].astype("str").to_numpy()
    stays = [
        (np.flatnonzero(from_where == place), level, code, 1 + (13 * draws.uniform("days since step-down")).astype(int))
        for place, (level, code) in STEPPED_DOWN.items()
    ]
    again = np.flatnonzero(draws.uniform("earlier IOP") < EARLIER_IOP_RATE)
    stays.append((again, "2.1", "H0015", 1 + (EARLIER_IOP_DAYS * draws.uniform("days since IOP")).astype(int)))
    return pd.concat([_contacts(*stay, kind) for kind, stay in enumerate(stays)], ignore_index=True)


def _contacts(person: np.ndarray, level: str, code: str, days_before: np.ndarray, kind: int) -> pd.DataFrame:
    order = np.tile(np.arange(SERVICES_OF_A_STAY), len(person))
    person = np.repeat(person, SERVICES_OF_A_STAY)
    return pd.DataFrame(
        {
            "service_id": numbered("V", (person + 1, 7), (kind * 10 + order + 1, 3)),
            "person_id": numbered("P", (person + 1, 7)),
            "day": (-days_before[person] - order).astype(np.int32),
            "level_of_care": level,
            "code": code,
        }
    )
