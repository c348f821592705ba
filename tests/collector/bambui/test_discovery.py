"""The list of printers is read from whatever answers there, in bounded time and space."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest

from collector.bambui import discovery
from collector.bambui.discovery import BODY_LIMIT, Answer, Discovery, fetch
from functions.shared.errors import TransientError
from tests.support.bambui_server import BambUI, bambui
from tests.support.stream_server import stream_server

LISTING = [
    {"name": "A1M-1", "model": "A1M", "is_online": True},
    {"name": "P1S-1", "model": "P1S", "is_online": False},
]


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        face.listing = LISTING
        yield face


def _discovery(url: str) -> Discovery:
    return Discovery(url, 3600, asyncio.get_running_loop().time)


async def test_the_printers_are_found(server: BambUI) -> None:
    found = _discovery(server.list_url)
    changed = await found.poll()
    assert [(one.printer_id, one.model, one.is_online) for one in changed] == [
        ("A1M-1", "A1M", True),
        ("P1S-1", "P1S", False),
    ]
    assert await found.poll() == ()


async def test_a_user_and_password_in_the_url_are_sent_as_such(server: BambUI) -> None:
    url = server.list_url.replace("//", "//me:p%40ss@")
    assert len(await _discovery(url).poll()) == 2
    assert server.request_headers[-1]["authorization"] == "Basic bWU6cEBzcw=="
    assert server.request_headers[-1]["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("status", "content_type", "listing"),
    [
        (HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"Internal Server Error"),
        (HTTPStatus.OK, "text/html", b"<!doctype html>"),
        (HTTPStatus.OK, "application/json", []),
        (HTTPStatus.OK, "application/json", b"[{"),
        (HTTPStatus.OK, "application/json", b'[{"name":"X"}]' + b" " * BODY_LIMIT),
        (HTTPStatus.UNAUTHORIZED, "application/json", []),
    ],
    ids=["500", "page", "empty", "broken", "huge", "401"],
)
async def test_an_unusable_answer_changes_nothing_and_is_one_line(
    server: BambUI,
    caplog: pytest.LogCaptureFixture,
    status: HTTPStatus,
    content_type: str,
    listing: object,
) -> None:
    found = _discovery(server.list_url)
    await found.poll()
    known = found.known
    server.status, server.content_type, server.listing = status, content_type, listing
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            assert await found.poll() == ()
    assert found.known == known
    assert len(caplog.records) == 1
    assert "what is known stays" in caplog.text


async def test_no_answer_is_an_error_without_the_password(server: BambUI) -> None:
    with pytest.raises(TransientError) as raised:
        await asyncio.to_thread(fetch, "http://me:topsecret@127.0.0.1:1/api/printers")
    assert "topsecret" not in str(raised.value)


async def test_an_answer_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "TIMEOUT", 0.2)

    done, finished = asyncio.Event(), asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not done.is_set():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        finished.set()

    async with stream_server(trickle) as port:
        with pytest.raises(TransientError, match="too long"):
            await asyncio.to_thread(fetch, f"http://127.0.0.1:{port}/")
        done.set()
        await finished.wait()


async def test_hostile_names_cost_a_line_and_the_rest_is_taken(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    server.listing = [{"name": "a\nb"}, {"name": "x" * 400}, "?", *LISTING]
    assert len(await _discovery(server.list_url).poll()) == 2
    assert len(caplog.records) == 1


async def test_it_looks_again_sooner_while_a_printer_is_away_or_no_list_was_got(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    answers = [Answer("text/html", b"")]
    found = Discovery("http://x/", 3600, asyncio.get_running_loop().time, read=lambda _: answers[0])
    often = Discovery("http://x/", 7, asyncio.get_running_loop().time, read=lambda _: answers[0])
    monkeypatch.setattr(asyncio, "sleep", note)
    await found.wait(is_one_unconnected=False)
    await found.wait(is_one_unconnected=True)
    await often.wait(is_one_unconnected=True)
    assert waited == [3600, 60, 7]
    await found.poll()
    await found.wait(is_one_unconnected=False)
    assert waited[-1] == 60
