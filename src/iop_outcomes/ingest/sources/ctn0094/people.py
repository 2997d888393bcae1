"""People, episodes and baseline covariates of CTN-0094.

An episode begins with the first randomisation. CTN-0030 randomised 360 people a second time, those for whom its first
phase had failed; a second episode would make them members twice, and by their outcome, so that the second assignment is
kept as a service.
"""

from typing import TYPE_CHECKING

from iop_outcomes.ingest.accepting import Rule
from iop_outcomes.ingest.sources.ctn0094.raw import RawTrials
from iop_outcomes.ingest.sources.ctn0094.schedule import AFTER_TREATMENT, last_protocol_day
from iop_outcomes.tables.canonical import MEASURED_DAY

if TYPE_CHECKING:
    import polars as pl

#: Days without a contact after which care has ended: four missed weeks, the dropout of the CTN-0094 group.
GAP_DAYS = 28

#: Opioids that people report, whatever they are prescribed.
REPORTED_OPIOIDS = ("Heroin", "Opioid", "Methadone", "Buprenorphine")
DAYS_BEFORE = 30

#: Covariate: its name in the raw table, by raw table. A table that is not there leaves its covariates out.
COVARIATES = {
    "demographics": {
        "education": "education",
        "marital_status": "marital",
        "employment": "job",
        "stable_housing": "is_living_stable",
    },
    "asi": {"injection": "used_iv"},
    "psychiatric": {
        "major_depression": "has_major_dep",
        "bipolar": "has_bipolar",
        "anxiety_or_panic": "has_anx_pan",
        "schizophrenia": "has_schizophrenia",
        "alcohol_disorder": "has_alcol_dx",
        "amphetamine_disorder": "has_amphetamines_dx",
        "cannabis_disorder": "has_cannabis_dx",
        "cocaine_disorder": "has_cocaine_dx",
        "sedative_disorder": "has_sedatives_dx",
    },
    "fagerstrom": {"smoker": "is_smoker", "nicotine_dependence": "ftnd"},
    "rbs_iv": {"injection_days": "days", "shared_needles": "shared"},
    "qol": {"homeless": "is_homeless"},
}


def person(trials: RawTrials) -> "pl.DataFrame":
    """Return the people of the trials, randomised or not."""
    import polars as pl

    demographics = trials.sift("demographics", "person", ("age", "is_male"))
    rows = trials.people.join(demographics.select("who", "age", "is_male"), on="who", how="left")
    columns = {
        "person_id": pl.col("who").cast(pl.String),
        # Ages over 90 would identify; the youngest of these trials are adults.
        "age_years": pl.col("age").clip(upper_bound=90),
        "sex": pl.col("is_male").replace_strict({"Yes": "male", "No": "female"}, default=None),
    }
    if trials.has("derived_raceEthnicity"):
        groups = trials.sift("derived_raceEthnicity", "person", ("race_ethnicity",))
        rows = rows.join(groups.select("who", "race_ethnicity"), on="who", how="left")
        columns["race_ethnicity"] = pl.col("race_ethnicity")
    return rows.select(**columns)


def episode(trials: RawTrials, contacts: "pl.DataFrame") -> "tuple[pl.DataFrame, pl.DataFrame]":
    """Return the episodes of the randomised and their sites.

    Parameters
    ----------
    trials : RawTrials
    contacts : polars.DataFrame
        who and day of everything that counts as care: attended visits and doses.
    """
    import polars as pl

    sites = trials.sift("site_masked", "episode", ("site_masked",), needs_episode=True)
    rows = trials.people.filter(pl.col("rand_day").is_not_null())
    rows = rows.join(sites.select("who", site_id="site_masked"), on="who", how="left")
    rows = rows.join(time_in_care(rows, contacts), on="who", how="left")
    who = pl.col("who").cast(pl.String)
    episodes = rows.select(
        episode_id=who,
        person_id=who,
        site_id="site_id",
        assignment_day="rand_day",
        admission_day="admission_day",
        last_contact_day="last_contact_day",
        observation_end_day=last_protocol_day(),
        assigned_treatment="arm",
    )
    return episodes, episodes.select("site_id").drop_nulls().unique().sort("site_id")


def time_in_care(randomised: "pl.DataFrame", contacts: "pl.DataFrame") -> "pl.DataFrame":
    """Return who, admission_day and last_contact_day.

    Admission is the first contact on or after the day of randomisation. The last contact is the last before a gap of
    more than ``GAP_DAYS``, so that somebody who left and came back to be assessed at the end of the study has left.
    """
    import polars as pl

    days = contacts.join(randomised.select("who", "rand_day"), on="who").filter(pl.col("day") >= pl.col("rand_day"))
    days = days.select("who", "rand_day", "day").unique().sort("who", "day")
    before = pl.coalesce(pl.col("day").shift(1).over("who"), pl.col("rand_day"))
    unbroken = ((pl.col("day") - before) <= GAP_DAYS).cum_min().over("who")
    in_care = (
        days.with_columns(unbroken=unbroken)
        .group_by("who")
        .agg(admission_day=pl.col("day").min(), last_contact_day=pl.col("day").filter("unbroken").max())
    )
    # Whoever first came after more than the gap was admitted then, and that contact is the last that counts.
    return in_care.with_columns(last_contact_day=pl.coalesce("last_contact_day", "admission_day"))


def care_contacts(visit: "pl.DataFrame", doses: "pl.DataFrame") -> "pl.DataFrame":
    """Return who and day of attended visits, follow-up assessments apart, and of doses."""
    import polars as pl

    came = (pl.col("status") == "attended") & ~pl.col("visit").is_in(AFTER_TREATMENT)
    return pl.concat([visit.filter(came).select("who", "day"), doses.select("who", day="when")])


def baseline(trials: RawTrials, reports: "pl.DataFrame") -> "pl.DataFrame":
    """Return the covariates of the randomised, known by the day of randomisation.

    Parameters
    ----------
    trials : RawTrials
    reports : polars.DataFrame
        Accepted rows of the timeline follow-back calendar: who, what, when.
    """
    import polars as pl

    rows = trials.people.filter(pl.col("rand_day").is_not_null())
    frame = rows.select("who", "rand_day", trial=pl.format("CTN-00{}", "project"), primary_substance=pl.lit("opioids"))
    for name, columns in COVARIATES.items():
        if trials.has(name):
            found = trials.sift(name, "baseline", tuple(columns.values()), needs_episode=True)
            frame = frame.join(found.select("who", **columns), on="who", how="left")
    if trials.has("pain"):
        frame = frame.join(_pain(trials), on="who", how="left")
    frame = frame.join(_use_before(rows, reports), on="who", how="left")
    # What these files hold once for each person was asked at screening; pain has days of its own, see above.
    return frame.select(
        pl.col("who").cast(pl.String).alias("episode_id"),
        pl.exclude("who", "rand_day"),
        pl.col("rand_day").cast(pl.Int32).alias(MEASURED_DAY),
    )


def _pain(trials: RawTrials) -> "pl.DataFrame":
    import polars as pl

    late = Rule("when: measured after randomisation", pl.col("when") > pl.col("rand_day"), expected=True)
    rows = trials.sift("pain", "baseline", ("pain", "when"), [late], needs_episode=True)
    return rows.select("who", pain=pl.when(pl.col("pain") != "Missing").then("pain"))


def _use_before(randomised: "pl.DataFrame", reports: "pl.DataFrame") -> "pl.DataFrame":
    """Return who and days of opioid use in the 30 days before randomisation, of those with any report by then."""
    import polars as pl

    days = reports.filter(pl.col("when") < pl.col("rand_day"))
    near = pl.col("when") >= pl.col("rand_day") - DAYS_BEFORE
    opioid = pl.col("what").is_in(REPORTED_OPIOIDS)
    used = pl.col("when").filter(near & opioid).n_unique().cast(pl.Float64)
    return days.group_by("who").agg(use_days_at_baseline=used)
