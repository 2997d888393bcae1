"""The worlds of a study, and what the study says in one of their replicates."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from iop_outcomes import in_memory, stages
from iop_outcomes.conclude.truth import study_truth
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.operating.plasmode import Plasmode, fit_plasmode
from iop_outcomes.operating.replicate import answers_of, checked, stopped
from iop_outcomes.study import Study
from iop_outcomes.study.simulate import SIMULATED, Simulate, World


@dataclass(frozen=True)
class Worlds:
    """The worlds a study asks for.

    Attributes
    ----------
    study : Study
    root : path
        Folder that the relative paths of the study start from.
    """

    study: Study
    root: Path = Path(".")

    @property
    def asked(self) -> Simulate:
        """What the study says of its replicates, or the usual where it says nothing."""
        return self.study.simulate or Simulate()

    @cached_property
    def by_name(self) -> dict[str, World]:
        """The worlds by name."""
        return self.asked.worlds_of(self.study.source)

    @property
    def are_simulated(self) -> bool:
        """Are people simulated, or real with an effect planted into them?"""
        return self.study.source.kind == SIMULATED

    def replicates(self, world: str) -> int:
        """Return how often a world is drawn."""
        return self.by_name[world].replicates or self.asked.replicates

    def drawn(self, world: str, number: int) -> Study:
        """Return the study as it is drawn the ``number``-th time in a world.

        All worlds share the seeds, so that they are of the same people with the same luck as far as they can be.
        """
        source = type(self.study.source)(
            kind=self.study.source.kind, **self.study.source.settings | self.by_name[world].settings
        )
        return self.study.model_copy(update={"source": source, "seed": seed_of(self.study.seed, f"replicate {number}")})

    def replicate(self, world: str, number: int) -> pd.DataFrame:
        """Return what the study says in one replicate: rows of the ``replicate`` table.

        A replicate that is refused is a row, too: it counts, as a study that came to no verdict.
        """
        own = self.drawn(world, number)
        try:
            rows = self._simulated(own, number) if self.are_simulated else self._planted(own, world)
        except StudyError as error:
            rows = stopped(error)
        return checked(rows, world, number)

    def _simulated(self, own: Study, number: int) -> pd.DataFrame:
        truth = study_truth(own) if number <= self.asked.truths else None
        return answers_of(own, in_memory.run_study(own, self.root), truth)

    def _planted(self, own: Study, world: str) -> pd.DataFrame:
        made, truth = self.plasmode.draw(self.by_name[world].planted or 0.0, own.seed)
        return answers_of(
            own, in_memory.run_stages(own, stages.between("outcomes", "conclude"), made, self.root), truth
        )

    @cached_property
    def plasmode(self) -> Plasmode:
        """The members as recorded, and the models from which their arms and outcomes are drawn."""
        made = in_memory.run_stages(self.study, stages.between("", "outcomes"), {}, self.root)
        return fit_plasmode(self.study, made)


def asking(study: Study, replicates: int) -> Study:
    """Return the study asking for so many replicates of every world; as it is for 0."""
    if not replicates:
        return study
    asked = Worlds(study).asked
    worlds = {name: world.model_copy(update={"replicates": None}) for name, world in asked.worlds.items()}
    return study.model_copy(update={"simulate": asked.model_copy(update={"replicates": replicates, "worlds": worlds})})
