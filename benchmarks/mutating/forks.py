"""Do one thing in a fork of this process, and wait for it no longer than patience lasts."""

import contextlib
import os
import signal
import time
from collections.abc import Callable


def in_fork(work: Callable[[], int], patience: float) -> int:
    """Return what the work returns, or -1 if it went on for too long; nothing it changes comes back."""
    child = os.fork()
    if child == 0:
        code = 99
        with contextlib.suppress(BaseException):
            code = int(work())
        # Nothing of the child may return into the code of its parent.
        os._exit(code)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1
