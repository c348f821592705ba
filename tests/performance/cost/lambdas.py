"""The functions as Lambda runs them: the real handlers on what their queues hold, and what they log."""

import contextlib
import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.notify import handler as notify_handler
from functions.timelapse import handler as timelapse_handler
from functions.tracker import handler as tracker_handler
from tests.performance.cost.assumptions import BYTES_BESIDE_A_LINE, PLATFORM_LOG_BYTES
from tests.performance.cost.counting import CountingAws
from tests.support.lambda_runtime.event_source import Context, Handler

LOG_BYTES = "log bytes"
_HIDDEN_FOR = 1080.0


@dataclass(frozen=True, slots=True)
class Mapped:
    """An event source mapping: which queue calls which handler, with how many messages at most."""

    name: str
    queue: str
    batch: int
    handle: Handler


MAPPINGS = (
    Mapped("tracker", "REPORTS", 10, tracker_handler.handle),
    Mapped("notify", "NOTIFICATIONS", 1, notify_handler.handle),
    Mapped("timelapse", "TIMELAPSES", 1, timelapse_handler.handle),
)


class Lambdas:
    """`urls` of the queues by their names."""

    def __init__(self, aws: CountingAws, urls: Mapping[str, str]) -> None:
        self._aws = aws
        self._urls = urls
        self._logging: dict[str, list[logging.Handler]] = {}

    def turn(self) -> None:
        """Everything that waits and may be worked on now."""
        while any(self._work(mapped) for mapped in MAPPINGS):
            pass

    def call(self, name: str, handle: Callable[[Any, Any], Any], event: Any) -> Any:
        """One invocation, with its log."""
        root = logging.getLogger()
        # Each function is a process of its own in AWS, with its own log.
        if name in self._logging:
            root.handlers[:] = self._logging[name]
        output = io.StringIO()
        for known in self._logging.get(name, []):
            if isinstance(known, logging.StreamHandler):
                known.setStream(output)
        caller, self._aws.caller = self._aws.caller, name
        try:
            with contextlib.redirect_stdout(output):
                answer = handle(event, Context())
        finally:
            self._aws.caller = caller
        self._logging.setdefault(name, root.handlers[:])
        text = output.getvalue()
        figures = self._aws.figures
        figures[f"calls of {name}"] += 1
        figures[LOG_BYTES] += PLATFORM_LOG_BYTES + len(text.encode()) + BYTES_BESIDE_A_LINE * text.count("\n")
        return answer

    def _work(self, mapped: Mapped) -> bool:
        url = self._urls[mapped.queue]
        letters = self._aws.mailbox(url).take(mapped.batch, self._aws.clock(), _HIDDEN_FOR)
        if not letters:
            return False
        self._aws.count_request(url, sum(letter.size for letter in letters))  # received
        answer = self.call(mapped.name, mapped.handle, {"Records": [letter.record() for letter in letters]})
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        done = {letter.receipt for letter in letters} - failed
        if done:
            self._aws.count_request(url)  # deleted
            self._aws.mailbox(url).delete(done)
        return True
