"""Plasmode: real people, their covariates as they are, an arm and outcomes drawn anew with an effect that is known.

Who somebody is, where they were, which of their outcomes are missing and what goes with what among the covariates stay
those of the records; only the step from there to arm and outcome is a model, fitted to the records.

References
----------
Franklin, Schneeweiss, Polinski & Rassen 2014, 10.1016/j.csda.2013.10.018
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.weighting import score_people
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.operating.outcome_draws import Drawn, fit_outcome
from iop_outcomes.simulate.truth import truth
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import Outcome, outcome_of

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Plasmode:
    """The members of a study with the models from which their arms and outcomes are drawn.

    Attributes
    ----------
    study : Study
    made : mapping of str to DataFrame
        Its tables up to ``outcomes``.
    score : Series
        Probability of the first arm by member; missing where nobody like them is in the other arm (sites of one arm):
        they keep theirs.
    drawn : mapping of str to Drawn
        Outcomes that are drawn. The others (times, weekly results, what nobody is seen to differ in) stay as recorded,
        so that the arm, drawn anew, does nothing to them.
    """

    study: Study
    made: Tables
    score: pd.Series
    drawn: Mapping[str, Drawn]

    def draw(self, effect: float, seed: int) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
        """Return the tables with arms and outcomes drawn anew, and the truth.

        Parameters
        ----------
        effect : float
            Effect of the first arm on what is good: a difference of shares, or in standard deviations of others.
        seed : int

        Returns
        -------
        tables : dict of str to DataFrame
            With ``cohort``, ``covariates`` and ``outcomes`` as they would have come out.
        truth : pandas.DataFrame
            Table of that contract, from the same models.
        """
        random, first = np.random.default_rng(seed), self._first
        iop = np.where(self.score.isna(), first, random.random(len(first)) < self.score.fillna(0))
        # One luck a person: outcomes of one history, such as an endpoint under two missing rules, go together.
        luck = random.random(len(first))
        outcomes = self.made["outcomes"].set_index("member_id")
        found = outcomes.reindex(self.score.index).copy()
        for name, model in self.drawn.items():
            values = pd.Series(model.values(effect * iop, luck), index=found.index)
            found[name] = values.where(found[name].notna())
        own = {"cohort": self._in_arms("cohort", iop), "covariates": self._in_arms("covariates", iop)}
        return {**self.made, **own, "outcomes": found.reset_index()}, self._truth(effect)

    @property
    def _first(self) -> NDArray[np.bool_]:
        return (self.made["covariates"]["arm"].astype("str") == self.study.first_arms[0]).to_numpy()

    def _in_arms(self, name: str, iop: NDArray[np.bool_]) -> pd.DataFrame:
        table, (first, second) = self.made[name], self.study.first_arms
        arm = pd.Series(np.where(iop, first, second), index=self.score.index).reindex(table["member_id"])
        return table.assign(arm=pd.Categorical(arm.to_numpy(), categories=[first, second]))

    def _truth(self, effect: float) -> pd.DataFrame:
        scored = self.score.dropna()
        means = [
            {
                name: pd.Series(model.means(arm * effect), self.score.index)[scored.index]
                for name, model in self.drawn.items()
            }
            for arm in (1, 0)
        ]
        kept = {name: pd.Series(0.0, scored.index) for name in self._outcomes() if name not in self.drawn}
        return truth(means[0] | kept, means[1] | kept, scored)

    def _outcomes(self) -> list[str]:
        return list(dict.fromkeys(analysis.outcome for analysis in self.study.analyses.values()))


def fit_plasmode(study: Study, made: Tables) -> Plasmode:
    """Fit the models from which arms and outcomes of a study are drawn.

    Parameters
    ----------
    study : Study
        Of two arms.
    made : mapping of str to DataFrame
        Its tables up to ``outcomes``.

    Raises
    ------
    StudyError
        More than two arms, or a model that cannot be fitted.
    """
    if len(study.cohort.arms) != 2:
        raise StudyError(
            f"simulate: an effect is planted between two arms and the study has {len(study.cohort.arms)}; name two in "
            "cohort.arms"
        )
    people = made["covariates"].set_index("member_id")
    first = (people["arm"].astype("str") == study.first_arms[0]).to_numpy()
    cluster = people.get("cluster")
    known = people.drop(columns=["arm", "cluster"], errors="ignore")
    seed = seed_of(study.seed, "plasmode")
    if known.empty and cluster is None:
        score = np.full(len(people), first.mean())
    else:
        by_site = "auto" if cluster is not None else "no"
        score = score_people(known, first, cluster, seed, model="firth", by_site=by_site).score
    outcomes = made["outcomes"].set_index("member_id").reindex(people.index)
    known = people.drop(columns="arm")
    drawn = {name: fit_outcome(own, outcomes[name], known, first) for name, own in _drawable(study, outcomes).items()}
    return Plasmode(study, made, pd.Series(score, index=people.index), drawn)


def _drawable(study: Study, outcomes: pd.DataFrame) -> dict[str, Outcome]:
    """Return the outcomes of analyses that are one number a member, and of which more than one is seen."""
    asked = dict.fromkeys(analysis.outcome for analysis in study.analyses.values())
    return {
        name: outcome_of(study, name) for name in asked if len(outcomes.get(name, pd.Series()).dropna().unique()) > 1
    }
