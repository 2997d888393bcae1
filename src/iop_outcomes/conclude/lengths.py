"""How long completed treatment lasts by arm: where that differs, the shorter programme is left sooner by plan.

Of an outcome that counts completing as leaving the shorter programme has less. Of one that counts who dropped out, or
completed, it has fewer dropouts and more completions: its people have less time to drop out. Only before the day on
which it ends, and for rates of those still in care, are the arms asked the same.
"""

import numpy as np
import pandas as pd

#: Completed stays tell how long treatment was meant to last from so many of them in an arm on.
ENOUGH = 5
#: Where fewer than this share of both arms complete, completing hardly bears on how long people stay.
BEARS = 0.05
#: Lengths that differ by more than this share of the longer one are unlike, unless chance could explain it: a p-value
#: of the rank sum test (Mann & Whitney 1947, Ann Math Stat 18:50) above ``CHANCE``.
UNLIKE, CHANCE = 0.1, 0.05
#: Completing before this share of the usual stay is early. Where in one arm a share of those who completed greater by
#: ``MOST_EARLY`` did, beyond so many standard errors, completing is not the same there, whatever the usual stay.
SOONER, MOST_EARLY, NOT_CHANCE = 0.75, 0.1, 3.0
#: Up to so many people of an arm the test is exact, where no two lengths are the same.
_EXACT = 8
#: A programme ends when the first tenth of those who complete it have.
FIRST = 0.1


def unlike_lengths(cohort: pd.DataFrame, outcomes: pd.DataFrame, least: int = 1) -> dict[tuple[str, str], float]:
    """Return the pairs of arms in which treatment lasts unlike, each with the day on which the shorter ends.

    An arm's length is told by its completed stays or, where few completed, by what was prescribed. Lengths are unlike,
    too, where people complete in one arm only and nothing tells how long treatment was meant to last in the other, and
    where far more of those who complete do so early, as where whoever stays for a month is called completed.

    Parameters
    ----------
    cohort : pandas.DataFrame
        ``member_id``, ``arm``.
    outcomes : pandas.DataFrame
        ``member_id``, ``completed_days``, and ``prescribed_days`` where the source has them.
    least : int
        Of fewer who completed in an arm, and not of nobody, nobody may know how many they are: whether they bear on how
        long people stay is asked as if they were as many as may be, and their stays tell no length.
    """
    columns = ["completed_days", "prescribed_days"]
    both = cohort[["member_id", "arm"]].merge(outcomes.reindex(columns=["member_id", *columns]), on="member_id")
    groups = both.astype({"arm": "str"} | dict.fromkeys(columns, float)).groupby("arm")
    arms = {str(arm): rows for arm, rows in groups}
    pairs = [(one, other) for one in arms for other in arms if one < other]
    return {
        (one, other): _end(arms[one], arms[other], least)
        for one, other in pairs
        if _unlike(arms[one], arms[other], least)
    }


def _stays(arm: pd.DataFrame, least: int) -> np.ndarray:
    """Return the days after which people of an arm completed or, where few did, as they were prescribed."""
    completed, prescribed = (arm[column].dropna().to_numpy() for column in ("completed_days", "prescribed_days"))
    if len(completed) >= max(ENOUGH, least):
        return completed
    return prescribed if 2 * len(prescribed) >= len(arm) else np.zeros(0)


def _most(arm: pd.DataFrame, least: int) -> int:
    """Return how many completed, as far as anybody may know: of few, the most that they can be."""
    n = int(arm["completed_days"].notna().sum())
    return max(n, min(least - 1, len(arm))) if n else 0


def _unlike(one: pd.DataFrame, other: pd.DataFrame, least: int) -> bool:
    if max(_most(arm, least) / len(arm) for arm in (one, other)) < BEARS:
        return False
    stays = [_stays(arm, least) for arm in (one, other)]
    if not all(map(len, stays)):
        return True
    medians = [float(np.median(each)) for each in stays]
    if abs(medians[0] - medians[1]) <= UNLIKE * max(medians):
        return _early_unlike(stays[0], stays[1], SOONER * min(medians))
    return rank_sum_p(stays[0], stays[1]) <= CHANCE


def _early_unlike(one: np.ndarray, other: np.ndarray, day: float) -> bool:
    """Return whether far more of one arm's completed stays than of the other's ended before a day."""
    early = [float(np.mean(stays < day)) for stays in (one, other)]
    both = float(np.mean(np.concatenate([one, other]) < day))
    error = np.sqrt(both * (1 - both) * (1 / len(one) + 1 / len(other)))
    gap = abs(early[0] - early[1])
    return bool(gap > MOST_EARLY and gap > NOT_CHANCE * error)


def rank_sum_p(one: np.ndarray, other: np.ndarray) -> float:
    """Return the two-sided p-value of the rank sum test, as ``scipy.stats.mannwhitneyu`` does.

    That package takes longer to load than all that a release does with numbers, so that it is asked only of samples so
    small that the test is exact.
    """
    if min(len(one), len(other)) <= _EXACT:
        from scipy.stats import mannwhitneyu

        return float(mannwhitneyu(one, other).pvalue)
    from scipy.special import ndtr

    both = pd.Series(np.concatenate([one, other]))
    n, m, total = len(one), len(other), len(both)
    above = both.rank()[:n].sum() - n * (n + 1) / 2
    ties = both.value_counts().to_numpy(float)
    variance = n * m / 12 * (total + 1 - (ties**3 - ties).sum() / (total * (total - 1)))
    if not variance:
        return 1.0
    # Half a rank towards the middle, since ranks are whole.
    apart = max(abs(above - n * m / 2) - 0.5, 0.0) / np.sqrt(variance)
    return float(min(2 * ndtr(-apart), 1.0))


def _end(one: pd.DataFrame, other: pd.DataFrame, least: int) -> float:
    """Return the day on which the shorter of two programmes ends; the first where nothing tells it."""
    found = [_stays(arm, least) for arm in (one, other)]
    return float(np.floor(min((np.quantile(stays, FIRST) for stays in found if len(stays)), default=0.0)))
