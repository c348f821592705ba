"""Lambda entry of notify: one notification from SQS in, one message to Telegram out.

It never waits: whatever has to come later is handed back to the queue with the wait as its visibility.
"""

import functools
import logging
from collections.abc import Mapping
from typing import Any

from functions.notify.service import NotifyRules, NotifyService, lateness_of
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
from functions.shared.aws.lambda_consumer import Handle, QueueWorker, SettlingQueue
from functions.shared.aws.observability import Metric
from functions.shared.errors import ConfigurationError
from functions.shared.messages.effects import decode_notification
from functions.shared.ports import Delivery
from functions.shared.setting_types import bot_token

# Short enough that the longest delivery (a film: five times as long) ends before the function's time does.
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
_log = logging.getLogger(__name__)


@functools.cache
def worker() -> QueueWorker:
    """Made once per container."""
    runtime = make_runtime("notify")
    backends, metrics = runtime.backends, runtime.metrics
    settings = backends.settings
    transport = _transport(runtime)
    rules = NotifyRules(backends.chat, settings.telegram_messages_per_minute, settings.timezone)
    records, frames = backends.records(), backends.frames()
    timelapses = backends.queue(QueueName.TIMELAPSES)

    def make_handle(queue: SettlingQueue, context: LambdaContext) -> Handle:  # noqa: ARG001
        service = NotifyService(queue, records, frames, transport, timelapses, backends.clock, rules)

        def handle(delivery: Delivery) -> None:
            sent_before = transport.sent
            service.handle(delivery)
            if transport.sent > sent_before:
                late = lateness_of(decode_notification(delivery.body), delivery, backends.clock())
                metrics.add(Metric.MESSAGES_SENT, transport.sent - sent_before)
                metrics.add(Metric.MESSAGE_DELAY, round(late, 3))

        return handle

    return QueueWorker(runtime, QueueName.NOTIFICATIONS, make_handle)


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One notification; the answer names it if it comes again."""
    return worker().work(event, context)


def _transport(runtime: Runtime) -> RotatingTokenTransport | LogTransport:
    backends, settings = runtime.backends, runtime.backends.settings
    if not backends.has(Secret.BOT_TOKEN):
        _log.warning("%s names no parameter: messages are shown in this log only", Secret.BOT_TOKEN.value)
        return LogTransport()
    if not settings.telegram_chat_id:
        raise ConfigurationError(["TELEGRAM_CHAT_ID is needed to send messages"])

    def make(token: str) -> Telegram:
        return Telegram(
            token,
            settings.telegram_chat_id,
            settings.telegram_thread_id,
            settings.telegram_api_url,
            CONNECT_SECONDS,
            READ_SECONDS,
        )

    return RotatingTokenTransport(backends.secret(Secret.BOT_TOKEN, bot_token, runtime.logs.hide).value, make)


start_early(worker)
