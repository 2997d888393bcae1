"""Tables of attending: strategies, hours a week, changes of the level of care, and what care is made of."""

from iop_outcomes.tables.conclusion import VERDICTS
from iop_outcomes.tables.declare import Column, Table, code, count, key, label, number
from iop_outcomes.tables.estimate import STATUS

#: Ways in which strategies of attending are held against each other.
CLONES, CLONES_TRUNCATED = "clone_censor_weight", "clone_censor_weight_truncated"
LANDMARK, BY_ATTENDANCE = "landmark", "by_attendance"
MARGINAL = "marginal_structural_model"
WAYS = (CLONES, CLONES_TRUNCATED, LANDMARK, MARGINAL, BY_ATTENDANCE)
#: What the weeks of hours are called among those of strategies.
AS_ATTENDED = "hours as attended"

_STRATEGIES = (
    label("outcome", "Outcome", required=True, nullable=False),
    label("strategy", "First strategy, the more active group, or the higher hours", required=True, nullable=False),
    label("against", "Second strategy, the others, or the lower hours", required=True, nullable=False),
)

PARTICIPATION = Table(
    "participation",
    "way in which strategies of attending are held against each other",
    ("way",),
    (
        code(
            "way",
            "How; groups formed by attendance are shown for the bias they have",
            *WAYS,
            required=True,
            nullable=False,
        ),
        *_STRATEGIES,
        label("arms", "Arms whose people are meant, joined by '; '", required=True, nullable=False),
        number("week", "Week of follow-up by whose end the outcome is looked at, 1 for the first", "weeks", 1),
        number("value", "Difference in the share with the outcome, first minus second"),
        number("se", "Standard error", "", 0),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        *(
            column
            for place, said in (("first", "first strategy"), ("second", "second strategy"))
            for column in (
                number(f"share_{place}", f"Share with the outcome under the {said}", "share", 0, 1),
                number(f"n_{place}", f"People who still follow the {said} at the end", "count", 0),
                number(f"with_{place}", f"People with the outcome while they followed the {said}", "count", 0),
                number(f"ess_{place}", f"Effective number of people of the {said} at the end", "members", 0),
            )
        ),
        code("status", "May it be shown?", *STATUS, required=True, nullable=False),
        Column("reason", "text", "Why it is withheld, flagged or cannot be had, or how it is biased"),
    ),
    stage="participation",
    unit="aggregate",
)

PARTICIPATION_WEEK = Table(
    "participation_week",
    "strategy and week",
    ("strategy", "week"),
    (
        label("outcome", "Outcome", required=True, nullable=False),
        label("strategy", "Strategy of attending", required=True, nullable=False),
        number("week", "Week of follow-up, 1 for the first", "weeks", 1, required=True, nullable=False),
        count("n_uncensored", "People who still follow the strategy"),
        count("n_deviating", "People who leave it in this week"),
        count("n_events", "People who have the outcome in this week while they follow it"),
        number(
            "mean_stabilised",
            "What those who stay weigh over all who began the week, multiplied up to it (of hours: the mean weight); "
            "near 1 where the model fits",
            "",
            0,
        ),
        number("max_weight", "Largest weight", "", 0),
        number("ess", "Effective number of people", "members", 0),
        number("risk", "Share with the outcome by the end of the week had everybody followed the strategy", "share"),
        number("ci_low", "Lower end of its 95% confidence interval", "share"),
        number("ci_high", "Upper end", "share"),
    ),
    stage="participation",
    unit="aggregate",
)

PARTICIPATION_VERDICT = Table(
    "participation_verdict",
    "outcome",
    ("outcome",),
    (
        key("outcome", "Outcome"),
        code("verdict", "What following the first strategy does", *VERDICTS, required=True, nullable=False),
        Column("reasons", "text", "Code of the rule of docs/verdict.md that decided"),
        key("sentence", "The same in words"),
    ),
    stage="release",
    unit="aggregate",
)

_INTERVAL = (
    number("se", "Standard error", "", 0),
    number("ci_low", "Lower end of the 95% confidence interval"),
    number("ci_high", "Upper end"),
)
_STATUS = (
    code("status", "May it be shown?", *STATUS, required=True, nullable=False),
    Column("reason", "text", "Why it is withheld, flagged or cannot be had, or how it is biased"),
)

PARTICIPATION_HOURS = Table(
    "participation_hours",
    "hours a week",
    ("hours",),
    (
        number("hours", "Hours of treatment in every week", "hours per week", 0, 168, required=True, nullable=False),
        label("outcome", "Outcome", required=True, nullable=False),
        label("arms", "Arms whose people are meant, joined by '; '", required=True, nullable=False),
        number("risk", "Share with the outcome had everybody come so many hours in every week", "share"),
        *_INTERVAL,
        number("n_near", "People whose mean hours lie nearer to these than half the way to the next", "count", 0),
        number("events_near", "Those of them who have the outcome", "count", 0),
        number("ess_near", "Their effective number", "members", 0),
        *_STATUS,
    ),
    stage="participation",
    unit="aggregate",
)

#: Ways to hold a change of the level of care against none.
AS_STARTED, PER_PROTOCOL, EVER_CHANGED = "as_started", "per_protocol", "ever_changed"

LEVEL_CHANGE = Table(
    "level_change",
    "change of the level of care and way in which it is asked of",
    ("change", "way"),
    (
        key("change", "Name the study gives the change"),
        code(
            "way",
            "Trials nested in weeks, as started or per protocol; who ever changed is shown for the bias it has",
            *(AS_STARTED, PER_PROTOCOL, EVER_CHANGED),
            required=True,
            nullable=False,
        ),
        label("to", "Level changed to", required=True, nullable=False),
        label("arms", "Arms whose people are meant, joined by '; '", required=True, nullable=False),
        number("weeks", "Weeks of follow-up from the change on", "weeks", 1),
        number("value", "Difference in the share with a positive test, changed minus stayed"),
        *_INTERVAL,
        *(
            column
            for place in ("changed", "stayed")
            for column in (
                number(f"share_{place}", f"Share of those who {place} with the outcome, weighted", "share", 0, 1),
                number(f"n_{place}", f"Different people who {place} in some week", "count", 0),
                number(f"with_{place}", f"Those of them with the outcome after it, as people who {place}", "count", 0),
                number(f"ess_{place}", f"Effective number of people who {place}", "members", 0),
            )
        ),
        number("max_smd", "Largest standardised difference of a covariate that weights leave", "", 0),
        *_STATUS,
    ),
    stage="participation",
    unit="aggregate",
)

LEVEL_CHANGE_VERDICT = Table(
    "level_change_verdict",
    "change of the level of care",
    ("change",),
    (
        key("change", "Name the study gives the change"),
        code("verdict", "What changing does to positive tests", *VERDICTS, required=True, nullable=False),
        Column("reasons", "text", "Code of the rule of docs/verdict.md that decided"),
        key("sentence", "The same in words"),
    ),
    stage="release",
    unit="aggregate",
)

#: What a row of a component is, and whom it is of.
MEAN, ASSOCIATION, EVERYBODY = "mean", "association", "everybody"

COMPONENT = Table(
    "component",
    "measure of a component, role, group, level and arm",
    ("metric", "role", "group", "level", "arm"),
    (
        label("component", "What care is made of, as the study names it", required=True, nullable=False),
        label("metric", "Metric that measures it", required=True, nullable=False),
        code(
            "role",
            "Mean of an arm; or exploratory: difference of the outcome with a standard deviation more, within arms",
            *(MEAN, ASSOCIATION),
            required=True,
            nullable=False,
        ),
        label("group", "Covariate whose level it is, or everybody", required=True, nullable=False),
        label("level", "Level", required=True, nullable=False),
        label("arm", "Arm; of an association none", required=True, nullable=False),
        label("outcome", "Outcome of an association"),
        number("value", "Mean, or difference"),
        *_INTERVAL,
        number("n_people", "People", "count", 0),
        number("n", "Those of whom it is known", "count", 0),
        *_STATUS,
    ),
    stage="components",
    unit="aggregate",
)

TABLES = (
    *(PARTICIPATION, PARTICIPATION_WEEK, PARTICIPATION_VERDICT),
    *(PARTICIPATION_HOURS, LEVEL_CHANGE, LEVEL_CHANGE_VERDICT, COMPONENT),
)
