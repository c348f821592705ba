"""A real browser without a window, where there is one."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.timeouts import TIMEOUT, wait_until

ABSENT = "no Chromium is here (apt-get install --no-install-recommends chromium-headless-shell)"
_NO_PAGE_YET = -32000
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Tab:
    """The page that a browser shows, as its DevTools see it (Chrome DevTools Protocol)."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._open = contextlib.ExitStack()
        self._connection: ClientConnection | None = None
        self._number = 0

    def run(self, script: str) -> Any:
        """The value of an expression in the page, a promise's when it is there."""
        said: dict[str, Any] = {}

        def is_run() -> bool:
            """Between two pages there is none for a moment."""
            said.update(
                self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
            )
            return "error" not in said or said.pop("error")["code"] != _NO_PAGE_YET

        wait_until(is_run, lambda: str(said))
        assert "exceptionDetails" not in said["result"], said["result"]["exceptionDetails"]
        return said["result"]["result"].get("value")

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        if self._connection is None:
            opened = connect(self._address(), open_timeout=TIMEOUT, max_size=None)
            self._connection = self._open.enter_context(opened)
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            said: dict[str, Any] = json.loads(self._connection.recv(TIMEOUT))
            if said.get("id") == self._number:
                return said

    def close(self) -> None:
        self._open.close()

    def _address(self) -> str:
        told = self._home / "DevToolsActivePort"
        wait_until(lambda: told.is_file() and len(told.read_text().split()) == 2, lambda: "no DevTools")
        port = int(told.read_text().split()[0])
        found: list[str] = []

        def look() -> bool:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=TIMEOUT) as answer:
                pages = [it for it in json.load(answer) if it["type"] == "page"]
            found[:] = [it["webSocketDebuggerUrl"] for it in pages]
            return bool(found)

        wait_until(look, lambda: "the browser has no page")
        return found[0]


@contextlib.contextmanager
def chromium(program: str, url: str, folder: Path, names: Sequence[str] = ()) -> Iterator[Tab]:
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
    tab = Tab(home)
    try:
        yield tab
    finally:
        tab.close()
        # Debian starts it by a script, which a signal would end alone: the browser would go on for ever.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(TIMEOUT)
