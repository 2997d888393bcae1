"""Rows that were set aside, by file and rule, and the line of a study that would take them."""

import re

import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.tables.canonical import ORPHAN

#: What a rule says, and what to write into the study or to do with the file.
_REMEDIES = (
    (r"^(\w+): must be one of", "tell the codes of the file: {codes}"),
    (
        r"^(\w+): a code that the mapping does not name",
        "name them with codes or patterns below {place}, or say otherwise",
    ),
    (r"^(\w*day): (is no whole number|must be at (most|least) -?36525)", "days are counted, not dated: {days}"),
    (r"^(\w+): (is no whole number|is no number|is no yes or no)", "name the words for missing: missing: [WORD]"),
    (r"^(\w+): is no date of the form", "name every form there is: dates: [M/D/YYYY, ...] below {place}"),
    (r"^(\w+): .* stand for a missing value", "name them: missing: ['9999']"),
    (
        rf"^(\w+): {ORPHAN}",
        "look whether the column holds the key of another table, or writes it otherwise (007 and 7, A1 and a1)",
    ),
    (
        r"^age_years: must be at (most|least)",
        "give years of age and not months or the year of birth (kind: sheets has as: age)",
    ),
    (r"^(\w+): may not be empty", "map a column to it, or fill the cells"),
    (r"more than 7 days after discharge", "the discharge is wrong, or the rows are of another episode"),
    (r"minutes_attended: more than minutes_scheduled", "look whether one of the two is in hours"),
    (r"after the person's death", "look at death_day"),
    (r"contradict each other; none", "keep the row that is right"),
    (r"more or fewer cells than the header", "put cells with separators in quotation marks"),
    (r"no episode of the person had begun", "look whether intakes are missing, or days count from another day"),
    (
        r"the person has no (day 0|episode)",
        "look whether intakes are missing, or ids are written in two ways (person_form: digits)",
    ),
    (r"after the day on which the data were drawn", "look at source.drawn, and at how the dates are read"),
    (r"the same row again", "if they are events of their own: copies: keep"),
)
#: Files of one layout, as one for each week, up to which each is told of by itself.
_MANY_FILES = 3


def lost_rows(intake: pd.DataFrame, rejected: pd.DataFrame, kind: str) -> list[str]:
    """Return a sentence for each file and rule: how many rows of how many, and what would take them.

    Parameters
    ----------
    intake, rejected : DataFrame
        Tables of those contracts.
    kind : str
        Kind of the source, whose words are used.
    """
    if rejected.empty:
        return []
    keys = ["file", "table", "rule"]
    once = rejected.astype(dict.fromkeys(keys, "str")).drop_duplicates([*keys, "line"])
    counts = once.assign(file=_whole(once["file"])).groupby(keys).size()
    whole = intake.astype({"file": "str", "table": "str"})
    read = whole.assign(file=_whole(whole["file"])).groupby(["file", "table"])["n_in"].sum()
    sentences = []
    # Rows that are lost with a row of another table come last: what lost that one is the cause.
    orphans = counts.index.get_level_values("rule").str.contains(ORPHAN).astype(int)
    order = counts.rename("n").to_frame().assign(orphans=orphans).sort_values(["orphans", "n"], ascending=[True, False])
    for file, table, rule, n, n_read in _of_many_files(order["n"].reset_index(), read).itertuples(
        index=False, name=None
    ):
        of = f"{n:,} of {counted(n_read, 'row')}"
        remedy = _remedy(table, rule, kind)
        sentences.append(f"{file} -> {table}: {of}: {rule}{'; ' + remedy if remedy else ''}")
    return sentences


def _of_many_files(lost: pd.DataFrame, read: pd.Series) -> pd.DataFrame:
    """Return what was lost with how many rows were read, a rule that many files of one table broke once for all."""
    lost = lost.assign(n_read=[int(read[file, table]) for file, table in zip(lost["file"], lost["table"], strict=True)])
    of_rule = lost.groupby(["table", "rule"])
    many = of_rule["file"].transform("size") > _MANY_FILES
    named = of_rule["file"].transform("size").astype("str") + " sheets as " + of_rule["file"].transform("first")
    sums = {name: lost[name].mask(many, of_rule[name].transform("sum")) for name in ("n", "n_read")}
    return lost.assign(file=lost["file"].mask(many, named), **sums).drop_duplicates()


def _whole(file: pd.Series) -> pd.Series:
    """Return the name of a file without the column that a row of it was made of."""
    return file.str.replace(r", column .*$", ", column by column", regex=True)


def _remedy(table: str, rule: str, kind: str) -> str:
    for pattern, remedy in _REMEDIES:
        found = re.search(pattern, rule)
        if found:
            column = found.group(1) if found.groups() and found.group(1) else rule.partition(":")[0]
            return remedy.format(**_places(table, column, kind))
    return ""


def _places(table: str, column: str, kind: str) -> dict[str, str]:
    """Return where a study of this kind of source says what a column is."""
    if kind == "sheets":
        place = f"source.tables.{table}.columns.{column}"
        return {"place": place, "codes": f"codes below {place}", "days": f"dates or as: number below {place}"}
    codes = f"source.values: {{{table}.{column}: {{YOUR CODE: OURS}}}}"
    days = "whole days from a day of the person's own, or kind: sheets, which counts them from dates"
    return {"place": f"source.values.{table}.{column}", "codes": codes, "days": days}
