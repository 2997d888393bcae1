"""The levels of a modifier: codes of a column known beforehand, put together, or bands of a number."""

from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.study.subgroups import Modifier

#: Level of people of whom the fact was not recorded, and of those whose code no level of the study names.
MISSING, ANY_OTHER = "missing", "any other"


def levels_by_person(modifier: Modifier, covariates: pd.DataFrame, name: str) -> pd.Series:
    """Return the level of every row of a ``covariates`` table, as ordered categories.

    Parameters
    ----------
    modifier : Modifier
    covariates : pandas.DataFrame
        Table of that contract.
    name : str
        What the study calls the modifier.

    Raises
    ------
    StudyFileError
        A column of codes is to be cut, or a column of numbers is not.
    """
    column = modifier.column or name
    values = covariates[column]
    is_number = pd.api.types.is_numeric_dtype(values) and not isinstance(values.dtype, pd.CategoricalDtype)
    if is_number != bool(modifier.cut):
        said = "it is a number; say at which numbers a new band begins" if is_number else "it has codes; say levels"
        raise StudyFileError(f"subgroups.by.{name}.cut: '{column}' cannot be read so: {said}")
    made = _bands(values, modifier.cut) if is_number else _codes(values.astype("str"), modifier.levels)
    flag = covariates.get(f"{column}_missing")
    if flag is not None:
        made = made.cat.add_categories([MISSING]).mask(flag.to_numpy() > 0, MISSING)
    return made.cat.remove_unused_categories().rename(name)


def _bands(values: pd.Series, cut: list[float]) -> pd.Series:
    ends = [f"{end:g}" for end in cut]
    between = [f"{a} to below {b}" for a, b in pairwise(ends)]
    labels = [f"below {ends[0]}", *between, f"{ends[-1]} or more"]
    place = np.digitize(values.to_numpy(float), cut).tolist()
    return pd.Series(pd.Categorical([labels[band] for band in place], labels), index=values.index)


def _codes(values: pd.Series, levels: dict[str, list[str]]) -> pd.Series:
    if not levels:
        return values.astype("category")
    home = {code: level for level, codes in levels.items() for code in codes}
    named = [home.get(value, value if value == MISSING else ANY_OTHER) for value in values]
    known = [*levels, ANY_OTHER, MISSING]
    return pd.Series(pd.Categorical(named, list(dict.fromkeys(known))), index=values.index)
