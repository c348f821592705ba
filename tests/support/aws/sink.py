"""A queue and a bucket that take everything, over real HTTP, each call after a latency: what far away means.

Answers SendMessageBatch of SQS (JSON protocol) and PutObject of S3 as boto3 asks them; remembers what came,
in order. Connections are kept open.
"""

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Self

from functions.shared.messages.report import Report, decode_report
from tests.support.aws.edge_calls import batch_taken, entries_of, frame_keys_of, frame_taken, is_frame
from tests.support.http_server import Answer, Request, read_request, write_answer
from tests.support.stream_server import stream_server
from tests.support.timeouts import TIMEOUT


@dataclass(frozen=True)
class Arrival:
    """A report or (its key) a frame, alone or in a pack, and when it came by the monotonic clock."""

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
        self._port = 0
        self._listening = contextlib.AsyncExitStack()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aws-sink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = self._listening.enter_async_context(stream_server(self._session, limit=1 << 20))
        self._port = asyncio.run_coroutine_threadsafe(listening, self._loop).result(TIMEOUT)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._listening.aclose(), self._loop).result(TIMEOUT)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

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

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # who asked is gone
            while (request := await read_request(reader, writer)) is not None:
                await asyncio.sleep(self.latency_seconds)
                await write_answer(writer, self._take(request))

    def _take(self, request: Request) -> Answer:
        now = time.monotonic()
        if is_frame(request):
            came = [Arrival(now, key=key) for key in frame_keys_of(request)]
            answer = frame_taken()
        else:
            entries = entries_of(request)
            came = [Arrival(now, decode_report(entry["MessageBody"])) for entry in entries]
            answer = batch_taken(entries)
        with self._changed:
            self.calls += 1
            self.arrivals += came
            self._come[bool(came[0].key)] += len(came)
            self._changed.notify_all()
        return answer
