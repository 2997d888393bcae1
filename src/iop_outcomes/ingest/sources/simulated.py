"""The source `simulated`: a synthetic study whose true effect is known."""

from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from iop_outcomes import tables
from iop_outcomes.kernel.registry import source
from iop_outcomes.simulate.settings import Effect, SelfReport, Settings, Stays


@source(cannot={}, raw_files=lambda folder, **settings: [])
def simulated(
    folder: Path,
    seed: int,
    *,
    true_effect: Effect,
    n_people: Annotated[int, Field(ge=20, le=5_000_000)] = 4000,
    n_sites: Annotated[int, Field(ge=1, le=999)] = 40,
    weeks: Annotated[int, Field(ge=4, le=104)] = 30,
    effect_size: Annotated[float, Field(ge=0, le=5)] = 1.0,
    confounding: Annotated[float, Field(ge=0, le=5)] = 1.0,
    unmeasured_confounding: Annotated[float, Field(ge=0, le=3)] = 0.0,
    missing_covariates: Annotated[float, Field(ge=0, lt=1)] = 0.03,
    stays: Stays = "teds",
    self_report: SelfReport = "weekly",
) -> dict[str, pd.DataFrame]:
    """Simulate people at sites who choose IOP or outpatient care, and everything that is recorded about them.

    Settings are those of ``iop_outcomes.simulate.Settings``; docs/simulator.md says what they do. The seed is the
    study's. Nothing is read from ``folder``.
    """
    from iop_outcomes.simulate.world import simulate

    settings = Settings(
        true_effect=true_effect,
        n_people=n_people,
        n_sites=n_sites,
        weeks=weeks,
        effect_size=effect_size,
        confounding=confounding,
        unmeasured_confounding=unmeasured_confounding,
        missing_covariates=missing_covariates,
        stays=stays,
        self_report=self_report,
    )
    made = simulate(settings, seed).tables()
    counts = [("simulated", name, len(frame), len(frame), 0) for name, frame in made.items()]
    intake = pd.DataFrame(counts, columns=["file", "table", "n_in", "n_accepted", "n_rejected"])
    return made | {"intake": intake, "rejected": tables.empty("rejected")}
