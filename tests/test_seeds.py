"""Every piece of a study has a seed of its own, which depends on nothing but the study's seed and its name."""

from iop_outcomes.kernel.seeds import seed_of


def test_the_seed_of_a_piece_is_known():
    assert seed_of(1, "primary") == 3489064980
    assert seed_of(20240501, "overlap") != seed_of(20240501, "matched")
    assert seed_of(1, "primary") != seed_of(2, "primary")
    # Seed and name are kept apart: 1 and "2x" are not 12 and "x".
    assert seed_of(1, "2x") != seed_of(12, "x")


def test_a_seed_fits_every_generator():
    seeds = [seed_of(seed, name) for seed in range(50) for name in ("a", "b")]
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert len(set(seeds)) == len(seeds)
