"""Which files the target ``operate`` makes; apart from what makes them, since every run asks for their names."""

from iop_outcomes.study import Study
from iop_outcomes.study.simulate import SIMULATED

#: Files of ``results/<study>/operating/``; the last two for simulated studies only.
KEPT = ("replicate.parquet", "characteristic.parquet", "decision.parquet")
RELEASED = ("release/characteristic.csv", "release/decision.csv")


def operating_files(study: Study) -> list[str]:
    """Return the files that the target makes, from its folder."""
    return [*KEPT, *(RELEASED if study.source.kind == SIMULATED else ())]
