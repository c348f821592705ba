"""One notification from its queue to a person: once, in order, however long Telegram is away.

Several threads, or functions, may handle messages at once, each of another printer; what they must agree on
(the chat's pace, its turns, its holds) is in the RecordStore.
"""

import logging
import threading
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace

from functions.notify.attempt import Attempt, Placement, is_progress, without_topic
from functions.notify.chat import Chat, left_out_before
from functions.notify.chat_state import LONGEST_BACK_OFF, back_off
from functions.notify.delivery import NotificationDelivery
from functions.notify.digest import digest_message
from functions.notify.film_line import FILMS, FilmLine
from functions.notify.held_back import HeldBack
from functions.notify.refusals import DOUBT_SECONDS, LONGEST_WAIT
from functions.notify.render import Message, RenderContext
from functions.notify.rules import NotifyRules
from functions.notify.sound import Sound
from functions.notify.start_marks import StartMarks
from functions.notify.told_keeping import keep_told
from functions.notify.transports import Answer, Outcome, Transport
from functions.notify.turns import Turn
from functions.shared.chat_upgrade import carry_over
from functions.shared.consumer import RETRY_SECONDS
from functions.shared.dispatch import DeadLetter, Done, Received, Retry, Settlement
from functions.shared.domain.keys import (
    digest,
    done_key,
    printer_key,
)
from functions.shared.domain.limits import LATE_MESSAGE_SECONDS
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import BridgeError, ConflictError, TransientError
from functions.shared.messages.chat_record import ChatState, Lane
from functions.shared.messages.effects import Category, Notification, decode_notification
from functions.shared.messages.printer_record import printer_record_of
from functions.shared.messages.quiet_times import QuietTimes
from functions.shared.messages.supersession import is_superseded, kind_of, waiting_behind
from functions.shared.ports import Backends, FrameStore, Queue, RecordStore
from functions.shared.records import is_done, mark_done
from functions.shared.runtime.clocks import Clock
from functions.shared.settings import Settings
from functions.shared.starts import STARTS_LIMIT, Starts
from functions.shared.telegram.pace import seconds_held
from functions.shared.wording import details
from functions.shared.wording.durations import full_duration
from functions.shared.wording.figures import count

_log = logging.getLogger(__name__)

# They tell how it stands now: dropped when they are late.
_OUTDATED = frozenset({Category.PROGRESS, Category.PHOTO})
# A minute of a full group. Who was away wants to read of a handful of changes, not of hundreds.
_FLOOD = 20
# As many runs may end in a picture before it is taken to be the reason, and left out.
AS_TEXT_AFTER_STARTS = 3
_LONGEST_STORAGE_WAIT = 60.0


class NotifyService:
    """`timelapses` is where a smaller film is ordered (None: films are not made here), `notifications` the
    queue that this works off, where a film goes on in the line of films. `left_out` counts messages that
    newer ones superseded. `pool`: what need not wait for one another is written at once, for a table that is
    a trip away.
    """

    def __init__(
        self,
        records: RecordStore,
        frames: FrameStore,
        transport: Transport,
        timelapses: Queue | None,
        clock: Clock,
        rules: NotifyRules,
        notifications: Queue | None = None,
        pool: Executor | None = None,
    ) -> None:
        self.left_out = 0
        self._counting = threading.Lock()
        self._records = records
        self._delivery = NotificationDelivery(transport, frames)
        self._films = FilmLine(rules.chat_id, notifications, timelapses)
        self._clock = clock
        self._rules = rules
        self._chat = Chat(records, rules.chat_id, rules.messages_per_minute, rules.thread_id, clock)
        self._starts = Starts(records, clock)
        self._start_marks = StartMarks(self._starts, pool, spares_writes=rules.spares_writes)
        self._placement = Placement.by_rules(
            rules, records, self._delivery, transport, EffectSender(rules.chat_id, notifications), clock
        )
        times = QuietTimes(rules.quiet_hours, rules.zone, rules.chat_answers)
        asks_for_quiet = rules.quiet_hours is not None or rules.chat_answers
        self._held = HeldBack(records, rules.chat_id, times, clock, is_on=asks_for_quiet)

    decode = staticmethod(decode_notification)

    def refuse(self, error: Exception) -> DeadLetter:
        _log.error("a notification that cannot be read is set aside: %s", error)
        return DeadLetter(f"not a notification: {error}")

    def handle(self, message: Received[Notification]) -> Settlement:
        """Send it, unless it was sent before or says nothing any more; retried while it cannot be sent."""
        limit, age = self._rules.gives_up_after, self._clock() - message.sent_at
        if limit is not None and age > limit:  # untried: a try may be what ends this program
            waited = full_duration(age, days_from_hours=48)
            _log.error("%s is given up: it waited for %s", message.content.id, waited)
            return DeadLetter(f"it waited for {waited} and could not be sent")
        try:
            return self._send_once(message)
        except ConflictError as error:
            _log.info("%s comes again: %s", message.content.id, error)
            return Retry(RETRY_SECONDS)
        except TransientError as error:
            delay = back_off(message.receive_count, _LONGEST_STORAGE_WAIT)
            _log.warning("%s waits %g s, the storage is in trouble: %s", message.content.id, delay, error)
            return Retry(delay)

    def tell_at_once(self, message: Message) -> Answer:
        """Past the queue, which the disk may not take; nothing while the chat is to be left alone."""
        now, state = self._clock(), ChatState()
        with suppress(BridgeError):
            state = self._chat.state()
        held = seconds_held(state, now)
        if held > 0:
            return Answer(Outcome.WAIT, retry_after=held)
        answer = self._delivery.send_text(
            replace(message, goes_to_topic=self._chat.goes_to_topic(state, now))
        )
        with suppress(BridgeError):  # what was sent must not be sent again
            if answer.is_sent:
                self._chat.also_sent(now)
            elif answer.outcome is Outcome.WAIT and answer.retry_after is not None:
                self._chat.asked_to_wait(None, answer.retry_after)
        return answer

    def _send_once(self, message: Received[Notification]) -> Settlement:
        notification = message.content
        if is_done(self._records, notification.id):
            _log.info("%s was sent before", notification.id)
            self._strike_out(notification)
            return Done()
        now = self._clock()
        lateness = lateness_of(message, now)
        is_in_films_line = notification.film is not None and self.is_line_of_films(message.group)
        lane = FILMS if is_in_films_line else digest(notification.printer_id)[:16]
        look = self._chat.look()
        state = look.state
        if self._leave_out(notification, lateness, state.lane(lane)):
            return Done()
        if notification.category in _OUTDATED and lateness > LATE_MESSAGE_SECONDS:
            _log.info("%s is dropped: %.0f s late", notification.id, lateness)
            return Done()
        if self._is_unwanted(notification, now):
            return Done()
        if (
            notification.film is not None
            and not is_in_films_line
            and self._films.pass_on(notification, lateness)
        ):
            return Done()
        sound = self._held.sound(notification, is_edited=self._placement.is_edited(notification))
        if sound is Sound.KEPT_BACK:
            return self._finish(notification, "kept back")
        turn = Turn(lane, now)
        is_written_down = self._start_marks.are_for(message.receive_count)
        starting = None
        if is_written_down and self._chat.is_free(look, turn):
            starting = self._start_marks.begin_beside(notification.id)
        try:
            state, wait = self._chat.take_turn(look, turn)
        except BridgeError:
            self._start_marks.take_back(notification.id, starting)
            raise
        if wait > 0:
            self._start_marks.take_back(notification.id, starting)
            _log.debug("%s waits %.1f s for its turn", notification.id, wait)
            return Retry(wait)
        tried = self._attempt_of(notification, turn, state, lateness, is_quiet=sound is Sound.NONE)
        if notification.category is Category.DIGEST:
            cut = notification.observed_at
            told = self._held.told_until(cut)
            ready = digest_message(told, self._held.standing(told), tried.context)
            if ready is None:
                self._start_marks.take_back(notification.id, starting)
                self._chat.not_tried(turn)
                return Done()
            tried = replace(tried, ready=ready)
        if not is_written_down:
            return self._settlement_of(tried, state)
        return self._begun(tried, state, self._start_marks.begin(notification.id, starting))

    def first_reads(self, notification: Notification, receive_count: int) -> tuple[str, ...]:
        """The keys of what is read before it is sent, in its delivery of that number."""
        marks = self._start_marks.first_reads(notification.id, receive_count)
        return done_key(notification.id), self._chat.key, *marks

    def is_line_of_films(self, group: str) -> bool:
        """Whether that group's messages are films, which take long and hold up nothing else."""
        return self._films.is_it(group)

    def _begun(self, tried: Attempt, state: ChatState, starts: int) -> Settlement:
        """Try it, unless that has ended so many runs that it would end this one too."""
        effect = tried.notification.id
        if starts > STARTS_LIMIT:
            self._starts.end(effect)  # who puts it back from the dead letters has it tried anew
            self._chat.not_tried(tried.turn)
            _log.error("%s is given up: %d runs broke off with it", effect, STARTS_LIMIT)
            return DeadLetter(f"{STARTS_LIMIT} runs broke off (out of time or memory) while it was sent")
        if starts > 1:
            _log.warning("a run broke off with %s, perhaps after it was sent: start %d", effect, starts)
        tried = replace(tried, as_text=starts > AS_TEXT_AFTER_STARTS)
        try:
            settlement = self._settlement_of(tried, state)
        except TransientError:
            self._starts.end(effect)
            raise
        if not isinstance(settlement, Done):  # the done-mark says more than that it came to an end
            self._starts.end(effect)
        return settlement

    def _leave_out(self, notification: Notification, lateness: float, lane: Lane) -> bool:
        """Leave out what a newer one replaces, if so many wait that nobody would read them all."""
        if kind_of(notification) is None or notification.number is None or lateness <= LATE_MESSAGE_SECONDS:
            return False
        stored = self._records.get(printer_key(notification.printer_id))
        if stored is None:
            return False
        asked = printer_record_of(stored).asked
        is_flood = waiting_behind(notification, asked) >= _FLOOD or notification.number < lane.flooded_to
        if not is_flood or not is_superseded(notification, asked):
            return False
        self._chat.leave_out(lane.name, notification.number, asked.count)
        with self._counting:
            self.left_out += 1
        _log.debug("%s is left out: a newer one tells how it stands", notification.id)
        return True

    def _is_unwanted(self, notification: Notification, now: float) -> bool:
        """By PROGRESS_MODE: off, or in the job's message, which is not edited for it."""
        if self._rules.progress_mode == "off" and is_progress(notification):
            return True
        return self._placement.is_left_out(notification, now)

    def _strike_out(self, notification: Notification) -> None:
        """What a digest has told is held no longer. Raises TransientError: it comes again for that."""
        if notification.category is Category.DIGEST:
            self._held.clear(notification.observed_at)

    def _attempt_of(
        self, notification: Notification, turn: Turn, state: ChatState, lateness: float, *, is_quiet: bool
    ) -> Attempt:
        left_out = left_out_before(state.lane(turn.lane), notification.number)
        notes = []
        if left_out:
            notes.append(details.left_out(left_out))
        goes_to_topic = self._chat.goes_to_topic(state, turn.taken_at)
        context = RenderContext(turn.taken_at, lateness, self._rules.zone, tuple(notes), is_quiet=is_quiet)
        if not goes_to_topic:
            context = without_topic(context, state)
        chat = state.moved_to or self._rules.chat_id
        return self._placement.prepared(Attempt(notification, turn, context, left_out), chat)

    def _settlement_of(self, tried: Attempt, state: ChatState) -> Settlement:
        notification = tried.notification
        tried, answer = self._deliver(tried, state)
        if answer.outcome is Outcome.TOO_LARGE and notification.film is not None:
            if self._films.order_smaller(notification):
                self._chat.message_refused(tried.turn)
                return self._finish(notification, "a smaller film is ordered")
            answer = self._delivery.announce_film(notification, tried.context, details.FILM_TOO_LARGE)
        if answer.outcome is Outcome.DOUBTFUL:
            since = self._chat.doubted_since(tried.turn, state, notification.id)
            if since is None:
                _log.warning("%s is refused, and it is not clear why: %s", notification.id, answer.reason)
            if since is None or self._clock() - since < DOUBT_SECONDS:
                return Retry(self._chat.lane_failed(tried.turn, LONGEST_WAIT, is_unsent=True))
            answer = self._without_doubt(tried)
        match answer.outcome:
            case Outcome.SENT:
                return self._sent(tried, answer)
            case Outcome.UNCHANGED:
                self._chat.message_refused(tried.turn)
                self._placement.arrived(tried, answer)
                return self._finish(notification, "left as it is", logging.DEBUG)
            case Outcome.WAIT if answer.retry_after is not None:
                self._chat.asked_to_wait(tried.turn, answer.retry_after)
                _log.warning("Telegram asks to wait %g s", answer.retry_after)
                return Retry(answer.retry_after)
            case Outcome.WAIT | Outcome.UNAVAILABLE:
                delay = self._chat.lane_failed(tried.turn, LONGEST_BACK_OFF)
                level = logging.WARNING if self._chat.is_first_to_fail(tried.turn) else logging.DEBUG
                _log.log(level, "Telegram is not reached (%s): next try in %g s", answer.reason, delay)
                return Retry(delay)
            case Outcome.UNAUTHORIZED | Outcome.SHUT_OUT | Outcome.NO_TOPIC | Outcome.DOUBTFUL:
                return Retry(self._chat.refused(tried.turn, answer))
            case _:
                self._chat.message_refused(tried.turn)
                _log.error("%s is refused for good: %s", notification.id, answer.reason)
                return DeadLetter(answer.reason)

    def _deliver(self, tried: Attempt, state: ChatState) -> tuple[Attempt, Answer]:
        """To the topic; to the chat itself once the topic has been missing for so long."""
        failures = state.lane(tried.turn.lane).failures
        tried, answer = self._placement.deliver(tried, failures)
        if answer.outcome is not Outcome.NO_TOPIC:
            return tried, answer
        if self._rules.thread_id is None or not tried.context.goes_to_topic:
            return tried, replace(answer, outcome=Outcome.SHUT_OUT)
        if self._chat.is_topic_waited_for(state):
            return tried, answer
        return self._placement.deliver(replace(tried, context=without_topic(tried.context, state)), failures)

    def _without_doubt(self, tried: Attempt) -> Answer:
        """Is it this message that is refused, or is it all? One that says next to nothing tells.

        DOUBTFUL: it is all.
        """
        told = self._delivery.deliver_headline(tried.notification, tried.context)
        if not told.is_sent:
            return told
        self._chat.also_sent(self._clock())
        again = self._placement.deliver(tried, 0)[1]
        return replace(again, outcome=Outcome.REFUSED) if again.outcome is Outcome.DOUBTFUL else again

    def _struck_out(self, notification: Notification) -> Settlement | None:
        """After a digest was sent; if it fails, a repeat does it, which sends nothing as it is marked."""
        try:
            self._strike_out(notification)
        except BridgeError as error:
            _log.warning("what %s has told is still held: %s", notification.id, error)
            with suppress(BridgeError):
                if is_done(self._records, notification.id):
                    return Retry(RETRY_SECONDS)
        return None

    def _sent(self, tried: Attempt, answer: Answer) -> Settlement:
        self._placement.arrived(tried, answer)
        is_remote = answer.message_id is not None  # what a terminal shows needs no line beside it
        how = f"sent as message {answer.message_id}" if is_remote else "shown"
        done = self._finish(tried.notification, how, logging.INFO if is_remote else logging.DEBUG)
        if tried.left_out:
            left_out = count(tried.left_out, "older message")
            _log.warning("%s of %s left out", left_out, tried.notification.printer_id)
        try:
            self._chat.sent(
                tried.turn,
                answer,
                to_topic=tried.context.goes_to_topic if tried.context.topic_id is None else None,
                told_left_out=tried.left_out,
                number=tried.notification.number,
            )
        except BridgeError as error:  # whatever it is: what was sent must not be sent again
            _log.warning("the state of the chat could not be written: %s", error)
        keep_told(self._records, tried, self._clock)
        return self._struck_out(tried.notification) or done

    def _finish(self, notification: Notification, how: str, level: int = logging.INFO) -> Done:
        """Mark it done; a mark that fails must not send the message again."""
        try:
            mark_done(self._records, notification.id, self._clock())
        except BridgeError as error:
            _log.error("%s could not be marked as done: %s", notification.id, error)
        _log.log(level, "%s of %s: %s", notification.category.value, notification.printer_id, how)
        return Done()


def build_service(
    backends: Backends,
    settings: Settings,
    transport: Transport,
    gives_up_after: float | None = None,
    spares_writes: bool = False,
    pool: Executor | None = None,
) -> NotifyService:
    """Over those back ends, to that transport."""
    carry_over(backends.records, backends.chat, backends.clock)
    return NotifyService(
        backends.records,
        backends.frames,
        transport,
        backends.timelapses,
        backends.clock,
        NotifyRules.from_settings(settings, backends.chat, gives_up_after, spares_writes),
        backends.notifications,
        pool,
    )


def lateness_of(message: Received[Notification], now: float) -> float:
    """Seconds since the event: what it was late when it was queued, and its time in the queue."""
    return max(0.0, message.content.late_by) + max(0.0, now - message.sent_at)
