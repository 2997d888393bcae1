"""People of three levels of care, for tests of one design for all of them."""

import numpy as np
import pandas as pd

ARMS = ("iop", "outpatient", "residential")
COVARIATES = ["age", "female", "referral"]


def three_arms(n: int = 400, seed: int = 7) -> pd.DataFrame:
    """Return people whom age and sex led to more intensive care, with an outcome that both move too."""
    rng = np.random.default_rng(seed)
    age, female = rng.normal(40, 10, n), rng.integers(0, 2, n)
    need = (age - 40) / 12 + 0.7 * female + rng.gumbel(size=n)
    arm = np.array(["outpatient", "iop", "residential"])[np.digitize(need, np.quantile(need, [0.45, 0.8]))]
    chance = 1 / (1 + np.exp(-(0.3 * (arm == "iop") - (age - 40) / 20)))
    return pd.DataFrame(
        {
            "arm": arm,
            "age": age,
            "female": female,
            "referral": rng.choice(["court", "self", "health care"], n),
            "site": rng.integers(0, 12, n),
            "completed": rng.binomial(1, chance),
            "days": np.round(rng.exponential(60, n)) + 1,
            "left": rng.integers(0, 2, n),
        }
    )
