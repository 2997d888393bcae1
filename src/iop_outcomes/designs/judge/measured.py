"""Were the outcomes of both arms taken with the same instruments?

An instrument that finds less in one arm makes a difference of its own, which no weighting takes out.
"""

from collections.abc import Callable

import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN, share_of_people, stepped
from iop_outcomes.designs.judge.recording import never_used
from iop_outcomes.tables.follow_up import (
    ANSWER,
    ASKED_AFTER,
    FILLED_IN_AFTER,
    REPORT,
    REPORT_RESULT,
    SPECIMEN,
    SUBSTANCE,
    TEST_RESULT,
    TESTED_AFTER,
)

Row = tuple[str, float, float, str, str]

TESTED, REPORTED, ANSWERED = "tested_alike", "reported_alike", "answered_alike"
AFTER = {
    TESTED_AFTER: "tested_after_care",
    ASKED_AFTER: "asked_after_care",
    FILLED_IN_AFTER: "filled_in_after_care",
}
_SEEN = {
    TESTED_AFTER: "tested",
    ASKED_AFTER: "asked about their use",
    FILLED_IN_AFTER: "given a questionnaire",
}
#: Gaps between the arms' shares of tests or reports taken in one way: worth a warning, and too far for any answer.
SOME, MOST = 0.1, 0.5
#: The same of people seen after care: too far sooner, since it matters of those not seen.
MOST_AFTER = 0.25
#: With fewer people who left an arm, the share of them that was seen says nothing.
FEWEST = 20


def judge_measured(recording: pd.DataFrame, arms: tuple[str, str], people: int) -> list[Row]:
    """Return the checks ``tested_alike``, ``reported_alike``, ``answered_alike`` and of who was seen after care.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    people : int
        Of the smaller arm. Shares of tests and reports are told no more closely than shares of so many people: one
        person has many tests.
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    rows = []
    for check, whats, said, results in (
        (TESTED, (SPECIMEN, SUBSTANCE), _tested, TEST_RESULT),
        (REPORTED, (REPORT,), _reported, REPORT_RESULT),
    ):
        never = _never(known[known["what"] == results], arms)
        if never:
            rows.append((check, 1.0, SOME, FAIL, _lacking(results, *never[0])))
            continue
        shares = shares_by_level(known[known["what"].isin(whats)], arms, never_is_none=True)
        if len(shares):
            told = shares.assign(size=shares["size"].clip(upper=people))
            rows.append(judge_shares(check, told, arms, SOME, MOST, said))
    rows += _answered(known[known["what"] == ANSWER], arms)
    for what, check in AFTER.items():
        shares = shares_by_level(known[known["what"] == what], arms, FEWEST)
        if len(shares):
            rows.append(judge_shares(check, shares, arms, SOME, MOST_AFTER, _after))
    return rows


def shares_by_level(
    own: pd.DataFrame, arms: tuple[str, str], fewest: int = 1, never_is_none: bool = False
) -> pd.DataFrame:
    """Return by what and level the share in each arm, and the arm's size where the smaller is large enough.

    With ``never_is_none`` a way that an arm never took is one of nought per cent, where anything was taken at all.
    """
    if own.empty:
        return pd.DataFrame(columns=[*arms, "size"])
    told = own.groupby(["what", "level", "arm"])
    sizes, n = (each.unstack("arm").reindex(columns=list(arms)) for each in (told["n_all"].max(), told["n"].sum()))
    if never_is_none:
        sizes, n = sizes.fillna(sizes.groupby("what").transform("max")), n.where(sizes.notna(), 0)
    large = sizes.min(axis=1, skipna=False) >= fewest
    shares = (n / sizes)[large]
    return shares.assign(size=sizes.min(axis=1)[large])


def judge_shares(
    check: str,
    shares: pd.DataFrame,
    arms: tuple[str, str],
    some: float,
    most: float,
    said: Callable[[str, str, str], str],
) -> Row:
    """Return a check of the level whose shares lie furthest apart: it warns beyond ``some`` and fails beyond ``most``.

    ``said`` makes the sentence of what was counted, its level and, unless the check is passed, the shares of both arms.
    """
    gap = (shares[arms[0]] - shares[arms[1]]).abs()
    widest = gap.idxmax()
    row, size = shares.loc[widest], int(shares.loc[widest, "size"])
    value = stepped(float(gap[widest]), size)
    both = " and ".join(f"{share_of_people(float(row[arm]), size)} in {arm}" for arm in arms)
    if gap[widest] <= some:
        return check, value, some, PASS, said(*widest, "")
    return check, value, some, FAIL if gap[widest] > most else WARN, said(*widest, both)


def _tested(what: str, level: str, both: str) -> str:
    if not both:
        return "tests of both arms are of the same specimens and substances, as far as they are on record."
    taken = f"are of {_plain(level)}" if what == SPECIMEN else f"look for {_plain(level)}"
    return (
        f"of the days tested {both} {taken}: what is looked for otherwise is found otherwise. Read no outcome of drug "
        "tests as a difference in use, or let targets name what both arms look for."
    )


def _reported(what: str, level: str, both: str) -> str:
    if not both:
        return "people of both arms were asked about their use in the same ways."
    return (
        f"of the reports of use {both} were taken by {_plain(level)}: who is asked otherwise answers otherwise. Read "
        "no outcome of reports as a difference in use."
    )


def _never(own: pd.DataFrame, arms: tuple[str, str]) -> list[tuple[str, str]]:
    """Return which level nobody of which arm has, though by the habit of the other ten or more should."""
    size = own.groupby("arm")["n_all"].max().reindex(list(arms))
    if not size.gt(0).all():
        return []
    n = own.groupby(["level", "arm"])["n"].sum().unstack("arm").reindex(columns=list(arms))
    return never_used(n.fillna(0), size)


def _lacking(results: str, level: str, arm: str) -> str:
    found = f"nobody of {arm} ever tests {level}" if results == TEST_RESULT else f"nobody of {arm} ever reports {level}"
    return (
        f"{found}, and many of the other arm do: either none did, or such results of {arm} are not on record. Add "
        f"them, or read no outcome of {'drug tests' if results == TEST_RESULT else 'reports'}."
    )


def _answered(own: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return whether one arm never gives an answer that ten or more should give by the habit of the other."""
    by_instrument = own.groupby(own["level"].str.rsplit(": ", n=1).str[0])
    never = [(str(name), *found) for name, rows in by_instrument for found in _never(rows, arms)]
    if not never:
        passed = "no answer to a questionnaire that many of one arm give is never given in the other."
        return [(ANSWERED, 0.0, 0.0, PASS, passed)] if len(own) else []
    instrument, level, arm = never[0]
    reason = (
        f"nobody of {arm} ever answers {level.rpartition(': ')[2]} to {instrument}, and many of the other arm do: as "
        "where the two are coded in different ways. Code both as the instrument says."
    )
    return [(ANSWERED, float(len(never)), 0.0, FAIL, reason)]


def _after(what: str, level: str, both: str) -> str:
    seen = _SEEN[what]
    if not both:
        return f"people who left care were {seen} afterwards as often in one arm as in the other."
    return (
        f"of those who left care {both} were {seen} more than a week later: people do worse after leaving, and in "
        "one arm fewer were looked at. Read no such outcome beyond the days in care."
    )


def _plain(level: str) -> str:
    return level.replace("_", " ")
