"""The one message of a job, with PROGRESS_MODE=edit: which it is, when it may be edited, what becomes of it.

It is written down right after it was sent, so that it goes on after a restart. An alert is a message of its
own, always, and answers to it.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from functions.notify.transports import Answer
from functions.shared.domain.keys import effect_id, job_message_key
from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import BridgeError
from functions.shared.messages.effects import Category, Notification
from functions.shared.messages.job_message import JobMessage, job_message_to_json, read_job_message
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock

# Who looks at it sees nothing sooner, and Telegram counts an edit like a message.
APART_SECONDS = 60.0
_SHOWN = frozenset({Category.PROGRESS, Category.PHOTO})
_ENDS = frozenset(
    {Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.ENDED, Category.NEVER_BEGAN}
)
_log = logging.getLogger(__name__)


def is_shown_in_one(notification: Notification) -> bool:
    """Whether it is no message of its own, but figures in the job's."""
    if notification.job_id is None:
        return False
    return notification.is_edit or (notification.category in _SHOWN and not notification.ended)


def comes_too_soon(message: JobMessage | None, notification: Notification, now: float) -> bool:
    """Whether it is left out: a later one tells more. The result of a job never is."""
    if message is None:
        return notification.is_edit  # there is nothing to show it in
    if message.is_over:
        return True
    return not notification.is_edit and 0 <= now - message.edited_at < APART_SECONDS


class JobMessages:
    """Of one chat. `sender` puts the result of a job behind its message on the queue."""

    def __init__(self, records: RecordStore, chat_id: str, sender: EffectSender, clock: Clock) -> None:
        self._records = records
        self._chat_id = chat_id
        self._sender = sender
        self._clock = clock

    shows = staticmethod(is_shown_in_one)

    def come_too_soon(self, notification: Notification, now: float) -> bool:
        """Whether it is left out: a later one tells more. Raises TransientError."""
        return comes_too_soon(self.of(notification), notification, now)

    def of(self, notification: Notification) -> JobMessage | None:
        """The message of its job, if there is one. Raises TransientError."""
        if notification.job_id is None:
            return None
        stored = self._records.get(self._key(notification))
        message = read_job_message(stored.value) if stored else JobMessage()
        return message if message.job_id == notification.job_id else None

    def sent(self, notification: Notification, answer: Answer, topic: int | None, *, renewed: bool) -> None:
        """A new one is there; one that is not written down is followed by another."""
        if notification.job_id is None or answer.message_id is None:
            return
        new = JobMessage(
            notification.job_id,
            answer.message_id,
            answer.moved_to or self._chat_id,
            topic,
            answer.has_photo,
            self._clock(),
            is_renewed=renewed,
        )
        self._write(notification, lambda _: new)

    def edited(self, notification: Notification) -> None:
        """Its result too is no end: a job that was taken as ended by silence may come back."""
        now = self._clock()
        self._write(notification, lambda message: replace(message, edited_at=now))

    def over(self, notification: Notification) -> None:
        """It is gone, and no other is made."""
        self._write(notification, lambda message: replace(message, is_over=True))

    def ask_for_result(self, notification: Notification) -> None:
        """Have the job's message show how it ended, once that was told. If it cannot be, nothing is lost."""
        if notification.is_edit or not (notification.category in _ENDS or notification.ended):
            return
        with suppress(BridgeError):
            message = self.of(notification)
            if message is not None and not message.is_over:
                shown = replace(
                    notification, id=effect_id(notification.id, "edit"), edit_of=notification.id, number=None
                )
                self._sender.send(shown)

    def _write(self, notification: Notification, change: Callable[[JobMessage], JobMessage]) -> None:
        expires_at = self._clock() + DONE_MARK_SECONDS
        try:
            update(
                *(self._records, self._key(notification), read_job_message, job_message_to_json),
                *(change, expires_at),
            )
        except BridgeError as error:  # what was sent must not be sent again for that
            _log.warning("which message is a job's own could not be written: %s", error)

    def _key(self, notification: Notification) -> str:
        return job_message_key(self._chat_id, notification.printer_id)
