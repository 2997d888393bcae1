"""What was assigned to those whose rows are set aside, so that rows lost can be counted by arm."""

from typing import TYPE_CHECKING

from iop_outcomes.study.before_time_zero import ASSIGNMENT

if TYPE_CHECKING:
    import polars as pl


class Assigned:
    """What was assigned in the accepted episodes: of an episode, and of a person whose episodes all agree."""

    def __init__(self) -> None:
        self._of: dict[str, pl.DataFrame] = {}

    def learn(self, episodes: "pl.DataFrame") -> None:
        """Take in accepted episodes, as far as they say what was assigned."""
        import polars as pl

        for key in {"episode_id", "person_id"} & set(episodes.columns):
            known = episodes.select(pl.col(key).cast(pl.String), *_as_text(episodes)).unique()
            before = self._of.get(key, known.clear())
            self._of[key] = pl.concat([before, known], how="diagonal").unique()

    def of(self, table: str, rows: "pl.DataFrame") -> "pl.DataFrame":
        """Return what was assigned to each of some rows of a table, in their order; null where that is not known.

        An episode says so itself; others are of an accepted episode or person.
        """
        import polars as pl

        if table == "episode":
            return rows.with_columns(_as_text(rows)).select(ASSIGNMENT)
        key = next((key for key in ("episode_id", "person_id") if key in rows.columns and key in self._of), None)
        if key is None:
            nothing = [pl.lit(None, dtype=pl.String).alias(name) for name in ASSIGNMENT]
            return rows.with_columns(nothing).select(ASSIGNMENT)
        # Whoever was assigned to two levels of care is told apart by no key of a person.
        alone = self._of[key].filter(pl.col(key).is_unique())
        found = rows.select(pl.col(key).cast(pl.String)).join(alone, on=key, how="left", maintain_order="left")
        return found.select(ASSIGNMENT)


def _as_text(rows: "pl.DataFrame") -> "list[pl.Expr]":
    import polars as pl

    return [
        (pl.col(name).cast(pl.String) if name in rows.columns else pl.lit(None, dtype=pl.String)).alias(name)
        for name in ASSIGNMENT
    ]
