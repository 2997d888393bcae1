"""All that differs between two runs: what caused it, then what it changed, by consequence."""

from dataclasses import replace

from iop_outcomes.diff.causes import causes
from iop_outcomes.diff.conclusions import conclusions
from iop_outcomes.diff.difference import KINDS, STATUS, VERDICT, Difference
from iop_outcomes.diff.numbers import numbers
from iop_outcomes.diff.others import other_files, other_tables, unlike_tables
from iop_outcomes.diff.run import Run


def differences(first: Run, second: Run) -> list[Difference]:
    """Return what differs between two runs: causes first, then what came of them, each thing once.

    Of inputs, settings, code and versions nothing is told where one of the runs is a release without a record.
    """
    found = list(causes(first.record, second.record)) if first.record and second.record else []
    came = [*conclusions(first.tables, second.tables), *numbers(first.tables, second.tables)]
    came += other_tables(first.tables, second.tables, bool(came), min(first.rounded_to, second.rounded_to))
    came += other_files(first.files, second.files, unlike_tables(first.tables, second.tables))
    return sorted([*found, *_once(came)], key=lambda one: KINDS.index(one.kind))


def _once(found: list[Difference]) -> list[Difference]:
    """Leave the reasons out why estimates are not shown whose verdict has given them."""
    told = {one.place.partition(",")[0] for one in found if one.kind == VERDICT}
    return [
        replace(one, why=()) if one.kind == STATUS and one.place.partition(",")[0] in told else one for one in found
    ]
