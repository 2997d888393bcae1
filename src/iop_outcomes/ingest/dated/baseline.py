"""What was known of a person on the day an episode was assigned: diagnoses, medication, earlier treatment."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

#: Days before an episode whose diagnoses and medication speak for it.
DIAGNOSIS_DAYS, MEDICATION_DAYS = 365, 30


def covariates(episodes: "pl.DataFrame", contacts: "pl.DataFrame", diagnoses: "pl.DataFrame") -> "pl.DataFrame":
    """Return one row per episode: ``episode``, ``person``, ``assigned`` and its covariates.

    Parameters
    ----------
    episodes : polars.DataFrame
        ``episode``, ``person``, ``assigned``.
    contacts : polars.DataFrame
        ``person``, ``date``, ``kind``.
    diagnoses : polars.DataFrame
        ``person``, ``date``, ``kind`` (substance or mental) and ``name``.

    Notes
    -----
    Diagnoses count from 365 days before to the day of assignment; the primary substance is the one most often named, of
    several the first by name. Medication counts from 30 days before to the day before, because a dose on the day itself
    may be part of the care that is compared.
    """
    import polars as pl

    rows = episodes.select("episode", "person", "assigned")
    named = _before(rows, diagnoses, 0, DIAGNOSIS_DAYS)
    substance = named.filter(pl.col("kind") == "substance")
    most = substance.group_by("episode", "name").len().sort(["len", "name"], descending=[True, False])
    primary = most.group_by("episode", maintain_order=True).agg(
        primary_substance=pl.col("name").first(), n_substances=pl.len().cast(pl.Float64)
    )
    mental = named.filter(pl.col("kind") == "mental").select("episode").unique().with_columns(mental=pl.lit(True))
    doses = contacts.filter(pl.col("kind") == "opioid_medication")
    medicated = _before(rows, doses, 1, MEDICATION_DAYS).select("episode").unique().with_columns(dose=pl.lit(True))
    earlier = pl.col("assigned").rank("ordinal").over("person") > 1
    found = (
        rows.join(primary, on="episode", how="left")
        .join(mental, on="episode", how="left")
        .join(medicated, on="episode", how="left")
    )
    return found.select(
        "episode",
        "person",
        "assigned",
        "primary_substance",
        pl.col("n_substances").fill_null(0.0),
        substance_use_diagnosis=_yes_no(pl.col("primary_substance").is_not_null()),
        psychiatric_comorbidity=_yes_no(pl.col("mental").fill_null(False)),
        opioid_medication=_yes_no(pl.col("dose").fill_null(False)),
        prior_episodes=pl.when(earlier).then(pl.lit("one or more")).otherwise(pl.lit("none")),
    ).sort("episode")


def _before(episodes: "pl.DataFrame", events: "pl.DataFrame", least: int, most: int) -> "pl.DataFrame":
    """Return pairs of episodes and events of the person in the days before the assignment."""
    import polars as pl

    pairs = episodes.join(events.drop("episode", strict=False), on="person")
    return pairs.filter((pl.col("assigned") - pl.col("date")).dt.total_days().is_between(least, most))


def _yes_no(flag: "pl.Expr") -> "pl.Expr":
    import polars as pl

    return pl.when(flag).then(pl.lit("yes")).otherwise(pl.lit("no"))
