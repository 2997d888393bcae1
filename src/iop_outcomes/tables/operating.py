"""Tables of what a study would say in worlds whose truth is known: single replicates, and what they come to."""

from iop_outcomes.tables.declare import Column, Table, code, count, key, label, number

#: What a decision is about: the status an analysis gets from the gate, its verdict, a claim, or the study as a whole.
GATE, VERDICT, CLAIM, STUDY = "gate", "verdict", "claim", "study"
#: A study that ended in a sentence of refusal instead of a verdict.
STOPPED = "stopped"

REPLICATE = Table(
    "replicate",
    "answer of one replicate: an analysis, a claim, or that it stopped",
    ("world", "replicate", "kind", "name"),
    (
        label("world", "World the replicate is of", required=True, nullable=False),
        count("replicate", "Number of the replicate, from 1", required=True, nullable=False),
        code("kind", "What was decided", VERDICT, CLAIM, STUDY, required=True, nullable=False),
        label("name", "Analysis or claim", required=True, nullable=False),
        label("decision", "Verdict of docs/verdict.md on the analysis or claim", required=True, nullable=False),
        Column("reasons", "text", "Codes of the rules that decided, or the sentence of refusal"),
        label("place", "The study's answer, that to another outcome, or a further look"),
        label("analysis", "Analysis that decides"),
        label("estimand", "For whom the contrast holds"),
        label("measure", "Measure judged"),
        label("status", "What the gate and disclosure control allow"),
        number("value", "Estimate"),
        number("se", "Its standard error, on the scale of the measure (log for ratios)", "", 0),
        number("ci_low", "Lower end of the 95% confidence interval"),
        number("ci_high", "Upper end"),
        number("margin", "Smallest difference that matters"),
        number("side", "1 where more of the measure is meant by better (or by the claim), -1 where less is", "", -1, 1),
        number("truth", "True value of the measure, where this replicate was asked for it"),
    ),
    stage="operating",
    unit="aggregate",
)

_ERROR = "Monte-Carlo standard error of it"

CHARACTERISTIC = Table(
    "characteristic",
    "world and analysis",
    ("world", "analysis"),
    (
        label("world", "World", required=True, nullable=False),
        key("analysis", "Name the study gives the analysis", "label"),
        label("estimand", "For whom the contrast holds"),
        label("measure", "Measure judged"),
        count("n", "Replicates", required=True, nullable=False),
        count(
            "n_estimated",
            "Replicates with an estimate and an interval, the withheld not among them",
            required=True,
            nullable=False,
        ),
        number("truth", "True value of the measure: its mean over the replicates that were asked for it"),
        number("truth_error", _ERROR, "", 0),
        number("bias", "Mean estimate minus truth; of logarithms where the measure is a ratio"),
        number("bias_error", _ERROR, "", 0),
        number("sd", "Standard deviation of the estimates", "", 0),
        number("mean_se", "Mean standard error", "", 0),
        number("se_ratio", "Mean standard error over standard deviation", "", 0),
        number("se_ratio_error", _ERROR, "", 0),
        number("coverage", "Share of intervals that hold the truth", "share", 0, 1),
        number("coverage_error", _ERROR, "", 0),
        number("rejection", "Share of intervals that leave no difference out", "share", 0, 1),
        number("rejection_error", _ERROR, "", 0),
    ),
    stage="operating",
    unit="aggregate",
)

DECISION = Table(
    "decision",
    "world, and decision on an analysis, a claim or the whole study",
    ("world", "kind", "name", "decision"),
    (
        label("world", "World", required=True, nullable=False),
        code("kind", "What is decided", GATE, VERDICT, CLAIM, STUDY, required=True, nullable=False),
        key("name", "Analysis, claim, or what of the study"),
        label("decision", "What was decided", required=True, nullable=False),
        count("n", "Replicates", required=True, nullable=False),
        number("share", "Share of replicates that came to it", "share", 0, 1),
        number("share_error", _ERROR, "", 0),
    ),
    stage="operating",
    unit="aggregate",
)

TABLES = (REPLICATE, CHARACTERISTIC, DECISION)
