"""Were the outcomes of both arms taken with the same instruments, and are discharges written as soon in both?

An instrument that finds less in one arm makes a difference of its own, which no weighting takes out.
"""

import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN, share_of_people, stepped
from iop_outcomes.tables.follow_up import DISCHARGE, LATE, REPORT, SPECIMEN, SUBSTANCE

Row = tuple[str, float, float, str, str]

TESTED, REPORTED, DISCHARGED = "tested_alike", "reported_alike", "discharged_alike"
#: Gaps between the arms' shares of tests or reports taken in one way: worth a warning, and too far for any answer.
SOME, MOST = 0.1, 0.5
#: The same of shares of late discharges, which visits further apart make later, too.
SOME_LATE, MOST_LATE = 0.25, 0.75
#: With fewer people discharged for a reason in an arm, their share says nothing.
FEWEST = 20


def judge_measured(recording: pd.DataFrame, arms: tuple[str, str], people: int) -> list[Row]:
    """Return the checks ``tested_alike``, ``reported_alike`` and ``discharged_alike``, each where it can be asked.

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
    for check, whats, some, most, said in (
        (TESTED, (SPECIMEN, SUBSTANCE), SOME, MOST, _tested),
        (REPORTED, (REPORT,), SOME, MOST, _reported),
        (DISCHARGED, (DISCHARGE,), SOME_LATE, MOST_LATE, _discharged),
    ):
        shares = _shares(known[known["what"].isin(whats)], arms, FEWEST if check == DISCHARGED else 1)
        if len(shares):
            told = shares.assign(size=shares["size"].clip(upper=people))
            rows.append(_judged(check, told, arms, some, most, said))
    return rows


def _shares(own: pd.DataFrame, arms: tuple[str, str], fewest: int) -> pd.DataFrame:
    """Return by what and level the share in each arm, and the arm's size where the smaller is large enough."""
    sizes = own.pivot_table(index=["what", "level"], columns="arm", values="n_all", aggfunc="max")
    n = own.pivot_table(index=["what", "level"], columns="arm", values="n", aggfunc="sum")
    sizes, n = (table.reindex(columns=list(arms)) for table in (sizes, n))
    if not own["what"].eq(DISCHARGE).any():
        # A way that an arm never took is one of nought per cent, where anything was taken in it at all.
        sizes, n = sizes.fillna(sizes.groupby("what").transform("max")), n.where(sizes.notna(), 0)
    large = sizes.min(axis=1, skipna=False) >= fewest
    shares = (n / sizes)[large]
    return shares.assign(size=sizes.min(axis=1)[large])


def _judged(check: str, shares: pd.DataFrame, arms: tuple[str, str], some: float, most: float, said) -> Row:
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


def _discharged(what: str, level: str, both: str) -> str:
    if not both:
        return "discharges follow the last session that people came to as soon in one arm as in the other."
    return (
        f"of those discharged as “{_plain(level)}” {both} were so more than {LATE} days after the last session they "
        "came to: one arm stays longer on paper, or is seen more rarely. Ask for dropout by a gap without sessions "
        "(dropout_by_gap) beside what is read from discharges."
    )


def _plain(level: str) -> str:
    return level.replace("_", " ")
