"""All figures of a release, drawn by two processes where there are two: half of a release's time goes into them.

The second one is a Python of its own that is handed the numbers of a figure, protected already, and gives its pictures
back. It neither runs the caller's script again, as the standard library's processes do, nor reads a file.
"""

import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread
from types import TracebackType

from iop_outcomes.kernel.beside import load_beside
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.making import Drawn, failed, make
from iop_outcomes.study import Study

#: Of each figure what is released of its numbers, or why there is nothing to see.
Numbers = Mapping[str, "Released | str"]


class Second:
    """A second process that draws, until the context is left.

    It is begun before there is anything to draw, because it takes a second to load what it needs.

    Parameters
    ----------
    study : Study
    wanted : bool
        Without, there is none, and whoever asks draws by themselves.
    """

    def __init__(self, study: Study, wanted: bool = True):
        self._study = study
        command = [sys.executable, "-m", __name__]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe) if wanted else None

    def __enter__(self) -> "Second":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def draw(self, left: "deque[str]", given: Numbers, drawn: dict[str, Drawn]) -> None:
        """Have it draw one figure after the other, as long as there are any left.

        Whatever it is that fails, the figure that it was asked for is left again.
        """
        if self._process is None:
            return
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        name = ""
        try:
            pickle.dump(self._study, stdin)
            while left:
                name = left.popleft()
                pickle.dump((name, given[name]), stdin)
                stdin.flush()
                drawn[name] = pickle.load(stdout)
        except Exception:
            left.extend([name] if name and name not in drawn else [])


def draw_all(names: Sequence[str], given: Numbers, study: Study, second: Second) -> dict[str, Drawn]:
    """Draw figures to all their pictures, from what is released of each or a sentence that stands in its place.

    Parameters
    ----------
    names : sequence of str
    given : mapping of str to Released or str
    study : Study
    second : Second
        Takes them from the front while this process takes them from the back; the same comes of it without.
    """
    left, drawn = deque(names), dict[str, Drawn]()
    beside = Thread(target=second.draw, args=(left, given, drawn))
    beside.start()
    _draw_left(left, given, study, drawn)
    beside.join()
    _draw_left(left, given, study, drawn)
    return {name: drawn[name] for name in names}


def _draw_left(left: "deque[str]", given: Numbers, study: Study, drawn: dict[str, Drawn]) -> None:
    while left:
        name = left.pop()
        drawn[name] = _finished(name, given[name], study)


def _finished(name: str, given: Released | str, study: Study) -> Drawn:
    """Draw a figure to its pictures; one that cannot be written is replaced by the reason."""
    one = make(name, {}, study, {name: given})
    try:
        one.png, one.svg, one.column  # noqa: B018 - kept once made, and made here so that a failure is known in time
        if name in study.release.print_figures:
            one.printed  # noqa: B018
    except Exception as error:
        return make(name, {}, study, {name: failed(error)})
    return one


def _serve() -> None:
    """Draw what is asked for until nobody asks any more."""
    # An interrupt reaches the first process, too, and this one ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    # Answers are all that may go out here.
    sys.stdout = sys.stderr
    style.load()
    try:
        study = pickle.load(asked)
        for file in study.extend:
            load_beside(Path(file))
        while True:
            name, given = pickle.load(asked)
            pickle.dump(_finished(name, given, study), answers)
            answers.flush()
    except (EOFError, BrokenPipeError):
        return


if __name__ == "__main__":
    _serve()
