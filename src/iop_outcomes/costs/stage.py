"""What is bought, and at what price: difference of cost, cost beside effect, and how sure either is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.costs.alike import recorded_unlike
from iop_outcomes.costs.difference import METHODS, cost_difference
from iop_outcomes.costs.effectiveness import BUYS, SAVES, cost_effectiveness
from iop_outcomes.costs.joint import draws_of
from iop_outcomes.costs.of_study import costs_of, recorded_items
from iop_outcomes.designs.judge.concerns import concerns
from iop_outcomes.designs.judge.gate import FAIL
from iop_outcomes.kernel.errors import EstimationError, StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.study.costs import Costs
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.estimate import FLAGGED, REFUSED, SHOWN, WITHHELD

#: Below this share of an arm of whom cost and effect are both known nothing is said.
ENOUGH_KNOWN = 0.8
#: From this share of an arm's costs on that one person bears, the mean is of that person more than of the others.
MOST_OF_ONE = 0.25
_OF_ONE = "the costs of an arm hang on very few people, so that their mean says little of what others would cost"
WRITES = ("cost_difference", "cost_effectiveness", "acceptability", "cost_plane")
Tables = dict[str, pd.DataFrame]
#: Draws of the mean in the first arm, and in the second, by column.
Drawn = dict[str, tuple[np.ndarray, np.ndarray]]


def run(study: StudyView, made: Tables, *, tell: Callable[[str], None], folder: Path) -> Tables:
    """Set cost beside effect from every perspective of a study: the stage ``costs``."""
    asked: Costs = study.costs
    name = asked.asked(study)
    first, second = study.contrast(study.analyses[name])
    labels = {"analysis": name, "arm": first, "against": second}
    parts: dict[str, list[pd.DataFrame]] = {table: [] for table in WRITES}
    try:
        data, covariates, year = _people(study, made, folder)
        reason, status = _fault(study, made, data, (first, second))
        numbers = ["effect", *(f"cost: {perspective}" for perspective in asked.perspectives)]
        known = data[data[numbers].notna().all(axis=1)]
        settings = _settings(study, known, covariates)
        drawn = None if status == WITHHELD else _drawn(study, known, settings)
    except StudyError as error:
        tell(f"refused, {error}")
        return _refused(labels, list(asked.perspectives), str(error))
    for perspective in asked.perspectives:
        labels |= {"perspective": perspective, "price_year": year, "outcome": study.analyses[name].outcome}
        of_one = _guards(known, f"cost: {perspective}", (first, second))["person_share"] >= MOST_OF_ONE
        own = (FLAGGED, _OF_ONE) if of_one and status == SHOWN else (status, reason or None)
        status_of = dict(zip(("status", "reason"), own, strict=True))
        try:
            found = _of_perspective(study, known, settings, perspective, drawn)
        except StudyError as error:
            found = _refused(labels, [perspective], _OF_ONE if of_one else str(error))
            status_of = {}
        for table, rows in found.items():
            parts[table].append(rows.assign(**(labels | (status_of if "status" in _columns(table) else {}))))
        tell(f"{perspective}: {status}")
    return {
        table: pd.concat(rows, ignore_index=True).reindex(columns=_columns(table)) if rows else tables.empty(table)
        for table, rows in parts.items()
    }


def _varies(values: pd.Series) -> bool:
    return len(values.dropna().unique()) > 1


def _columns(table: str) -> list[str]:
    return list(tables.empty(table).columns)


def _people(study: StudyView, made: Tables, folder: Path) -> tuple[pd.DataFrame, list[str], str]:
    """Return arm, site, covariates, costs and effect of everybody in the two arms, more of the effect being better."""
    analysis = study.analyses[study.costs.asked(study)]
    arms, outcome = study.contrast(analysis), outcome_of(study, analysis.outcome)
    costs, year = costs_of(study.costs, made, folder)
    covariates = made["covariates"].set_index("member_id")
    chosen = covariates[covariates["arm"].astype("str").isin(arms)]
    names = [str(name) for name in chosen if name not in ("arm", "cluster") and _varies(chosen[name])]
    if not names:
        raise EstimationError(
            "costs: there are no covariates, so that a difference of cost would be of who was compared"
        )
    values = made["outcomes"].set_index("member_id")
    if analysis.outcome not in values:
        raise EstimationError(f"costs: this source cannot give '{analysis.outcome}'")
    effect = outcome.good * values[analysis.outcome].reindex(chosen.index)
    named = {f"cost: {name}": costs[name].reindex(chosen.index) for name in costs}
    return chosen.assign(effect=effect, **named), names, year


def _fault(study: StudyView, made: Tables, data: pd.DataFrame, arms: tuple[str, str]) -> tuple[str, str]:
    """Return why nothing, or nothing sure, may be said, and the status that follows."""
    name = study.costs.asked(study)
    judged = made["diagnostic"]
    outcome = outcome_of(study, study.analyses[name].outcome)
    about = judged["check"].astype("str").map(lambda check: concerns(check, outcome)).astype(bool)
    failed = judged[(judged["status"] == FAIL) & of_arms(judged, arms, study.analyses[name].design) & about]
    withhold = study.gate.on_failure == "withhold" and name not in study.gate.override
    if len(failed):
        return " ".join(failed["reason"].astype("str")), WITHHELD if withhold else FLAGGED
    unlike = _recorded_unlike(study.costs, made, data, arms)
    if unlike:
        return unlike, WITHHELD if withhold else FLAGGED
    known = data.drop(columns=["arm", "cluster"], errors="ignore").notna().all(axis=1)
    least = known.groupby(data["arm"].astype("str")).mean().reindex(list(arms)).min()
    if not least >= ENOUGH_KNOWN:
        reason = "cost and effect are both known of fewer than four in five people of an arm"
        return reason, WITHHELD if withhold else FLAGGED
    return "", SHOWN


def _recorded_unlike(asked: Costs, made: Tables, data: pd.DataFrame, arms: tuple[str, str]) -> str:
    """Return in what the items that count are recorded otherwise in one arm; nothing where visits are priced."""
    if made["cost"].empty:
        return ""
    cohort = made["cohort"].set_index("member_id")
    items = recorded_items(made["cost"], cohort)
    bearers = {bearer for counted in asked.perspectives.values() for bearer in counted}
    people = pd.DataFrame(
        {
            "arm": data["arm"].astype("str"),
            "stay": made["outcomes"].set_index("member_id")["retention_days"].reindex(data.index).astype(float),
            "observed": cohort["follow_up_end_day"].reindex(data.index).astype(float),
        }
    )
    return recorded_unlike(items[items["perspective"].astype("str").isin(bearers)], people, arms)


def _settings(study: StudyView, data: pd.DataFrame, covariates: list[str]) -> dict[str, Any]:
    """Return what estimates of cost and draws have in common: whom they compare, and for whom."""
    analysis = study.analyses[study.costs.asked(study)]
    return {
        "arm": "arm",
        "covariates": covariates,
        "estimand": DESIGN_METHODS[study.designs[analysis.design].method].estimand,
        "cluster": "cluster" if "cluster" in data else None,
    }


def _drawn(study: StudyView, known: pd.DataFrame, settings: dict[str, Any]) -> Drawn:
    """Return the means of the effect and of every cost in both arms, all drawn together."""
    costs = [f"cost: {perspective}" for perspective in study.costs.perspectives]
    columns = ["effect", *costs]
    values = draws_of(
        known,
        columns=columns,
        costs=costs,
        contrast=study.contrast(study.analyses[study.costs.asked(study)]),
        n_draws=study.costs.draws,
        seed=seed_of(study.seed, "costs"),
        **settings,
    )
    return {name: (values[:, 2 * place], values[:, 2 * place + 1]) for place, name in enumerate(columns)}


def _of_perspective(
    study: StudyView, known: pd.DataFrame, settings: dict[str, Any], perspective: str, drawn: Drawn | None
) -> Tables:
    """Return the tables of one perspective; without numbers where nothing was drawn, since it is withheld."""
    asked, cost = study.costs, f"cost: {perspective}"
    arms = study.contrast(study.analyses[asked.asked(study)])
    people = known["arm"].astype("str").value_counts()
    counts = {"n_first": float(people.get(arms[0], 0)), "n_second": float(people.get(arms[1], 0))}
    guards = guards_of(known, perspective, list(asked.perspectives), arms)
    if drawn is None:
        rows = pd.DataFrame([counts])
        first = rows.assign(method=METHODS[0], measure="mean_difference")
        return {"cost_difference": first, "cost_effectiveness": rows.assign(**guards)}
    differences = pd.concat(
        [_difference(known, cost, method, arms, settings) for method in METHODS], ignore_index=True
    ).assign(**counts)
    prices = sorted({*asked.willingness, *([asked.worth] if asked.worth else [])})
    (effect_first, effect_second), (cost_first, cost_second) = drawn["effect"], drawn[cost]
    found = cost_effectiveness(
        effect_first=effect_first,
        effect_second=effect_second,
        cost_first=cost_first,
        cost_second=cost_second,
        willingness=prices,
    )
    effect, spent = effect_first - effect_second, cost_first - cost_second
    return {
        "cost_difference": differences,
        "cost_effectiveness": _beside(found, effect, spent).assign(**counts, **guards),
        "acceptability": _by_price(found.by_willingness, effect, spent),
        "cost_plane": pd.DataFrame({"draw": np.arange(1, len(effect) + 1), "effect": effect, "cost": spent}),
    }


def guards_of(
    known: pd.DataFrame, perspective: str, perspectives: list[str], arms: tuple[str, str]
) -> dict[str, float]:
    """Return what disclosure control must know of the people behind the costs of a perspective.

    Means of two perspectives differ by what is borne in one of them alone, and that may be one person's: the shares are
    the largest of the perspective's own and of what it differs by from those before it.

    Parameters
    ----------
    known : pandas.DataFrame
        ``arm``, ``effect``, ``cluster`` where there are sites, and a column of costs a perspective.
    perspective : str
    perspectives : list of str
        All of the study, in its order.
    arms : (str, str)
    """
    found = _guards(known, f"cost: {perspective}", arms)
    for before in perspectives[: perspectives.index(perspective)]:
        apart = (known[f"cost: {perspective}"] - known[f"cost: {before}"]).abs()
        own = _guards(known.assign(apart=apart), "apart", arms)
        found |= {share: max(found[share], own[share]) for share in ("person_share", "site_share")}
    return found


def _guards(known: pd.DataFrame, cost: str, arms: tuple[str, str]) -> dict[str, float]:
    """Return what disclosure control must know of the people behind costs and effects; all are told to nobody."""
    arm, effect = known["arm"].astype("str"), known["effect"].abs()
    binary = set(effect.unique()) <= {0.0, 1.0}
    found = {"least_with": np.inf, "least_without": np.inf, "person_share": 0.0, "site_share": 0.0}
    for name in arms:
        mine = arm == name
        for guard, had in (("least_with", effect == 1), ("least_without", effect == 0)):
            n = float((mine & had).sum())
            found[guard] = min(found[guard], n) if n and binary else found[guard]
        for values in (known.loc[mine, cost], *([] if binary else [effect[mine]])):
            total = values.sum()
            if not total > 0:
                continue
            found["person_share"] = max(found["person_share"], float(values.max() / total))
            if "cluster" in known and _varies(known.loc[mine, "cluster"]):
                of_site = values.groupby(known.loc[mine, "cluster"].astype("str")).sum().max()
                found["site_share"] = max(found["site_share"], float(of_site / total))
    return {guard: value if np.isfinite(value) else np.nan for guard, value in found.items()}


def _difference(
    known: pd.DataFrame, cost: str, method: Any, arms: tuple[str, str], settings: dict[str, Any]
) -> pd.DataFrame:
    rows = cost_difference(known, cost=cost, method=method, contrast_of=arms, **settings)
    own_arm = {arm: rows.loc[(rows["role"] == "arm") & (rows["arm"] == arm), "value"].iloc[0] for arm in arms}
    contrasts = rows[rows["role"] == "contrast"][["measure", "value", "se", "ci_low", "ci_high"]]
    return contrasts.assign(method=method, mean_first=own_arm[arms[0]], mean_second=own_arm[arms[1]])


def _beside(found: Any, effect: np.ndarray, spent: np.ndarray) -> pd.DataFrame:
    """Return cost and effect with percentile intervals, and a price only where chance explains neither."""
    row = dict(found.summary)
    if row["words"] not in (BUYS, SAVES):
        row["icer"] = row["saved_per_unit_lost"] = np.nan
    row |= {f"share_{name.lower()}": share for name, share in found.quadrants.items()}
    for name, values in (("effect", effect), ("cost", spent)):
        row[f"{name}_low"], row[f"{name}_high"] = np.percentile(values, [2.5, 97.5])
    return pd.DataFrame([row])


def _by_price(table: pd.DataFrame, effect: np.ndarray, spent: np.ndarray) -> pd.DataFrame:
    gains = np.outer(table["willingness"], effect) - spent
    low, high = np.percentile(gains, [2.5, 97.5], axis=1)
    return table.assign(ci_low=low, ci_high=high)


def _refused(labels: dict[str, str], perspectives: list[str], reason: str) -> Tables:
    """Return a row for every perspective that says why there is nothing."""
    rows = pd.DataFrame([labels | {"perspective": name, "status": REFUSED, "reason": reason} for name in perspectives])
    rows["outcome"] = rows.get("outcome", "none")
    rows["price_year"] = rows.get("price_year", "none")
    first = rows.assign(method=METHODS[0], measure="mean_difference").reindex(columns=_columns("cost_difference"))
    beside = rows.reindex(columns=_columns("cost_effectiveness"))
    empty = {name: tables.empty(name) for name in ("acceptability", "cost_plane")}
    return {"cost_difference": first, "cost_effectiveness": beside} | empty
