"""Requests as a browser sends them for a page of another site, over a real socket."""

import socket
from contextlib import AbstractContextManager

import pytest

from collector.metrics.exposition import MetricsServer
from functions.api.app import create_app
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData
from tests.functions.api.serving import Served, served
from tests.support.edge_material import jpeg

PATHS = ["/", "/docs", "/api/", "/api/printers", "/api/printer/P1", "/api/printer/P1/image", "/metrics"]
IMAGE_OF_ANOTHER_SITE = {
    "Sec_Fetch_Site": "cross-site",
    "Sec_Fetch_Mode": "no-cors",
    "Sec_Fetch_Dest": "image",
}


@pytest.fixture
def filled(bridge: BridgeData) -> BridgeData:
    bridge.put_live("P1", RUNNING, NOW)
    bridge.put_image("P1", jpeg(), NOW)
    return bridge


def served_openly(bridge: BridgeData, key: str = "") -> AbstractContextManager[Served]:
    return served(
        create_app(
            *(bridge.records, bridge.frames, bridge.live, bridge.clock, key),
            metrics=lambda: b"x 1\n",
            hosts=["printers.example.org", socket.gethostname().lower()],
        )
    )


def statuses(server: Served, **headers: str) -> set[int]:
    return {server.ask(path, **headers).status for path in PATHS}


def test_a_name_of_a_stranger_gets_nothing(filled: BridgeData) -> None:
    with served_openly(filled) as server:
        assert statuses(server, Host="rebind.evil.example") == {421}
        assert b"ALLOWED_HOSTS" in server.ask("/", Host="rebind.evil.example").body
        for own in ("127.0.0.1:8000", "pi.local", "printers.example.org", socket.gethostname()):
            assert statuses(server, Host=own) == {200}


def test_with_a_key_any_name_will_do(filled: BridgeData) -> None:
    with served_openly(filled, "secret") as server:
        assert statuses(server, Host="printers.example.net", x_api_key="secret") == {200}


@pytest.mark.parametrize("key", ["", "secret"])
def test_what_a_page_of_another_site_embeds_or_fetches_is_refused(filled: BridgeData, key: str) -> None:
    given = {"x_api_key": key} if key else {}
    with served_openly(filled, key) as server:
        assert statuses(server, **given, **IMAGE_OF_ANOTHER_SITE) == {403}
        assert statuses(server, **given, Origin="https://evil.example") == {403}
        assert statuses(server, **given, Origin="null") == {403}


def test_a_link_to_the_page_is_followed_and_its_own_requests_are_answered(filled: BridgeData) -> None:
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    own = {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"}
    with served_openly(filled) as server:
        assert server.ask("/", **link).status == 200
        assert statuses(server, **own) == {200}


def test_a_browser_is_told_to_keep_answers_from_other_sites(filled: BridgeData) -> None:
    with served_openly(filled) as server:
        for path in PATHS:
            headers = server.ask(path).headers
            assert headers["Cross-Origin-Resource-Policy"] == "same-site"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_collectors_port_is_as_careful() -> None:
    server = MetricsServer(lambda: b"x 1\n", "127.0.0.1", 0, hosts=["printers.example.org"])
    server.start()
    try:
        there = Served(server.port)
        assert there.ask("/metrics").status == 200
        assert there.ask("/metrics", Host="printers.example.org:9108").status == 200
        assert there.ask("/metrics", Host="rebind.evil.example").status == 421
        assert there.ask("/metrics", **IMAGE_OF_ANOTHER_SITE).status == 403
        assert there.ask("/metrics", Origin="https://evil.example").status == 403
        assert there.ask("/metrics").headers["Cross-Origin-Resource-Policy"] == "same-site"
    finally:
        server.stop()
