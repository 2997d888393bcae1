"""What all tests share."""

from hypothesis import settings

# No clock and no chance: the same examples every time, and no failure because the machine is busy.
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("suite")
