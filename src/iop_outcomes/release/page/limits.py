"""Whether arms can be compared, what the data cannot say, and what is true where that is known."""

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HtmlTable
from iop_outcomes.study import Study

_STATUS = {"PASS": "Pass", "WARN": "Caution", "FAIL": "Fail", "NOT_EVALUATED": "Not judged"}
#: More checks than these that passed are folded away.
_FEW = 12
_CHECKS = {
    "max_smd": "Are the arms alike after weighting or matching?",
    "second_moments": "Are they alike at the extremes too?",
    "products": "Do the same things go together in both arms?",
    "variance_ratio": "Do numbers spread alike in both arms?",
    "equipoise": "Could people have been in either arm?",
    "largest_weight": "Does no single person carry the result?",
    "one_arm_sites": "Do sites have both arms?",
    "extreme_scores": "Is everybody like somebody of the other arm?",
    "matched_treated": "Did everybody of the first arm find a match?",
    "few_sites": "Are there enough sites to see how they differ?",
    "positivity": "Is every kind of person in both arms?",
    "detectable_difference": "How small a difference could be found?",
    "other_pairs": "Can the other arms be compared too?",
    "max_smd_everybody": "Are the arms like everybody they stand for?",
    "comparison": "Could the arms be compared at all?",
    "assigned_late": "Were people assigned before care began?",
    "lost_before_time_zero": "Was nobody lost between assignment and time zero?",
    "baseline_days": "Were covariates measured by time zero?",
    "left_early": "Did people of both arms leave in the first days of care?",
    "hindsight": "Was what decides the comparison known beforehand?",
    "crude": "Does the design adjust for anything?",
    "unadjusted_imbalance": "Are the arms alike in what else is on record?",
    "site_balance": "Do the sites send people to both arms alike?",
    "sites_over_time": "Did every site send people to both arms alike all the time?",
    "calendar_overlap": "Were the arms treated at the same time?",
    "one_arm_periods": "Did everybody come when both arms were open?",
    "prescribed_alike": "Were the same medications prescribed in both arms?",
    "served_alike": "Are services of both arms on record?",
    "recorded_alike": "Are sessions recorded in the same words?",
    "missed_by_kind": "Are missed sessions of every kind on record?",
    "tested_alike": "Do the tests of both arms look for the same in the same way?",
    "reported_alike": "Were people of both arms asked in the same way?",
    "answered_alike": "Are answers to questionnaires coded alike in both arms?",
    "discharged_alike": "Are discharges written as soon in both arms?",
    "tested_after_care": "Were people of both arms tested after they had left care?",
    "asked_after_care": "Were people of both arms asked about use after they had left care?",
    "filled_in_after_care": "Were people of both arms given questionnaires after they had left care?",
    "tested_when": "Were people of both arms tested on the same days?",
    "asked_when": "Were people of both arms asked about use on the same days?",
    "filled_in_when": "Were people of both arms given questionnaires on the same days?",
    "never_came": "Do the records of both arms know of people who never came?",
    "handed_on_alike": "Were as few people of both arms handed on to other care?",
    "closed_alike": "Has everybody who left an end of care on record in both arms?",
    "reasons_alike": "Are discharges put in the same words in both arms?",
    "set_aside_alike": "Were as few episodes of both arms set aside when they were read?",
    "sessions_taken_alike": "Were as few sessions of both arms set aside when they were read?",
    "tests_taken_alike": "Were as few drug tests of both arms set aside when they were read?",
    "services_taken_alike": "Were as few services of both arms set aside when they were read?",
    "reports_taken_alike": "Were as few reports of use of both arms set aside when they were read?",
    "people_once": "Is everybody there once?",
    "admitted_again": "Is anybody admitted a second time under the same id?",
    "reopened_alike": "Is one treatment one episode in both arms?",
    "sessions_due_alike": "Are as many sessions planned in both arms?",
    "hours_due_alike": "Are as many hours planned in both arms?",
    "waiting_alike": "Did care begin as soon in both arms?",
    "first_session": "Does the first session weigh alike in both arms?",
    "last_session": "Is leaving dated by the last session?",
    "testing_by_arm": "Were both arms tested as often?",
    "tests_obtained": "Were as many of the tests due obtained in both arms?",
}


def gate(table: Released | None) -> list[HtmlTable]:
    """Return checks per two arms and design, each with status and reason: first what has not passed, then the rest."""
    if table is None:
        return []
    found = []
    for (first, second, design), rows in table.frame.groupby(["arm", "against", "design"], sort=False):
        checks = zip(*(rows[c].astype("str") for c in ("check", "status", "reason")), strict=True)
        body = [(_check(check), _STATUS[status], words.sentences(reason)) for check, status, reason in checks]
        caption = f"Can {words.arm(first)} and {words.arm(second)} be compared under the design “{design}”?"
        open_ = [row for row in body if row[1] != _STATUS["PASS"]]
        passed = [row for row in body if row[1] == _STATUS["PASS"]]
        columns = ("Check", "Result", "In words")
        if open_:
            found.append(HtmlTable(caption, columns, open_, file="diagnostic"))
            caption = f"What else was asked of {words.arm(first)} and {words.arm(second)} under “{design}”, and passed"
        if passed:
            found.append(HtmlTable(caption, columns, passed, file="diagnostic", most=_FEW))
    return found


def _check(name: str) -> str:
    if name.startswith("ess_"):
        return f"Are there enough people left in {words.arm(name.removeprefix('ess_'))}?"
    return _CHECKS.get(name, words.capital(words.plain(name)))


def refusals(table: Released | None) -> HtmlTable | None:
    """Return what the study asked for and the data cannot give."""
    if table is None:
        return None
    rows = [(words.plain(r.name), words.plain(r.kind), words.capital(str(r.reason))) for r in table.frame.itertuples()]
    return HtmlTable("Asked for and refused", ("What", "Kind", "Why"), rows, file="refusal")


def capability(table: Released | None) -> HtmlTable | None:
    """Return what the source has and lacks; columns of a table that is absent are left out."""
    if table is None:
        return None
    available = dict(zip(table.frame["name"], table.frame["available"], strict=True))
    rows = []
    for name, there, reason in zip(*(table.frame[c] for c in ("name", "available", "reason")), strict=True):
        parent, _, column = str(name).partition(".")
        if not column or available.get(parent, True):
            place = f"{words.plain(parent)}: {words.plain(column)}" if column else words.capital(words.plain(parent))
            rows.append((place, "yes" if there else "no", words.capital(str(reason))))
    return HtmlTable("What this source can give", ("Table, column", "There", "Why not"), rows, file="capability")


def truth(table: Released | None, study: Study) -> HtmlTable | None:
    """Return what is true in a simulated study."""
    if table is None:
        return None
    rows = []
    for row in table.frame.itertuples():
        outcome = words.describe_outcome(study, str(row.outcome))
        scale, decimals = (100, 1) if outcome.is_share else (1, 2)
        unit = "%" if outcome.is_share else outcome.unit
        numbers = (words.number(v * scale, decimals) for v in (row.mean_treated, row.mean_reference, row.difference))
        rows.append((f"{outcome.label}, {unit}", str(row.estimand), *numbers, words.number(row.ratio, 2)))
    first, second = (words.heading(arm) for arm in list(study.cohort.arms)[:2])
    columns = ("Outcome", "For whom", f"All in {first}", f"All in {second}", "True difference", "True ratio")
    note = "The simulator keeps what would have happened to everybody in either arm, so the truth is known."
    return HtmlTable("True values of this simulated study", columns, rows, note, numbers=(2, 3, 4, 5), file="truth")
