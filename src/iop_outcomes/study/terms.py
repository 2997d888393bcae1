"""What a study may list as covariates beside the names of columns: curves, products, and slopes by site."""

from collections.abc import Iterable, Sequence
from typing import Annotated, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from iop_outcomes.history.outcome_rules import or_say
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.section import Section

#: Degrees of freedom of a spline that says no other.
DEFAULT_DF = 4
#: Numbers of knots for which Harrell gives their places.
FEWEST_KNOTS, MOST_KNOTS = 3, 7
FORMS = (
    "the name of a column, {spline: age, df: 4}, {spline: age, knots: 4}, {product: [age, use_days]} and "
    "{by_site: use_days}"
)


class _Term(Section):
    """A term of the models of score and outcome; keys it does not know are errors."""


class Spline(_Term):
    """A number as a smooth curve: cubic between knots, straight beyond the outer ones.

    Attributes
    ----------
    spline : str
        The column, a number.
    df : int, optional
        A natural spline with so many columns, its inner knots at quantiles and its outer ones at the ends of the range.
    knots : int or list of float, optional
        A restricted cubic spline with so many knots at Harrell's quantiles, or with the knots listed.
    """

    spline: str
    df: Annotated[int, Field(ge=2, le=10)] | None = None
    knots: (
        Annotated[int, Field(ge=FEWEST_KNOTS, le=MOST_KNOTS)]
        | Annotated[list[float], Field(min_length=FEWEST_KNOTS, max_length=12)]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Spline":
        if self.df is not None and self.knots is not None:
            raise ValueError("say df or knots, not both")
        if isinstance(self.knots, list) and any(b <= a for a, b in zip(self.knots, self.knots[1:], strict=False)):
            raise ValueError("knots must increase")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it is made of."""
        return (self.spline,)


class Product(_Term):
    """Two covariates whose effects depend on each other: their product beside the two.

    Attributes
    ----------
    product : pair of str
        The two columns.
    """

    product: tuple[str, str]

    @model_validator(mode="after")
    def _two_different(self) -> "Product":
        if self.product[0] == self.product[1]:
            raise ValueError("a product needs two different columns")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it is made of."""
        return self.product


class BySite(_Term):
    """A covariate that has a slope of its own at every site.

    Attributes
    ----------
    by_site : str
        The column.
    """

    by_site: str

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it is made of."""
        return (self.by_site,)


Term: TypeAlias = Spline | Product | BySite
#: An entry under ``covariates``.
Covariate = Annotated[str | Term, or_say(f"allowed are {FORMS}")]
_ENTRIES: TypeAdapter[list[str | Term]] = TypeAdapter(list[Covariate])


def read_covariates(given: Iterable[object]) -> list[str | Term]:
    """Return covariates as a call gives them, names and mappings, as a study file's are read.

    Raises
    ------
    StudyFileError
        An entry is neither the name of a column nor a term.
    """
    entries = list(given)
    try:
        return _ENTRIES.validate_python(entries)
    except ValidationError as error:
        number = int(error.errors()[0]["loc"][0]) + 1
        raise StudyFileError(f"covariates, number {number}: this is no covariate; allowed are {FORMS}") from None


def names_of(covariates: Sequence[str | Term]) -> list[str]:
    """Return the columns that covariates are made of, each once, in the order in which they are first named."""
    entries = ((entry,) if isinstance(entry, str) else entry.names for entry in covariates)
    return list(dict.fromkeys(name for names in entries for name in names))


def terms_of(covariates: Sequence[str | Term]) -> tuple[Term, ...]:
    """Return what is more than a column."""
    return tuple(entry for entry in covariates if not isinstance(entry, str))


def in_words(term: Term) -> str:
    """Return a term as a report says it, columns by their names."""
    if isinstance(term, Product):
        return f"product of {term.product[0]} and {term.product[1]}"
    if isinstance(term, BySite):
        return f"{term.by_site} with a slope of its own at every site"
    if term.knots is None:
        return f"natural spline of {term.spline} with {term.df or DEFAULT_DF} degrees of freedom"
    if isinstance(term.knots, int):
        return f"restricted cubic spline of {term.spline} with {term.knots} knots at Harrell's quantiles"
    return f"restricted cubic spline of {term.spline} with knots at {', '.join(f'{k:g}' for k in term.knots)}"
