"""What all tests share."""

import gc

from hypothesis import settings

# No clock and no chance: the same examples every time, and no failure because the machine is busy.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("suite")


def pytest_addoption(parser):
    """Add the option that accepts the golden study's new numbers."""
    parser.addoption("--update-golden", action="store_true", help="accept the golden study's new numbers")


def pytest_collection_finish(session):
    """Let the collector of garbage leave out what all tests share; it took up to a tenth of the time of small tests."""
    gc.collect()
    gc.freeze()
