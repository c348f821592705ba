"""What a page of another site gets of the bridge in a real browser: nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.app import create_app
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData
from tests.functions.api.hostile_site import ATTACK, DATA, FRAMED, FRAMED_READS, PICTURE, hostile_site
from tests.functions.api.serving import Served, served
from tests.support.chromium import ABSENT, chromium, find_chromium
from tests.support.edge_material import jpeg
from tests.support.timeouts import wait_until

CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)

HOSTILE, REBOUND, IN_THE_HOUSE = "evil.example", "rebind.evil.example", "pi.lan"
NOTHING = {
    **dict.fromkeys(("image", "script", "fetch", "blind"), "refused"),
    **dict.fromkeys(("frame", "window"), "not read"),
}


@dataclass(frozen=True)
class Seen:
    """A request that came to the bridge, and how it was answered."""

    host: str
    path: str
    site: str | None
    status: int


@dataclass
class Watch:
    """Middleware: what came."""

    app: ASGIApp
    seen: list[Seen] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = HTTPConnection(scope).headers
                host, site = headers["host"].partition(":")[0], headers.get("sec-fetch-site")
                self.seen.append(Seen(host, scope["path"], site, message["status"]))
            await send(message)

        await self.app(scope, receive, noting)


@pytest.fixture
def seen() -> list[Seen]:
    return []


@pytest.fixture
def server(bridge: BridgeData, seen: list[Seen]) -> Iterator[Served]:
    bridge.put_live("P1", RUNNING, NOW)
    bridge.put_image("P1", jpeg(), NOW)
    app = create_app(bridge.records, bridge.frames, bridge.live, bridge.clock, hosts=[])
    app.add_middleware(Watch, seen=seen)
    with served(app) as server:
        yield server


def test_a_page_of_another_site_gets_nothing(server: Served, seen: list[Seen], tmp_path: Path) -> None:
    assert CHROMIUM is not None
    by_address, by_name = f"http://127.0.0.1:{server.port}", f"http://{IN_THE_HOUSE}:{server.port}"
    with hostile_site() as site, hostile_site() as unprotected:
        elsewhere = f"http://127.0.0.1:{unprotected.port}"
        site.attack([by_address, by_name, elsewhere])
        page = f"http://{HOSTILE}:{site.port}{ATTACK}"
        with chromium(CHROMIUM, page, tmp_path, [HOSTILE, IN_THE_HOUSE]):
            found = site.found()
            # Over plain HTTP no browser heeds that; nor is the page read there.
            assert site.cut_loose() == f"{by_address}/"
            # The pages that it opened are the bridge's own, and work; those in frames do not.
            by_itself = Seen("127.0.0.1", DATA, "same-origin", 200)
            wait_until(lambda: by_itself in seen, lambda: repr(seen))

            def by_name_asked() -> list[int]:
                return [it.status for it in seen if (it.host, it.path) == (IN_THE_HOUSE, DATA)]

            wait_until(lambda: len(by_name_asked()) >= 3, lambda: repr(seen))
            assert FRAMED_READS not in {it.path for it in seen}
            assert by_name_asked() == [200, 403, 200]  # as a script, by fetch, and the page itself
    # Where nothing protects, a browser gives a foreign page all but the text.
    assert found[elsewhere] == NOTHING | dict.fromkeys(("image", "script", "blind"), "taken")
    # A browser says who asks only to an address of its own machine and over HTTPS: the bridge refuses.
    assert found[by_address] == NOTHING
    of_others = [it for it in seen if it.site == "cross-site"]
    assert {(it.path, it.status) for it in of_others} == {
        (PICTURE, 403),
        (DATA, 403),
        (FRAMED, 403),
        ("/", 200),
    }
    # Over plain HTTP the browser itself keeps the answers from the page, as they ask for.
    assert found[by_name] == NOTHING


def test_a_name_that_suddenly_means_this_machine_gets_nothing(
    server: Served, seen: list[Seen], tmp_path: Path
) -> None:
    assert CHROMIUM is not None
    with hostile_site() as site:
        own = f"http://{REBOUND}:{site.port}"
        site.attack([own], behind=server.port)
        with chromium(CHROMIUM, own + ATTACK, tmp_path, [REBOUND]):
            found = site.found()[own]
    assert (found["image"], found["script"]) == ("refused", "refused")
    assert found["fetch"].startswith("421 ")
    assert "ALLOWED_HOSTS" in found["fetch"]
    assert {it.path for it in seen} >= {PICTURE, DATA, FRAMED, "/"}
    assert {it.status for it in seen if it.host == REBOUND} == {421}
