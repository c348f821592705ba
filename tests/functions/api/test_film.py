"""The film of the last job: its address, and any range of it."""

import json

import pytest

from functions.api.film_sending import part_of
from functions.shared.domain.keys import film_key, job_prefix
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.functions.api.serving import served

KEY = "a key that is long enough"
FILM = bytes(range(256)) * 3000  # more than one piece of what is sent at a time
PREFIX = job_prefix("P1", "benchy")


def put_film(data: BridgeData, made_at: float, content: bytes = FILM) -> None:
    source = data.folder / "film"
    source.write_bytes(content)
    data.frames.put(film_key(PREFIX, made_at), source)


@pytest.fixture
def ended(bridge: BridgeData) -> BridgeData:
    """A printer whose job has ended, and the film of one before it of the same name."""
    job = {"name": "benchy", "prefix": PREFIX, "started_at": NOW - 7200, "ended_at": NOW - 60}
    bridge.put_record("P1", status=RUNNING, received_at=NOW, state="FINISH", job=job)
    put_film(bridge, NOW - 90_000, b"yesterday's")
    return bridge


async def test_it_is_there_when_it_is_made_and_not_the_one_of_another_run(ended: BridgeData) -> None:
    async with asking(ended.app()) as client:
        missing = await client.get("/api/printer/P1/film")
        assert (missing.status_code, missing.json()["detail"]) == (404, "no film yet")
        assert (await client.get("/api/printer/P1/film.mp4")).status_code == 404
        assert (await client.get("/api/printer/nobody/film")).json()["detail"] == "unknown printer"
        put_film(ended, NOW - 60)
        film = (await client.get("/api/printer/P1/film")).json()
        assert film["size"] == len(FILM)
        assert film["address"].startswith("api/printer/P1/film.mp4?at=")
        assert (await client.get(f"/{film['address']}1")).status_code == 404, "another film's"


def test_its_address_needs_no_key_and_gives_any_part(ended: BridgeData) -> None:
    put_film(ended, NOW - 60)
    with served(ended.app(KEY)) as server:
        assert server.ask("/api/printer/P1/film").status == 401
        address = "/" + json.loads(server.ask("/api/printer/P1/film", x_api_key=KEY).body)["address"]
        whole = server.ask(address)
        assert (whole.status, whole.body) == (200, FILM)
        assert (whole.headers["Content-Type"], whole.headers["Accept-Ranges"]) == ("video/mp4", "bytes")
        assert "immutable" in whole.headers["Cache-Control"]
        begin = server.ask(address, Range="bytes=0-1")
        assert (begin.status, begin.body) == (206, FILM[:2])
        assert begin.headers["Content-Range"] == f"bytes 0-1/{len(FILM)}"
        assert server.ask(address, Range="bytes=700000-").body == FILM[700_000:]
        assert server.ask(address, Range="bytes=-5").body == FILM[-5:]
        beyond = server.ask(address, Range=f"bytes={len(FILM)}-")
        assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(FILM)}")
        head = server.ask(address, "HEAD")
        assert (head.status, head.headers["Content-Length"], head.body) == (200, str(len(FILM)), b"")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,4-5", None),
        ("items=0-1", None),
        ("bytes=0-0", (0, 0)),
        ("bytes=2-99", (2, 9)),
        ("bytes=2-", (2, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-99", (0, 9)),
        ("bytes=10-", (10, 9)),
        ("bytes=-0", (10, 9)),
    ],
)
def test_ranges(asked: str | None, expected: tuple[int, int] | None) -> None:
    assert part_of(asked, 10) == expected
