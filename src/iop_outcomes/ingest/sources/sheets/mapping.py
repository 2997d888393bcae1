"""What a study file may say of sheets: where they are, and what of them becomes which canonical column.

Everything here is only stated and checked; `cells` reckons it out.
"""

import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from iop_outcomes.kernel.section import Section


def _code(value: object) -> object:
    """Return a code of a file as text; YAML takes an unquoted yes or no for a truth value, which is no code."""
    if isinstance(value, bool):
        raise ValueError("YAML reads yes, no, on and off as true and false; quote the code")
    return str(value) if isinstance(value, int | float) else value


def _ours(value: object) -> object:
    """Return what a code becomes as text; true and false are flags."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value


def _listed(value: object) -> object:
    """Return what may stand alone as a list."""
    return value if isinstance(value, list) else [value]


def _named(value: object) -> object:
    """Return a cell of which only the column is named."""
    return {"column": value} if isinstance(value, str | int) and not isinstance(value, bool) else value


Code = Annotated[str, BeforeValidator(_code, json_schema_input_type=str | int | float)]
Ours = Annotated[str, BeforeValidator(_ours, json_schema_input_type=str | int | float | bool)]
Listed = Annotated[list[Code], BeforeValidator(_listed, json_schema_input_type=list[Code] | Code)]
Allowed = Annotated[list[Ours], BeforeValidator(_listed, json_schema_input_type=list[Ours] | Ours)]


class Part(Section):
    """A part of the mapping; keys it does not know are errors."""

    model_config = ConfigDict(populate_by_name=True)


class Long(Part):
    """Columns that hold one thing each (a panel, a weekday, a week) made rows.

    Attributes
    ----------
    columns : list of str, mapping or str
        The columns; or each with what stands for it in ``name``; or a pattern in which ``#`` is a number and ``*`` any
        text, which then stands in ``name``.
    values : mapping
        Several columns a row instead: by new column, a pattern with one ``#`` or ``*``.
    name, value : str
        New columns: which column it was, and what stood in it.
    """

    columns: list[Code] | dict[Code, Ours] | str = []
    values: dict[str, str] = {}
    name: str
    value: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> "Long":
        if bool(self.columns) == bool(self.values):
            raise ValueError("give the columns with the name of their value, or values with a pattern for each")
        if self.columns and not self.value:
            raise ValueError("give value, the name of the new column of what stood in them")
        return self


class SheetFile(Part):
    """Where one sheet is, and which of its rows count.

    Attributes
    ----------
    file : str
        File in ``path``; with ``*`` several of one layout.
    sheet : str
        Name of the sheet of a workbook; the only one where left out; with ``*`` several of one layout.
    star : str
        New column of the text that ``*`` stands for in the name of the sheet, or else of the file: a week, a site.
    above : mapping
        By new column, what a line above the header is like; the column holds the text that ``*`` stands for in it.
    encoding, separator : str
        Of a text file. Left out, the encoding is UTF-8 or what a mark at its beginning says, and the separator the one
        under which the columns are found.
    header : int
        Line of the (last row of the) header; left out, the first row that holds every column of the mapping.
    person : str
        Column of the person, where it is not that of the whole source.
    dates : list of str
        Forms of its dates, where they are not those of the whole source.
    only, leave_out : mapping
        By column, values of rows that alone are taken, or are left out; ``*`` is any text. Each is counted.
    copies : 'drop', 'keep' or list of str
        What is done with rows that are the same in every column, or in those listed: one stays, or all.
    long : Long
        Columns made rows.
    """

    file: str
    sheet: Code | None = None
    star: str | None = None
    above: dict[str, str] = {}
    encoding: str | None = None
    separator: str | None = None
    header: Annotated[int, Field(ge=1)] | None = None
    person: str | None = None
    dates: list[str] = []
    only: dict[str, Listed] = {}
    leave_out: dict[str, Listed] = {}
    copies: Literal["drop", "keep"] | list[str] = "drop"
    long: Long | None = None

    @model_validator(mode="after")
    def _stars(self) -> "SheetFile":
        if self.star is not None and "*" not in f"{self.file}{self.sheet or ''}":
            raise ValueError("star names the text that * stands for, and there is none in file or sheet")
        if unlike := [pattern for pattern in self.above.values() if "*" not in pattern]:
            raise ValueError(f"above: '{unlike[0]}' needs a * for the text that is taken")
        return self


class Cell(Part):
    """What a canonical column is made of: a column of the sheet, a constant, another column, or a length of time.

    Attributes
    ----------
    column, sheet : str
        A column of the sheet, or of one that is joined to it.
    constant : str
    take : str
        Another column of this table, which may be a helper (a name that begins with ``_`` and goes into no table).
    between : two of str
        Two columns of clock times: the minutes from the first to the second.
    codes : mapping
        Code in the sheet: ours; capitals and blanks around it do not matter. Null is missing.
    patterns : mapping
        For free text: regular expressions, tried in order after the codes; capitals do not matter.
    otherwise : str
        What a text becomes that no code and no pattern knows (null: missing); left out, its row is set aside. With
        ``when``: the value where the condition does not hold.
    keep_others : bool
        A text that no code knows stays as it is.
    empty : str
        What an empty cell becomes.
    dates : list of str
        Forms of the dates, where they are not those of the sheet.
    as : str
        ``day`` (study day of a date), ``year`` or ``quarter`` of a date, ``age`` in years at the anchor from a date of
        birth, ``number`` or ``text`` as it stands. Left out, what the canonical column needs.
    plus_days, plus_weeks : int or str
        Added to a day: a number or a column that holds one.
    first : int
        What the first day or week of ``plus_days`` or ``plus_weeks`` is called, 0 or 1.
    unit : str
        Unit in the sheet, turned into that of the canonical column: minutes, hours, clock (h:mm), days, weeks, months,
        minutes_per_week, hours_per_week, hours_per_day, hours_per_month, years.
    times : float
        Factor.
    when : mapping
        By column of this table (or helper), the values for which this holds; elsewhere the value is ``otherwise``.
    """

    column: Code | None = None
    sheet: str | None = None
    constant: Ours | None = None
    take: str | None = None
    between: tuple[str, str] | None = None
    codes: dict[Code, Ours | None] = {}
    patterns: dict[str, Ours | None] = {}
    otherwise: Ours | None = None
    keep_others: bool = False
    empty: Ours | None = None
    dates: list[str] = []
    as_: Literal["day", "year", "quarter", "age", "number", "text"] | None = Field(None, alias="as")
    plus_days: int | str | None = None
    plus_weeks: int | str | None = None
    first: Literal[0, 1] = 0
    unit: str | None = None
    times: float = 1
    when: dict[str, Allowed] = {}

    @model_validator(mode="after")
    def _one_origin(self) -> "Cell":
        given = [name for name in ("column", "constant", "take", "between") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of column, constant, take and between")
        return self

    @property
    def says_otherwise(self) -> bool:
        """Does the mapping say what becomes of a text that no code knows?"""
        return "otherwise" in self.model_fields_set


class Join(Part):
    """How rows of another sheet are found for the rows of this one.

    Attributes
    ----------
    by : list of str or mapping
        Columns that are equal; with a mapping, the column here: the column there. Dates are compared as dates.
    day : str
        Instead: a column of dates there; each row goes to the latest row of the person here that is not after it.
    here : str
        Column of dates here that ``day`` is held against.
    take : 'first' or 'last'
        Which of several rows of one key; left out, none of them is joined.
    """

    by: list[str] | dict[str, str] = []
    day: str | None = None
    here: str | None = None
    take: Literal["first", "last"] | None = None

    @model_validator(mode="after")
    def _both_days(self) -> "Join":
        if (self.day is None) != (self.here is None):
            raise ValueError("day names a column of dates there and here one of this sheet; give both")
        return self

    @property
    def keys(self) -> dict[str, str]:
        """Column here by column there."""
        return dict(self.by) if isinstance(self.by, dict) else {name: name for name in self.by}


class TableMap(Part):
    """What becomes a canonical table: the sheet its rows come from, and its columns.

    Attributes
    ----------
    from : str
        The sheet.
    columns : mapping
        By canonical column (or helper), what it is made of.
    join : mapping
        Sheets whose columns are used, too.
    only, leave_out : mapping
        As of a sheet, for this table.
    episode : str
        For rows that belong to an episode: ``row`` (those made of the same row), a canonical column of days (the latest
        episode of the person that began by that day), or a column of the sheet given as ``column: NAME``.
    one_per : list of str
        Columns of which equal rows are one; the first row is taken.
    together : list of str
        Rows of one episode that are equal in these columns are one session (three rows of one hour for a group of
        three): minutes are added up, and it was attended in part where only some were.
    """

    from_: str = Field(alias="from")
    columns: dict[str, Annotated[Cell, BeforeValidator(_named, json_schema_input_type=str | int | Cell)]]
    join: dict[str, Join] = {}
    only: dict[str, Listed] = {}
    leave_out: dict[str, Listed] = {}
    episode: str | dict[Literal["column"], str] | None = None
    one_per: list[str] = []
    together: list[str] = []


class Anchor(Part):
    """Day 0 of a person: the first of the dates in one column of one sheet."""

    sheet: str
    column: str


Maps = Annotated[list[TableMap], BeforeValidator(_listed, json_schema_input_type=list[TableMap] | TableMap)]


class Mapping(Part):
    """Everything a study says of its sheets."""

    person: str
    anchor: Anchor | None
    drawn: datetime.date | None
    sheets: dict[str, SheetFile]
    tables: dict[str, Maps]
    dates: list[str] = []
    missing: list[str] = []
    person_form: Literal["text", "digits"] = "text"
    kept_ids: list[str] = []

    def person_of(self, sheet: str) -> str:
        """Return the column of the person in a sheet."""
        return self.sheets[sheet].person or self.person

    def dates_of(self, sheet: str, cell: "Cell | None" = None) -> list[str]:
        """Return the forms of the dates of a cell: its own, its sheet's or the source's; none where nothing is said."""
        return (cell.dates if cell else []) or self.sheets[sheet].dates or self.dates

    def columns_of(self, sheet: str) -> list[str]:
        """Return every column that the mapping names of a sheet, in order, once, without those that it makes."""
        spec = self.sheets[sheet]
        named: list[Any] = [*spec.only, *spec.leave_out, *(spec.copies if isinstance(spec.copies, list) else [])]
        if self.anchor and self.anchor.sheet == sheet:
            named.append(self.anchor.column)
        for part in (one for maps in self.tables.values() for one in maps):
            if part.from_ == sheet:
                named += [*part.only, *part.leave_out, *[c for join in part.join.values() for c in join.keys]]
                named += [join.here for join in part.join.values()]
                named += list(part.episode.values()) if isinstance(part.episode, dict) else []
            if sheet in part.join:
                named += [*part.join[sheet].keys.values(), part.join[sheet].day]
            for cell in part.columns.values():
                if (cell.sheet or part.from_) == sheet:
                    added = [plus for plus in (cell.plus_days, cell.plus_weeks) if isinstance(plus, str)]
                    named += [cell.column, *(cell.between or ()), *added]
        long = spec.long
        made = {*spec.above, spec.star} | ({long.name, long.value, *long.values} if long else set())
        listed = list(long.columns) if long and not isinstance(long.columns, str) else []
        person = self.person_of(sheet)
        return list(dict.fromkeys(name for name in [person, *named, *listed] if name is not None and name not in made))
