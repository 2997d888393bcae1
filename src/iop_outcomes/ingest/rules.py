"""Every rule by which a raw row is set aside at the door, by table, as the report and `rejected` have it.

From here come the rows of ``docs/tables.md`` and the names that a study's section ``refuse`` may have. A ``*`` stands
for a column or for what the study says.
"""

from collections.abc import Sequence

from iop_outcomes import tables as contracts
from iop_outcomes.ingest import by_contract
from iop_outcomes.ingest.accepting import CONFLICT, COPY, MISSHAPEN
from iop_outcomes.ingest.crosschecks import HEIRLOOMS, ORDER, PARENTS, STRONGEST, cross_rules
from iop_outcomes.kernel.errors import StudyFileError, did_you_mean
from iop_outcomes.kernel.refusing import matches
from iop_outcomes.tables.answered import ANSWERED

#: Rules of every table whatever the source, and of tables to which a study gives columns of its own.
OF_EVERY = (MISSHAPEN, "*: holds a control character")
OF_OWN_COLUMNS = "*: a number must lie between -1e+12 and 1e+12"

#: Rules of the kind `sheets`, of every table.
OF_SHEETS = (
    "the header again",
    "a row of totals",
    "blank: nothing was recorded",
    COPY,
    "another row of the same *; the first is taken",
    "another row of one *; the * is taken",
    "another row of one * that says something else; the first is taken",
    "*: a later row of the person that says something else; the first is taken",
    "*: another row of the place that says something else; the first is taken",
    "*: not among the rows to take",
    "*: left out by the study",
    "*: a code that the mapping does not name",
    "*: is no number*",
    "*: is no time of day",
    "*: ends before it begins",
    "*: is no date of the form *",
    "*: no number of * to add",
    "*: a day that its month has not",
    "*: the person has no day 0 to count from",
    "*: after the day on which the data were drawn",
    "episode_id: no episode of the person had begun on its day (*)",
    "episode_id: the person has no episode",
    "no row of the sheet it is joined to has its *",
    "several rows of one *",
    "its row of the sheet it is joined to was set aside",
)


def rules_of(table: str) -> list[str]:
    """Return the rules of one canonical table, in words: those of its cells, then those over rows and tables."""
    contract = contracts.contract(table)
    own = [column.name for column in contract.columns]
    kin = [f"{parent} known" for _, parent in PARENTS.get(table, ())]
    for _, parent in PARENTS.get(table, ()):
        kin += [c if " " in c else f"{parent} {c}" for c in HEIRLOOMS[parent]]
    words = [rule.words for rule in by_contract.contract_rules(contract, own)]
    words += [OF_OWN_COLUMNS] if contract.open else []
    words += [rule.words for rule in cross_rules(table, [*own, *kin])]
    key = " + ".join(contract.key)
    contradicting = STRONGEST[table].words if table in STRONGEST else CONFLICT
    return [*words, f"{key}: {COPY}", f"{key}: {contradicting}"]


def check_refused(asked: Sequence[str], seen: Sequence[tuple[str, str]] = ()) -> None:
    """Refuse names of rules that are none.

    Parameters
    ----------
    asked : sequence of str
        Section ``refuse`` of a study.
    seen : sequence of (table, rule)
        Rules that rows broke, for sources that have rules of their own.

    Raises
    ------
    StudyFileError
        Names the entry and the rule that was probably meant.
    """
    known = [(table, rule) for table in ORDER for rule in (*OF_EVERY, *rules_of(table), *ANSWERED.get(table, ()))]
    everywhere = [rule for rule in OF_SHEETS if rule not in (COPY,)]
    for one in asked:
        table, _, rule = one.partition(": ")
        listed = any(matches(one, *pair) for pair in (*known, *seen))
        # Rules with a * of their own are met half-way: what the study writes may be one of them filled in.
        filled = any(matches(pattern, "", rule) or matches(f": {pattern}", "", rule) for pattern in everywhere)
        if not listed and not (filled and (table in ORDER or table == "*")):
            hint = did_you_mean(one, [f"{name}: {words}" for name, words in known])
            raise StudyFileError(f"refuse: there is no rule '{one}', written as table: rule; {hint}; docs/tables.md")
