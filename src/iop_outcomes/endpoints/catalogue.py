"""All declared endpoints by name, and the same as a table."""

import pandas as pd

from iop_outcomes.endpoints.abstinence import ABSTINENCE
from iop_outcomes.endpoints.endpoint import Endpoint
from iop_outcomes.endpoints.reduction import INDICES
from iop_outcomes.endpoints.relapse import RELAPSE
from iop_outcomes.endpoints.shares import SHARES

ENDPOINTS: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in (*ABSTINENCE, *SHARES, *INDICES, *RELAPSE)}
"""The 54 endpoints (62 columns) by name."""

SAME_RULE = (
    ("Ab_mokri_2016", "Ab_schottenfeldA_2008"),
    ("Rd_fiellin_2006", "Rd_johnson_1992", "Rd_paniB_2000", "Rd_petitjean_2001"),
    ("Rd_fudala_2003", "Rd_paniA_2000", "Rd_schottenfeld_2005", "Rd_wolstein_2009"),
    ("Rd_mattickA_2003", "Rd_tanum_2017"),
    ("Rd_mattickB_2003", "Rd_preston_2000"),
    ("Rd_shufman_1994", "Rd_strain_1994", "Rd_strain_1999"),
    ("Rd_soyka_2008", "Rd_strain_1996"),
)
"""Endpoints whose published programs give everybody the same value."""


def catalogue() -> pd.DataFrame:
    """Return the declared endpoints as a table, one row each.

    Returns
    -------
    DataFrame
        Columns: name, columns, family, recode, window, rule (in words), missing (what a missed week counts as), source,
        doi, same_rule_as, correction (what the default mode does otherwise than the published program).

    References
    ----------
    Odom, Brandt, Balise & Bouzoubaa, CTNote 0.1.3, and the papers named in each row.
    """
    return pd.DataFrame(
        [
            {
                "name": endpoint.name,
                "columns": ", ".join(endpoint.columns),
                "family": endpoint.family,
                "recode": " then ".join(map(str, endpoint.rule.recode)),
                "window": _in_words(endpoint.rule.window),
                "rule": endpoint.says,
                "missing": endpoint.missing,
                "source": endpoint.source,
                "doi": endpoint.doi,
                "same_rule_as": ", ".join(_same_rule_as(endpoint.name)),
                "correction": endpoint.corrections,
            }
            for endpoint in ENDPOINTS.values()
        ]
    )


def _in_words(window) -> str:
    return "; ".join(map(str, window if isinstance(window, tuple) else (window,)))


def _same_rule_as(name: str) -> list[str]:
    return [other for group in SAME_RULE if name in group for other in group if other != name]
