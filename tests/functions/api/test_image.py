import hashlib
from datetime import UTC, datetime

import pytest

from tests.functions.api.bridge_data import NOW, BridgeData, asking
from tests.functions.api.serving import served
from tests.support.edge_material import jpeg
from tests.support.large_jpeg import large_jpeg

PATH = "/api/printer/A1M-1/image"


def test_the_newest_image_comes_byte_for_byte_with_its_time(bridge: BridgeData) -> None:
    data = jpeg()
    bridge.put_image("A1M-1", data, NOW - 3)
    with served(bridge.app()) as server:
        answer = server.ask(PATH)
    assert (answer.status, answer.body) == (200, data)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(data))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Image-Timestamp"] == "2025-11-22T13:07:57.000Z"
    taken_at = datetime.fromisoformat(answer.headers["X-Image-Timestamp"])
    assert taken_at == datetime.fromtimestamp(NOW - 3, UTC)
    assert answer.headers["ETag"].startswith('"')
    assert "Server" not in answer.headers


def test_on_a_machine_of_one_s_own_a_large_picture_comes_as_it_is(bridge: BridgeData) -> None:
    bridge.put_image("A1M-1", large_jpeg(), NOW - 3)
    with served(bridge.app()) as server:
        answer = server.ask(PATH)
    assert (answer.status, answer.body) == (200, large_jpeg())


def test_a_client_that_has_the_image_gets_304_until_there_is_another(bridge: BridgeData) -> None:
    bridge.put_image("A1M-1", jpeg(1), NOW - 3)
    with served(bridge.app()) as server:
        etag = server.ask(PATH).headers["ETag"]
        for sent in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            unchanged = server.ask(PATH, If_None_Match=sent)
            assert (unchanged.status, unchanged.body) == (304, b"")
            assert unchanged.headers["ETag"] == etag
            assert unchanged.headers["X-Image-Timestamp"]
            assert unchanged.headers["Cache-Control"] == "no-store"
        bridge.put_image("A1M-1", jpeg(2), NOW)
        changed = server.ask(PATH, If_None_Match=etag)
    assert (changed.status, changed.body) == (200, jpeg(2))
    assert changed.headers["ETag"] != etag


def test_head_gives_the_headers_without_the_image(bridge: BridgeData) -> None:
    data = jpeg()
    bridge.put_image("A1M-1", data, NOW)
    with served(bridge.app()) as server:
        answer = server.ask(PATH, "HEAD")
        assert server.ask("/api/health", "HEAD").status == 200
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(data))


async def test_without_an_image_in_memory_the_stored_frame_is_given(cloud: BridgeData) -> None:
    data = jpeg()
    frame = cloud.put_frame("A1M-1", data, NOW - 500)
    cloud.put_record("A1M-1", frame=frame, status={})
    async with asking(cloud.app()) as client:
        answer = await client.get(PATH)
        view = (await client.get("/api/printer/A1M-1")).json()
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["X-Image-Timestamp"] == "2025-11-22T12:59:40.000Z"
    assert view["image"] == {"taken_at": "2025-11-22T12:59:40Z", "age_seconds": 500.0}


async def test_a_broken_image_leaves_the_last_whole_one_standing(bridge: BridgeData) -> None:
    bridge.put_image("A1M-1", jpeg(), NOW - 3)
    async with asking(bridge.app()) as client:
        first = await client.get(PATH)
        bridge.put_image("A1M-1", jpeg()[:-20], NOW)
        second = await client.get(PATH)
    assert second.content == first.content
    assert second.headers["X-Image-Timestamp"] == "2025-11-22T13:07:57.000Z"


async def test_a_frame_that_was_cleaned_away_is_no_image(cloud: BridgeData) -> None:
    frame = {"key": "images/A1M-1/benchy/20251101T000000_000001_benchy.jpg", "taken_at": NOW, "size": 9}
    cloud.put_record("A1M-1", frame=frame)
    async with asking(cloud.app()) as client:
        answer = await client.get(PATH)
    assert (answer.status_code, answer.json()) == (404, {"detail": "no image yet"})


@pytest.mark.parametrize(
    "key",
    [
        "images/B/benchy/20251122T130800_000001_benchy.jpg",
        "images/A1M-1/../B/benchy/20251122T130800_000001_benchy.jpg",
        "images/A1M-1/benchy/timelapse_20251122T130800.mp4",
        "../../etc/passwd",
    ],
)
async def test_a_record_cannot_make_the_api_read_anything_but_the_printers_own_frames(
    cloud: BridgeData, key: str
) -> None:
    cloud.put_frame("B", jpeg(), NOW)
    film = cloud.folder / "images/A1M-1/benchy/timelapse_20251122T130800.mp4"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"film")
    cloud.put_record("A1M-1", frame={"key": key, "taken_at": NOW, "size": 9}, status={})
    async with asking(cloud.app()) as client:
        assert (await client.get(PATH)).status_code == 404
        assert (await client.get("/api/printer/A1M-1")).json()["image"] is None


async def test_the_tag_is_of_the_bytes(bridge: BridgeData) -> None:
    bridge.put_image("A1M-1", jpeg(), NOW)
    async with asking(bridge.app()) as client:
        etag = (await client.get(PATH)).headers["ETag"]
    assert etag.strip('"') == hashlib.sha256(jpeg()).hexdigest()[:32]
