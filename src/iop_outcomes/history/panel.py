"""The one rule by which drug tests are read: a day's panel is positive if any target that is not prescribed is.

Real screens look for several substances at once, most of them negative. What is asked of a day is whether any target
was found, so that a positive result decides the day and a week is mixed only if its days differ. Targets are all
substances, some by name, or each person's own primary one.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.detection import DetectionDays, detection_days_of
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import ALL, PRIMARY, Panel
from iop_outcomes.history.result import label_or_none
from iop_outcomes.history.substances import ANY, about_one, plain_name
from iop_outcomes.kernel.errors import Refusal
from iop_outcomes.tables.occasions import kept_by_day
from iop_outcomes.tables.parts import columns_of

PRIMARY_COLUMN = "primary_substance"

#: Reason of members whose own primary substance is the target.
NO_TARGET = "the primary substance is not recorded, or not tested for"


def target_tests(history: History, panel: Panel = None) -> pd.DataFrame:
    """Return the rows of ``drug_test`` that count, those without a result included.

    A row counts if its substance is a target and not prescribed to the person. Of tests that do not tell substances
    apart (``any``) a negative or missed one counts for every target, a positive one only where all are targets.

    Raises
    ------
    Refusal
        A target is not tested for in this source, or nobody's primary substance is recorded or tested for.
    """
    targets = history.rules.targets(panel)
    key = ("target_tests", targets, history.rules.thinning)
    return history.once(key, lambda: _target_tests(history, targets))


def day_panels(history: History, panel: Panel = None, looks_back: DetectionDays = None) -> pd.DataFrame:
    """Return what the tests of each member and day say about the targets, and the first day they speak of.

    Positive if any test is, looking back as far as the positive tests do; negative if all are, looking back no further
    than each of them does. Days without a valid result are not there.

    Returns
    -------
    pandas.DataFrame
        ``member``, ``first_day``, ``day``, ``positive``, sorted by member and day.
    """
    tests = target_tests(history, panel)
    tests = tests[tests["result"].isin(("positive", "negative")).to_numpy()]
    positive = (tests["result"] == "positive").to_numpy()
    tests = tests.assign(positive=positive, looks_back=detection_days_of(tests["substance"], looks_back))
    found = tests.groupby(["positive", "member", "day"], sort=True)["looks_back"].agg(["min", "max"]).reset_index()
    # Positive rows come last, so that they are the ones kept where a day has both.
    found = found.drop_duplicates(["member", "day"], keep="last").sort_values(["member", "day"], ignore_index=True)
    days = found["max"].where(found["positive"], found["min"])
    return found.assign(first_day=found["day"] - days + 1)[["member", "first_day", "day", "positive"]]


def without_target(history: History, panel: Panel = None) -> np.ndarray:
    """Return the members whose target is their own primary substance and who have none that this source tests for."""
    if history.rules.targets(panel) != PRIMARY:
        return np.zeros(history.n, dtype=bool)
    own, tested = _primary(history), _tested(history)
    found = {one for one in own.dropna().unique() if any(about_one(one, test) for test in tested)}
    return ~(own.isin(found).to_numpy() | (own.notna().to_numpy() & (ANY in tested)))


def bears_on(history: History, rows: pd.DataFrame, panel: Panel, denies: np.ndarray) -> np.ndarray:
    """Return which rows speak of the targets: those that name one, and those that deny any use at all.

    Parameters
    ----------
    history : History
        Members and their records.
    rows : pandas.DataFrame
        Rows of an event table with ``member`` and ``substance``.
    panel : str or list of str
        Targets; everything when left out.
    denies : ndarray of bool
        Which rows say that there was no use.
    """
    targets = ALL if panel is None else history.rules.targets(panel)
    if targets == ALL:
        return np.ones(len(rows), dtype=bool)
    names, code = rows["substance"].cat.categories, rows["substance"].cat.codes.to_numpy()
    denies_all = np.append(names.str.casefold() == ANY, False)[code] & denies
    if targets == PRIMARY:
        own = _primary(history)
        primary = pd.Index(own.dropna().unique())
        about = np.array([[about_one(one, test) for test in names] + [False] for one in primary], dtype=bool)
        about = np.vstack([about.reshape(len(primary), len(names) + 1), np.zeros(len(names) + 1, dtype=bool)])
        return about[primary.get_indexer(own)[rows["member"].to_numpy()], code] | denies_all
    wanted = {plain_name(target) for target in targets}
    return np.array([*(plain_name(name) in wanted for name in names), False])[code] | denies_all


def _target_tests(history: History, targets: str | tuple[str, ...]) -> pd.DataFrame:
    tested = _tested(history)
    if targets == PRIMARY:
        _refuse_unknown_primary(history)
    elif targets != ALL and ANY not in tested:
        known = {plain_name(test) for test in tested}
        for target in targets:
            if plain_name(target) not in known:
                raise Refusal(f"needs drug tests for '{target}' and this source has none; name what it tests for")
    tests = history.table("drug_test")
    keep = bears_on(history, tests, targets, (tests["result"] != "positive").to_numpy())
    if "prescribed" in tests:
        keep = keep & ~tests["prescribed"].fillna(False).to_numpy(bool)
    return tests[keep & _not_thinned_out(history, tests, targets)]


def scheduled(tests: pd.DataFrame) -> np.ndarray:
    """Return which tests were not unannounced; without a word in the source all count as scheduled."""
    if "scheduled" not in tests:
        return np.ones(len(tests), dtype=bool)
    return tests["scheduled"].fillna(True).to_numpy(bool)


def _not_thinned_out(history: History, tests: pd.DataFrame, targets: str | tuple[str, ...]) -> np.ndarray:
    """Return the tests that the study's thinning keeps; which these are depends on no result."""
    rule = history.rules.thinning
    if rule is None:
        return np.ones(len(tests), dtype=bool)
    about = bears_on(history, tests, targets, np.ones(len(tests), dtype=bool))
    day = tests["day"].to_numpy(float)
    return kept_by_day(tests["member"].to_numpy(), day, about & scheduled(tests), rule)


def _refuse_unknown_primary(history: History) -> None:
    own = _primary(history)
    if own.isna().all():
        raise Refusal(
            "needs baseline.primary_substance, each person's own target, and this source does not record it; "
            "name the target substances or take all"
        )
    if without_target(history, PRIMARY).all():
        raise Refusal("needs drug tests for people's primary substances and this source tests for none of them")


def _tested(history: History) -> set[str]:
    """Return the names of everything the source tests for, in small letters."""
    return set(history.records["drug_test"]["substance"].dropna().astype("str").str.casefold().unique())


def _primary(history: History) -> pd.Series:
    """Return each member's primary substance as recorded with their episode, None where it is not."""
    recorded = history.records.get("baseline")
    if recorded is None or PRIMARY_COLUMN not in recorded.columns:
        return label_or_none(history, PRIMARY_COLUMN)
    by_episode = columns_of(recorded, ["episode_id", PRIMARY_COLUMN]).set_index("episode_id")[PRIMARY_COLUMN]
    by_episode = by_episode.astype(object)
    own = by_episode.reindex(history.members.index)
    return own.where(own.notna(), None).map(str, na_action="ignore")
