"""The comparisons of a study: each contrast under each design, made without sight of an outcome."""

from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes import tables
from iop_outcomes.designs.calendar import PERIOD, long_enough, of_shared_time, with_left_out
from iop_outcomes.designs.comparison import Comparison, Population
from iop_outcomes.designs.judge.balance import EVERYBODY
from iop_outcomes.designs.judge.circumstances import Circumstances, judge_circumstances
from iop_outcomes.designs.judge.diagnostics import preference_score
from iop_outcomes.designs.judge.entry import with_late_arms_named
from iop_outcomes.designs.judge.gate import FAIL, diagnostic_rows, judge_design
from iop_outcomes.designs.judge.gate_together import judge_together
from iop_outcomes.designs.judge.second_moments import balance_of, balance_of_population
from iop_outcomes.designs.scores.site_propensity import settled
from iop_outcomes.designs.terms import AS_THEY_ARE, model_frame, refuse_without_sites, settle
from iop_outcomes.designs.together import pair_of, population_share, refuse_other_target, target_of, weigh_together
from iop_outcomes.designs.weighting import NOTES
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS, DesignMethod
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.study import Study
from iop_outcomes.study.view import Readable, StudyView
from iop_outcomes.tables.capability import unmet
from iop_outcomes.tables.comparison import of_arms

Arms = tuple[str, str]

#: Check of the row that says why a contrast could not be designed at all.
POSSIBLE = "comparison"


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path, design: str
) -> dict[str, pd.DataFrame]:
    """Make the arms comparable by one design and judge the result: the stage ``design``."""
    built = build_design(made["covariates"], made["capability"], study, design, tell)
    comparisons, _ = read_comparisons(made["covariates"], built["propensity"], built["diagnostic"], study, design)
    circumstances = Circumstances.of(study, made)
    around = judge_circumstances(comparisons, circumstances, study.gate_thresholds, study.covariate_names)
    judged = built["diagnostic"]
    impossible = judged["check"] == POSSIBLE
    rows = [with_late_arms_named(judged[impossible], made["entry"]), judged[~impossible], *around]
    return built | {"diagnostic": pd.concat([part for part in rows if len(part)], ignore_index=True)}


def pairs_of(study: Study, design: str, together: tuple[str, ...]) -> list[Arms]:
    """Return all pairs of the arms that a design makes comparable at once, those asked for in their direction."""
    asked = [pair for pair in study.contrasts_by_design[design] if set(pair) <= set(together)]
    seen = {frozenset(pair) for pair in asked}
    return asked + [pair for pair in combinations(together, 2) if frozenset(pair) not in seen]


def together_in(covariates: pd.DataFrame, study: Study, design: str) -> tuple[str, ...]:
    """Return the arms that a design makes comparable at once, as far as they have members; none for two at a time."""
    present = set(covariates["arm"].unique().astype("str"))
    arms = tuple(arm for arm in study.arms_together(design) if arm in present)
    return arms if len(arms) > 2 else ()


def build_design(
    covariates: pd.DataFrame,
    capability: pd.DataFrame,
    study: Study,
    design: str,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, pd.DataFrame]:
    """Make the arms of every contrast comparable by one design, and judge how well that went.

    A contrast that cannot be made (an arm without members, separation) does not stop the others: it keeps a failing row
    among the diagnostics, with the reason in a sentence.

    Parameters
    ----------
    covariates, capability : pandas.DataFrame
        Tables of those contracts.
    study : Study
        Names the design, its contrasts and the gate.
    design : str
        Name of the design in the study.
    tell : callable
        Gets a line per contrast, for progress.

    Returns
    -------
    dict
        ``propensity``, ``balance`` and ``diagnostic`` tables.
    """
    made: dict[str, list[pd.DataFrame]] = {"propensity": [], "balance": [], "diagnostic": []}
    together = together_in(covariates, study, design)
    if together:
        _build_together(made, covariates, study, design, together, tell)
    for arms in study.contrasts_by_design[design]:
        if set(arms) <= set(together):
            continue
        try:
            _refuse_empty_arms(covariates, capability, study, arms)
            comparison = compare(covariates, study, design, arms)
        except StudyError as error:
            made["diagnostic"].append(_impossible(design, arms, str(error)))
            tell(f"{arms[0]} v {arms[1]}: {error}")
            continue
        labels = {"arm": arms[0], "against": arms[1], "design": design}
        levels = balance_of(comparison).assign(**labels)
        made["propensity"].append(comparison.members.assign(**labels).reset_index())
        made["balance"].append(levels)
        made["diagnostic"].append(judge_design(comparison, study.gate_thresholds, balance_table=levels))
        tell(f"{comparison.contrast}: done")
    return {name: pd.concat(parts, ignore_index=True) if parts else tables.empty(name) for name, parts in made.items()}


def read_comparisons(
    covariates: pd.DataFrame, propensity: pd.DataFrame, diagnostic: pd.DataFrame, study: Readable, design: str
) -> tuple[dict[Arms, Comparison], dict[Arms, str]]:
    """Return the comparisons that ``build_design`` made, and why the others could not be.

    Parameters
    ----------
    covariates, propensity, diagnostic : pandas.DataFrame
        Tables of those contracts.
    study : Study
    design : str

    Returns
    -------
    comparisons : dict of arms to Comparison
    refusals : dict of arms to str
    """
    comparisons, refusals = {}, {}
    impossible = diagnostic[diagnostic["check"] == POSSIBLE]
    mine = propensity[propensity["design"] == design].drop(columns="design")
    together = together_in(covariates, study, design)
    everybody = None
    for arms in study.contrasts_by_design[design]:
        reasons = impossible.loc[of_arms(impossible, arms, design), "reason"]
        if len(reasons):
            refusals[arms] = reasons.iloc[0]
            continue
        members = mine[of_arms(mine, arms)].drop(columns=["arm", "against"])
        members = members.set_index("member_id").sort_index()
        shared = set(arms) <= set(together)
        if shared and everybody is None:
            everybody = _population(covariates, study, design, together, mine)
        comparisons[arms] = _comparison(covariates, study, design, arms, members, everybody if shared else None)
    return comparisons, refusals


def _build_together(
    made: dict[str, list[pd.DataFrame]],
    covariates: pd.DataFrame,
    study: Study,
    design: str,
    together: tuple[str, ...],
    tell: Callable[[str], None],
) -> None:
    """Make all arms comparable at once, and add the tables of every pair."""
    pairs = pairs_of(study, design, together)
    try:
        everybody = _weigh_together(covariates, study, design, together)
    except StudyError as error:
        asked = [pair for pair in study.contrasts_by_design[design] if set(pair) <= set(together)]
        made["diagnostic"] += [_impossible(design, pair, str(error)) for pair in asked]
        tell(f"{', '.join(together)}: {error}")
        return
    members = {pair: pair_of(everybody, together, *pair) for pair in pairs}
    rows = _labelled(members)
    population = _population(covariates, study, design, together, pd.concat(rows))
    comparisons = {pair: _comparison(covariates, study, design, pair, own, population) for pair, own in members.items()}
    method = DESIGN_METHODS[study.designs[design].method]
    share = population_share(everybody, together, method.estimand, population.target)
    levels = balance_of_population(population, method.estimand, population=share, pairs=pairs)
    made["propensity"] += [own.assign(design=design) for own in rows]
    made["balance"].append(levels[levels["against"] != EVERYBODY].assign(design=design))
    made["diagnostic"].append(judge_together(comparisons, study.gate_thresholds, levels))
    tell(f"{', '.join(together)}: done")


def _labelled(members: dict[Arms, pd.DataFrame]) -> list[pd.DataFrame]:
    return [own.assign(arm=pair[0], against=pair[1]).reset_index() for pair, own in members.items()]


def _weigh_together(covariates: pd.DataFrame, study: Study, design: str, together: tuple[str, ...]) -> pd.DataFrame:
    chosen = _in_arms(covariates, together)
    method = DESIGN_METHODS[study.designs[design].method]
    settings = method.check_in_study(study.designs[design].settings, f"designs.{design}")
    cluster = chosen["cluster"].to_numpy() if "cluster" in chosen else None
    arm, target = _codes(chosen, together), target_of(method, settings, together, study.arms_together(design)[:2])
    columns, _ = _for_models(chosen, study, arm, method, settings)
    inside, notes = _of_shared_time(columns, arm, method)
    cluster = None if cluster is None else cluster[inside]
    made = weigh_together(columns[inside], arm[inside], together, cluster, method, settings, target)
    return with_left_out(made, columns.index, notes, NOTES).assign(arm=arm) if notes else made


def _population(
    covariates: pd.DataFrame, study: Study, design: str, together: tuple[str, ...], propensity: pd.DataFrame
) -> Population:
    """Return everybody of a design for several arms, from the members of its pairs."""
    chosen = _in_arms(covariates, together)
    by_member = propensity.drop_duplicates("member_id").set_index("member_id").reindex(chosen.index)
    weight, scored = by_member["weight"].to_numpy(float), by_member["score"].notna().to_numpy()
    members = pd.DataFrame({"arm": _codes(chosen, together), "weight": weight, "scored": scored}, index=chosen.index)
    method = DESIGN_METHODS[study.designs[design].method]
    target = target_of(method, study.designs[design].settings, together, study.arms_together(design)[:2])
    arm, covariates = _codes(chosen, together), _covariates(chosen, study)
    terms = settle(study.covariate_terms, covariates, arm, chosen.get("cluster"))
    return Population(together, members, covariates, chosen.get("cluster"), target, terms)


def _codes(chosen: pd.DataFrame, together: tuple[str, ...]) -> NDArray[np.intp]:
    """Return the position of everybody's arm among the arms."""
    return pd.Categorical(chosen["arm"].astype("str"), categories=list(together)).codes.astype(np.intp)


def compare(covariates: pd.DataFrame, study: Readable, design: str, arms: Arms) -> Comparison:
    """Return two arms made comparable by one design of a study, together with its other arms where it takes them so.

    Parameters
    ----------
    covariates : pandas.DataFrame
        Table of that contract, or some of its rows.
    study : Study
    design : str
        Name of the design in the study.
    arms : (str, str)

    Raises
    ------
    StudyError
        They cannot be made comparable.
    """
    together = together_in(covariates, study, design)
    if set(arms) <= set(together):
        everybody = _weigh_together(covariates, study, design, together)
        pairs = pairs_of(study, design, together)
        members = {pair: pair_of(everybody, together, *pair) for pair in pairs}
        population = _population(covariates, study, design, together, pd.concat(_labelled(members)))
        return _comparison(covariates, study, design, arms, members[arms], population)
    chosen = _in_arms(covariates, arms)
    treated = (chosen["arm"] == arms[0]).to_numpy()
    method = DESIGN_METHODS[study.designs[design].method]
    settings = method.check_in_study(study.designs[design].settings, f"designs.{design}")
    refuse_other_target(method, settings, arms)
    columns, cluster = _for_models(chosen, study, treated, method, settings)
    inside, notes = _of_shared_time(columns, treated, method)
    cluster = None if cluster is None else cluster[inside]
    members = method(columns[inside], treated[inside], cluster, seed_of(study.seed, design), **settings)
    members = with_left_out(members, columns.index, notes, NOTES) if notes else members
    members = members.assign(treated=treated)
    # As an array: numpy asks a Series things for which pandas makes a table of all its members' names.
    score = members["score"].to_numpy(float)
    members["preference_score"] = np.nan if np.isnan(score).all() else preference_score(score, treated)
    return _comparison(covariates, study, design, arms, members)


def _comparison(
    covariates: pd.DataFrame,
    study: Study,
    design: str,
    arms: Arms,
    members: pd.DataFrame,
    together: Population | None = None,
) -> Comparison:
    chosen = _in_arms(covariates, arms).loc[members.index]
    method = DESIGN_METHODS[study.designs[design].method]
    settings = method.check_in_study(study.designs[design].settings, f"designs.{design}")
    if together is None:
        settings = settled(settings, members["treated"], chosen.get("cluster"))
        known = _covariates(chosen, study)
        terms = settle(study.covariate_terms, known, members["treated"].to_numpy(), chosen.get("cluster"))
    else:
        settings = settled(settings, together.arm, together.cluster)
        known, terms = together.covariates.loc[members.index], together.terms
    return Comparison(
        design=design,
        method=method.name,
        estimand=method.estimand,
        arms=arms,
        members=members,
        covariates=known,
        cluster=chosen.get("cluster"),
        settings=settings,
        together=together,
        terms=terms,
    )


def _in_arms(covariates: pd.DataFrame, arms: tuple[str, ...]) -> pd.DataFrame:
    chosen = covariates[covariates["arm"].isin(arms)].set_index("member_id").sort_index()
    for name in chosen.select_dtypes("category"):
        # Counted, where pandas would sort the codes: nearly every column has all of its levels.
        codes, n_levels = chosen[name].cat.codes.to_numpy(), len(chosen[name].cat.categories)
        if not np.bincount(codes[codes >= 0], minlength=n_levels).all():
            chosen[name] = chosen[name].cat.remove_unused_categories()
    return chosen


def _covariates(chosen: pd.DataFrame, study: Readable) -> pd.DataFrame:
    """Return the covariates of the design, with their missing indicators; not those that only break down tables."""
    wanted = set(study.covariate_names) | ({PERIOD} if study.adjusts_for_calendar else set())
    found = chosen[[c for c in chosen if c in wanted or c.removesuffix("_missing") in wanted]]
    return found.assign(**{PERIOD: long_enough(found[PERIOD])}) if PERIOD in found else found


def _for_models(
    chosen: pd.DataFrame,
    study: Readable,
    arm: NDArray[np.bool_] | NDArray[np.intp],
    method: DesignMethod,
    settings: Mapping[str, object],
) -> tuple[pd.DataFrame, NDArray[np.object_] | None]:
    """Return the columns that a design method takes, and the sites."""
    known, cluster = _covariates(chosen, study), chosen.get("cluster")
    refuse_without_sites(study.covariate_terms, settled(settings, arm, cluster).get("by_site"), method.name)
    columns = model_frame(known, settle(study.covariate_terms, known, arm, cluster), cluster)
    return columns, None if cluster is None else cluster.to_numpy()


def _of_shared_time(columns: pd.DataFrame, arm: NDArray, method: DesignMethod) -> tuple[NDArray[np.bool_], list]:
    """Return who came when all arms were open; everybody where the design adjusts for nothing."""
    if PERIOD not in columns or method.name == AS_THEY_ARE:
        return np.ones(len(columns), dtype=bool), []
    return of_shared_time(columns[PERIOD], arm)


def _refuse_empty_arms(covariates: pd.DataFrame, capability: pd.DataFrame, study: Study, arms: Arms) -> None:
    for arm in arms:
        if (covariates["arm"] == arm).any():
            continue
        needs = tuple(f"episode.{column}" for column in study.cohort.arms[arm])
        why = unmet(needs, capability) or "no eligible person was assigned to it"
        raise StudyError(f"the arm '{arm}' is empty: {why}")


def _impossible(design: str, arms: Arms, reason: str) -> pd.DataFrame:
    return diagnostic_rows([(POSSIBLE, np.nan, np.nan, FAIL, reason)], arms, design)
