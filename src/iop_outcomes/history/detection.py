"""How many days back a urine test sees, by substance.

Approximate, after occasional to moderate use: they depend on dose, habit, cut-off and body, so every study can set its
own. Cannabis after daily use is seen for weeks; a positive test may then be carried over from before treatment.

References
----------
Moeller KE, Lee KC, Kissack JC. Urine drug screening: practical guide for clinicians. Mayo Clin Proc 2008;83:66-76,
doi 10.4065/83.1.66.
"""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

DetectionDays = Mapping[str, Annotated[int, Field(ge=1)]] | None

#: The test day included; names as sources write them, small letters.
DETECTION_DAYS = {
    "alcohol": 1,
    "amphetamine": 2,
    "methamphetamine": 2,
    "barbiturate": 1,
    "benzodiazepine": 3,
    "buprenorphine": 3,
    "cannabis": 7,
    "cocaine": 3,
    "heroin": 2,
    "marijuana": 7,
    "methadone": 3,
    "opioid": 3,
    "oxycodone": 3,
    "pcp": 8,
    "thc": 7,
}

#: Days for substances and panels that are not named.
OTHERWISE = 3


def detection_days_of(substance: pd.Series, own: DetectionDays = None) -> np.ndarray:
    """Return the days each test looks back, the day of the test included.

    Parameters
    ----------
    substance : pandas.Series of category
        Substance tested for.
    own : mapping, optional
        Days by substance in place of ``DETECTION_DAYS``; upper and lower case are alike, and ``otherwise`` stands for
        every substance that is not named.
    """
    days = DETECTION_DAYS | {name.casefold(): n for name, n in (own or {}).items()}
    otherwise = days.pop("otherwise", OTHERWISE)
    by_category = [days.get(name.casefold(), otherwise) for name in substance.cat.categories]
    return np.array([*by_category, otherwise])[substance.cat.codes.to_numpy()]
