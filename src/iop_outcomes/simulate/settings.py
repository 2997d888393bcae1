"""What may be chosen about a simulated study."""

from dataclasses import dataclass
from typing import Literal

Effect = Literal["benefit", "none", "harm"]
Stays = Literal["teds", "trial"]
SelfReport = Literal["weekly", "daily"]


@dataclass(frozen=True)
class Settings:
    """A simulated study.

    Attributes
    ----------
    true_effect : {'benefit', 'none', 'harm'}
        What assignment to IOP truly does to use and to dropout.
    n_people, n_sites, weeks : int
        Episodes (one per person), places, and weeks observed after assignment.
    effect_size : float
        Multiplies the effect; 1 is 8 to 10 points of completion, abstinence and retention.
    confounding : float
        Multiplies the part that recorded covariates play in the choice of arm; 0 is a coin toss within sites.
    unmeasured_confounding : float
        Effect, on the log-odds of IOP and on severity, of one standard deviation of a trait nobody records.
    missing_covariates : float
        Share of values missing in the baseline columns that have any.
    stays : {'teds', 'trial'}
        Length of stay as TEDS publishes it for programmes, or as the trials of CTN-0094 kept people.
    self_report : {'weekly', 'daily'}
        Days of use by week (one row a week) or by day (one row a day).
    """

    true_effect: Effect
    n_people: int = 4000
    n_sites: int = 40
    weeks: int = 30
    effect_size: float = 1.0
    confounding: float = 1.0
    unmeasured_confounding: float = 0.0
    missing_covariates: float = 0.03
    stays: Stays = "teds"
    self_report: SelfReport = "weekly"

    @property
    def days(self) -> int:
        """Days observed."""
        return self.weeks * 7

    @property
    def strength(self) -> float:
        """Signed size of the effect of assignment to IOP; zero when there is none."""
        return {"benefit": 1.0, "none": 0.0, "harm": -0.82}[self.true_effect] * self.effect_size
