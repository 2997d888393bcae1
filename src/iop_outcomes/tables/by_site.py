"""What the rows of the check ``by_site`` are called: one analysis in every site by itself."""

import pandas as pd

from iop_outcomes.tables.estimate import CHECK

BY_SITE = "by_site"
#: Why a site has no estimate of its own.
ONE_ARM, TOO_FEW = "one arm only", "too few people of an arm"


def population(site: object) -> str:
    """Return what the column ``population`` of the ``estimate`` table says of the people of a site.

    Examples
    --------
    >>> population("north")
    'site = north'
    """
    return f"site = {site}"


def site_rows(estimate: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an ``estimate`` table that are of one site each."""
    mine = (estimate["role"] == CHECK) & (estimate["estimator"].astype("str") == BY_SITE)
    return estimate[mine & estimate["population"].astype("str").str.startswith(population(""))]
