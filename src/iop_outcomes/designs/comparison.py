"""Two arms made comparable: what a design hands to an estimator."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd


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
        Indexed by ``member_id`` in sorted order: ``treated`` (bool, first arm), ``score`` (propensity, may be missing),
        ``weight`` (0 = not used), ``matched_set`` (label or missing).
    covariates : pandas.DataFrame
        The covariates the design balanced, complete, with the same index.
    cluster : pandas.Series or None
        Label of the unit whose members are alike, with the same index.
    settings : dict
        Settings of the design method.
    """

    design: str
    method: str
    estimand: str
    arms: tuple[str, str]
    members: pd.DataFrame
    covariates: pd.DataFrame
    cluster: pd.Series | None = None
    settings: dict | None = None

    @property
    def contrast(self) -> str:
        """The two arms in words, as ``iop v outpatient``."""
        return f"{self.arms[0]} v {self.arms[1]}"

    @property
    def treated(self) -> np.ndarray:
        """Whether each member is in the first arm."""
        return self.members["treated"].to_numpy(bool)

    @property
    def weight(self) -> np.ndarray:
        """Weight of each member."""
        return self.members["weight"].to_numpy(float)

    @property
    def score(self) -> np.ndarray:
        """Propensity score of each member."""
        return self.members["score"].to_numpy(float)

    @property
    def cluster_codes(self) -> np.ndarray | None:
        """Cluster of each member as 0, 1, 2, ... or None."""
        return None if self.cluster is None else self.cluster.astype("category").cat.codes.to_numpy()

    def of(self, rows: np.ndarray) -> "Comparison":
        """Return the comparison of some of its members, given by a boolean mask."""
        return replace(
            self,
            members=self.members.loc[rows],
            covariates=self.covariates.loc[rows],
            cluster=None if self.cluster is None else self.cluster.loc[rows],
        )
