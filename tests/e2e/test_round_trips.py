"""How many calls, one after the other, lie between a report that reaches the tracker and Telegram's call.

Each costs the way there and back. Counted by a logical clock over the real handlers: a call comes one after
what its thread has waited for, so calls at the same time are one trip. What stays are the promises: effects
are queued by what the record says, a place in the chat and a start are written down before anything that may
end the run, and a photo is read after that. Before anything was done at once it was 11 trips for an end
with its photo, and 14 for the first message of a printer in new containers.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from functions.notify import handler as notify_handler
from functions.shared.aws import clients
from functions.shared.aws.sqs import SqsQueue
from functions.shared.domain.keys import digest, frame_key, job_prefix
from functions.shared.messages.report import FrameReference, Report, ReportKind, encode_report
from functions.shared.ports import Outgoing
from functions.tracker import handler as tracker_handler
from tests.performance.cost.cloud import PRINTER, Cloud, cloud
from tests.support.edge_material import jpeg
from tests.support.lambda_runtime.event_source import Handler

QUEUED = "sqs SendMessageBatch"
TELEGRAM = "Telegram"
HELD = "sqs ChangeMessageVisibilityBatch"
TWO_READS = "+".join(["dynamodb GetItem"] * 2)  # was it sent, what of the chat
PLACE = "dynamodb PutItem"  # its place in the chat


@dataclass
class LogicalClock:
    """The trips behind each thread; `calls` made so far, with how many were behind each when it ended."""

    calls: list[tuple[str, int]] = field(default_factory=list)
    _own: threading.local = field(default_factory=threading.local)
    _ends: dict[Any, int] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return getattr(self._own, "now", 0)

    @now.setter
    def now(self, trips: int) -> None:
        self._own.now = trips

    def trip(self, name: str) -> None:
        self.now += 1
        self.calls.append((name, self.now))

    def follow_threads(self, patch: pytest.MonkeyPatch) -> None:
        """What a pool runs begins where it was asked for, and who waits for it goes on from its end."""
        submit, result = ThreadPoolExecutor.submit, Future.result

        def submitted(pool: Any, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
            begun = self.now

            def run() -> Any:
                self.now = begun
                try:
                    return function(*arguments, **named)
                finally:
                    self._ends[future] = self.now

            handed_over = threading.Event()

            def wait_and_run() -> Any:
                handed_over.wait()
                return run()

            future = submit(pool, wait_and_run)
            handed_over.set()
            return future

        def waited(future: Any, timeout: float | None = None) -> Any:
            try:
                return result(future, timeout)
            finally:
                self.now = max(self.now, self._ends.get(future, 0))

        patch.setattr(ThreadPoolExecutor, "submit", submitted)
        patch.setattr(Future, "result", waited)


@dataclass
class Course:
    """A printer's reports through tracker and notify, with a clock of their trips."""

    cloud: Cloud
    clock: LogicalClock
    urls: dict[str, str]
    sequence: int = 0

    def says(self, state: str) -> tuple[list[str], list[str]]:
        """The calls, as far as one waits for the other: of the tracker until the message is queued, of notify
        until Telegram is called.
        """
        self.sequence += 1
        self.cloud.clock.skip(30)
        now = self.cloud.now
        picture = jpeg(self.sequence)
        key = frame_key(job_prefix(PRINTER, "Benchy"), now, self.sequence)
        self.cloud.aws.objects[key] = picture
        report = Report(
            "c1",
            self.sequence,
            PRINTER,
            ReportKind.STATUS,
            observed_at=now,
            shipped_at=now,
            status={"gcode_state": state, "subtask_name": "Benchy"},
            frame=FrameReference(key, now, len(picture)),
        )
        queue = SqsQueue(clients.make_client("sqs"), self.urls["REPORTS"], fifo=True)
        assert not queue.send([Outgoing(encode_report(report), report.group, digest(report.id))])
        tracker = self._run("tracker", "REPORTS", tracker_handler.handle)
        notify = self._run("notify", "NOTIFICATIONS", notify_handler.handle)
        return until(tracker, QUEUED), until(notify, TELEGRAM)

    def _run(self, name: str, queue: str, handle: Handler) -> list[tuple[str, int]]:
        """One run of a function with what waits for it; the calls it made."""
        mailbox = self.cloud.aws.mailbox(self.urls[queue])
        records = [letter.record() for letter in mailbox.take(1, self.cloud.now, 1080.0)]
        for record in records:
            record["attributes"]["SenderId"] = "AIDAEDGE"
        self.clock.calls.clear()
        self.clock.now = 0
        answer = self.cloud.lambdas.call(name, handle, {"Records": records})
        assert answer == {"batchItemFailures": []}
        mailbox.delete({record["receiptHandle"] for record in records})
        return list(self.clock.calls)


def until(calls: list[tuple[str, int]], last: str) -> list[str]:
    """The names of the calls by their trips, up to that one: `a+b` are at the same time."""
    end = next(trips for name, trips in calls if name == last)
    return ["+".join(sorted(name for name, trips in calls if trips == each)) for each in range(1, end + 1)]


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Course]:
    clock = LogicalClock()
    with cloud(tmp_path) as made, pytest.MonkeyPatch.context() as patch:  # undone before the stack's own
        make, watched = clients.make_client, set()

        def make_client(service: str, *arguments: Any, **named: Any) -> Any:
            client: Any = make(service, *arguments, **named)
            if service not in watched:
                watched.add(service)
                client.meta.events.register(
                    "before-parameter-build", lambda model, **_: clock.trip(f"{service} {model.name}")
                )
            return client

        send = requests.Session.send

        def sent(session: Any, request: Any, **named: Any) -> Any:
            clock.trip(TELEGRAM)
            return send(session, request, **named)

        patch.setattr(clients, "make_client", make_client)
        patch.setattr(requests.Session, "send", sent)
        clock.follow_threads(patch)
        urls = {name: os.environ[f"{name}_QUEUE_URL"] for name in ("REPORTS", "NOTIFICATIONS")}
        yield Course(made, clock, urls)


def test_a_change_reaches_telegram_in_as_few_round_trips_as_the_promises_allow(course: Course) -> None:
    to_queue, to_telegram = course.says("RUNNING")
    looked_up = [f"dynamodb GetItem+dynamodb GetItem+{HELD}", "dynamodb GetItem", "dynamodb GetItem"]
    assert to_queue == [*looked_up, QUEUED], "a new printer is looked for in its old place, and again"
    looked_for = "dynamodb Query"  # at a container's start, whether the group had another id before
    assert to_telegram == [looked_for, f"{TWO_READS}+{HELD}+ssm GetParameter", PLACE, TELEGRAM]

    to_queue, to_telegram = course.says("FINISH")
    assert to_queue == [f"dynamodb GetItem+{HELD}", QUEUED]
    assert to_telegram == [f"{TWO_READS}+{HELD}", PLACE, "s3 GetObject", TELEGRAM]
