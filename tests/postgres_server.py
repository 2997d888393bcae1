"""A PostgreSQL server of its own for a test: made, started and removed, with a user and a password that it asks for."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD, USER = "QZPASSWORD7741", "qzreader7742"


def programs() -> Path | None:
    """Return the folder of the server's programs where it is installed."""
    found = shutil.which("initdb")
    there = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return there[-1] if there else None


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Yield the environment of libpq under which the server is reached."""
    # Folders of pytest are closed to others, and so to the server where the tests run as root.
    with tempfile.TemporaryDirectory(prefix="postgres") as folder:
        yield from _served(Path(folder))


def _served(folder: Path) -> Iterator[dict[str, str]]:
    home = programs()
    assert home is not None
    # It does not run as root.
    other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    if other:
        shutil.chown(folder, "postgres")
        shutil.chown(secret, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ["-D", str(folder / "data")]
    start = ["-o", f"-p {port} -h 127.0.0.1 -k {folder} -F", "-l", str(folder / "log"), "-w"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    subprocess.run(
        [*other, str(home / "initdb"), *own, "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256", "-N"], **quiet
    )
    subprocess.run([*other, str(home / "pg_ctl"), *own, *start, "start"], **quiet)
    try:
        yield {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGUSER": USER,
            "PGDATABASE": "postgres",
            "PGPASSWORD": PASSWORD,
        }
    finally:
        subprocess.run([*other, str(home / "pg_ctl"), *own, "-m", "immediate", "stop"], **quiet)
