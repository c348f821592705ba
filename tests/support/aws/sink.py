"""A queue and a bucket that take everything, over real HTTP, each call after a latency: what far away means.

Answers SendMessageBatch of SQS (JSON protocol) and PutObject of S3 as boto3 asks them; remembers what came,
in order. Connections are kept open.
"""

import asyncio
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote

from functions.shared.messages.report import Report, decode_report
from tests.support.timeouts import TIMEOUT

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Arrival:
    """A report or (its key) a frame, and when it came by the monotonic clock."""

    at: float
    report: Report | None = None
    key: str = ""


class AwsSink:
    """As a context manager; `arrivals` grows while it runs."""

    def __init__(self, latency_seconds: float = 0.0) -> None:
        self.latency_seconds = latency_seconds
        self.calls = 0
        self.arrivals: list[Arrival] = []
        self._come = [0, 0]  # reports, frames
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aws-sink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self._server = starting.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT)
        self._loop.close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def arrivals_of_reports(self) -> list[Arrival]:
        with self._changed:
            return [arrival for arrival in self.arrivals if arrival.report is not None]

    @property
    def reports(self) -> list[Report]:
        with self._changed:
            return [arrival.report for arrival in self.arrivals if arrival.report is not None]

    @property
    def keys(self) -> list[str]:
        with self._changed:
            return [arrival.key for arrival in self.arrivals if arrival.key]

    def wait_for(self, reports: int, keys: int = 0, seconds: float = TIMEOUT) -> None:
        """Until so many have come. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._come[0] >= reports and self._come[1] >= keys, seconds
            ):
                raise TimeoutError(f"{self._come} reports and frames came")

    async def _start(self) -> asyncio.Server:
        return await asyncio.start_server(self._session, "127.0.0.1", 0, limit=1 << 20)

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            while (request := await _read(reader, writer)) is not None:
                await asyncio.sleep(self.latency_seconds)
                writer.write(_answer(self._take(*request)))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # who asked is gone, or this is the end
        finally:
            self._sessions.discard(task)
            writer.close()

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
        """The content type and body of the answer."""
        now = time.monotonic()
        if "x-amz-target" not in headers:
            came, kind, answer = [Arrival(now, key=unquote(path).split("/", 2)[2])], "application/xml", b""
        else:
            entries = json.loads(body)["Entries"]
            came = [Arrival(now, decode_report(entry["MessageBody"])) for entry in entries]
            taken = {"Successful": [_taken(number, entry) for number, entry in enumerate(entries)]}
            kind, answer = "application/x-amz-json-1.0", json.dumps(taken).encode()
        with self._changed:
            self.calls += 1
            self.arrivals += came
            self._come[bool(came[0].key)] += len(came)
            self._changed.notify_all()
        return kind, answer


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[str, dict[str, str], bytes] | None:
    """Path, headers and body (still in AWS's chunks, if it came so); None at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(_CONTINUE)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        while (await reader.readline()).strip():
            pass
    else:
        body = await reader.readexactly(int(headers.get("content-length") or 0))
    return first.split(" ")[1], headers, body


def _answer(content: tuple[str, bytes]) -> bytes:
    kind, body = content
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _taken(number: int, entry: dict[str, Any]) -> dict[str, str]:
    body = entry["MessageBody"].encode()
    return {
        "Id": entry["Id"],
        "MessageId": f"m-{number}",
        "MD5OfMessageBody": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "SequenceNumber": str(number),
    }
