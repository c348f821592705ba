"""The page in a real browser, before the embedded server: with a key, without one, its pictures and films."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.timelapse.ffmpeg import find_ffmpeg
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData
from tests.functions.api.serving import served
from tests.support.chromium import ABSENT, Tab, chromium, find_chromium
from tests.support.edge_material import jpeg
from tests.support.page_in_a_browser import come_back, give_key, picture_sizes, shown, wait_for
from tests.support.timeouts import TIMEOUT, wait_until

CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)

KEY = "a key that is long enough"
IMAGE, FILM, OVERVIEW = "/api/printer/P1/image", "/api/printer/P1/film.mp4", "/api/overview"
SIDE = 48


class Watch:
    """Middleware: how often each path was answered with each status."""

    def __init__(self, app: ASGIApp, seen: Counter[tuple[str, int]]) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._seen[scope["path"], message["status"]] += 1
            await send(message)

        await self._app(scope, receive, noting)


@contextmanager
def opened(data: BridgeData, key: str, folder: Path) -> Iterator[tuple[Tab, Counter[tuple[str, int]]]]:
    """The page in a browser, and what it asked."""
    assert CHROMIUM is not None
    seen: Counter[tuple[str, int]] = Counter()
    app = data.app(key)
    app.add_middleware(Watch, seen=seen)
    with served(app) as server, chromium(CHROMIUM, f"http://127.0.0.1:{server.port}/", folder) as tab:
        yield tab, seen


def fill(data: BridgeData) -> None:
    data.put_live("P1", RUNNING | {"subtask_name": "benchy"}, NOW)
    data.put_image("P1", jpeg(50, SIDE), NOW)


def test_with_a_key_set_the_page_loads_asks_for_it_and_then_shows_all(
    bridge: BridgeData, tmp_path: Path
) -> None:
    fill(bridge)
    with opened(bridge, KEY, tmp_path) as (tab, seen):
        wait_for(tab, "#key-form")
        assert shown(tab, "#key-refused") is None
        assert shown(tab, "article") is None
        give_key(tab, "a wrong one, mistyped")
        assert "not accepted" in wait_for(tab, "#key-refused", "not accepted")
        give_key(tab, KEY)
        assert "62 %" in wait_for(tab, "article", "benchy")
        wait_until(lambda: picture_sizes(tab) == [[SIDE, SIDE]], lambda: str(seen))
        assert shown(tab, "#key-form") is None
        # Kept for the session: loaded again, nobody is asked.
        tab.run("location.reload()")
        wait_until(lambda: seen["/", 200] == 2, lambda: str(seen))
        wait_for(tab, "article", "benchy")
    assert {path: status for path, status in seen if path == IMAGE} == {IMAGE: 200}
    assert seen[OVERVIEW, 401] == 2


def test_without_a_key_a_new_picture_is_loaded_and_no_other_ever_again(
    bridge: BridgeData, tmp_path: Path
) -> None:
    fill(bridge)
    with opened(bridge, "", tmp_path) as (tab, seen):
        wait_until(lambda: picture_sizes(tab) == [[SIDE, SIDE]], lambda: str(seen))
        known = seen[IMAGE, 200]
        come_back(tab)
        wait_until(lambda: seen[OVERVIEW, 304] >= 1, lambda: str(seen))
        assert seen[IMAGE, 200] == known
        bridge.clock.skip(30)
        bridge.put_image("P1", jpeg(50, 2 * SIDE), NOW + 30)
        come_back(tab)
        wait_until(lambda: picture_sizes(tab) == [[2 * SIDE, 2 * SIDE]], lambda: str(seen))
    assert set(seen) == {("/", 200), (OVERVIEW, 200), (OVERVIEW, 304), (IMAGE, 200)}


def test_a_film_plays_from_where_one_likes(bridge: BridgeData, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=5:duration=30"]
    command = [find_ffmpeg(), "-v", "error", *picture, "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    subprocess.run([*command, str(film)], check=True, timeout=TIMEOUT)
    bridge.put_film("P1", NOW - 60, film.read_bytes())
    with opened(bridge, KEY, tmp_path) as (tab, seen):
        give_key(tab, KEY)
        wait_for(tab, ".film")
        tab.run("document.querySelector('.film').click()")
        wait_until(
            lambda: tab.run("document.querySelector('video')?.duration") == pytest.approx(30),
            lambda: str(seen),
        )
        tab.run("document.querySelector('video').currentTime = 25")
        wait_until(lambda: tab.run("document.querySelector('video').seeking") is False, lambda: str(seen))
        assert tab.run("document.querySelector('video').currentTime") >= 25
        assert tab.run("document.querySelector('video').error") is None
    assert {status for path, status in seen if path == FILM} == {206}
