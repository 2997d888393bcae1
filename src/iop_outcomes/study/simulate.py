"""The section ``simulate``: in which worlds, and how often, the study is drawn anew."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import SOURCES
from iop_outcomes.kernel.section import Name, OpenSection, Section

if TYPE_CHECKING:
    from iop_outcomes.study.file import Study
    from iop_outcomes.study.source import Source

SIMULATED = "simulated"
Replicates = Annotated[int, Field(ge=2, le=100_000)]
#: What is planted where nobody says: nothing, and a tenth either way.
PLANTED = {"none": 0.0, "benefit": 0.1, "harm": -0.1}


class World(OpenSection):
    """One world: how often it is drawn, and what is other in it than in the study's source.

    The other keys replace settings of a simulated source.

    Attributes
    ----------
    replicates : int, optional
        How often this world is drawn.
    planted : float, optional
        For a study of real records, the effect, for the good, that is planted into its outcomes: a difference of
        shares, or standard deviations of an outcome that is no share.
    """

    replicates: Replicates | None = None
    planted: Annotated[float, Field(ge=-0.5, le=0.5)] | None = None


class Simulate(Section):
    """Operating characteristics: the study is drawn many times in each world, each time as far as its verdicts.

    Attributes
    ----------
    replicates : int
        How often each world is drawn.
    truths : int
        Replicates of a simulated world whose mean is taken for the truth.
    worlds : mapping of str to World
        Worlds by name; where none is given, the source as it is, or the usual effects planted into real records.
    """

    replicates: Replicates = 200
    truths: Annotated[int, Field(ge=2)] = 20
    worlds: dict[Name, World] = {}

    def worlds_of(self, source: "Source") -> dict[str, World]:
        """Return the worlds asked for; where none are, the source as it is, or the usual effects to plant."""
        if self.worlds:
            return dict(self.worlds)
        if source.kind == SIMULATED:
            return {str(source.settings["true_effect"]): World()}
        return {name: World(planted=effect) for name, effect in PLANTED.items()}


def check_simulate(study: "Study") -> None:
    """Refuse a world that cannot be drawn of the study's source.

    Raises
    ------
    StudyFileError
        One sentence that begins with the place in the file.
    """
    if study.simulate is None:
        return
    if not study.analyses:
        raise StudyFileError("simulate: the study has no analysis, and so no verdict to count; add one to analyses")
    for name, world in study.simulate.worlds.items():
        place = f"simulate.worlds.{name}"
        if study.source.kind == SIMULATED:
            if world.planted is not None:
                raise StudyFileError(f"{place}.planted: the source simulates its effect; set true_effect instead")
            SOURCES[SIMULATED].check(study.source.settings | world.settings, place)
            continue
        if world.settings:
            raise StudyFileError(
                f"{place}: a study of real records has no setting '{next(iter(world.settings))}' to change; say "
                "planted: with the effect to plant, such as 0.1 for 10 percentage points to the good"
            )
        if world.planted is None:
            raise StudyFileError(f"{place}: say planted: with the effect to plant, 0 for none")
