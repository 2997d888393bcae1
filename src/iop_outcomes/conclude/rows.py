"""The rows of an ``estimate`` table by what a verdict asks of them, and by analysis: sought once for all analyses."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.tables.controls import CONTROLS, PLACEBO_DIFFERENCE
from iop_outcomes.tables.estimate import ADJUSTED, ARM, CHECK, EVERYBODY, MAIN, by_analysis, is_contrast, may_be_shown
from iop_outcomes.tables.missing_panel import panel_rows


@dataclass(frozen=True)
class Rows:
    """What an ``estimate`` table holds of one analysis and its comparison.

    Attributes
    ----------
    main : pandas.DataFrame
        Contrasts under the design of the analysis, as planned and for everybody: the first is judged.
    means : pandas.DataFrame
        The arms' own values under the design.
    panel : pandas.DataFrame
        The analysis under every rule for what is missing.
    controls : pandas.DataFrame
        What may be shown of outcomes that the arm cannot change.
    placebos : mapping of (str, str, str) to list of dict
        Rows of what may be shown of differences before time zero, by design and the two arms. Each is made once,
        whichever analysis it stands beside, so that these are the rows of all analyses.
    """

    main: pd.DataFrame
    means: pd.DataFrame
    panel: pd.DataFrame
    controls: pd.DataFrame
    placebos: Mapping[tuple[str, str, str], list[dict[Hashable, Any]]]

    def least_share(self) -> float:
        """Return how near the arms' shares come to 0 or 1, NaN without any."""
        shares = self.means["value"].to_numpy(float)
        return float(np.min([shares, 1 - shares])) if len(shares) else np.nan


class EveryRow:
    """The rows of all analyses.

    To look for each of hundreds of analyses among the rows of all takes longer than to judge them.

    Parameters
    ----------
    estimate : pandas.DataFrame
        Table of that contract, or as released.
    """

    def __init__(self, estimate: pd.DataFrame):
        checks = estimate[(estimate["role"] == CHECK) & may_be_shown(estimate)]
        main = is_contrast(estimate, ADJUSTED) & _is(estimate, "scenario", MAIN)
        parts = {
            "main": estimate[main & _is(estimate, "population", EVERYBODY)],
            "means": estimate[(estimate["role"] == ARM) & (estimate["kind"] == ADJUSTED)],
            # A table without scenarios has no panel.
            "panel": panel_rows(estimate) if "scenario" in estimate else estimate.iloc[:0],
            "controls": checks[checks["estimator"].astype("str") == CONTROLS],
        }
        self._parts = {name: by_analysis(rows) for name, rows in parts.items()}
        placebos = checks[checks["measure"] == PLACEBO_DIFFERENCE]
        whose = [placebos[name].astype("str") for name in ("design", "arm", "against")] if len(placebos) else []
        of_pairs = placebos.groupby(whose) if whose else ()
        self._placebos = {
            (str(design), str(arm), str(against)): own.to_dict("records") for (design, arm, against), own in of_pairs
        }
        self._none = estimate.iloc[:0]

    def of(self, analysis: str) -> Rows:
        """Return those of one analysis, none where it was not made."""
        own = {name: by_analysis.get(analysis, self._none) for name, by_analysis in self._parts.items()}
        return Rows(**own, placebos=self._placebos)


def _is(table: pd.DataFrame, column: str, value: str) -> pd.Series:
    return table[column].astype("str") == value if column in table else pd.Series(True, index=table.index)
