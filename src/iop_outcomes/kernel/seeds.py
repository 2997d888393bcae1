"""Seeds: one for every analysis, made from the study's seed and the analysis's name, so that order does not matter."""

import hashlib


def seed_of(seed: int, name: str) -> int:
    """Return the seed of one named piece of a study.

    Parameters
    ----------
    seed : int
        The study's seed.
    name : str
        Name of the analysis, design or simulation.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:4], "big")
