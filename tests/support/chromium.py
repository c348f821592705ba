"""A real browser without a window, where there is one."""

import base64
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

    def __init__(self, home: Path, process_group: int) -> None:
        self.process_group = process_group
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

    def go(self, url: str) -> None:
        """Another page, or another address of this one."""
        said = self.call("Page.navigate", url=url)
        assert "errorText" not in said, said

    def show_as(
        self, width: int, height: int, *, is_dark: bool = False, is_phone: bool = False, is_calm: bool = True
    ) -> None:
        """On such a screen. `is_calm`: its user wants no motion."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=is_phone,
        )
        features = {
            "prefers-color-scheme": "dark" if is_dark else "light",
            "prefers-reduced-motion": "reduce" if is_calm else "no-preference",
        }
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )

    def live_in(self, zone: str, language: str) -> None:
        """As if this machine stood there."""
        self.call("Emulation.setTimezoneOverride", timezoneId=zone)
        self.call("Emulation.setLocaleOverride", locale=language)

    def run_before(self, script: str) -> str:
        """A script before every page's own from now on, until `stop_running`."""
        self.call("Page.enable")
        return str(self.call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"])

    def stop_running(self, identifier: str) -> None:
        self.call("Page.removeScriptToEvaluateOnNewDocument", identifier=identifier)

    def click(self, query: str) -> None:
        """With the mouse, in the middle of the first such element that is shown, when there is one.

        Like a person it waits until that stands still and nothing lies over it.
        """
        place: list[float] = []

        def is_found() -> bool:
            found = self.run(
                f"(() => {{ const it = [...document.querySelectorAll({json.dumps(query)})]"
                ".find((it) => it.checkVisibility()); if (!it) return null;"
                " it.scrollIntoView({ block: 'center', behavior: 'instant' });"
                " const box = it.getBoundingClientRect();"
                " const place = [box.left + box.width / 2, box.top + box.height / 2];"
                " const hit = document.elementFromPoint(...place);"
                " return hit && (it.contains(hit) || hit.contains(it)) ? place : null; })()"
            )
            before, place[:] = [*place], found or []
            return bool(place) and place == before

        wait_until(is_found, lambda: f"nothing to click at {query}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1
            )

    def press(self, key: str, text: str = "") -> None:
        """One key, by its name in DOM."""
        code = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39}.get(key, 0)
        about: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        if key == "Enter":
            text = "\r"
        self.call("Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def write(self, text: str) -> None:
        """Into whatever has the focus."""
        self.call("Input.insertText", text=text)

    def screenshot(self, *, is_whole: bool = False) -> bytes:
        """A PNG of what the screen shows, or of the whole page."""
        clip = {}
        if is_whole:
            box = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"clip": {**box, "scale": 1}, "captureBeyondViewport": True}
        return base64.b64decode(
            self.call("Page.captureScreenshot", format="png", optimizeForSpeed=True, **clip)["data"]
        )

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method of the DevTools protocol, which must be one. Its result."""
        said = self._call(method, **parameters)
        assert "error" not in said, (method, said)
        result: dict[str, Any] = said["result"]
        return result

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
            "--hide-scrollbars",
            "--font-render-hinting=none",
            "--autoplay-policy=no-user-gesture-required",
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
    tab = Tab(home, process.pid)
    try:
        yield tab
    finally:
        tab.close()
        # Debian starts it by a script, which a signal would end alone: the browser would go on for ever.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(TIMEOUT)
