"""What the protocols of CTN-0027, CTN-0030 and CTN-0051 foresaw: visits, urine screens, and their panels.

References
----------
Ling W et al. 2010 (CTN-0027 START); Weiss RD et al. 2011, doi 10.1001/archgenpsychiatry.2011.121 (CTN-0030 POATS);
Lee JD et al. 2018, doi 10.1016/S0140-6736(17)32812-X (CTN-0051 X:BOT); tables `visit`, `meta_study_length` and
`meta_substance_groups_uds` of public.ctn0094data 1.0.6.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

#: Weeks after the first randomisation in which a visit and a screen were due, by trial.
WEEKS = {27: tuple(range(1, 25)), 51: tuple(range(1, 25)), 30: (1, 2, 3, 4, 6, 8, 10, 12)}

#: The same after CTN-0030's second randomisation: weekly, then every two weeks.
WEEKS_OF_PHASE_2 = (*range(1, 17), 18, 20, 22, 24)

#: Last day of the protocol, counted from the first randomisation, or from the second where there was one.
LAST_DAY = {27: 168, 51: 168, 30: 98}
LAST_DAY_OF_PHASE_2 = 168

#: Follow-up assessments after treatment, which are no contact of care.
AFTER_TREATMENT = ("WK28", "WK32", "EOT", "M1F", "M3F")

_EVERYWHERE = ("Amphetamine", "Benzodiazepine", "Cocaine", "Methadone", "Opioid", "Thc")
#: What each trial screened for, as the table `uds` calls it; only for these is a visit without a positive a negative.
SCREENED = {
    27: (*_EVERYWHERE, "Alcohol"),
    30: (*_EVERYWHERE, "Buprenorphine"),
    51: (*_EVERYWHERE, "Buprenorphine", "Sedatives"),
}


def week_day(project: "pl.Expr", week: "pl.Expr") -> "pl.Expr":
    """Return the day after randomisation on which a visit of a week was due.

    Weekly visits of CTN-0027 and CTN-0051 lie on days 7, 14, ...: their median days. CTN-0030 counts the day of
    randomisation as the first of week 1, so that its weeks end on days 6, 13, ...
    """
    import polars as pl

    return 7 * week - pl.when(project == 30).then(1).otherwise(0)


def last_protocol_day() -> "pl.Expr":
    """Return the last day of the protocol for people with project, rand_day and second_rand_day."""
    import polars as pl

    first = pl.col("rand_day") + pl.col("project").replace_strict(LAST_DAY, default=None, return_dtype=pl.Int32)
    return pl.coalesce(pl.col("second_rand_day") + LAST_DAY_OF_PHASE_2, first)


def due_screens(people: "pl.DataFrame") -> "pl.DataFrame":
    """Return who, label of the visit and day of every screen that the protocol foresaw for the randomised.

    In CTN-0030 the weeks of phase 1 end with the second randomisation, from which those of phase 2 are counted.
    """
    import polars as pl

    grids = [(project, "rand_day", WEEKS[project], "P1Wk" if project == 30 else "WK") for project in WEEKS]
    grids.append((30, "second_rand_day", WEEKS_OF_PHASE_2, "P2Wk"))
    parts = []
    for project, anchor, weeks, prefix in grids:
        # The first week of a phase of CTN-0030 has two visits; the second of them, 1B, ends it.
        labels = [prefix + ("1B" if project == 30 and week == 1 else str(week)) for week in weeks]
        grid = pl.DataFrame({"week": weeks, "visit": labels}, schema={"week": pl.Int32, "visit": pl.String})
        rows = people.filter(pl.col("project") == project, pl.col(anchor).is_not_null()).join(grid, how="cross")
        rows = rows.with_columns(day=(pl.col(anchor) + week_day(pl.col("project"), pl.col("week"))).cast(pl.Int32))
        if anchor == "rand_day":
            rows = rows.filter((pl.col("day") < pl.col("second_rand_day")).fill_null(True))
        parts.append(rows.select("who", "visit", "day"))
    return pl.concat(parts)
