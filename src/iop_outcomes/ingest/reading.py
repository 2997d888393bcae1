"""Raw files as text: found, and read without guessing what a cell means.

Every cell is read as text and turned into a number or a code later, so that a bad cell costs one row and not the file.
Files are streamed; nothing here holds a whole file in memory.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from iop_outcomes.ingest.csv_text import (
    check_names,
    controls_and_blanks,
    header_of,
    is_quoted,
    odd_lines,
    refuse_bomb,
)
from iop_outcomes.ingest.plain_text import is_plain
from iop_outcomes.kernel.errors import SourceError, counted

if TYPE_CHECKING:
    import polars as pl

#: Begins the name of every column that is added to a file's own; no name in a file may hold it.
OWN = "\x1f"

#: Name of the added column that says where a row stood; the header is line 1.
LINE = f"{OWN}line"

ENDINGS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class RawFile:
    """One raw file, ready to be sifted.

    Attributes
    ----------
    name : str
        What the file is called in messages and in ``rejected``; never a path of the machine.
    columns : tuple of str
        Its columns in order.
    rows : polars.LazyFrame
        All rows that have as many cells as the header, as text (CSV) or as stored (Parquet), and ``LINE``.
    misshapen : tuple of int
        Lines that have more or fewer cells than the header.
    may_hold_controls : bool
        Has nobody shown that no cell holds a control character?
    plain : Path, optional
        The file, if it is a CSV without a quotation mark or a blank, so that a number in it is read one way only.
    left_out : tuple of int
        Lines that are no rows: misshapen or blank.
    """

    name: str
    columns: tuple[str, ...]
    rows: "pl.LazyFrame"
    misshapen: tuple[int, ...] = ()
    may_hold_controls: bool = True
    plain: Path | None = None
    left_out: tuple[int, ...] = ()

    def need(self, required: Iterable[str], known: Iterable[str] = ()) -> None:
        """Refuse the file if a column it must have is not there.

        Raises
        ------
        SourceError
            Names the column and the one in the file that it may be; no other, as without a header it would be a value.
        """
        spare = [c for c in self.columns if c not in set(known)]
        for column in required:
            if column not in self.columns:
                close = get_close_matches(column, spare or self.columns, n=1)
                n = counted(len(self.columns), "column")
                hint = f"did you mean '{close[0]}'?" if close else f"it has {n}; see that the first line names them"
                raise SourceError(f"{self.name}: there is no column '{column}'; {hint}")

    def need_rows(self) -> None:
        """Refuse a file that has a header and nothing below it."""
        if not self.misshapen and collected(self.rows.head(1), self.name).is_empty():
            raise SourceError(f"{self.name}: the file has a header and no rows; give the file with the records")


def locate(folder: Path, path: str) -> Path:
    """Return the file or folder that a study file calls ``path``.

    Raises
    ------
    SourceError
        There is none; a close name beside it is offered, and no other, for names of files may be those of people.
    """
    place = Path(folder) / path
    if place.is_file() or place.is_dir():
        return place
    if place.exists():
        raise SourceError(f"source.path: '{path}' is a device and neither a file nor a folder; give one of these")
    close = get_close_matches(place.name, [p.name for p in place.parent.iterdir()]) if place.parent.is_dir() else []
    hint = f"did you mean '{close[0]}'?" if close else "check the path, which starts from the project's folder"
    raise SourceError(f"source.path: there is no file or folder '{path}'; {hint}")


def files_of_path(folder: Path, *, path: str, **settings: object) -> list[Path]:
    """Return the file that the setting ``path`` names, or the files of the folder that it names.

    Raises
    ------
    SourceError
        There is none, or a link in the folder leads out of it: nobody who looks at the folder sees what would be read.
    """
    place = locate(folder, path)
    if place.is_file():
        return [place]
    files = sorted(p for p in place.iterdir() if p.name[0] != ".")
    refuse_links(files, place)
    return [p for p in files if p.is_file()]


def refuse_links(files: Iterable[Path], place: Path) -> None:
    """Refuse a link among the files of a folder that leads out of it, or to nothing.

    Raises
    ------
    SourceError
        Names the link.
    """
    for file in [p for p in files if p.is_symlink()]:
        # A link to itself has no end, and the standard library raises for it.
        target = Path(os.path.realpath(file))
        if not target.is_file() or not target.is_relative_to(place.resolve()):
            raise SourceError(
                f"{file.name}: this is a link that leads out of the source's folder or to nothing; put the file itself "
                "there"
            )


def collected(rows: "pl.LazyFrame", name: str) -> "pl.DataFrame":
    """Return the rows of a raw file; one that turns out to be damaged inside is refused.

    Raises
    ------
    SourceError
    """
    import polars as pl

    try:
        return rows.collect(engine="streaming")
    except pl.exceptions.ComputeError as error:
        if not str(error).lower().startswith("parquet"):
            raise
    except OSError as error:
        if error.errno is not None:
            raise
    raise SourceError(f"{name}: the file is damaged or cut off; fetch or write it again")


def read(place: Path) -> RawFile:
    """Open one raw file, ``.csv``, ``.csv.gz`` or ``.parquet``.

    Raises
    ------
    SourceError
        The file is not there, empty, not UTF-8, damaged, not separated by commas, or names its columns badly.
    """
    if not place.is_file():
        raise SourceError(
            f"{place.name}: there is no such file in the source's folder; check the name, or add the file"
        )
    if not place.name.endswith(ENDINGS):
        raise SourceError(f"{place.name}: a file ends in {', '.join(ENDINGS)}; export it as one of these")
    return _read_parquet(place) if place.suffix == ".parquet" else _read_csv(place)


def _read_csv(place: Path) -> RawFile:
    import polars as pl

    if place.suffix == ".gz":
        refuse_bomb(place)
    plain = place.suffix != ".gz" and is_plain(place)
    columns = header_of(place, plain)
    misshapen, blank = odd_lines(place, len(columns), quoted=not plain and is_quoted(place))
    controls, odd = (False, False) if plain else controls_and_blanks(place)
    rows = pl.scan_csv(place, infer_schema=False, row_index_name=LINE, row_index_offset=2, truncate_ragged_lines=True)
    # By place, because polars keeps doubled quotation marks in names.
    rows = rows.rename(dict(zip(rows.collect_schema().names(), (LINE, *columns), strict=True)))
    left_out = [*misshapen, *blank]
    if left_out:
        rows = rows.filter(~pl.col(LINE).is_in(left_out))
    as_it_stands = None if odd or place.suffix == ".gz" else place
    return RawFile(place.name, columns, rows, tuple(misshapen), controls, as_it_stands, tuple(left_out))


def _read_parquet(place: Path) -> RawFile:
    import polars as pl

    try:
        rows = pl.scan_parquet(place)
        columns = tuple(rows.collect_schema().names())
    except pl.exceptions.DuplicateError:
        raise SourceError(f"{place.name}: two columns have the same name; keep one, or rename it") from None
    except (pl.exceptions.PolarsError, OSError):
        raise SourceError(f"{place.name}: this is not a Parquet file; write it again or give a CSV file") from None
    check_names(place, columns)
    # A list of labels in store is text to whoever reads it.
    rows = rows.with_columns(pl.selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String))
    return RawFile(place.name, columns, rows.with_row_index(LINE, offset=2))
