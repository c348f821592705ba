"""`/metrics` of the embedded run: behind the key when there is one, and never in the cloud."""

import pytest

from functions.api.app import create_app
from functions.shared.errors import TransientError
from tests.functions.api.bridge_data import BridgeData, asking
from tests.functions.api.serving import served

KEY = "söme key/with+signs"
TEXT = b"# TYPE x gauge\nx 1.0\n"


def text() -> bytes:
    return TEXT


def test_prometheus_gets_the_text_as_it_wants_it(bridge: BridgeData) -> None:
    app = create_app(bridge.records, bridge.frames, bridge.live, bridge.clock, metrics=text)
    with served(app) as server:
        answer = server.ask("/metrics")
        assert (answer.status, answer.body) == (200, TEXT)
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert server.ask("/metrics", "HEAD").body == b""
        assert server.ask("/metrics", "POST").status == 405


def test_with_a_key_it_is_asked_for_and_may_come_as_a_bearer_token(bridge: BridgeData) -> None:
    app = create_app(bridge.records, bridge.frames, bridge.live, bridge.clock, KEY, metrics=text)
    key = KEY.encode().decode("latin-1")
    with served(app) as server:
        assert server.ask("/metrics").status == 401
        for right in (
            {"x_api_key": key},
            {"Authorization": f"Bearer {key}"},
            {"authorization": f"bearer  {key} "},
        ):
            assert server.ask("/metrics", **right).body == TEXT, right
        for wrong in (
            f"Bearer {key}x",
            f"Bearer {key[:-1]}",
            "Bearer",
            "Bearer ",
            f"Basic {key}",
            key,
            f"Bearer{key}",
        ):
            assert server.ask("/metrics", Authorization=wrong).status == 401, wrong
        assert server.ask("/metrics", x_api_key="wrong", Authorization=f"Bearer {key}").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/printers",
        "/api/overview",
        "/api/health",
        "/openapi.json",
        "/metrics/",
        "//metrics",
        "/api/metrics",
    ],
)
def test_a_bearer_token_opens_nothing_else(bridge: BridgeData, path: str) -> None:
    app = create_app(bridge.records, bridge.frames, bridge.live, bridge.clock, "plain", metrics=text)
    with served(app) as server:
        assert server.ask(path, Authorization="Bearer plain").status == 401


async def test_without_metrics_as_in_the_cloud_there_is_no_such_path(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_while_the_metrics_cannot_be_read_it_says_so(bridge: BridgeData) -> None:
    def hangs() -> bytes:
        raise TransientError("another scrape hangs")

    app = create_app(bridge.records, bridge.frames, bridge.live, bridge.clock, metrics=hangs)
    async with asking(app) as client:
        assert (await client.get("/metrics")).status_code == 503
