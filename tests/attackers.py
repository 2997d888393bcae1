"""The attacker of disclosure control on a single table, for tests."""

import pandas as pd

from iop_outcomes.release.disclosure import Part, ReleaseRules, Roles
from iop_outcomes.release.disclosure.attack import attack_together, told
from iop_outcomes.release.disclosure.system import blocks

_SHOWN = ["row", "column", "low", "high"]


def attack(frame: pd.DataFrame, hidden: pd.DataFrame, roles: Roles, rules: ReleaseRules) -> pd.DataFrame:
    """Return how small and how large each small count could be, from the counts that are not hidden and the sums."""
    return attack_together(blocks([Part("", frame, roles, rules)]), {"": hidden})[_SHOWN]


def derivable(frame: pd.DataFrame, hidden: pd.DataFrame, roles: Roles, rules: ReleaseRules) -> pd.DataFrame:
    """Return the small counts about which more than that they are small can be worked out."""
    return told(attack_together(blocks([Part("", frame, roles, rules)]), {"": hidden}))[_SHOWN]
