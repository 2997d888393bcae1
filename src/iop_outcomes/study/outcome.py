"""What a study knows of an outcome before anybody has looked at it: its metric, kind, unit and direction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from iop_outcomes.history.intercurrent import COMPLETION, DEATH, DROPOUT, JAIL, TRANSFER
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.study.names import TIME_IN_CARE, TIME_TO, WEEKLY_URINE
from iop_outcomes.tables.controls import CALIBRATED_P, EASE, PARTIAL_R2, PLACEBO_DIFFERENCE, ROBUSTNESS_VALUE
from iop_outcomes.tables.measure import INCIDENCE, RATIO, RATIOS_OF_CHECKS, SURVIVAL, WILD_P, measure_of
from iop_outcomes.tables.missing_panel import TIPPING_SHIFT

if TYPE_CHECKING:
    from iop_outcomes.study.view import Readable


#: Which way of the time until care ends in one way is good: dropout late or never, completion at all.
_BETTER_LATE = {DROPOUT: "higher", COMPLETION: "lower", TRANSFER: "neither", JAIL: "higher", DEATH: "higher"}
#: Setting ``missing`` of a metric that makes nothing of tests and reports that nobody saw.
_OBSERVED = "observed"


@dataclass(frozen=True)
class Outcome:
    """An outcome of a study.

    Attributes
    ----------
    name, metric : str
        As the study calls it, and the metric it is.
    kind : str
        binary, proportion, count, continuous, duration, time_to_event, competing or repeated.
    unit : str
        ``share``, ``days``, ``hours per week``, ...
    better : str
        ``higher``, ``lower`` or ``neither``.
    settings : mapping
        Of the metric, with defaults.
    needs : tuple of str
        What it is made from.
    counted_by : str
        ``sessions``, ``hours`` or ``first session`` where its metric differs by what an arm plans of them alone.
    """

    name: str
    metric: str
    kind: str = "continuous"
    unit: str = ""
    better: str = "neither"
    settings: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    counted_by: str = ""

    @property
    def is_share(self) -> bool:
        """Are its means shares, so that differences are percentage points?"""
        return self.unit == "share"

    @property
    def is_percent(self) -> bool:
        """Is it a share already written in percent?"""
        return self.unit.startswith("percent")

    @property
    def is_tested(self) -> bool:
        """Does it rest on drug tests?"""
        return any("drug_test" in need for need in self.needs)

    @property
    def is_of_sessions(self) -> bool:
        """Does it rest on what became of sessions?"""
        return any("session." in need for need in self.needs)

    @property
    def is_of_missed(self) -> bool:
        """Does it rest on which sessions were missed?"""
        return "session.missed" in self.needs

    @property
    def is_of_services(self) -> bool:
        """Does it rest on services that were billed or recorded?"""
        return any("service." in need for need in self.needs)

    @property
    def is_reported(self) -> bool:
        """Does it rest on what people reported of their use?"""
        return any("use_report" in need for need in self.needs)

    @property
    def is_filled_in(self) -> bool:
        """Does it rest on questionnaires?"""
        return any("assessment" in need for need in self.needs)

    @property
    def is_of_discharge(self) -> bool:
        """Does it rest on the day on which care ended by the record?"""
        return self.is_length or self.metric in ("retention", "dropout") or self.metric in TIME_TO

    @property
    def is_of_reason(self) -> bool:
        """Does it rest on why care ended by the record, so that it takes another reason for another end?"""
        stays_by_reason = self.metric == "retention" and self.settings.get("completed") != "left"
        named = any("discharge_reason" in need for need in self.needs)
        return named or stays_by_reason or self.metric in ("dropout_by_gap", "service_each_month", *TIME_TO)

    @property
    def by_plan(self) -> tuple[str, ...]:
        """What makes it differ between arms that plan unlike, and lose and hold people alike."""
        of_leaving = ("last session",) if self.is_of_discharge else ()
        counted = (self.counted_by,) if self.counted_by else ()
        return counted + of_leaving + (("waiting",) if self.is_from_time_zero else ())

    @property
    def is_from_time_zero(self) -> bool:
        """Does it count days in care from time zero, so that those who wait for it are there longer?"""
        return self.metric in ("retention", "dropout", TIME_IN_CARE, *TIME_TO)

    @property
    def is_made_up(self) -> bool:
        """Does it make something of what nobody saw, so that it is known of nobody knows how many?"""
        return self.settings.get("missing") not in (None, _OBSERVED)

    @property
    def is_length(self) -> bool:
        """Does it count completing as leaving, so that a shorter programme has less of it by plan?"""
        if self.metric == "retention":
            return self.settings.get("completed") == "left"
        return self.metric in (TIME_IN_CARE, f"time_to_{COMPLETION}", "stay_over", "ninety_day_stay")

    @property
    def hangs_on_length(self) -> bool:
        """Is it of staying, leaving or completing, so that a shorter programme has more or less of it by plan?"""
        of_leaving = ("retention", "completion", "dropout", "dropout_by_gap", "dropout_by_missed_weeks")
        return self.is_length or self.metric in of_leaving or self.metric in TIME_TO

    @property
    def good(self) -> int:
        """1 where more of it is better, -1 where less is, 0 where nobody has said."""
        return {"higher": 1, "lower": -1, "neither": 0}[self.better]

    def unit_of(self, measure: str) -> str:
        """Return the unit of a measure of this outcome, ``ratio`` or ``share`` where it is one."""
        known = measure_of(measure)
        if known.scale == RATIO or measure in RATIOS_OF_CHECKS:
            return "ratio"
        if measure in (WILD_P, CALIBRATED_P):
            return "probability"
        if measure in (ROBUSTNESS_VALUE, PARTIAL_R2):
            return "share of what is left"
        if measure == EASE:
            return "log ratio"
        if measure == PLACEBO_DIFFERENCE:
            return "standard deviations"
        if measure == TIPPING_SHIFT:
            return "log odds" if self.is_share else "standard deviations"
        return "share" if known.is_share or measure in (SURVIVAL, INCIDENCE) else self.unit or "units"


def outcome_of(study: "Readable", name: str) -> Outcome:
    """Return what a study knows of one of its outcomes; of one without a metric, no more than its name."""
    if name == TIME_IN_CARE:
        return Outcome(name, name, "time_to_event", "days", "higher")
    if name in TIME_TO:
        return Outcome(name, name, "competing", "days", _BETTER_LATE[TIME_TO[name]])
    if name == WEEKLY_URINE:
        return Outcome(name, name, "repeated", "share", "higher", needs=("drug_test.result",))
    metric = str(study.metrics.get(name, {}).get("metric", name))
    if name not in study.metrics or metric not in METRICS:
        return Outcome(name, metric)
    plugin, settings = study.metric(name)
    kind = plugin.kind_of_value
    unit = "share" if kind in ("binary", "proportion") else str(plugin.unit)
    if metric == "retention":
        # It follows the study's rule for completion unless its own settings say otherwise.
        settings = settings | {"completed": settings["completed"] or study.events.after_completion}
    counted_by = "" if settings.get("after_first") else plugin.by_plan
    return Outcome(name, metric, kind, unit, plugin.better, settings, tuple(plugin.needs), counted_by)


def seen_only(study: "Readable", name: str) -> str | None:
    """Return the outcome of the same metric and settings that is missing where nobody saw anything.

    It is the outcome itself where it makes nothing of what is missing, and None where the study has no such outcome.
    """
    own = outcome_of(study, name)
    if not own.is_made_up:
        return name
    for other in study.metrics:
        twin = outcome_of(study, other)
        if twin.metric == own.metric and dict(twin.settings) == dict(own.settings) | {"missing": _OBSERVED}:
            return other
    return None


def good_sign(outcome: Outcome, measure: str) -> int:
    """Return 1 where more of a measure is good for the person, -1 where less is, 0 where nobody has said.

    Examples
    --------
    Less of a hazard of leaving is good, since more time in care is.

    >>> good_sign(Outcome("time_in_care", "time_in_care", better="higher"), "hazard_ratio")
    -1
    """
    return outcome.good * measure_of(measure).follows
