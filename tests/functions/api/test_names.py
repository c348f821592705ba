"""Printer names of any content, from the list to the image."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from functions.api.middleware import decoded, printer_path
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.functions.api.serving import served
from tests.support.edge_material import jpeg

HOSTILE = [
    "../../x",
    "..",
    ".",
    "~",
    "~..x",
    "<b>&\"'</b>",
    "line\nbreak\r\n\x00\x7f",
    "😀 テスト ‮rtl",
    "N" * 300,
    "a/image",
    "image",
    "/image/",
    "/",
    "a b?c#d%2Fe%252F",
    "trailing/",
    "null",
    "lone\ud800",
]


def client_link(name: str) -> str:
    """What the page and any careful client makes of a name."""
    return "/api/printer/" + ("~" + name if name in (".", "..") else quote(name, safe=""))


def test_every_name_leads_from_the_list_to_its_own_status_and_image(bridge: BridgeData) -> None:
    for shade, name in enumerate(HOSTILE):
        bridge.put_live(name, RUNNING | {"subtask_name": name}, NOW)
        bridge.put_image(name, jpeg(shade), NOW)
    with served(bridge.app()) as server:
        listed = [printer["printer_id"] for printer in json.loads(server.ask("/api/printers").body)]
        assert len(listed) == len(HOSTILE)
        for shade, name in enumerate(HOSTILE):
            shown = name.replace("\ud800", "?")
            assert shown in listed
            answer = server.ask(client_link(shown))
            assert answer.status == 200, name
            assert json.loads(answer.body)["printer_id"] == shown
            jpeg_image = server.ask(client_link(shown) + "/image")
            assert (jpeg_image.status, jpeg_image.body) == (200, jpeg(shade)), name


async def test_stored_names_lead_to_their_record_and_frame(cloud: BridgeData) -> None:
    for shade, name in enumerate(HOSTILE):
        frame = cloud.put_frame(name, jpeg(shade), NOW)
        cloud.put_record(name, status=RUNNING, received_at=NOW, frame=frame)
    async with asking(cloud.app()) as client:
        for shade, name in enumerate(HOSTILE):
            shown = name.replace("\ud800", "?")
            assert (await client.get(client_link(shown))).json()["printer_id"] == shown
            assert (await client.get(client_link(shown) + "/image")).content == jpeg(shade)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/printer/%2E%2E", ".."),
        ("/api/printer/..", ".."),
        ("/api/printer/a%2Fimage", "a/image"),
        ("/api/printer/a/image", "a"),
        ("/api/printer/a%2Fimage/image", "a/image"),
        ("/api/printer/a/", "a"),
        ("/api/printer/a?x=/image", "a"),
    ],
)
def test_an_odd_path_finds_its_printer(bridge: BridgeData, path: str, name: str) -> None:
    for known in ("..", "a", "a/image"):
        bridge.put_live(known, RUNNING, NOW)
        bridge.put_image(known, jpeg(len(known)), NOW)
    with served(bridge.app()) as server:
        answer = server.ask(path)
    if answer.headers["Content-Type"] == "image/jpeg":
        assert answer.body == jpeg(len(name))
    else:
        assert json.loads(answer.body)["printer_id"] == name


@pytest.mark.parametrize("path", ["/api/printer/%ff%fe", "/api/printer/" + "x" * 5000, "/api/printer/~~~~"])
def test_junk_for_a_name_is_an_unknown_printer(bridge: BridgeData, path: str) -> None:
    with served(bridge.app()) as server:
        for asked in (path, path + "/image"):
            answer = server.ask(asked)
            assert (answer.status, json.loads(answer.body)) == (404, {"detail": "unknown printer"})


@pytest.mark.parametrize("root_path", ["", "/stage"])
@pytest.mark.parametrize("is_prefixed", [True, False])
async def test_behind_a_gateway_without_raw_path_names_are_found(
    cloud: BridgeData, root_path: str, is_prefixed: bool
) -> None:
    name = "a/b 😀"
    frame = cloud.put_frame(name, jpeg(), NOW)
    cloud.put_record(name, status=RUNNING, received_at=NOW, frame=frame)
    app = cloud.app(root_path=root_path)
    statuses = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    for path in ("/api/printers", f"/api/printer/{name}", f"/api/printer/{name}/image"):
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": (root_path if is_prefixed else "") + path,
            "raw_path": None,
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "server": ("gateway", 443),
            "client": ("client", 1),
        }
        await app(scope, receive, send)
    assert statuses == [200, 200, 200]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.booleans())
def test_any_name_survives_the_path(name: str, is_image: bool) -> None:
    ending = "/image" if is_image else ""
    raw = f"/api/printer/{quote(name, safe='')}{ending}"
    path = printer_path(f"/api/printer/{name}{ending}", raw)
    segment = path.removeprefix("/api/printer/").removesuffix(ending)
    assert "/" not in segment
    assert decoded(segment) == name


@given(st.text(), st.none() | st.text())
def test_no_path_can_raise_and_others_stay_as_they_are(path: str, raw_path: str | None) -> None:
    result = printer_path(path, raw_path)
    assert result.startswith("/api/printer/") == path.startswith("/api/printer/")
    assert path.startswith("/api/printer/") or result == path
