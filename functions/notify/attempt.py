"""One message at its turn, and its way: into its printer's topic, its job's message, or the chat itself."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from functions.notify.delivery import NotificationDelivery
from functions.notify.render import Message, RenderContext
from functions.notify.rules import NotifyRules
from functions.notify.transports import Answer, Outcome, Transport
from functions.notify.turns import Turn
from functions.shared.domain.keys import printer_key
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import BridgeError
from functions.shared.messages.chat_record import ChatState
from functions.shared.messages.effects import Category, Notification
from functions.shared.ports import RecordStore
from functions.shared.runtime.clocks import Clock
from functions.shared.value_class import dataclass
from functions.shared.wording import details

if TYPE_CHECKING:
    from functions.notify.buttons import Buttons
    from functions.notify.job_messages import JobMessages
    from functions.notify.printer_topics import PrinterTopics
    from functions.shared.messages.job_message import JobMessage

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it is written, of how many that were left out it tells, whether without its picture, and that it is
    written already (`ready`). `shown`: the message of its job; `renews` that, which is gone.
    """

    notification: Notification
    turn: Turn
    context: RenderContext
    left_out: int = 0
    as_text: bool = False
    ready: Message | None = None
    shown: "JobMessage | None" = None
    renews: bool = False


class Placement:
    """`topics`, `jobs` and `buttons` (those of a notification) are None where nobody asked for them."""

    def __init__(
        self,
        records: RecordStore,
        delivery: NotificationDelivery,
        topics: "PrinterTopics | None",
        jobs: "JobMessages | None",
        buttons: "Callable[[Notification], Buttons] | None",
    ) -> None:
        self._records = records
        self._delivery = delivery
        self._topics = topics
        self._jobs = jobs
        self._buttons = buttons

    @classmethod
    def by_rules(
        cls,
        rules: NotifyRules,
        records: RecordStore,
        delivery: NotificationDelivery,
        transport: Transport,
        sender: EffectSender,
        clock: Clock,
    ) -> "Placement":
        """As the settings have it; `sender`: by whom a job's message is asked to be edited.

        What nobody asked for is not even loaded: a function would start later for it.
        """
        topics, jobs, buttons = None, None, None
        if rules.topics == "printer":
            from functions.notify.printer_topics import PrinterTopics

            topics = PrinterTopics(records, transport, rules.chat_id, clock)
        if rules.progress_mode == "edit":
            from functions.notify.job_messages import JobMessages

            jobs = JobMessages(records, rules.chat_id, sender, clock)
        if rules.chat_answers:
            from functions.notify.buttons import buttons_of

            buttons = buttons_of
        return cls(records, delivery, topics, jobs, buttons)

    def is_left_out(self, notification: Notification, now: float) -> bool:
        """Whether its job's message is not edited for it. Raises TransientError."""
        if self._jobs is None or not self._jobs.shows(notification):
            return notification.is_edit
        return self._jobs.come_too_soon(notification, now)

    def is_edited(self, notification: Notification) -> bool:
        """Whether it is figures in its job's message rather than a message of its own."""
        return self._jobs is not None and self._jobs.shows(notification)

    def prepared(self, attempt: Attempt, chat: str) -> Attempt:
        """With its buttons, and the message of its job in that chat.

        Raises TransientError, but not for what would only answer to that.
        """
        if self._buttons is not None:
            buttons = self._buttons(attempt.notification)
            attempt = replace(attempt, context=replace(attempt.context, buttons=buttons))
        if self._jobs is None:
            return attempt
        try:
            shown = self._jobs.of(attempt.notification)
        except BridgeError as error:
            if self.is_edited(attempt.notification):
                raise
            _log.warning("it is not known which message is its job's: %s", error)
            return attempt
        if shown is not None and shown.chat == chat:
            attempt = replace(attempt, shown=shown)
        if self.is_edited(attempt.notification) and attempt.notification.frame is None:
            return replace(attempt, notification=self._with_newest_frame(attempt.notification))
        return attempt

    def deliver(self, attempt: Attempt, failures: int) -> tuple[Attempt, Answer]:
        """As it was delivered in the end. Raises TransientError."""
        if self._topics is None:
            return self._take(attempt, failures)
        topic, waits = self._topics.topic_for(attempt.notification)
        if waits is not None:
            return attempt, waits
        attempt, answer = self._take(_in_topic(attempt, topic), failures)
        if topic is None or not self._topics.is_lost(answer):
            return attempt, answer
        anew = None
        if not self._topics.is_closed(answer):
            self._topics.is_gone(attempt.notification.printer_id, topic)
            anew, waits = self._topics.topic_for(attempt.notification)
            if waits is not None:
                return attempt, waits
        attempt, answer = self._take(_in_topic(attempt, anew), failures)
        if anew is not None and self._topics.is_lost(answer):
            return self._take(_in_topic(attempt, None), failures)
        return attempt, answer

    def arrived(self, attempt: Attempt, answer: Answer) -> None:
        """It was sent, or shown: what has to be remembered of that is. Raises nothing."""
        if self._jobs is None:
            return
        notification = attempt.notification
        if not self.is_edited(notification):
            self._jobs.ask_for_result(notification)
        elif attempt.shown is None or attempt.renews:
            topic = attempt.context.topic_id
            self._jobs.sent(notification, answer, topic, renewed=attempt.renews)
        else:
            self._jobs.edited(notification)

    def _take(self, attempt: Attempt, failures: int) -> tuple[Attempt, Answer]:
        if attempt.ready is not None:
            placed = replace(
                attempt.ready,
                goes_to_topic=attempt.context.goes_to_topic,
                topic_id=attempt.context.topic_id,
            )
            return attempt, self._delivery.send_text(placed)
        shown = attempt.shown
        if shown is None and attempt.notification.is_edit:
            return attempt, Answer(Outcome.UNCHANGED, "the message of its job is in another chat")
        if shown is not None and self.is_edited(attempt.notification):
            return self._edit(attempt, shown, failures)
        if shown is not None and shown.topic == attempt.context.topic_id:
            attempt = replace(attempt, context=replace(attempt.context, reply_to=shown.message_id))
        return attempt, self._send(attempt, failures)

    def _edit(self, attempt: Attempt, shown: "JobMessage", failures: int) -> tuple[Attempt, Answer]:
        """One that is gone is sent anew, once; its job's result is a message of its own anyway."""
        answer = self._delivery.edit(attempt.notification, attempt.context, shown, failures)
        if answer.outcome is not Outcome.GONE:
            return attempt, answer
        if shown.is_renewed or attempt.notification.is_edit:
            _log.info("the message of a job is gone, and is left at that: %s", answer.reason)
            if self._jobs is not None:
                self._jobs.over(attempt.notification)
            return attempt, replace(answer, outcome=Outcome.UNCHANGED)
        attempt = replace(attempt, renews=True)
        return attempt, self._send(attempt, failures)

    def _send(self, attempt: Attempt, failures: int) -> Answer:
        return self._delivery.deliver(
            attempt.notification, attempt.context, failures, as_text=attempt.as_text
        )

    def _with_newest_frame(self, notification: Notification) -> Notification:
        """A job's message has a photo with its figures, if there is a fresh one."""
        from functions.shared.messages.printer_record import printer_record_of  # see `by_rules`

        try:
            stored = self._records.get(printer_key(notification.printer_id))
        except BridgeError:
            return notification
        record = printer_record_of(stored) if stored is not None else None
        is_of_job = record is not None and record.job is not None and record.job.id == notification.job_id
        return replace(notification, frame=record.frame) if record is not None and is_of_job else notification


def is_progress(notification: Notification) -> bool:
    """What PROGRESS_MODE=off switches off."""
    return notification.category in (Category.PROGRESS, Category.PHOTO) and not notification.ended


def _in_topic(attempt: Attempt, topic: int | None) -> Attempt:
    return replace(attempt, context=replace(attempt.context, topic_id=topic, reply_to=None))


def without_topic(context: RenderContext, state: ChatState) -> RenderContext:
    """To the chat itself, which is told so once."""
    notes = context.notes if state.topic_is_told else (*context.notes, details.TOPIC_IS_MISSING)
    return replace(context, goes_to_topic=False, notes=notes)
