"""What all tests share."""

from hypothesis import settings

# No clock and no chance: the same examples every time, and no failure because the machine is busy.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("suite")


def pytest_addoption(parser):
    """Add the option that accepts the golden study's new numbers."""
    parser.addoption("--update-golden", action="store_true", help="accept the golden study's new numbers")
