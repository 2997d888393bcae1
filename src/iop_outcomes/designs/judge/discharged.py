"""Is the end of care written down alike in both arms: at all, as soon, in the same words, once for one treatment?"""

import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN, share_of_people, stepped
from iop_outcomes.designs.judge.measured import judge_shares, shares_by_level
from iop_outcomes.designs.judge.recording import never_used
from iop_outcomes.tables.follow_up import DISCHARGE, GONE, LATE, NEVER_CLOSED, REASON, REOPENED, SOON

Row = tuple[str, float, float, str, str]

DISCHARGED, REASONS, REOPENED_ALIKE = "discharged_alike", "reasons_alike", "reopened_alike"
CLOSED, HANDED_ON = "closed_alike", "handed_on_alike"
#: Gaps between shares of late discharges, which visits further apart make later, too: worth a warning, and too far.
SOME_LATE, MOST_LATE = 0.25, 0.75
#: Gaps between shares of people admitted again at once, or never discharged on paper, each of whom may make an outcome
#: of leaving another.
SOME, MOST = 0.05, 0.1
#: The same of people whose reason says nothing, or is one that the other arm never uses. In the whole country
#: arms differ by 6.7 points (TEDS discharges of 2004, data/reference/teds_2004_discharges.csv).
SOME_REASONS, MOST_REASONS = 0.07, 0.12
#: The same of people handed on to other care, who have not left it and cannot complete this one. In the whole country
#: arms differ by 6 points (the same discharges).
SOME_HANDED_ON, MOST_HANDED_ON = 0.08, 0.12
#: With fewer people discharged in an arm, or for a reason, their share says nothing.
FEWEST = 20
#: Reasons that say nothing: whoever completed, or left, may stand among them.
SAYS_NOTHING = ("other", "unknown")
COMPLETED, TRANSFER = "completed", "transfer"


def judge_discharged(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return the checks of how the end of care was written down, each where it can be asked.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    of = {what: known[known["what"] == what] for what in (DISCHARGE, REASON, REOPENED, NEVER_CLOSED)}
    late = shares_by_level(of[DISCHARGE], arms, FEWEST)
    rows = [judge_shares(DISCHARGED, late, arms, SOME_LATE, MOST_LATE, _discharged)] if len(late) else []
    sizes = of[REASON].groupby("arm")["n_all"].max().reindex(list(arms))
    if sizes.ge(FEWEST).all():
        rows += [_reasons(of[REASON], arms, sizes), _handed_on(of[REASON], arms, sizes)]
    for check, what, said in ((REOPENED_ALIKE, REOPENED, _reopened), (CLOSED, NEVER_CLOSED, _never_closed)):
        shares = shares_by_level(of[what], arms, FEWEST)
        rows += [judge_shares(check, shares, arms, SOME, MOST, said)] if len(shares) else []
    return rows


def _reasons(own: pd.DataFrame, arms: tuple[str, str], sizes: pd.Series) -> Row:
    n = own.pivot_table(index="level", columns="arm", values="n", aggfunc="sum").reindex(columns=list(arms)).fillna(0)
    # Of those who did not complete: an arm in which more complete has fewer left for any other reason.
    not_completed = sizes - n.reindex([COMPLETED]).fillna(0).sum()
    share = (n.reindex(list(SAYS_NOTHING)).sum() / not_completed).fillna(0.0)
    gap = float(abs(share[arms[0]] - share[arms[1]]) * (not_completed / sizes).mean())
    # Told no more closely than shares of those who did not complete, who may be few of many.
    size = int(not_completed.min())
    never = never_used(n, sizes)
    elsewhere = (n / sizes).max(axis=1)
    meant = max([gap, *(float(elsewhere[level]) for level, _ in never)])
    value = stepped(meant, size)
    if gap <= SOME_REASONS and not never:
        return REASONS, value, SOME_REASONS, PASS, "the end of care is put in the same words in both arms."
    said = []
    if gap > SOME_REASONS:
        both = " and ".join(f"{share_of_people(float(share[arm]), size)} in {arm}" for arm in arms)
        said.append(f"of those who did not complete {both} left for another reason, or for none on record")
    said += [f"nobody of {arm} was discharged {_called(level)}, and many of the other arm were" for level, arm in never]
    reason = (
        f"{'; '.join(said)}: either people differ, or two systems name the same end in other words. Read no outcome of "
        "completing or leaving before you know which; if only the words differ, map them (source.values)."
    )
    return REASONS, value, SOME_REASONS, FAIL if meant > MOST_REASONS else WARN, reason


def _handed_on(own: pd.DataFrame, arms: tuple[str, str], sizes: pd.Series) -> Row:
    n = own[own["level"] == TRANSFER].groupby("arm")["n"].sum().reindex(list(arms)).fillna(0)
    index = pd.MultiIndex.from_tuples([(REASON, TRANSFER)])
    shares = pd.DataFrame([n / sizes], index=index).assign(size=sizes.min())
    return judge_shares(HANDED_ON, shares, arms, SOME_HANDED_ON, MOST_HANDED_ON, _transferred)


def _transferred(what: str, level: str, both: str) -> str:
    if not both:
        return "about as few people of one arm as of the other were handed on to other care."
    return (
        f"of those discharged {both} were handed on to other care (“{level}”): they have neither stayed, nor "
        "completed, nor dropped out. Join the care that followed to theirs, or read no outcome of leaving or "
        "completing."
    )


def _called(level: str) -> str:
    return "without a reason on record" if level == "unknown" else f"as “{level}”"


def _discharged(what: str, level: str, both: str) -> str:
    if not both:
        return "discharges follow the last session that people came to about as soon in one arm as in the other."
    return (
        f"of those discharged as “{level}” {both} were so more than {LATE} days after the last session they came to: "
        "one arm stays longer on paper, or is seen more rarely. Ask for dropout by a gap without sessions "
        "(dropout_by_gap) beside what is read from discharges."
    )


def _reopened(what: str, level: str, both: str) -> str:
    if not both:
        return "about as few people of one arm as of the other are admitted again as soon as they are discharged."
    return (
        f"of those discharged {both} were admitted to {level} within {SOON} days: one treatment is written as "
        "several there, and ends sooner on paper. Join such episodes before the study, or read no outcome of leaving "
        "or completing."
    )


def _never_closed(what: str, level: str, both: str) -> str:
    if not both:
        return "people who no longer come have an end of care on record about as often in one arm as in the other."
    return (
        f"of those who came last more than {GONE} days before the end of their observation {both} have no end of care "
        "on record: how they left is not known, and they are not like those who were discharged. Give every record its "
        "end, or read no outcome that rests on a reason of discharge."
    )
