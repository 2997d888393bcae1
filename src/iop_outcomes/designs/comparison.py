"""Arms made comparable: what a design hands to an estimator."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from iop_outcomes.designs.terms import Settled, model_frame

#: Of whom an ATT speaks that matching has left without some of the first arm.
MATCHED_TREATED = "matched treated"


@dataclass(frozen=True)
class Population:
    """Everybody one design makes comparable: all its contrasts speak of these people.

    Attributes
    ----------
    arms : tuple of str
        All arms of the design, two or more.
    members : pandas.DataFrame
        Indexed by ``member_id`` in sorted order: ``arm`` (position in ``arms``), ``weight`` (0 = not used), ``scored``
        (whether the design gave the member a propensity score).
    covariates : pandas.DataFrame
        The covariates the design balanced, complete, with the same index.
    cluster : pandas.Series or None
        Label of the unit whose members are alike, with the same index.
    target : int or None
        Position of the arm whose people an ATT or ATC speaks for.
    terms : tuple
        Curves, products and slopes by site of the models, settled.
    """

    arms: tuple[str, ...]
    members: pd.DataFrame
    covariates: pd.DataFrame
    cluster: pd.Series | None = None
    target: int | None = None
    terms: tuple[Settled, ...] = ()

    @cached_property
    def model_frame(self) -> pd.DataFrame:
        """Columns that models take: the covariates, and the terms made of them."""
        return model_frame(self.covariates, self.terms, self.cluster)

    @cached_property
    def arm(self) -> NDArray[np.intp]:
        """Position of each member's arm."""
        return self.members["arm"].to_numpy(np.intp)

    @cached_property
    def weight(self) -> NDArray[np.float64]:
        """Weight of each member."""
        return self.members["weight"].to_numpy(float)

    def of(self, name: str) -> NDArray[np.bool_]:
        """Return who is in an arm."""
        return self.arm == self.arms.index(name)

    def only(self, rows: NDArray[np.bool_]) -> "Population":
        """Return the population of some of its members, given by a boolean mask."""
        return replace(self, **_of_rows(self, rows))


@dataclass(frozen=True)
class Comparison:
    """One contrast under one design.

    Attributes
    ----------
    design, method, estimand : str
        Name in the study, the design method's name, and for whom the contrast holds.
    arms : tuple of str
        First and second arm; a contrast is always first minus second.
    members : pandas.DataFrame
        Of the two arms, indexed by ``member_id`` in sorted order: ``treated`` (bool, first arm), ``score`` (probability
        of the first of the two arms, may be missing), ``weight`` (0 = not used), ``matched_set`` (label or missing).
    covariates : pandas.DataFrame
        The covariates the design balanced, complete, with the same index.
    cluster : pandas.Series or None
        Label of the unit whose members are alike, with the same index.
    settings : dict
        Settings of the design method.
    together : Population or None
        Everybody of a design that makes more than these two arms comparable at once.
    terms : tuple
        Curves, products and slopes by site of the models, settled.
    """

    design: str
    method: str
    estimand: str
    arms: tuple[str, str]
    members: pd.DataFrame
    covariates: pd.DataFrame
    cluster: pd.Series | None = None
    settings: dict[str, object] | None = None
    together: Population | None = None
    terms: tuple[Settled, ...] = ()

    @cached_property
    def model_frame(self) -> pd.DataFrame:
        """Columns that models take: the covariates, and the terms made of them."""
        return model_frame(self.covariates, self.terms, self.cluster)

    @property
    def speaks_for(self) -> str:
        """For whom the contrast holds: the estimand, or the matched treated where some of the first arm have no match.

        References
        ----------
        Rosenbaum & Rubin 1985, Biometrics 41:103: what matching leaves out changes whom an effect is of.
        """
        if self.estimand != "ATT":
            return self.estimand
        matches = self.method == "nearest_match" or self.members["matched_set"].notna().any()
        return MATCHED_TREATED if matches and (self.weight[self.treated] == 0).any() else self.estimand

    @property
    def contrast(self) -> str:
        """The two arms in words, as ``iop v outpatient``."""
        return f"{self.arms[0]} v {self.arms[1]}"

    @property
    def treated(self) -> NDArray[np.bool_]:
        """Whether each member is in the first arm."""
        return self.members["treated"].to_numpy(bool)

    @property
    def weight(self) -> NDArray[np.float64]:
        """Weight of each member."""
        return self.members["weight"].to_numpy(float)

    @property
    def score(self) -> NDArray[np.float64]:
        """Propensity score of each member."""
        return self.members["score"].to_numpy(float)

    @property
    def cluster_codes(self) -> NDArray[np.signedinteger] | None:
        """Cluster of each member as 0, 1, 2, ... or None."""
        return None if self.cluster is None else self.cluster.astype("category").cat.codes.to_numpy()

    @cached_property
    def population(self) -> Population:
        """Everybody the design makes comparable: the two arms, unless it has more."""
        if self.together is not None:
            return self.together
        arm = np.where(self.treated, 0, 1)
        scored = self.members["score"].notna()
        members = pd.DataFrame({"arm": arm, "weight": self.weight, "scored": scored}, index=self.members.index)
        target = {"ATT": 0, "ATC": 1}.get(self.estimand)
        return Population(self.arms, members, self.covariates, self.cluster, target, self.terms)

    def only(self, rows: NDArray[np.bool_]) -> "Comparison":
        """Return the comparison of some of its population, given by a boolean mask."""
        if self.together is not None:
            together = self.together.only(rows)
            kept = self.members.index.isin(together.members.index)
            return replace(self, together=together, **_of_rows(self, kept))
        return replace(self, **_of_rows(self, rows))


def _of_rows(whole: Population | Comparison, rows: NDArray[np.bool_]) -> dict[str, object]:
    cluster = None if whole.cluster is None else whole.cluster.loc[rows]
    return {"members": whole.members.loc[rows], "covariates": whole.covariates.loc[rows], "cluster": cluster}


def unmatched(index: pd.Index) -> pd.Series:
    """Return the matched sets of members of whom nobody is in one."""
    # Pandas would look at each missing text by itself.
    nothing = pa.nulls(len(index), pa.large_string())
    return pd.Series(pd.arrays.ArrowStringArray(nothing, dtype=pd.StringDtype(na_value=np.nan)), index=index)
