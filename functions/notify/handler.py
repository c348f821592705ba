"""Lambda entry of notify: one notification from SQS in, one message to Telegram out.

It never waits: whatever has to come later is retried: back to the queue with the wait as its visibility.
"""

import functools
import logging
import math
from collections.abc import Iterable, Mapping
from typing import Any

from functions.notify.service import build_service, lateness_of
from functions.notify.telegram import Telegram
from functions.notify.transports import LogTransport, RotatingTokenTransport
from functions.shared.aws.bootstrap import (
    LambdaContext,
    QueueName,
    Runtime,
    Secret,
    make_runtime,
    start_early,
)
from functions.shared.aws.lambda_consumer import LambdaConsumer
from functions.shared.aws.observability import Metric
from functions.shared.dispatch import Received, Settlement
from functions.shared.errors import ConfigurationError
from functions.shared.messages.effects import Notification
from functions.shared.ports import Delivery
from functions.shared.runtime.deadline import Deadline
from functions.shared.setting_types import bot_token
from functions.shared.telegram.calls import CallTimes

# Of Telegram, which answers within seconds. The function has 180 s, and keeps 20 of them to say how it went.
TIMES = CallTimes(connect=5.0, read=20.0, whole=25.0, film=140.0)
# Of a run with a text or a photo: what such a run holds up, if it is killed, is a printer's alerts.
MESSAGE_SECONDS = 40.0
# The queue keeps a message for 14 days; half a day before, it goes where it is kept for 14 more and alarms.
GIVES_UP_AFTER_SECONDS = 13.5 * 86_400
_log = logging.getLogger(__name__)


@functools.cache
def worker() -> LambdaConsumer[Notification]:
    """Made once per container."""
    runtime = make_runtime("notify")
    backends, metrics = runtime.backends, runtime.metrics
    deadline = Deadline()
    transport = _transport(runtime, deadline)
    service = build_service(
        backends,
        backends.settings,
        transport,
        GIVES_UP_AFTER_SECONDS,
        spares_writes=True,
        pool=backends.pool,
    )

    def handle(message: Received[Notification]) -> Settlement:
        sent_before, left_out_before = transport.sent, service.left_out
        settlement = service.handle(message)
        if service.left_out > left_out_before:
            metrics.add(Metric.LEFT_OUT, service.left_out - left_out_before)
        if transport.sent > sent_before:
            metrics.add(Metric.MESSAGES_SENT, transport.sent - sent_before)
            metrics.add(Metric.MESSAGE_DELAY, round(lateness_of(message, backends.clock()), 3))
        return settlement

    def longest(delivery: Delivery) -> float:
        return math.inf if service.is_line_of_films(delivery.group) else MESSAGE_SECONDS

    def first_reads(notification: Notification, delivery: Delivery) -> Iterable[str]:
        backends.pool.submit(transport.read_token)
        return service.first_reads(notification, delivery.receive_count)

    return LambdaConsumer(runtime, QueueName.NOTIFICATIONS, service, handle, longest, deadline, first_reads)


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One notification; the answer names it if it comes again."""
    return worker().consume(event, context)


def _transport(runtime: Runtime, deadline: Deadline) -> RotatingTokenTransport | LogTransport:
    backends, settings = runtime.backends, runtime.backends.settings
    if not backends.has(Secret.BOT_TOKEN):
        _log.warning("%s names no parameter: messages are shown in this log only", Secret.BOT_TOKEN.value)
        return LogTransport()
    if not settings.telegram_chat_id:
        raise ConfigurationError(["TELEGRAM_CHAT_ID is needed to send messages"])

    def make(token: str) -> Telegram:
        return Telegram.from_settings(settings, token, TIMES, deadline.left)

    return RotatingTokenTransport(backends.secret(Secret.BOT_TOKEN, bot_token, runtime.logs.hide).value, make)


start_early(worker)
