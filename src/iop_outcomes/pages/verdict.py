"""The page of ``docs/`` that shows how a verdict is reached, from the rules themselves."""

from collections.abc import Iterable
from typing import Any

from iop_outcomes.conclude.claims import CLAIM_RULES
from iop_outcomes.conclude.costs import RULES as COST_RULES
from iop_outcomes.conclude.evidence import ENOUGH_KNOWN
from iop_outcomes.conclude.facts import DAYS_AFTER
from iop_outcomes.conclude.judging import FIRST, OTHERS, OTHERS_AFTER_A_DIFFERENCE
from iop_outcomes.conclude.participation import RULES as PARTICIPATION_RULES
from iop_outcomes.conclude.subgroups import RULES as SUBGROUP_RULES
from iop_outcomes.conclude.verdict import REMARKS, RULES
from iop_outcomes.pages import markdown
from iop_outcomes.sites.using import OFF
from iop_outcomes.sites.verdicts import REMARK
from iop_outcomes.sites.verdicts import RULES as SITE_RULES
from iop_outcomes.tables.argument import LARGEST_IMBALANCE
from iop_outcomes.tables.controls import LARGEST_EASE
from iop_outcomes.tables.measure import MEASURES
from iop_outcomes.tables.missing_panel import PLAUSIBLE, PLAUSIBLE_SHIFT, PLAUSIBLE_SHIFT_OF_NUMBERS

_WAY = {1: "the outcome", -1: "less of the outcome", 0: "not said"}


def verdict_page() -> str:
    """Return the page: what is judged, the rules in their order, the remarks, claims, and measures."""
    rules = [(f"`{rule.code}`", rule.when, f"**{rule.verdict}**") for rule in RULES]
    remarks = [(f"`{remark.code}`", remark.when) for remark in REMARKS]
    claims = [(f"`{rule.code}`", rule.when, f"**{rule.verdict}**") for rule in CLAIM_RULES]
    measures = [(f"`{m.name}`", f"{m.no_difference:g}", _WAY[m.follows]) for m in MEASURES.values()]
    return markdown.joined(
        [
            "# How a verdict is reached",
            _WHAT,
            "## The rules",
            "They are asked from the top; the first that holds decides, and its code stands first in `reasons`.",
            markdown.table(("code", "when", "verdict"), rules),
            "## What is added to a difference",
            "To better, worse, different and no difference, all of these that hold.",
            markdown.table(("code", "when"), remarks),
            "## Claims",
            "Asked of the same evidence and verdict, with the side of the outcome that the claim is on. A claim is on "
            "the better side unless its `direction` says `higher` or `lower`, which speak of the outcome and not of "
            "the measure.",
            markdown.table(("code", "when", "claim"), claims),
            *_argument(),
            "## One answer an outcome, and how many answers",
            _MANY,
            "## Other rules for what is missing",
            _MISSING,
            "## Where the arm can do nothing",
            _CONTROLS,
            "## The smallest difference that matters",
            _MARGIN,
            "## Which way a measure goes",
            markdown.table(("measure", "no difference", "more of it is more of"), measures),
        ]
    )


def _argument() -> list[str]:
    """Return what is said of subgroups, strategies of attending, costs, and the claims of the field."""
    return [
        "## For whom: subgroups",
        _SUBGROUPS,
        _table(SUBGROUP_RULES),
        _HETEROGENEITY,
        "## What coming more does",
        _PARTICIPATION,
        _table(PARTICIPATION_RULES),
        "## What care was made of",
        _COMPONENTS,
        "## At what cost",
        _COSTS,
        _table(COST_RULES),
        "## Other ways of asking",
        _SPECIFICATIONS,
        "## Several sites",
        _SITES,
        _table(SITE_RULES),
        "## The claims of the field",
        _LEDGER,
    ]


def _table(rules: Iterable[Any]) -> str:
    return markdown.table(("code", "when", "verdict"), [(f"`{r.code}`", r.when, f"**{r.verdict}**") for r in rules])


_SUBGROUPS = f"""\
Subgroups are named in the study file, each a covariate or a column of `describe_by`, with its codes put together
(`levels`) or a number cut into bands (`cut`):

```yaml
subgroups:
  analyses: [primary]                     # the first of the study unless named
  by:
    step_down: {{column: stepped_down_from, levels: {{stepped down: [detox, residential, inpatient]}}}}
    earlier_treatment: {{column: prior_episodes, cut: [1]}}
    sex:
```

Nobody is weighted anew: everybody keeps the weight of the whole comparison. A level is withheld where the effective
size of an arm is below the gate's `min_ess`, or where a covariate differs between the arms inside it by more than
{LARGEST_IMBALANCE:g} standard deviations (Rubin 2001; Stuart 2010); by more than the gate's `max_smd` it is shown with
caution, and no test that rests on it shows a difference. Products of the modifier with covariates in the design make
levels alike inside. Levels are held against each other on the scale of differences and of ratios (Wald's test, levels
that are shown only), each scale adjusted for all modifiers and analyses by Holm's method."""

_HETEROGENEITY = """\
`heterogeneity: {analysis: primary}` explores beside them, by a doubly robust learner crossed by site, for whom the
first arm does more. Its predictions are looked at only among people from whom nothing was learned: a calibration test,
and people ranked by prediction. The report calls it exploratory, and no verdict and no claim rests on it."""

_PARTICIPATION = """\
Two strategies of attending are declared as rules, and everybody of the arm starts on both (`clone_censor_weight`):

```yaml
participation:
  outcome: abstinent                      # a metric of 0 and 1 known of those who stop coming, or first_positive_test
  weeks: 12
  strategies:
    active: {least_hours: 6, grace_weeks: 2, last_week: 7, lapses_allowed: 2, step_up_allowed: true}
    less: {below_hours: 6, grace_weeks: 2, last_week: 7, lapses_allowed: 2}
  landmark: {weeks: 4, least_hours: 6}
  hours: {high: 9, low: 3, curve: [6]}    # hours a week, by a marginal structural model
  changes:                                # stepping up or down, made a trial of in every week
    stepping_up: {to: "2.1", arms: [outpatient], weeks: 6}
  bootstrap_by: site                      # person unless said
```

An outcome that makes something of missing tests, or is itself about coming, staying or leaving, is refused: following a
strategy would decide it. Weeks with a day in jail or hospital, and those after care ended by completion, transfer or
jail, ask for nothing. Who stays on a strategy is modelled from the study's covariates and from use and hours of the
week before, and whether these were as many as the strategies ask. Both strategies need the gate's `min_ess` at the end;
where they do not reach it, groups formed by attendance are withheld as well, since alone they mislead. Those groups are
shown for their bias and never judged.

`hours` weights every person-week by how likely its hours were (`marginal_structural_model`) and gives the risk had
everybody come so many hours in every week; the outcome hangs on the mean hours so far unless `counting` says `week`,
those of its own week, or `both`. It is withheld where too few people came about as much as either number, and flagged
where mean weights stray from 1 or a few large ones carry it; it can speak against the strategies, never for them.

`changes` holds, in each week, whoever changes their level of care against those who might have and did not
(`sequential_trials`), pooled over the weeks; its outcome is a positive test within `weeks`. A change is withheld where
too few make it, or where weights leave who changed and who did not further apart than the gate's `max_smd`, and is
judged by the rules below, which ask for nothing of strategies then."""

_COMPONENTS = """\
`components` names what care is made of and the metrics of the study that measure it:

```yaml
components:
  of: {structure: [gap_variation], peer_support: [group_share], flexibility: [telehealth_share, attendance_rate]}
  by: [employment]                        # covariates in whose levels it is measured, too
  outcome: completion                     # exploratory association, within arms, adjusted for the covariates
```

Means by arm have intervals that know of sites, and are withheld where the comparison of the arms by that metric is.
Nothing of it is judged: no verdict and no claim rests on an association."""

_COSTS = """\
The effect of an analysis beside the costs of the source, or beside unit costs times visits and weeks with a visit:

```yaml
costs:
  analysis: primary
  perspectives: {payer: [payer, program], society: [payer, program, client, society]}
  worth: 20000                            # what a unit of the effect is worth, in the money of the costs
  unit_costs: data/reference/unit_costs.csv   # where the source has no costs
```

Cost and effect are drawn together by a bootstrap of sites, or of people without sites. A price of a unit of effect is
given only where both intervals lie on one side, more and dearer or less and cheaper: dominance is said in words, and a
ratio is never negative. Whoever stayed in care for more than a week and has no cost above zero is not taken to have
been free."""

_SPECIFICATIONS = """\
A study may list alternatives for every choice behind an analysis, and gets all their combinations side by side:

```yaml
specifications:
  analysis: primary                       # the first of the study unless named
  outcomes: [abstinence_at_end_observed, abstinent_56]   # metrics of the study, shares that are better the same way
  arm_rules: {nine_hours: {iop: {prescribed_hours_per_week: "9"}}}
  time_zero: [assignment, admission]
  designs: [overlap, everybody]           # all of the study unless named
  estimators: [weighted, outcome_regression, aipw]
  trimming: {scores: {trim: 0.05}, weights: {truncate: 0.99}}
```

Cohort, outcomes, designs and gate are made anew for every combination; what the gate withholds is counted and not in
it, even where the study asks for analyses to be shown with caution. The report says the median, how many lie on its
side, how many intervals leave no difference out, and how often chance alone would bring about as much: what sites (or
people) add to all estimates is given random signs together. The study's own path is marked. It decides
nothing: all combinations lack what nobody recorded, so that their agreement makes no verdict stronger."""

_SITES = f"""\
What several sites have exported is pooled by residual maximum likelihood, with an interval from how the sites spread
(Hartung and Knapp) that is never narrower than their own standard errors make it ([many_sites.md](many_sites.md)). An
estimate is pooled where it is shown at its site and its verdict there does not rest on
{", ".join(f"`{code}`" for code in OFF)}.
These rules are asked first; where none holds, the pooled interval is judged by those of one study, and
`{REMARK.code}` is added where {REMARK.when}."""

_LEDGER = """\
`ledger: data/reference/claims.yaml` ends the report in the claims of the literature: supported, not supported,
inconclusive, or not testable with these data. Each names the one kind of analysis that may speak to it. A claim of
participation rests on strategies that were followed, never on attendance; a claim of certain people on a modifier of
that name, whose first level in the study file (or highest band) is the one the claim is of. What a programme is made of
is not testable here: where a study measures it the ledger says how much of it the arms had, and no more."""

_WHAT = f"""\
Every analysis of a study gets one verdict, by the rules below and by nothing else. It is made from the numbers that may
be released, and stands in `release/tables/verdict.csv` with its reasons by code, the numbers used and the sentence.
Judged is the first measure of the analysis, in the whole population and as planned, against no difference (0, or 1 for
ratios), on the side that is good for the person.

An outcome has missing values that matter where it is known of fewer than {ENOUGH_KNOWN:.0%} of an arm, or where
something is made of tests or reports that nobody saw. Observation ends with care where most of those who left were not
seen for more than {DAYS_AFTER} day afterwards. The arms are compared as they are where nothing was adjusted for and the
study does not say `randomised: true` of the analysis."""

_MANY = f"""\
The first analysis of a study is its answer. A later one with the same arms and metric, whose settings differ in nothing
but the rule for what is missing, is a further look at the same outcome: under another missing rule, or another design,
estimator or measure. It can contradict the answer, and is better or worse only where the answer is.

The first answer may err {FIRST:.0%} of the time where nothing differs. The answers to the other outcomes are adjusted
for their number (Holm) and must then be below {OTHERS:g}, or below {OTHERS_AFTER_A_DIFFERENCE:g} where the first answer
has shown a difference: all verdicts of a study in which nothing differs err at most {FIRST + OTHERS:.1%} of the time.
Those bounds hold as far as the intervals keep theirs."""

_RULES = ",\n- ".join(PLAUSIBLE)

_MISSING = f"""\
The check `missing_panel` makes an analysis with missing outcomes anew under every rule for them, each a row of the
`estimate` table (`role` check, its rule in `scenario`). What the rules above call another rule for missing outcomes is

- {_RULES},
- a shift of the missing of one arm by {PLAUSIBLE_SHIFT:g} of the log odds, or {PLAUSIBLE_SHIFT_OF_NUMBERS:g} standard
  deviations of an outcome that is no share, from what is expected of people like them.

Best and worst case are shown, and decide only where the study asks. An analysis is made by its own estimator, but for
shifts, and for weights where the estimator has none: those are weighted means under its design.

```yaml
sensitivity:
  - missing_panel                                                 # or, with settings:
  - missing_panel: {{imputations: 100, plausible_shift: 0.7, bounds_decide: true, auxiliaries: [attendance_rate]}}
```

An outcome that counts missing tests as positive does not say whose are missing. Its panel needs a metric of the study
that is the same but for `missing: observed`. `iop_outcomes.panel_agrees` asks the rows of a panel in a notebook, and
`iop_outcomes.robustness` has every rule as a call."""

_CONTROLS = f"""\
What the arm cannot have changed and differs all the same shows that the comparison is off.

- **Use before time zero** (placebo outcome) is looked at by itself wherever it is known of half of each arm: in the
  last 30 days, or in the 30 before those where a covariate is the same fact. It fails where the arms differ by more
  than the gate's `max_smd` and the interval of 99% leaves none out, which chance brings about once in a hundred
  designs. It is not asked where people were assigned by chance or nothing is adjusted for.
- **Negative-control outcomes** are metrics of the study that no arm can change, named by whoever knows the field, ten
  or more of them: fewer are refused. Every one is asked by the analysis's own design and estimator; the expected
  absolute systematic error (EASE) must not be above {LARGEST_EASE:g} of a log ratio, and the ratio less that error must
  still leave no difference out. The figure `bias_calibration` has every control beside the estimate; where one of them
  is of too few people to be shown, it has none, since that one would follow from the others.

```yaml
sensitivity:
  - negative_controls: {{outcomes: [dental_visit, fracture, ...]}}
  - omitted_variable                       # or: {{benchmarks: [prior_episodes], multiples: [1, 2, 3]}}
```

`omitted_variable` says how much of arm and outcome something unmeasured would have to explain, and what a confounder as
strong as the strongest measured one (or two and three times as strong) would leave. It decides nothing."""

_MARGIN = """\
`margin` of the study, 0.05 unless it says other, is for differences of shares: 5 percentage points. Every other unit,
and every ratio, needs one of its own in the analysis, or "no difference" cannot be said of it:

```yaml
margin: 0.03                               # on the scale of the first measure
margin: {difference: 0.03, ratio: 1.25}    # 1.25 stands for 1/1.25 too
```

A margin that no difference could reach (5 for a share, 0.8 for a ratio) is refused when the study is read."""
