"""Small made-up tables of subgroups, strategies, specifications and costs, beside those of ``report_tables``."""

import numpy as np
import pandas as pd

import report_tables

SECTIONS = {
    "subgroups": {"by": ["sex"]},
    "participation": {
        "outcome": "first_positive_test",
        "strategies": {"more": {"least_hours": 6}, "less": {"below_hours": 6}},
        "hours": {"high": 9, "low": 3, "curve": [6]},
    },
    "specifications": {"estimators": ["aipw", "weighted"]},
    "components": {"of": {"structure": ["proportion_negative", "weekly_hours"]}},
    "costs": {},
    "sensitivity": [{"negative_controls": {"outcomes": [f"control_{number}" for number in range(12)]}}, "by_site"],
}
WAYS = ("clone_censor_weight", "clone_censor_weight_truncated", "landmark", "by_attendance")


def study():
    """Return the example with all sections that have figures of their own."""
    return report_tables.study(**SECTIONS)


def tables(n=(300, 520)) -> dict[str, pd.DataFrame]:
    """Return its tables."""
    given = report_tables.tables(n=n)
    return (
        given
        | {
            "subgroup": _subgroup(given),
            "participation": _ways(sum(n) // 3),
            "participation_week": _weeks(n[0]),
            "participation_hours": _hours(n[0] // 3),
            "specification": _specifications(min(n)),
            "component": _components(given),
            "estimate": pd.concat(
                [given["estimate"], controls(given["estimate"], n), sites(given["estimate"], n)], ignore_index=True
            ),
        }
        | _costs(n)
    )


def controls(estimate: pd.DataFrame, n) -> pd.DataFrame:
    """Return twelve controls of the first analysis, of log ratios with mean 0.1, and its ratio before and after."""
    same = estimate.iloc[0].to_dict() | {"role": "check", "estimator": "negative_controls", "measure": "risk_ratio"}
    same |= {"se": 0.1, "se_scale": "log", "se_method": None, "n": np.nan, "n_events": np.nan}
    logs = 0.1 + np.linspace(-0.12, 0.12, 12)
    rows = [
        same
        | {"outcome": f"control_{number}", "value": np.exp(log), "n": min(n), "n_events": min(n) // 3}
        | {"scenario": f"negative_controls: control control_{number}"}
        for number, log in enumerate(logs)
    ]
    rows.append(same | {"value": np.exp(0.3), "scenario": "negative_controls: as found"})
    rows.append(same | {"value": np.exp(0.2), "scenario": "negative_controls: calibrated"})
    table = pd.DataFrame(rows)
    return table.assign(ci_low=table["value"] * np.exp(-0.196), ci_high=table["value"] * np.exp(0.196))


def sites(estimate: pd.DataFrame, n) -> pd.DataFrame:
    """Return the first analysis by site: four of them, one with few of the outcome, and one that has one arm."""
    same = estimate.iloc[0].to_dict() | {"role": "check", "estimator": "by_site", "scenario": "by_site", "se": 0.05}
    values = {"east": 0.12, "north": 0.02, "south": 0.06, "west": 0.04}
    rows = [same | {"population": f"site = {name}", "value": value, "n": min(n) // 4} for name, value in values.items()]
    table = pd.DataFrame(rows).assign(n_events=min(n) // 8)
    table = table.assign(ci_low=table["value"] - 0.098, ci_high=table["value"] + 0.098)
    few = same | {"population": "site = hill", "value": 0.3, "ci_low": 0.2, "ci_high": 0.4, "n": 40, "n_events": 4}
    one = same | {"population": "site = lake", "status": "refused", "reason": "one arm only"}
    one |= dict.fromkeys(("value", "se", "ci_low", "ci_high", "n", "n_events"), np.nan)
    return pd.concat([table, pd.DataFrame([few, one])], ignore_index=True)


def _subgroup(given: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = []
    for level in given["covariates"]["sex"].cat.categories:
        same = {"modifier": "sex", "level": level, "population": f"sex = {level}", "max_smd": 0.05, "status": "shown"}
        contrast = {"role": "contrast", "arm": "iop", "against": "outpatient", "value": 0.08, "se": 0.04}
        for measure, value in (("risk_difference", 0.08), ("risk_ratio", 1.2)):
            rows.append(same | contrast | {"measure": measure, "ci_low": value - 0.1, "ci_high": value + 0.1})
        rows += [same | {"role": "arm", "arm": arm, "against": "", "measure": "mean"} for arm in ("iop", "outpatient")]
    table = pd.DataFrame(rows).assign(analysis="primary", outcome="completion", kind="adjusted", design="overlap")
    table = table.assign(estimator="aipw", estimand="ATO", scenario="main", day=np.nan, se_scale="identity")
    return table.assign(n=100, n_events=50.0, ess=90.0, se_method="sandwich", reason=None)


def _components(given: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return two measures of one component by arm, for everybody."""
    rows, arm = [], given["covariates"].set_index("member_id")["arm"].astype("str")
    for metric in ("proportion_negative", "weekly_hours"):
        values = given["outcomes"].set_index("member_id")[metric].groupby(arm)
        for name, own in values:
            half = 2 * own.std() / np.sqrt(own.count())
            numbers = {"value": own.mean(), "ci_low": own.mean() - half, "ci_high": own.mean() + half, "n": own.count()}
            rows.append({"component": "structure", "metric": metric, "arm": name} | numbers)
    return pd.DataFrame(rows).assign(role="mean", group="everybody", level="", outcome="", status="shown", reason="")


def _specifications(least: int) -> pd.DataFrame:
    """Return two ways to ask, the chosen one among them; of few people one arm has too few with the outcome."""
    ways = {"estimator": ["aipw", "weighted"], "locked": [True, False], "value": [0.08, 0.03]}
    same = {"arm_rule": "as asked", "time_zero": "assignment", "outcome": "completion", "design": "overlap"}
    counts = {"least_n": least, "least_with": least // 3, "least_without": least - least // 3}
    table = pd.DataFrame(ways).assign(trimming="as asked", se=0.04, status="shown", reason=None, **same, **counts)
    return table.assign(number=[1, 2], ci_low=table["value"] - 0.08, ci_high=table["value"] + 0.08)


def _ways(n: int) -> pd.DataFrame:
    rows = [
        {"way": way, "value": 0.02 * place, "ci_low": 0.02 * place - 0.1, "ci_high": 0.02 * place + 0.1}
        for place, way in enumerate(WAYS)
    ]
    table = pd.DataFrame(rows).assign(
        outcome="first_positive_test", strategy="more", against="less", arms="iop", week=12
    )
    people = {
        "n_first": n,
        "n_second": n - 5,
        "with_first": n // 3,
        "with_second": n // 3,
        "ess_first": n,
        "ess_second": n,
    }
    return table.assign(se=0.05, share_first=0.4, share_second=0.35, status="shown", reason=None, **people)


def _weeks(n: int) -> pd.DataFrame:
    rows = [
        {"strategy": name, "week": week, "n_uncensored": n - 20 * week, "n_events": 15, "risk": 0.05 * week}
        for name in ("more", "less")
        for week in range(1, 7)
    ]
    table = pd.DataFrame(rows).assign(
        outcome="first_positive_test", n_deviating=5, mean_stabilised=1.01, max_weight=4.0
    )
    table["n_uncensored"] = table["n_uncensored"].clip(lower=0)
    return table.assign(ess=table["n_uncensored"] * 0.8, ci_low=table["risk"] - 0.02, ci_high=table["risk"] + 0.02)


def _hours(n: int) -> pd.DataFrame:
    table = pd.DataFrame({"hours": [3.0, 6.0, 9.0], "risk": [0.3, 0.35, 0.42], "n_near": n, "events_near": n // 3})
    table = table.assign(ci_low=table["risk"] - 0.1, ci_high=table["risk"] + 0.1, se=0.05, ess_near=0.8 * n)
    return table.assign(outcome="first_positive_test", arms="iop", status="shown", reason=None)


def _costs(n) -> dict[str, pd.DataFrame]:
    labels = {"perspective": "payer", "analysis": "primary", "outcome": "completion", "arm": "iop"}
    labels |= {"against": "outpatient", "price_year": "USD2001", "status": "shown", "reason": None}
    people = {"n_first": n[0], "n_second": n[1]}
    guards = {"least_with": min(n) // 3, "least_without": min(n) // 2, "person_share": 0.02, "site_share": 0.4}
    beside = {"delta_cost": 900.0, "cost_low": 500.0, "cost_high": 1300.0, "delta_effect": 0.08}
    beside |= {"effect_low": 0.02, "effect_high": 0.14, "words": "costs more and does more", "icer": 11250.0}
    beside |= {"saved_per_unit_lost": np.nan, "share_ne": 0.99, "share_se": 0.0, "share_nw": 0.01, "share_sw": 0.0}
    difference = {"method": "aipw", "measure": "mean_difference", "value": 900.0, "se": 200.0, "ci_low": 500.0}
    difference |= {"ci_high": 1300.0, "mean_first": 2000.0, "mean_second": 1100.0}
    price = pd.DataFrame({"perspective": "payer", "willingness": [0.0, 1e4, 1e5], "acceptability": [0.0, 0.4, 0.99]})
    draw = np.random.default_rng(0)
    return {
        "cost_difference": pd.DataFrame([labels | difference | people]),
        "cost_effectiveness": pd.DataFrame([labels | beside | people | guards]),
        "acceptability": price.assign(net_benefit=[-900.0, -100.0, 7100.0], ci_low=-1300.0, ci_high=9000.0, evpi=1.0),
        "cost_plane": pd.DataFrame(
            {"perspective": "payer", "draw": range(1, 31), "effect": draw.normal(0.08, 0.03, 30), "cost": 900.0}
        ),
    }
