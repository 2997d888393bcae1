"""Baseline covariates: their levels, and what each does to the choice of arm and to severity.

Both parts are log-odds against the reference level (the one at 0, 0). The numbers are chosen, not estimated: they are
set so that IOP gets the more severe cases, as McLellan et al. (1997) found (338 people in 6 IOPs v. 580 in 10 OPs), and
so that the simulated arms come near the published TEDS mix (docs/simulator.md).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Levels:
    """A categorical covariate.

    Attributes
    ----------
    choice, severity : dict of str to float
        By level: log-odds of being assigned to IOP, and the addition to severity.
    """

    choice: dict[str, float]
    severity: dict[str, float]

    @property
    def names(self) -> list[str]:
        """The levels, in the order of their codes."""
        return list(self.choice)

    def effect(self, part: str, codes: np.ndarray) -> np.ndarray:
        """Return the addition of each person's level; a missing one (code -1) adds nothing."""
        return np.array([*getattr(self, part).values(), 0.0])[codes]


CATEGORIES = {
    "age_band": Levels(
        {"12-17": 0.0, "18-24": 0.1, "25-34": 0.15, "35-44": 0.1, "45-54": 0.0, "55 and over": -0.2},
        {"12-17": 0.3, "18-24": 0.4, "25-34": 0.2, "35-44": 0.0, "45-54": -0.15, "55 and over": -0.3},
    ),
    "sex": Levels({"female": 0.1, "male": 0.0}, {"female": 0.05, "male": 0.0}),
    "primary_substance": Levels(
        {
            "alcohol": 0.0,
            "cannabis": -0.45,
            "cocaine": 0.35,
            "methamphetamine": 0.4,
            "heroin": 0.45,
            "other opioids": 0.3,
            "other": 0.0,
        },
        {
            "alcohol": 0.0,
            "cannabis": -0.1,
            "cocaine": 0.35,
            "methamphetamine": 0.35,
            "heroin": 0.5,
            "other opioids": 0.3,
            "other": 0.0,
        },
    ),
    "employment": Levels(
        {"full time": 0.0, "part time": 0.1, "unemployed": 0.45, "not in labour force": 0.3},
        {"full time": 0.0, "part time": 0.1, "unemployed": 0.5, "not in labour force": 0.35},
    ),
    "housing": Levels(
        {"independent": 0.0, "dependent": 0.25, "homeless": 0.55},
        {"independent": 0.0, "dependent": 0.2, "homeless": 0.65},
    ),
    "referral": Levels(
        {"self": 0.0, "court": -0.4, "health care": 0.45, "community": 0.0},
        {"self": 0.0, "court": -0.5, "health care": 0.2, "community": 0.0},
    ),
    "psychiatric_comorbidity": Levels({"no": 0.0, "yes": 0.4}, {"no": 0.0, "yes": 0.4}),
    # The next three move either the choice or the severity, never both, so that leaving them out does not confound.
    "education": Levels(
        {"less than 12 years": 0.0, "12 years": 0.0, "more than 12 years": 0.0},
        {"less than 12 years": 0.2, "12 years": 0.0, "more than 12 years": -0.2},
    ),
    "payer": Levels(
        {"medicaid": 0.0, "private": 0.3, "self pay": -0.3, "other": 0.0},
        {"medicaid": 0.0, "private": 0.0, "self pay": 0.0, "other": 0.0},
    ),
    "stepped_down_from": Levels(
        {"none": 0.0, "detox": 0.8, "residential": 1.0, "inpatient": 1.0, "partial_hospital": 1.2},
        {"none": 0.0, "detox": 0.0, "residential": 0.0, "inpatient": 0.0, "partial_hospital": 0.0},
    ),
}


@dataclass(frozen=True)
class Slope:
    """A number as a covariate: additions per ``per`` units above ``centre``, which a missing value counts as."""

    centre: float
    per: float
    choice: float
    severity: float

    def effect(self, part: str, values: np.ndarray) -> np.ndarray:
        """Return the addition of each person's value; a missing one adds nothing."""
        return np.nan_to_num((values - self.centre) / self.per) * getattr(self, part)


NUMBERS = {
    "use_days_at_baseline": Slope(centre=11, per=10, choice=0.4, severity=0.55),
    "prior_episodes": Slope(centre=1, per=1, choice=0.2, severity=0.2),
}

#: Columns with missing values. A programme decides on what it has recorded, so the choice of arm uses the recorded
#: values and severity the true ones: a missing value then confounds nothing.
SOMETIMES_MISSING = (
    "employment",
    "housing",
    "referral",
    "psychiatric_comorbidity",
    "education",
    "payer",
    "use_days_at_baseline",
    "prior_episodes",
)
