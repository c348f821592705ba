"""The page before a real server in a real browser, and what goes wrong with either."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.timelapse.ffmpeg import find_ffmpeg
from tests.functions.api.bridge_data import NOW, BridgeData
from tests.functions.api.made_up_history import MadeUpHistory
from tests.functions.api.page_scene import OFF, fill
from tests.functions.api.serving import served
from tests.support.chromium import Tab
from tests.support.page_in_a_browser import wait_for
from tests.support.timeouts import TIMEOUT, wait_until

DESKTOP, PHONE = (1280, 860), (390, 844)
# The browser's clock stands one second after the scene's, so that every age is the same each time.
_CLOCK = f"Date.now = () => {round(NOW * 1000) + 1000};"
_READY = """(() => {
  const isSeen = (it) => it.checkVisibility() && it.getBoundingClientRect().top < innerHeight;
  const images = [...document.images].filter(isSeen);
  const videos = [...document.querySelectorAll("video")];
  return !document.querySelector(".loading, .skeleton, [aria-busy=true]")
    && document.fonts.size === 1
    && images.every((it) => it.complete) && videos.every((it) => it.readyState > 0)
    && [...document.querySelectorAll("#cards .picture")].filter(isSeen)
      .every((it) => !it.querySelector("img[hidden]:not([alt='Picture of PICTURELESS'])"));
})()""".replace("PICTURELESS", OFF)


class Interference:
    """Middleware: `answers` in the place of the bridge's, by how the path begins.

    A status, a value and headers; None: no answer, until it is taken away.
    """

    def __init__(self, app: ASGIApp, stage: "Stage") -> None:
        self._app = app
        self._stage = stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self._stage.asked.append(path)
        self._stage.headers.append(dict(HTTPConnection(scope).headers))
        while (found := self._stage.answer_to(path)) == "none":  # noqa: ASYNC110 - a test's thread says when
            await asyncio.sleep(0.01)
        if found is None:
            await self._app(scope, receive, send)
        else:
            assert isinstance(found, tuple)
            status, value, headers = found
            await JSONResponse(value, status, headers)(scope, receive, send)


class Stage:
    """`asked`: the paths that came. `answers`: see `Interference`."""

    def __init__(self, data: BridgeData, history: MadeUpHistory, tab: Tab) -> None:
        self.data = data
        self.history = history
        self.tab = tab
        self.port = 0
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.answers: dict[str, Any] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def answer_to(self, path: str) -> object:
        for begin, answer in self.answers.items():
            if path.startswith(begin):
                return "none" if answer is None else answer
        return None

    def refuse(self, path: str, status: int, detail: str | None = None, **headers: str) -> None:
        value = {} if detail is None else {"detail": detail}
        self.answers[path] = (status, value, {name.replace("_", "-"): it for name, it in headers.items()})

    def answer(self, path: str, value: object) -> None:
        self.answers[path] = (200, value, {})

    def open(
        self,
        view: str = "#/",
        *,
        is_dark: bool = False,
        is_phone: bool = False,
        size: tuple[int, int] | None = None,
    ) -> Tab:
        """The page anew at that view."""
        self.tab.show_as(*(size or (PHONE if is_phone else DESKTOP)), is_dark=is_dark, is_phone=is_phone)
        self.tab.go("about:blank")
        self.tab.go(self.address + view)
        return self.tab

    def wait_for(self, query: str, words: str = "") -> str:
        return wait_for(self.tab, query, words)

    def settle(self) -> None:
        """Until all is there that this view loads."""
        wait_until(lambda: self.tab.run(_READY) is True, lambda: str(self.tab.run("document.body.innerText")))

    def reset(self) -> None:
        self.answers.clear()
        self.asked.clear()
        self.headers.clear()
        self.history.asked.clear()
        self.history.fault, self.history.rename = None, None
        self.history.is_empty = self.history.has_gap = self.history.is_partial = False


@contextmanager
def staged(data: BridgeData, history: MadeUpHistory | None, tab: Tab, key: str = "") -> Iterator[Stage]:
    """That bridge before that browser, whose clock stands still. `history` None: the bridge's own."""
    stage = Stage(data, history or MadeUpHistory(), tab)
    app = data.app(key)
    if history is not None:
        history.add_to(app)
    app.add_middleware(Interference, stage=stage)
    tab.live_in("Europe/Berlin", "en-GB")
    clock = tab.run_before(_CLOCK)
    try:
        with served(app) as server:
            stage.port = server.port
            yield stage
            tab.go("about:blank")  # lest it goes on asking
    finally:
        tab.stop_running(clock)


@contextmanager
def with_everything(tab: Tab, folder: Path) -> Iterator[Stage]:
    """Without a key, with all that there is to see."""
    data = BridgeData(folder)
    fill(data)
    with closing(data.database), staged(data, MadeUpHistory(film_of(folder)), tab) as stage:
        yield stage


def overflow(tab: Tab) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def film_of(folder: Path) -> bytes:
    """Twenty seconds of a test picture."""
    film = folder / "film.mp4"
    picture = ["-f", "lavfi", "-i", "color=c=0x8a5a2b:size=320x180:rate=2:duration=20"]
    command = [
        find_ffmpeg(),
        "-v",
        "error",
        *picture,
        "-pix_fmt",
        "yuv420p",
        "-movflags",
        "+faststart",
        str(film),
    ]
    subprocess.run(command, check=True, timeout=TIMEOUT)
    return film.read_bytes()
