"""Rules by which a record that was taken is read otherwise than it stands, in the words of the report.

What cannot be is set aside at the door (``ingest.rules``); what is incomplete or beside the question is answered by
these, and each is counted.
"""

from iop_outcomes.tables.canonical import DAYS_AFTER_DISCHARGE

FIRST_SERVICE = "no day of admission, though sessions were attended: admitted on the day of the first (episodes)"
LAST_SERVICE = "no day of admission, though the last contact is on record: admitted by then (episodes)"
EARLY_CONTACT = "last contact before the assignment of somebody never admitted: not used (episodes)"
LATE_DISCHARGE = "discharged after the end of follow-up: in care to its end"
NO_DAYS_USED = "no number of days with use, or more than the days asked about: says nothing"
BOTH_REPORTED = "one day and substance reported both with and without use: counts as use (days)"
LATE_REPORT = "begins after the end of follow-up: not used"
LATE_TEST = "after the end of follow-up: not used"
INVALID = "invalid result: no result"
PRESCRIBED = "positive for a prescribed substance: not use"
NO_TARGET = "substance that is no target of this study: not used"
THINNED = "left out by thinning of the schedules: not used"
BOTH_RESULTS = "positive and negative results on one day: that day's panel is positive (days)"
NOT_SCORED = "instrument that no metric scores: not used"
OUT_OF_RANGE = "answer outside its instrument's range: no answer"

#: Rules by which sessions are left out or changed, with what is done.
ANSWERS = {
    "status not known": "left out",
    "before time zero": "left out",
    f"more than {DAYS_AFTER_DISCHARGE} days after discharge": "left out",
    "after the end of follow-up": "left out",
    "slot that stands there again": "left out; the slot counts once, with the status that comes first",
    "more minutes attended than scheduled": "cut to the minutes scheduled",
    "minutes attended in a session not attended": "taken as none",
    "attended with zero minutes": "taken as attended for the minutes scheduled",
}
#: Sessions that look like others of their day are only counted, for a reader to look at.
ALIKE = "alike on one day"
CONTRADICTORY = "alike on one day, but attended and not attended"
KEPT = "each counts: their ids differ"

#: The rules of each table.
ANSWERED: dict[str, tuple[str, ...]] = {
    "episode": (FIRST_SERVICE, LAST_SERVICE, EARLY_CONTACT, LATE_DISCHARGE),
    "session": (
        *(f"{rule}: {answer}" for rule, answer in ANSWERS.items()),
        *(f"{rule}: {KEPT}" for rule in (ALIKE, CONTRADICTORY)),
    ),
    "use_report": (NO_DAYS_USED, BOTH_REPORTED, LATE_REPORT),
    "drug_test": (LATE_TEST, INVALID, PRESCRIBED, NO_TARGET, THINNED, BOTH_RESULTS),
    "assessment": (NOT_SCORED, OUT_OF_RANGE),
}
