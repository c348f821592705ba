"""A real browser without a window, where there is one."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.timeouts import TIMEOUT

ABSENT = "no Chromium is here (apt-get install --no-install-recommends chromium-headless-shell)"
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextlib.contextmanager
def chromium(program: str, url: str, folder: Path, names: Sequence[str] = ()) -> Iterator[None]:
    """Shows that page until the end. `names` mean this machine; any other one means nothing at all."""
    rules = [*(f"MAP {name} 127.0.0.1" for name in names), "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"]
    home = folder / "chromium"
    process = subprocess.Popen(
        [
            program,
            "--headless",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-gpu",
            "--disable-popup-blocking",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--remote-debugging-port=0",  # without it the program ends when the page is loaded
            f"--user-data-dir={home}",
            f"--host-resolver-rules={', '.join(rules)}",
            url,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
        start_new_session=True,
    )
    try:
        yield
    finally:
        # Debian starts it by a script, which a signal would end alone: the browser would go on for ever.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(TIMEOUT)
