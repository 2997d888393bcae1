"""The CTN-0094 trials' settings: from the raw tables of three opioid trials to their published weekly words.

Rules as derived in the public packages public.ctn0094data 1.0.6 and public.ctn0094extra 1.0.4 (Balise, Odom, Calderon
et al.), stated in plain words beside the functions that follow them. Day 0 is signed consent.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.endpoints.grid import WeekGrid, study_week
from iop_outcomes.endpoints.matrix import MISSING, MIXED, OUTSIDE, POSITIVE, UNSCHEDULED
from iop_outcomes.endpoints.words import on_panel, visit_days, weekly_matrix, weekly_use_matrix, words_of
from iop_outcomes.ingest.sources.ctn0094.screens import NON_STUDY_OPIOIDS

FIRST_DAY = -30
LAST_DAY = 168
RERANDOMISED_PROJECT = "30"
DAYS_AFTER_FIRST, DAYS_AFTER_SECOND = 98, 168

REPORTED_OPIOIDS = ("Heroin", "Opioid", "Methadone", "Buprenorphine")


def people(everybody: pd.DataFrame, randomization: pd.DataFrame) -> pd.DataFrame:
    """Return the trials' people with the days their words are laid on.

    Parameters
    ----------
    everybody : DataFrame
        Columns who, project.
    randomization : DataFrame
        Columns who, treatment, which, when. In trials 27 and 51 the second row repeats the first and is not read.

    Returns
    -------
    DataFrame
        Indexed by person: project, first_arm, first_rand_day, second_rand_day (null where there was none), first_day,
        last_day.
    """
    trial = everybody.set_index("who")["project"].astype(str).sort_index().rename_axis("person")
    which = randomization["which"].astype(str)
    first, second = (randomization[which == number].set_index("who") for number in "12")
    table = pd.DataFrame({"project": trial})
    table["first_arm"] = first["treatment"].reindex(trial.index)
    table["first_rand_day"] = first["when"].reindex(trial.index)
    rerandomised = trial == RERANDOMISED_PROJECT
    table["second_rand_day"] = second["when"].reindex(trial.index).where(rerandomised)
    after_first = table["first_rand_day"].fillna(0) + DAYS_AFTER_FIRST
    in_trial_30 = (table["second_rand_day"] + DAYS_AFTER_SECOND).fillna(after_first)
    table["first_day"] = FIRST_DAY
    table["last_day"] = in_trial_30.where(rerandomised, LAST_DAY).astype(int)
    return table


def attended_days(visit: pd.DataFrame) -> pd.DataFrame:
    """Return the person-days with an attended visit: disposition ``visit`` or ``final``, and a day."""
    came = visit["what"].isin(["visit", "final"]) & visit["when"].notna()
    days = visit.loc[came, ["who", "when"]].set_axis(["person", "day"], axis=1)
    return days.astype({"day": int}).drop_duplicates(ignore_index=True)


def visits_imputed(table: pd.DataFrame, visit: pd.DataFrame) -> pd.DataFrame:
    """Return Present and Missing days (the published table ``derived_visitImputed``).

    A visit is expected every 7 days from the first randomisation. People never randomised count from consent, and are
    expected on that day too.
    """
    spans = table[["first_day", "last_day"]].assign(week_one_day=0)
    randomised = table["first_rand_day"].notna()
    anchor = pd.DataFrame({"anchor_day": table["first_rand_day"].fillna(0), "expected_on_anchor": ~randomised})
    return visit_days(attended_days(visit), spans, anchor)


def screen_matrix(table: pd.DataFrame, visit: pd.DataFrame, uds: pd.DataFrame) -> pd.DataFrame:
    """Return urine screens as codes, people x study weeks.

    Week 1 starts the day after the first randomisation. A day is positive with a non-study opioid on file, negative if
    attended without one. People never randomised start on the day of consent and have positive or missing weeks only.
    """
    positive = on_panel(_records(uds), _panel_of(table["first_arm"]), NON_STUDY_OPIOIDS).assign(result="positive")
    negative = attended_days(visit).assign(result="negative")
    randomised = table.index[table["first_rand_day"].notna()]
    negative = negative[negative["person"].isin(randomised)]
    results = pd.concat([positive[["person", "day", "result"]], negative], ignore_index=True)
    return weekly_matrix(results, _spans(table, never_randomised=0))


def report_matrix(table: pd.DataFrame, tlfb: pd.DataFrame) -> pd.DataFrame:
    """Return timeline follow-back reports of opioid use as codes, people x study weeks.

    No day of use ``-``, one ``*``, two or more ``+``; one day of use in a week of one day is ``_``. People never
    randomised have ``+`` for any use, otherwise ``o``, before week 1 ``_``. A ``-`` week may not have been asked about.
    """
    spans = _spans(table, never_randomised=1)
    records = _records(tlfb)
    codes = weekly_use_matrix(records[records["substance"].isin(REPORTED_OPIOIDS)], spans)
    grid = WeekGrid(spans)
    randomised = table["first_rand_day"].notna().to_numpy()[:, None]
    used = np.isin(codes, (MIXED, POSITIVE))
    not_used = np.where(grid.weeks >= 1, MISSING, UNSCHEDULED)
    lone_day = (codes.to_numpy() == MIXED) & (grid.span_days_per_week() == 1)
    followed = np.where(lone_day, UNSCHEDULED, codes)
    return grid.frame(np.where(randomised, followed, np.where(used, POSITIVE, not_used)))


def pattern(table: pd.DataFrame, codes: pd.DataFrame) -> pd.DataFrame:
    """Return codes as the published word tables hold them.

    Baseline is every week before week 1; phase 2 begins with the week that holds the second randomisation; phase 1 is
    the rest.

    Returns
    -------
    DataFrame
        who, startWeek, randWeek1, randWeek2, endWeek, Baseline, Phase_1, Phase_2.
    """
    inside = codes.to_numpy() != OUTSIDE
    weeks = codes.columns.to_numpy()
    second = study_week(table["second_rand_day"], table["first_rand_day"] + 1)
    return pd.DataFrame(
        {
            "who": table.index,
            "startWeek": weeks[inside.argmax(axis=1)],
            "randWeek1": table["first_rand_day"].mul(0).to_numpy(),
            "randWeek2": second.to_numpy(),
            "endWeek": weeks[inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)],
            "Baseline": words_of(codes, last_week=0).to_numpy(),
            "Phase_1": words_of(codes, first_week=1, last_week=second.sub(1).fillna(np.inf)).to_numpy(),
            "Phase_2": words_of(codes, first_week=second.fillna(np.inf)).to_numpy(),
        }
    )


def derived_tables(raw: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the three published derived tables from the raw ones.

    Parameters
    ----------
    raw : mapping of table name to DataFrame
        everybody, randomization, visit, uds and tlfb, as published.

    Returns
    -------
    dict
        ``derived_visitImputed`` (person, day, state), ``derived_weeklyOpioidPattern``, ``derived_weeklyTLFBPattern``.
    """
    table = people(raw["everybody"], raw["randomization"])
    return {
        "derived_visitImputed": visits_imputed(table, raw["visit"]),
        "derived_weeklyOpioidPattern": pattern(table, screen_matrix(table, raw["visit"], raw["uds"])),
        "derived_weeklyTLFBPattern": pattern(table, report_matrix(table, raw["tlfb"])),
    }


def _spans(table: pd.DataFrame, never_randomised: int) -> pd.DataFrame:
    week_one_day = (table["first_rand_day"] + 1).fillna(never_randomised).astype(int)
    return table[["first_day", "last_day"]].assign(week_one_day=week_one_day)


def _records(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[["who", "when", "what"]].set_axis(["person", "day", "substance"], axis=1)


def _panel_of(arm: pd.Series) -> pd.Series:
    prescribed = arm.fillna("")
    panel = np.select(
        [prescribed.str.contains("BUP"), prescribed == "Methadone"], ["buprenorphine", "methadone"], default="neither"
    )
    return pd.Series(panel, index=arm.index)
