"""Tables of what follows from the estimates: a verdict an analysis, and what becomes of the claims of the field."""

from iop_outcomes.tables.declare import Column, Table, code, key, label, number

BETTER, WORSE, DIFFERENT = "better", "worse", "different"
NO_DIFFERENCE, CANNOT_TELL, INCONCLUSIVE = "no difference", "cannot tell", "inconclusive"
WITHHELD, REFUSED = "withheld", "refused"
VERDICTS = (BETTER, WORSE, DIFFERENT, NO_DIFFERENCE, CANNOT_TELL, INCONCLUSIVE, WITHHELD, REFUSED)

SUPPORTED, NOT_SUPPORTED, CONTRADICTED = "supported", "not supported", "contradicted"
NOT_TESTABLE = "not testable"
#: Of the ledger, in which a claim that the data contradict is one they do not support.
LEDGER_VERDICTS = (SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE, NOT_TESTABLE)
CLAIM_VERDICTS = (SUPPORTED, NOT_SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE)

#: The study's answer; the answers to its other outcomes; a further look at an outcome that has its answer.
PRIMARY, SECONDARY, FURTHER = "primary", "secondary", "further look"

VERDICT = Table(
    "verdict",
    "analysis",
    ("analysis",),
    (
        key("analysis", "Name the study gives the analysis"),
        label("outcome", "Outcome", required=True, nullable=False),
        label("arm", "First arm", required=True, nullable=False),
        label("against", "Second arm", required=True, nullable=False),
        label("design", "Design of the analysis", required=True, nullable=False),
        label("estimand", "For whom the contrast holds", required=True, nullable=False),
        code(
            "place",
            "The study's answer, the answer to another outcome, or a further look at an outcome that has its answer",
            PRIMARY,
            SECONDARY,
            FURTHER,
            required=True,
            nullable=False,
        ),
        label("answer", "Analysis that answers for the outcome: itself, or the one this is a further look at"),
        code("verdict", "What the rules of docs/verdict.md make of it", *VERDICTS, required=True, nullable=False),
        Column("reasons", "text", "Codes of those rules, joined by '; ': first the rule that decided"),
        label("measure", "Measure judged", required=True, nullable=False),
        number("day", "Day the measure speaks of, where it has one", "study day", 0),
        number("value", "Estimate judged"),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        number("no_difference", "Value of the measure where the arms do not differ"),
        number("margin", "Smallest difference that matters, on the scale of the measure"),
        code("better", "Which way of the measure is good for the person", "higher", "lower", "neither"),
        number("p_value", "Of the interval: below 0.05 where it leaves no difference out", "", 0, 1),
        number("p_adjusted", "Holm-adjusted among the answers after the first", "", 0, 1),
        number("p_allowed", "Below it an answer may be better or worse", "", 0, 1),
        number("known_share", "Share of people of whom the outcome is known", "share", 0, 1),
    ),
    stage="release",
    unit="aggregate",
)

CLAIM = Table(
    "claim",
    "claim of the field",
    ("claim",),
    (
        key("claim", "What is claimed, in a sentence"),
        Column("analysis", "text", "Analysis that tests it"),
        code("verdict", "What these data say", *CLAIM_VERDICTS, required=True, nullable=False),
        Column("reasons", "text", "Code of the rule of docs/verdict.md that decided"),
        key("explanation", "Why, with the estimate, in a sentence"),
    ),
    stage="release",
    unit="aggregate",
)

TABLES = (VERDICT, CLAIM)
