"""One notification from its queue to a person: once, in order, however long Telegram is away.

Several threads may handle messages at once; then a film in its own group holds up nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo

from functions.notify import chat_state
from functions.notify.chat_state import LONGEST_BACK_OFF, ChatState, back_off, change_state, read_state
from functions.notify.delivery import NotificationDelivery
from functions.notify.render import RenderContext
from functions.notify.transports import Answer, Outcome, Transport
from functions.shared.dispatch import DeadLetter, Done, Received, Retry, Settlement
from functions.shared.domain.keys import chat_key, effect_id, films_chat
from functions.shared.domain.limits import LATE_MESSAGE_SECONDS
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import BridgeError, TransientError
from functions.shared.messages.effects import Category, Notification, decode_notification
from functions.shared.ports import Backends, FrameStore, Queue, RecordStore
from functions.shared.records import is_done, mark_done
from functions.shared.runtime.clocks import Clock
from functions.shared.settings import Settings

_log = logging.getLogger(__name__)

# They tell how it stands now: dropped when they are late.
_OUTDATED = frozenset({Category.PROGRESS, Category.PHOTO})
_SMALLEST_FILM = 100_000


@dataclass(frozen=True, slots=True)
class NotifyRules:
    """The settings that matter here; 0 messages per minute means no pacing."""

    chat_id: str
    messages_per_minute: int
    zone: tzinfo

    @classmethod
    def from_settings(cls, settings: Settings, chat_id: str) -> "NotifyRules":
        return cls(chat_id, settings.telegram_messages_per_minute, settings.timezone)


class NotifyService:
    """`timelapses` is where a smaller film is ordered; None: films are not made here."""

    def __init__(
        self,
        records: RecordStore,
        frames: FrameStore,
        transport: Transport,
        timelapses: Queue | None,
        clock: Clock,
        rules: NotifyRules,
    ) -> None:
        self._records = records
        self._delivery = NotificationDelivery(transport, frames)
        self._sender = EffectSender(rules.chat_id, timelapses=timelapses)
        self._clock = clock
        self._rules = rules
        self._chat_key = chat_key(rules.chat_id)
        self._film_key = chat_key(films_chat(rules.chat_id))
        self._is_paced = chat_state.is_group(rules.chat_id) and rules.messages_per_minute > 0

    decode = staticmethod(decode_notification)

    def refuse(self, error: Exception) -> DeadLetter:
        _log.error("a notification that cannot be read is set aside: %s", error)
        return DeadLetter(f"not a notification: {error}")

    def handle(self, message: Received[Notification]) -> Settlement:
        """Send it, unless it was sent before or is outdated; retried for as long as Telegram is away."""
        try:
            return self._send_once(message)
        except TransientError as error:
            delay = back_off(message.receive_count)
            _log.warning("%s waits %g s, the storage is in trouble: %s", message.content.id, delay, error)
            return Retry(delay)

    def _send_once(self, message: Received[Notification]) -> Settlement:
        notification = message.content
        if is_done(self._records, notification.id):
            _log.info("%s was sent before", notification.id)
            return Done()
        now = self._clock()
        lateness = lateness_of(message, now)
        if notification.category in _OUTDATED and lateness > LATE_MESSAGE_SECONDS:
            _log.info("%s is dropped: %.0f s late", notification.id, lateness)
            return Done()
        wait = self._reserve(now)
        if wait > 0:
            _log.debug("%s waits %.1f s for its place", notification.id, wait)
            return Retry(wait)
        key = self._chat_key if notification.film is None else self._film_key
        failures = read_state(self._records, key).failures
        context = RenderContext(now, lateness, self._rules.zone)
        answer = self._delivery.deliver(notification, context, failures)
        if answer.outcome is Outcome.TOO_LARGE and notification.film is not None:
            if self._order_smaller_film(notification):
                return self._finish(notification, "a smaller film is ordered")
            answer = self._delivery.announce_film(notification, context, "The film is too large for Telegram")
        return self._settlement_of(answer, notification, key, reserved_at=now)

    def _settlement_of(
        self, answer: Answer, notification: Notification, key: str, reserved_at: float
    ) -> Settlement:
        match answer.outcome:
            case Outcome.SENT:
                is_remote = answer.message_id is not None  # what a terminal shows needs no line beside it
                how = f"sent as message {answer.message_id}" if is_remote else "shown"
                done = self._finish(notification, how, logging.INFO if is_remote else logging.DEBUG)
                self._remember_success(key, reserved_at)
                return done
            case Outcome.WAIT if answer.retry_after is not None:
                self._release(reserved_at)
                _log.warning("Telegram asks to wait %g s", answer.retry_after)
                return Retry(answer.retry_after)
            case Outcome.WAIT | Outcome.UNAVAILABLE:
                state = self._change(key, lambda before: replace(before, failures=before.failures + 1))
                delay = back_off(state.failures)
                # A film has a group, and tries, of its own: while the alerts wait too, that is said for them.
                is_said = key != self._chat_key and read_state(self._records, self._chat_key).failures > 0
                level = logging.DEBUG if is_said else logging.WARNING
                _log.log(level, "Telegram is not reached (%s): next try in %g s", answer.reason, delay)
                return Retry(delay)
            case Outcome.UNAUTHORIZED:
                self._release(reserved_at)
                self._log_unauthorized(answer)
                return Retry(LONGEST_BACK_OFF)
            case _:
                self._release(reserved_at)
                _log.error("%s is refused for good: %s", notification.id, answer.reason)
                return DeadLetter(answer.reason)

    def _finish(self, notification: Notification, how: str, level: int = logging.INFO) -> Done:
        """Mark it done; a mark that fails must not send the message again."""
        try:
            mark_done(self._records, notification.id, self._clock())
        except BridgeError as error:
            _log.error("%s could not be marked as done: %s", notification.id, error)
        _log.log(level, "%s of %s: %s", notification.category.value, notification.printer_id, how)
        return Done()

    def _reserve(self, now: float) -> float:
        """Take a place in the chat's window; the seconds to wait if there is none."""
        if not self._is_paced:
            return 0.0
        most = self._rules.messages_per_minute
        wait = 0.0

        def take_place(state: ChatState) -> ChatState:
            nonlocal wait
            wait = chat_state.seconds_to_wait(state.window, now, most)
            if wait > 0:
                return state
            return replace(state, window=(*chat_state.current(state.window, now), now))

        self._change(self._chat_key, take_place)
        return wait

    def _release(self, reserved_at: float) -> None:
        """Nothing was sent: the place is free again."""
        if self._is_paced:
            self._change(self._chat_key, lambda state: replace(state, window=_without(state, reserved_at)))

    def _remember_success(self, key: str, reserved_at: float) -> None:
        """Telegram counts from when a message arrived, at the latest now: the place moves to now."""
        now = self._clock()

        def well_again(state: ChatState) -> ChatState:
            return replace(state, failures=0)

        def arrived(state: ChatState) -> ChatState:
            window = (*_without(state, reserved_at), now) if self._is_paced else state.window
            return replace(state, window=window, is_unauthorized=False)

        try:
            if key == self._chat_key:
                self._change(key, lambda state: arrived(well_again(state)))
            else:
                self._change(key, well_again)
                self._change(self._chat_key, arrived)
        except BridgeError as error:  # whatever it is: what was sent must not be sent again
            _log.warning("the state of the chat could not be written: %s", error)

    def _log_unauthorized(self, answer: Answer) -> None:
        if read_state(self._records, self._chat_key).is_unauthorized:
            return
        _log.error(
            "Telegram refuses the bot's token (%s); messages wait, next tries every 15 min", answer.reason
        )
        self._change(self._chat_key, lambda state: replace(state, is_unauthorized=True))

    def _order_smaller_film(self, notification: Notification) -> bool:
        """Ask once for a film of half the bytes; False if this is that film, or none can be made."""
        film, remake = notification.film, notification.remake
        if self._sender.timelapses is None or film is None or remake is None or remake.max_bytes is not None:
            return False
        smaller = replace(
            remake, id=effect_id(remake.id, "smaller"), max_bytes=max(_SMALLEST_FILM, film.size // 2)
        )
        refusals = self._sender.offer(smaller)
        for refusal in refusals:
            _log.error("a smaller film could not be ordered: %s", refusal.reason)
        return not refusals

    def _change(self, key: str, change: Callable[[ChatState], ChatState]) -> ChatState:
        return change_state(self._records, key, change)


def build_service(backends: Backends, settings: Settings, transport: Transport) -> NotifyService:
    """Over those back ends, to that transport."""
    return NotifyService(
        backends.records,
        backends.frames,
        transport,
        backends.timelapses,
        backends.clock,
        NotifyRules.from_settings(settings, backends.chat),
    )


def _without(state: ChatState, place: float) -> chat_state.Window:
    """The window less one place of that time."""
    places = list(state.window)
    if place in places:
        places.remove(place)
    return tuple(places)


def lateness_of(message: Received[Notification], now: float) -> float:
    """Seconds since the event: what it was late when it was queued, and its time in the queue."""
    return max(0.0, message.content.late_by) + max(0.0, now - message.sent_at)
