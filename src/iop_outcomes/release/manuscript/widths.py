"""How wide the columns of a table are: numbers stand in one line, words whole, and the rest goes where more stands."""

from collections.abc import Iterable, Sequence

from iop_outcomes.release.page.html import HtmlTable

#: Tables of more columns than this are turned on their side.
UPRIGHT = 5
#: Blank around what stands in a cell, in letters, and beyond how many of them a column has no more of the page.
_AROUND, _MOST = 4, 120


def widths(table: HtmlTable, room: int) -> list[float]:
    """Return how many letters wide each column of a table is, all together as wide as there is room.

    Parameters
    ----------
    table : HtmlTable
    room : int
        Letters of a line across the page.
    """
    columns = list(zip(table.columns, *table.rows, strict=True))
    words = [_longest(word for text in column for word in text.split()) for column in columns]
    whole = [
        max(wide, _longest(column[1:])) if place in table.numbers else wide
        for place, (wide, column) in enumerate(zip(words, columns, strict=True))
    ]
    return _shared(columns, whole if sum(whole) <= room else words, room)


def _longest(texts: Iterable[str]) -> int:
    return _AROUND + max(map(len, texts), default=0)


def _shared(columns: Sequence[Sequence[str]], least: Sequence[int], room: int) -> list[float]:
    """Return the least widths with the rest of the room, which goes where more stands.

    Examples
    --------
    >>> _shared([("a word", "b"), ("0.1", "0.2")], [8, 7], 40)
    [33.0, 7.0]
    """
    left = room - sum(least)
    if left <= 0:
        return [wide * room / sum(least) for wide in least]
    more = [
        max(0, min(_MOST, max(map(len, column))) + _AROUND - wide) for column, wide in zip(columns, least, strict=True)
    ]
    shares = more if sum(more) else least
    return [wide + left * share / sum(shares) for wide, share in zip(least, shares, strict=True)]
