"""The members of a data frame whose arms are to be compared, without a study file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.terms import Settled, model_frame, settle
from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean
from iop_outcomes.kernel.values import known_covariate, refuse_unlike_labels
from iop_outcomes.study.terms import Term, in_words, names_of, read_covariates, terms_of

#: A covariate as a call gives it: the name of a column, a term, or what a study file would hold for one.
Given = str | Term | Mapping[str, object]

#: Arms that need no naming: the first is the one whose effect is asked for.
KNOWN_ARMS = (("iop", "outpatient"), (1, 0))


@dataclass(frozen=True)
class Framed:
    """Members of a data frame whose arms a design makes comparable.

    Attributes
    ----------
    rows : ndarray of int
        Positions of the members in the frame.
    arms : tuple
        The arms as the frame holds them, two or more.
    arm : ndarray of int
        Position of each member's arm in ``arms``.
    covariates : DataFrame
        Indexed by ``member_id``, 0 to n - 1.
    cluster : Series or None
    terms : tuple of Term
        Curves, products and slopes by site that were asked for.
    """

    rows: NDArray[np.intp]
    arms: tuple
    arm: NDArray[np.intp]
    covariates: pd.DataFrame
    cluster: pd.Series | None
    terms: tuple[Term, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The arms in words."""
        return tuple(str(arm) for arm in self.arms)

    def of(self, arms: tuple) -> "Framed":
        """Return the members of some arms only."""
        places = [self.arms.index(arm) for arm in arms]
        order = np.zeros(len(self.arms), dtype=np.intp)
        order[places] = np.arange(len(places))
        kept = self if len(arms) == len(self.arms) else self.at(np.flatnonzero(np.isin(self.arm, places)))
        return replace(kept, arms=tuple(arms), arm=order[kept.arm])

    def at(self, places: NDArray[np.intp]) -> "Framed":
        """Return the members at some places, who may be there more than once, as in a draw of a bootstrap."""
        index = pd.RangeIndex(len(places), name="member_id")
        covariates = self.covariates.iloc[places].set_axis(index)
        cluster = None if self.cluster is None else self.cluster.iloc[places].set_axis(index)
        return replace(self, rows=self.rows[places], arm=self.arm[places], covariates=covariates, cluster=cluster)

    @cached_property
    def settled(self) -> tuple[Settled, ...]:
        """The terms with their knots, centres and sites."""
        return settle(self.terms, self.covariates, self.arm, self.cluster)

    @cached_property
    def model_frame(self) -> pd.DataFrame:
        """Columns that models take: the covariates, and the terms made of them."""
        return model_frame(self.covariates, self.settled, self.cluster)


def take_frame(
    data: pd.DataFrame,
    *,
    arm: str,
    covariates: Sequence[Given],
    cluster: str | None = None,
    arms: Sequence[object] | None = None,
) -> Framed:
    """Return the members of the arms that a design is to make comparable.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    arm, cluster : str
        Columns.
    covariates : sequence of str or mapping
        Columns, and terms made of columns.
    arms : sequence, optional
        Arms of the design; all in the data unless named.

    Raises
    ------
    StudyError
        A column or an arm does not exist, or holds what it may not.
    """
    entries = listed_terms(covariates)
    covariates = names_of(entries)
    refuse_unknown(data, [arm, *covariates, *([] if cluster is None else [cluster])])
    refuse_as_covariates(covariates, arm, "the arm")
    kept, codes = _arms_of(data[arm], arm, arms)
    rows = np.flatnonzero(codes >= 0)
    index = pd.RangeIndex(len(rows), name="member_id")
    chosen = of_rows(data, rows).set_axis(index)
    known = pd.DataFrame({name: known_covariate(chosen, name) for name in covariates}, index=index)
    return Framed(rows, kept, codes[rows], known, None if cluster is None else chosen[cluster], terms_of(entries))


def of_rows(data: pd.DataFrame, rows: NDArray[np.intp]) -> pd.DataFrame:
    """Return some rows of a frame, given by positions in their order; the frame itself where they are all."""
    return data if len(rows) == len(data) else data.iloc[rows]


def _arms_of(column: pd.Series, name: str, asked) -> tuple[tuple, NDArray[np.intp]]:
    """Return the arms of a design, in the order asked for, of the categories, or by name; and each row's place in them.

    A row of no such arm has place -1.
    """
    refuse_unlike_labels(column, name)
    codes, values = pd.factorize(column)
    missing = int((codes < 0).sum())
    if missing:
        raise EstimationError(f"'{name}': {counted(missing, 'row has', 'rows have')} no arm; leave them out first")
    found = list(values)
    if len(found) < 2:
        everybody = f"everybody is in arm '{found[0]}'" if found else "there are no rows"
        raise EstimationError(f"'{name}': {everybody}, so that nothing can be compared")
    if asked is None:
        ordered = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else sorted(found, key=str)
        arms = tuple(one for one in ordered if one in found)
    elif not isinstance(asked, tuple | list) or len(asked) < 2 or len(set(asked)) < len(asked):
        raise EstimationError(f"'{name}': arms are two or more different arms, as ('iop', 'outpatient')")
    else:
        for one in asked:
            _refuse_empty(one, found, name)
        arms = tuple(asked)
    return arms, np.array([arms.index(one) if one in arms else -1 for one in found], dtype=np.intp)[codes]


def contrast_of(arms: tuple, name: str, contrast) -> tuple[object, object]:
    """Return the two arms to be compared, or refuse what is no contrast between these arms.

    Parameters
    ----------
    arms : tuple
        Arms of the design.
    name : str
        Their column.
    contrast : (first, second) or None
    """
    if contrast is None:
        contrast = next((known for known in KNOWN_ARMS if set(arms) == set(known)), None)
    if contrast is None:
        raise EstimationError(
            f"'{name}': it holds {counted(len(arms), 'arm')}; say by contrast=(first, second) which to compare"
        )
    if not isinstance(contrast, tuple | list) or len(contrast) != 2 or contrast[0] == contrast[1]:
        raise EstimationError(f"'{name}': a contrast needs two different arms")
    for one in contrast:
        _refuse_empty(one, arms, name)
    return contrast[0], contrast[1]


def _refuse_empty(one, found, name) -> None:
    if one not in found:
        raise EstimationError(f"'{name}': nobody is in arm '{one}'; {did_you_mean(str(one), map(str, found))}")


def refuse_as_covariates(covariates: Sequence[str | Term], name: str, role: str) -> None:
    """Raise if a column that has another role is also among the covariates."""
    if name in names_of(covariates):
        raise EstimationError(f"covariates: '{name}' is {role}; covariates are what was known before")


def refuse_unknown(data: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise if the data are no frame, or lack one of these columns or hold it twice."""
    if not isinstance(data, pd.DataFrame):
        raise EstimationError(f"data: it is a {type(data).__name__} and must be a pandas DataFrame, one row per person")
    columns = list(data.columns)
    for name in names:
        found = columns.count(name)
        if found == 0:
            raise EstimationError(f"the data have no column '{name}'; {did_you_mean(name, map(str, columns))}")
        if found > 1:
            raise EstimationError(
                f"the data have {found} columns called '{name}', and only one can be meant; rename or drop the others"
            )


def listed(covariates: Iterable[str]) -> list[str]:
    """Return the names of covariates as a list, or refuse what is none, names one twice, or is more than a name."""
    entries = listed_terms(covariates)
    terms = terms_of(entries)
    if terms:
        raise EstimationError(f"covariates: this takes columns by name only, and no {in_words(terms[0])}")
    return names_of(entries)


def listed_terms(covariates: Iterable[Given]) -> list[str | Term]:
    """Return covariates as a list, terms read, or refuse what is none, or is given twice."""
    if isinstance(covariates, str | Mapping) or not isinstance(covariates, Iterable):
        raise EstimationError(
            f"covariates: give a list of columns, also when it is one or none, and not {covariates!r}"
        )
    entries = read_covariates(covariates)
    repeated = [entry for position, entry in enumerate(entries) if entry in entries[:position]]
    if repeated:
        called = repeated[0] if isinstance(repeated[0], str) else in_words(repeated[0])
        raise EstimationError(f"covariates: '{called}' is named more than once; name each covariate once")
    return entries
