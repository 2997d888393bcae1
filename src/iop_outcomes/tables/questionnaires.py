"""Answers to questionnaires, without those of national code lists.

What a national list asks at admission and discharge is coded alike everywhere, its days are those of the stay, and of a
national file it is most of the rows: none of it is read here.
"""

import pandas as pd

from iop_outcomes.tables.parts import Parts, Table, parts_of

#: Instrument of a national code list.
NATIONAL = "TEDS"


def questionnaires(assessment: Table | None) -> pd.DataFrame | None:
    """Return the rows of a table ``assessment`` but those of national code lists, nothing where there are none.

    Parameters
    ----------
    assessment : DataFrame or Parts, optional
    """
    if assessment is None or not len(assessment):
        return None
    named = assessment.only(["instrument"]) if isinstance(assessment, Parts) else assessment
    if all((part["instrument"].unique() == NATIONAL).all() for part in parts_of(named)):
        return None
    return pd.concat([part[(part["instrument"] != NATIONAL).to_numpy(bool)] for part in parts_of(assessment)])
