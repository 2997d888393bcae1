"""What a study would say where the truth is known: its own road, gone many times, and how often it ends right.

``operate`` draws a study again and again (``simulate:`` of its file), ``characteristics`` and ``decisions`` say what
the replicates come to, each share and mean with its Monte-Carlo error.
"""

from iop_outcomes.kernel import lazy

_HOMES = {"operate": "running", "characteristics": "summary", "decisions": "summary"}
__all__ = [*_HOMES]
__getattr__, __dir__ = lazy.public(__name__, _HOMES)
