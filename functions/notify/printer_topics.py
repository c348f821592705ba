"""A topic for each printer (TELEGRAM_TOPICS=printer): made by the bot, remembered, made anew when deleted.

That one is asked for is written down before it is: a run that is killed in between leaves no printer with
two. Where none can be had, messages go where they go without this.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from functions.notify.chat_state import change_state, read_state
from functions.notify.transports import Answer, Outcome, Transport
from functions.shared.domain.keys import chat_key, topic_key
from functions.shared.errors import BridgeError, ConflictError
from functions.shared.messages.effects import Category, Notification
from functions.shared.messages.printer_topic import PrinterTopic, read_topic, topic_to_json
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from functions.shared.telegram.markup import clean, cut_middle
from functions.shared.telegram.pace import asked_for_no_topics, may_make_topics

_NAME_LIMIT = 128  # core.telegram.org/bots/api, createForumTopic
# They tell of no single printer.
_OF_ALL = frozenset(
    {
        Category.DIGEST,
        Category.INSPECTION_DOWN,
        Category.COLLECTOR_LOST,
        Category.COLLECTOR_BACK,
        Category.COLLECTOR_DISK_FULL,
        Category.COLLECTOR_DISK_FREE,
    }
)
_USUAL_WAIT_SECONDS = 60.0  # told to wait, but not for how long
_log = logging.getLogger(__name__)


class PrinterTopics:
    """Of one chat. Thread-safe, and safe with others who do the same."""

    def __init__(self, records: RecordStore, transport: Transport, chat_id: str, clock: Clock) -> None:
        self._records = records
        self._transport = transport
        self._chat_id = chat_id
        self._clock = clock

    @classmethod
    def is_lost(cls, answer: Answer) -> bool:
        """Whether a message was refused for its topic: there is none, or it is closed."""
        return answer.outcome is Outcome.NO_TOPIC or cls.is_closed(answer)

    @staticmethod
    def is_closed(answer: Answer) -> bool:
        return answer.outcome is Outcome.SHUT_OUT and "topic_closed" in answer.reason.lower()

    def topic_for(self, notification: Notification) -> tuple[int | None, Answer | None]:
        """The topic of its printer, made if need be, None if there is none; or the answer by which it waits.

        A store that is in trouble costs the topic, not the message.
        """
        if notification.category in _OF_ALL:
            return None, None
        try:
            return self._topic_for(notification.printer_id)
        except BridgeError as error:
            _log.warning("the topic of %s is not known: %s", notification.printer_id, error)
            return None, None

    def is_gone(self, printer_id: str, topic: int) -> None:
        """Somebody deleted it. Raises nothing."""

        def forget(known: PrinterTopic) -> PrinterTopic:
            return PrinterTopic(printer_id) if known.topic == topic else known

        _log.warning("the topic of %s is not there any more", printer_id)
        try:
            self._change(printer_id, forget)
        except BridgeError as error:
            _log.warning("the topic of %s could not be forgotten: %s", printer_id, error)

    def _topic_for(self, printer_id: str) -> tuple[int | None, Answer | None]:
        stored = self._records.get(self._key(printer_id))
        known = read_topic(stored.value) if stored else PrinterTopic(printer_id)
        now = self._clock()
        if not known.may_be_made(now):
            return known.topic, None
        if not may_make_topics(read_state(self._records, chat_key(self._chat_id)), now):
            return None, None
        begun = replace(known, printer_id=printer_id, asked_at=now, refused_at=None)
        try:
            self._records.put(self._key(printer_id), topic_to_json(begun), stored.version if stored else 0)
        except ConflictError:  # another is at it
            return None, None
        answer = self._transport.make_topic(cut_middle(clean(printer_id), _NAME_LIMIT) or "?")
        if answer.topic_id is not None:
            _log.info("the topic of %s is made", printer_id)
            made = replace(begun, topic=answer.topic_id, asked_at=None)
            self._change(printer_id, lambda _: made)
            return answer.topic_id, None
        if answer.outcome is Outcome.UNAUTHORIZED:  # so would the message be
            self._change(printer_id, lambda _: replace(begun, asked_at=None))
            return None, answer
        if answer.outcome is Outcome.WAIT:  # with topics only: no alert waits for one
            self._change(printer_id, lambda _: replace(begun, asked_at=None))
            self._make_none_for(answer.retry_after or _USUAL_WAIT_SECONDS)
            return None, None
        if answer.outcome is Outcome.UNAVAILABLE:  # it may be there all the same
            _log.warning("it is not known whether %s has a topic now: %s", printer_id, answer.reason)
            return None, None
        level = (
            logging.ERROR if known.refused_at is None else logging.DEBUG
        )  # once, not each quarter of an hour
        _log.log(level, "no topic can be made for %s: %s", printer_id, answer.reason)
        self._change(printer_id, lambda _: replace(begun, asked_at=None, refused_at=now))
        return None, None

    def _make_none_for(self, seconds: float) -> None:
        now = self._clock()
        _log.warning("no topic is made for %.0f s, as Telegram asks to wait", seconds)
        key = chat_key(self._chat_id)
        change_state(self._records, key, lambda state: asked_for_no_topics(state, now, seconds))

    def _change(self, printer_id: str, change: Callable[[PrinterTopic], PrinterTopic]) -> None:
        update(self._records, self._key(printer_id), read_topic, topic_to_json, change)

    def _key(self, printer_id: str) -> str:
        return topic_key(self._chat_id, printer_id)
