"""Small results tables in the shape of the contracts, for tests of figures, disclosure control and the report."""

from functools import cache

import numpy as np
import pandas as pd

from iop_outcomes.study import Study
from iop_outcomes.tables.estimate import CHECK
from iop_outcomes.tables.missing_panel import BOUNDS, PANEL, PLAUSIBLE, STEPS, scenario, shift

OUTCOMES = ("completion", "proportion_negative", "weekly_hours")
LEVELS = {"sex": ("female", "male"), "employment": ("employed", "missing", "not in labour force", "unemployed")}


def study(arms=("iop", "outpatient"), **changes) -> Study:
    """Return a study with three analyses; nothing in it is looked up in a registry."""
    content = {
        "study": "example",
        "title": "IOP and outpatient care in an example",
        "seed": 7,
        "source": {"kind": "simulated", "n_people": 900},
        "cohort": {"arms": {arm: {"level_of_care": str(i)} for i, arm in enumerate(arms)}, "follow_up_days": 180},
        "covariates": [*LEVELS, "use_days"],
        "metrics": {name: {} for name in OUTCOMES},
        "designs": {"overlap": {"method": "overlap_weights"}},
        "analyses": {
            "primary": {
                "outcome": "completion",
                "design": "overlap",
                "estimator": "aipw",
                "measure": "risk_difference",
            },
            "urine": {
                "outcome": "proportion_negative",
                "design": "overlap",
                "estimator": "weighted",
                "measure": "mean_difference",
            },
            "staying": {
                "outcome": "time_in_care",
                "design": "overlap",
                "estimator": "restricted_mean",
                "measure": "rmst_difference",
            },
        },
        "claims": [{"claim": "More people complete treatment in IOP", "analysis": "primary"}],
    }
    return Study.model_validate(content | changes)


def tables(arms=("iop", "outpatient"), n=(300, 520), seed=1) -> dict[str, pd.DataFrame]:
    """Return one set of results tables, made up but consistent with each other; they may be changed."""
    return {name: table.copy() for name, table in _tables(tuple(arms), tuple(n), seed).items()}


@cache
def _tables(arms: tuple[str, ...], n: tuple[int, ...], seed: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    arm = pd.Series(np.repeat(arms, n[: len(arms)]))
    cohort = pd.DataFrame(
        {
            "member_id": [f"m{i:05d}" for i in range(len(arm))],
            "person_id": [f"p{i:05d}" for i in range(len(arm))],
            "site_id": rng.choice(["north", "south", "west"], len(arm)),
            "arm": pd.Categorical(arm, categories=list(arms)),
            "time_zero_day": 0,
            "follow_up_end_day": 179,
            "end_reason": "end_of_follow_up",
        }
    )
    covariates = _covariates(cohort, rng)
    outcomes = _outcomes(cohort, rng)
    estimate = estimates(outcomes, cohort, arms[:2])
    return {
        "intake": _intake(n[: len(arms)]),
        "capability": _capability(),
        "attrition": attrition(cohort),
        "cohort": cohort,
        "metric_value": _metric_value(outcomes),
        "weekly": weekly(cohort, rng),
        "refusal": pd.DataFrame(
            {"kind": ["metric"], "name": ["percent_days_abstinent"], "reason": ["needs use_report: it has no calendar"]}
        ),
        "covariates": covariates,
        "outcomes": outcomes,
        "propensity": _propensity(cohort, arms[:2], rng),
        "balance": balance(covariates, arms[:2]),
        "diagnostic": _diagnostic(arms[:2]),
        "estimate": estimate,
        "curve": _curve(outcomes, cohort, arms[:2]),
        "incidence": _incidence(outcomes, cohort, arms[:2]),
        "truth": pd.DataFrame(
            {
                "outcome": ["completion"],
                "estimand": ["ATO"],
                "mean_treated": [0.46],
                "mean_reference": [0.38],
                "difference": [0.08],
                "ratio": [1.21],
                "n": [sum(n)],
            }
        ),
        "abstinence_share": _definitions(arms, n, rng),
    }


def _intake(n) -> pd.DataFrame:
    rows = {
        "file": "episodes.csv",
        "table": "episode",
        "n_in": sum(n) + 203,
        "n_accepted": sum(n) + 180,
        "n_rejected": 23,
    }
    return pd.DataFrame([rows])


def _capability() -> pd.DataFrame:
    names = ["session", "session.minutes_attended", "use_report", "cost"]
    reasons = ["", "", "it has no calendar of use", "it has no costs"]
    return pd.DataFrame({"name": names, "available": [True, True, False, False], "reason": reasons})


def attrition(cohort: pd.DataFrame, lost=((0, 0), (30, 45), (20, 0), (12, 60))) -> pd.DataFrame:
    """Return four steps per arm; ``lost`` is how many each step takes from an arm (arms alternate)."""
    rules = [
        "Episodes of the arm",
        "Aged 18 or over",
        "Has a substance use diagnosis",
        "No intensive care in the past 60 days",
    ]
    rows = []
    for number, (name, n) in enumerate(cohort["arm"].value_counts(sort=False).items()):
        left = [step[number % 2] for step in lost]
        before = int(n) + sum(left)
        for step, (rule, gone) in enumerate(zip(rules, left, strict=True)):
            rows.append({"step": step, "rule": rule, "arm": name, "n_before": before, "n_after": before - gone})
            before -= gone
    return pd.DataFrame(rows).sort_values(["step"], kind="stable", ignore_index=True)


def _covariates(cohort: pd.DataFrame, rng) -> pd.DataFrame:
    first = (cohort["arm"].cat.codes == 0).to_numpy()
    frame = pd.DataFrame({"member_id": cohort["member_id"], "arm": cohort["arm"], "cluster": cohort["site_id"]})
    frame["sex"] = pd.Categorical(np.where(rng.random(len(cohort)) < 0.35 + 0.1 * first, *LEVELS["sex"]))
    frame["employment"] = pd.Categorical(rng.choice(LEVELS["employment"], len(cohort), p=[0.3, 0.01, 0.29, 0.4]))
    return frame.assign(use_days=rng.poisson(10 + 4 * first).astype(float))


def _outcomes(cohort: pd.DataFrame, rng) -> pd.DataFrame:
    first = (cohort["arm"].cat.codes == 0).to_numpy()
    days = np.minimum(np.ceil(rng.exponential(90 + 30 * first)), 180)
    return pd.DataFrame(
        {
            "member_id": cohort["member_id"],
            "retention_days": days,
            "retention_ended": days < 180,
            "completion": (rng.random(len(cohort)) < 0.38 + 0.08 * first).astype(float),
            "proportion_negative": np.where(rng.random(len(cohort)) < 0.2, np.nan, rng.beta(2, 2, len(cohort))),
            "weekly_hours": rng.gamma(4, 0.5 + 0.5 * first),
        }
    )


def _metric_value(outcomes: pd.DataFrame) -> pd.DataFrame:
    frame = outcomes.melt("member_id", list(OUTCOMES), var_name="metric")
    frame["metric"] = pd.Categorical(frame["metric"], categories=list(OUTCOMES))
    return frame.assign(observed_share=1.0, missing_reason=None)


def weekly(cohort: pd.DataFrame, rng, n_weeks=26) -> pd.DataFrame:
    """Return sessions and urine symbols per member and week."""
    member = np.repeat(cohort["member_id"].to_numpy(), n_weeks)
    first = np.repeat((cohort["arm"].cat.codes == 0).to_numpy(), n_weeks)
    week = np.tile(np.arange(1, n_weeks + 1), len(cohort))
    due = np.where(first, 3, 1)
    attended = rng.binomial(due, np.clip(0.85 - 0.02 * week, 0.05, 1))
    chance = np.stack([0.35 + 0 * week, 0.4 - 0.01 * week, 0.05 + 0.02 * week], axis=1)
    symbol = np.array(list("-+o"))[
        (rng.random((len(week), 1)) > np.cumsum(chance / chance.sum(1)[:, None], axis=1)).sum(1)
    ]
    return pd.DataFrame(
        {
            "member_id": member,
            "week": week,
            "n_eligible": due,
            "n_attended": attended.astype(float),
            "hours_attended": attended * np.where(first, 3.0, 1.5),
            "urine": symbol,
        }
    )


def _propensity(cohort: pd.DataFrame, arms, rng) -> pd.DataFrame:
    members = cohort[cohort["arm"].isin(arms)]
    treated = (members["arm"] == arms[0]).to_numpy()
    score = np.clip(rng.beta(2 + treated, 3, len(members)), 0.01, 0.99)
    odds = treated.mean() / (1 - treated.mean())
    return pd.DataFrame(
        {
            "member_id": members["member_id"].to_numpy(),
            "arm": arms[0],
            "against": arms[1],
            "design": "overlap",
            "treated": treated,
            "score": score,
            "preference_score": score / (score + (1 - score) * odds),
            "weight": np.where(treated, 1 - score, score),
            "matched_set": None,
        }
    )


def balance(covariates: pd.DataFrame, arms) -> pd.DataFrame:
    """Return the balance of two arms, before weighting and as if weights had left a tenth of each difference."""
    first, second = (covariates[covariates["arm"] == arm] for arm in arms)
    rows = []
    for stage, shrink in (("before", 1.0), ("after", 0.1)):
        for name in ("sex", "employment", "use_days"):
            numeric = pd.api.types.is_numeric_dtype(covariates[name])
            for level in [""] if numeric else list(covariates[name].cat.categories)[-1 if name == "sex" else 0 :]:
                one, other = ((a[name] if numeric else (a[name] == level).astype(float)) for a in (first, second))
                spread = np.sqrt((one.var() + other.var()) / 2)
                gap = (one.mean() - other.mean()) * shrink
                rows.append(
                    {
                        "stage": stage,
                        "covariate": name,
                        "level": level,
                        "mean_treated": other.mean() + gap,
                        "mean_reference": other.mean(),
                        "smd": gap / spread,
                        "n_treated": len(one) if numeric else int(one.sum()),
                        "n_reference": len(other) if numeric else int(other.sum()),
                    }
                )
    return pd.DataFrame(rows).assign(arm=arms[0], against=arms[1], design="overlap", moment="first")


def _diagnostic(arms) -> pd.DataFrame:
    rows = [
        (
            "max_smd",
            0.021,
            0.1,
            "PASS",
            "after weighting the arms differ most in use_days, by 0.021 standard deviations.",
        ),
        ("equipoise", 0.71, 0.2, "PASS", "71% of people might well have been in either arm."),
        (
            "positivity",
            1.0,
            0.0,
            "WARN",
            "iop has nobody with employment (missing), where the other arm has 7 members.",
        ),
    ]
    return pd.DataFrame(rows, columns=["check", "value", "threshold", "status", "reason"]).assign(
        arm=arms[0], against=arms[1], design="overlap"
    )


def estimates(outcomes: pd.DataFrame, cohort: pd.DataFrame, arms) -> pd.DataFrame:
    """Return an estimate of each analysis of ``study``, adjusted and naive, and the means of the arms."""
    rows = []
    for analysis, outcome, estimator, measure in (
        ("primary", "completion", "aipw", "risk_difference"),
        ("urine", "proportion_negative", "weighted", "mean_difference"),
        ("staying", "time_in_care", "restricted_mean", "rmst_difference"),
    ):
        column = "retention_days" if outcome == "time_in_care" else outcome
        values = [outcomes.loc[(cohort["arm"] == arm).to_numpy(), column].dropna() for arm in arms]
        for kind, name in (("adjusted", estimator), ("naive", "unadjusted")):
            # Weights move the arms' own values, if by little.
            means = [v.mean() + 0.0004 * (kind == "adjusted") for v in values]
            errors = [v.sem() for v in values]
            events = [float(v.sum()) if set(v) <= {0.0, 1.0} else np.nan for v in values]
            numbers = [(means[0] - means[1], float(np.hypot(*errors))), *zip(means, errors, strict=True)]
            sizes = [(sum(map(len, values)), np.nan), *zip(map(len, values), events, strict=True)]
            labels = [("contrast", *arms, measure), ("arm", arms[0], "", "mean"), ("arm", arms[1], "", "mean")]
            for (role, arm, against, what), (value, se), (n, n_events) in zip(labels, numbers, sizes, strict=True):
                rows.append(
                    {
                        "analysis": analysis,
                        "outcome": outcome,
                        "role": role,
                        "arm": arm,
                        "against": against,
                        "kind": kind,
                        "design": "overlap",
                        "estimator": name,
                        "estimand": "ATO" if kind == "adjusted" else "as seen",
                        "measure": what,
                        "population": "everybody",
                        "scenario": "main",
                        "day": np.nan,
                        "value": value,
                        "se": se,
                        "se_scale": "identity",
                        "ci_low": value - 1.96 * se,
                        "ci_high": value + 1.96 * se,
                        "n": n,
                        "n_events": n_events,
                        "ess": float(n) * 0.8,
                        "se_method": "robust, clustered by site (3 sites)",
                        "status": "shown",
                        "reason": None,
                    }
                )
    made = pd.DataFrame(rows)
    return pd.concat([made, panel(made)], ignore_index=True)


def panel(made: pd.DataFrame) -> pd.DataFrame:
    """Return a panel of missing rules beside the analysis ``urine``: each a little further from it than the last."""
    own = made[(made["analysis"] == "urine") & (made["role"] == "contrast") & (made["kind"] == "adjusted")].iloc[0]
    moved = {rule: 0.02 * place for place, rule in enumerate((*PLAUSIBLE, *BOUNDS))}
    moved |= {shift(one, other): 0.03 * (one - other) for one in STEPS for other in STEPS}
    rows = [own] * len(moved)
    numbers = np.add.outer(list(moved.values()), own[["value", "ci_low", "ci_high"]].to_numpy(float))
    scenarios = [scenario(rule) for rule in moved]
    same = {"role": CHECK, "estimator": PANEL, "se_method": "41 missing outcomes"}
    table = pd.DataFrame(rows).assign(**same, scenario=scenarios, n=np.nan, n_events=np.nan, ess=np.nan)
    table[["value", "ci_low", "ci_high"]] = numbers
    return table


def _curve(outcomes: pd.DataFrame, cohort: pd.DataFrame, arms) -> pd.DataFrame:
    rows = []
    for arm in arms:
        mine = outcomes[(cohort["arm"] == arm).to_numpy()]
        days, survival = mine["retention_days"].to_numpy(), 1.0
        for day in range(0, 181):
            at_risk = int((days >= day).sum())
            events = int(((days == day) & mine["retention_ended"]).sum())
            survival *= 1 - events / at_risk if at_risk else 1
            half = 1.96 * np.sqrt(survival * (1 - survival) / len(days))
            rows.append((arm, day, survival, max(survival - half, 0), min(survival + half, 1), at_risk, events))
    columns = ["arm", "day", "survival", "ci_low", "ci_high", "n_at_risk", "n_events"]
    return pd.DataFrame(rows, columns=columns).assign(analysis="staying")


def _incidence(outcomes: pd.DataFrame, cohort: pd.DataFrame, arms) -> pd.DataFrame:
    """Return how care ended, everybody followed to the end: of five who left two dropped out and two completed."""
    way = np.array(["dropout", "completion", "other", "dropout", "completion"])[np.arange(len(outcomes)) % 5]
    rows = []
    for arm in arms:
        mine = (cohort["arm"] == arm).to_numpy()
        days, ended = outcomes["retention_days"].to_numpy()[mine], outcomes["retention_ended"].to_numpy()[mine]
        for cause in ("dropout", "completion", "other", "left"):
            so = ended & ((way[mine] == cause) | ((cause == "left") & (way[mine] != "completion")))
            for day in range(0, 181):
                share = (so & (days <= day)).mean() if len(days) else 0.0
                events, at_risk = int((so & (days == day)).sum()), int((days >= day).sum())
                rows.append((arm, cause, day, share, max(share - 0.03, 0), min(share + 0.03, 1), at_risk, events))
    columns = ["arm", "cause", "day", "incidence", "ci_low", "ci_high", "n_at_risk", "n_events"]
    return pd.DataFrame(rows, columns=columns).assign(analysis="staying")


def _definitions(arms, n, rng) -> pd.DataFrame:
    rows = []
    for number in range(18):
        for rule in ("missing is positive", "as observed"):
            for arm, size in zip(arms, n, strict=False):
                events = int(
                    size * np.clip(0.06 + 0.03 * number + 0.1 * (rule == "as observed") + rng.normal(0, 0.02), 0, 1)
                )
                rows.append((f"Ab_definition_{number:02d}", rule, arm, size, events))
    return pd.DataFrame(rows, columns=["endpoint", "missing_rule", "arm", "n", "n_events"])
