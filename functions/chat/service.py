"""One update from Telegram to its answer: admitted, in its turn, said once, marked.

The mark is set right after the answer was sent: between the two a crash can repeat that one answer. What was
wished (a mute, quiet hours) is written before it is said, and is the same when written twice.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from functions.chat import wording
from functions.chat.admission import Allowance, Guests, Refusal, why_not
from functions.chat.answers import Button, Known, Response, answer_command, answer_press
from functions.chat.bot import Bot, Place, Reply
from functions.chat.commands import Request, Word, request_of
from functions.chat.media import Media
from functions.chat.parts import parts_of
from functions.chat.reading import ChatReadings
from functions.chat.updates import (
    Command,
    Membership,
    Migration,
    Origin,
    Press,
    Update,
    read_update,
    update_id_of,
)
from functions.shared.domain.keys import chat_key, effect_id, preferences_key, reception_key
from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.errors import BridgeError, TransientError
from functions.shared.messages.callback_data import decode_callback
from functions.shared.messages.chat_preferences import preferences_to_json, read_preferences
from functions.shared.messages.chat_reception import ChatReception, read_reception, reception_to_json
from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.codec import recall, to_json
from functions.shared.ports import RecordStore
from functions.shared.records import is_done, update
from functions.shared.runtime.clocks import Clock
from functions.shared.samples import Samples
from functions.shared.settings import Settings
from functions.shared.telegram.markup import Line
from functions.shared.telegram.pace import asked_to_wait, current, is_group, seconds_held, seconds_to_wait

_log = logging.getLogger(__name__)

# Of what a group may be sent in a minute, this many are the alerts': answers wait for another minute then.
ROOM_FOR_ALERTS = 5
# Telegram gives an update again for a day.
_MARK_SECONDS = 2 * 86_400.0
_AGAIN_SECONDS = 2.0
_ABOUT_PAST_JOBS = frozenset({Word.HISTORY, Word.STATS})
_PRESS_WAITS_SECONDS = 5.0  # Telegram shows that somebody has pressed, and soon that nothing came of it


@dataclass(frozen=True, slots=True)
class Handled:
    """Done with it."""


@dataclass(frozen=True, slots=True)
class Later:
    """It is to come again, after so many seconds at the earliest."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ChatRules:
    """The settings that matter here. `chat_id` as set: an id, or @name."""

    chat_id: str
    zone: tzinfo
    users: frozenset[int] = frozenset()
    messages_per_minute: int = 20
    quiet_hours: QuietHours | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "ChatRules":
        return cls(
            settings.telegram_chat_id,
            settings.timezone,
            settings.telegram_users,
            settings.telegram_messages_per_minute,
            settings.quiet_hours,
        )


class _NotNowError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"not for {seconds:.1f} s")
        self.seconds = seconds


class ChatService:
    """`handle` one update at a time from each thread. `refused`: how many got nothing, by the reason."""

    def __init__(
        self,
        bot: Bot,
        records: RecordStore,
        readings: Callable[[], ChatReadings],
        media: Media,
        samples: Samples | None,
        clock: Clock,
        rules: ChatRules,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self.answered = 0
        self._bot = bot
        self._records = records
        self._readings = readings
        self._media = media
        self._samples = samples
        self._clock = clock
        self._rules = rules
        self._allowance = Allowance()
        self._lock = threading.Lock()
        self._own_name: str | None = None

    def handle(self, body: Mapping[str, Any]) -> Handled | Later:
        """Answer it, unless it was answered before or asks nothing of us."""
        found = read_update(body)
        if found is None:
            return Handled()
        try:
            return self._handle(found)
        except _NotNowError as wait:
            return Later(wait.seconds)
        except TransientError as error:
            _log.warning("update %s comes again: %s", update_id_of(body), error)
            return Later(_AGAIN_SECONDS)
        except BridgeError as error:
            _log.error("update %s cannot be answered: %s", update_id_of(body), error)
            return Handled()

    def _handle(self, found: Update) -> Handled:
        now = self._clock()
        state = chat_state_of(self._records.get(chat_key(self._rules.chat_id)))
        chats = frozenset({self._rules.chat_id, *([state.moved_to] if state.moved_to else [])})
        guests = Guests(chats, self._rules.users)
        reason = why_not(found, guests, self._name_for(found), now)
        if reason is None and isinstance(found, Command) and request_of(found.word) is None:
            return Handled()  # another bot's, or a slip
        mark = effect_id("update", str(found.origin.update_id))
        if reason is None and is_done(self._records, mark):
            return Handled()
        if reason is None and isinstance(found, Command | Press) and not self._takes(found, now):
            reason = Refusal.TOO_MANY
        if reason is not None:
            self._refuse(found, reason)
            return Handled()
        match found:
            case Migration():
                self._follow(found)
            case Membership():
                self._note_membership(found)
            case Press():
                self._answer_press(found, state, mark)
            case Command():
                request = request_of(found.word, found.argument)
                if request is not None:
                    self._answer_command(found, request, state, mark)
        self._mark(mark)
        return Handled()

    def _takes(self, found: Update, now: float) -> bool:
        with self._lock:
            return self._allowance.take(found.origin, now)

    def _refuse(self, found: Update, reason: Refusal) -> None:
        with self._lock:
            self.refused[reason.value] += 1
        _log.info("update %d gets no answer: %s", found.origin.update_id, reason.value)
        if reason is Refusal.TOO_MANY and isinstance(found, Press):
            self._bot.answer_press(found.id, wording.TOO_MANY_TOAST)

    def _answer_command(self, found: Command, request: Request, state: ChatState, mark: str) -> None:
        place = self._place(found.origin, state, is_reply=True)
        needs_printers = request.word not in (Word.HELP, Word.QUIET)
        wants_jobs = request.word in _ABOUT_PAST_JOBS
        known = self._known(found, needs_printers=needs_printers, name=request.name, wants_jobs=wants_jobs)
        self._carry_out(answer_command(request, known), known, place, state, mark)

    def _answer_press(self, found: Press, state: ChatState, mark: str) -> None:
        data = decode_callback(found.data)
        if data is None:
            self._bot.answer_press(found.id, wording.OLD_BUTTON_TOAST)
            return
        try:
            self._require_turn(state)
        except _NotNowError as wait:
            if wait.seconds <= _PRESS_WAITS_SECONDS:
                raise
            self._bot.answer_press(found.id, wording.TOO_MANY_TOAST)  # it has to be answered meanwhile
            return
        known = self._known(found, needs_printers=True, wants_jobs=data.command in _ABOUT_PAST_JOBS)
        response = answer_press(data, known)
        answered = self._bot.answer_press(found.id, response.toast)
        if answered.says("query is too old"):
            _log.info("update %d gets no answer: it was pressed too long ago", found.origin.update_id)
            return
        if answered.may_pass:
            raise _NotNowError(self._wait_after(answered))
        self._carry_out(response, known, self._place(found.origin, state, is_reply=False), state, mark)

    def _place(self, origin: Origin, state: ChatState, *, is_reply: bool) -> Place:
        """Where it was asked; of a group that was upgraded meanwhile, there, where no old message is."""
        is_old = state.moved_to is not None and str(origin.chat) == self._rules.chat_id != state.moved_to
        if is_old and state.moved_to is not None and state.moved_to.lstrip("-").isdigit():
            return Place(int(state.moved_to))
        return Place(origin.chat, origin.topic, origin.message_id if is_reply else None)

    def _known(
        self, found: Command | Press, *, needs_printers: bool, name: str = "", wants_jobs: bool = False
    ) -> Known:
        stored = self._records.get(preferences_key(self._rules.chat_id))
        known = Known(
            self._clock(),
            self._rules.zone,
            preferences=read_preferences(stored.value if stored else {}),
            quiet_hours=self._rules.quiet_hours,
            person=found.origin.user_name,
        )
        if not needs_printers:
            return known
        pressed = decode_callback(found.data) if isinstance(found, Press) else None
        token = pressed.printer if pressed is not None else ""
        read = self._readings().read(known.now, name, token=token, wants_jobs=wants_jobs)
        return replace(known, printers=read.printers, is_all=read.is_all, jobs=read.jobs)

    def _carry_out(self, response: Response, known: Known, place: Place, state: ChatState, mark: str) -> None:
        if response.blocks or response.photo_of or response.film_of:
            self._require_turn(state)
        if response.change is not None:
            key = preferences_key(self._rules.chat_id)
            update(self._records, key, read_preferences, preferences_to_json, response.change)
        if response.dismissed is not None:
            self._media.dismiss(self._samples, *response.dismissed, self._rules.chat_id)
        if response.photo_of is not None:
            self._sent(self._media.send_photo(place, known, response.photo_of, mark))
        if response.film_of is not None:
            self._mark(mark)  # before it: minutes go by, and nobody wants it twice
            self._sent(self._media.send_film(place, known, response.film_of, response.film_job))
        parts = parts_of(response.blocks)
        for number, lines in enumerate(parts):
            is_last = number == len(parts) - 1
            part = effect_id(mark, str(number))
            if not is_last and is_done(self._records, part):
                continue
            self._say(place, lines, response.buttons if is_last else ())
            if not is_last:
                self._mark(part)

    def _say(self, place: Place, lines: Sequence[Line], buttons: Sequence[Sequence[Button]]) -> None:
        self._sent(self._bot.say(place, lines, buttons))

    def _sent(self, reply: Reply) -> None:
        """Count what arrived in the chat's window. Raises when it is to be tried again."""
        if reply.is_ok:
            self.answered += 1
            now = self._clock()
            if is_group(self._rules.chat_id) and self._rules.messages_per_minute > 0:
                self._change_state(lambda state: replace(state, window=(*current(state.window, now), now)))
            return
        if reply.may_pass:
            raise _NotNowError(self._wait_after(reply))
        new_chat = reply.parameters.get("migrate_to_chat_id")
        if isinstance(new_chat, int):
            self._note_new_chat(new_chat)
            raise _NotNowError(0.0)
        _log.error("an answer is refused: %s", reply.description)

    def _wait_after(self, reply: Reply) -> float:
        asked = reply.retry_after
        if asked is None:
            _log.warning("Telegram is not reached for an answer: %s", reply.description)
            return _AGAIN_SECONDS
        now = self._clock()
        self._change_state(lambda state: asked_to_wait(state, now, asked))
        return asked

    def _require_turn(self, state: ChatState) -> None:
        """Answers come after alerts: not while the chat is to be left alone, nor into their room."""
        now, rules = self._clock(), self._rules
        wait = seconds_held(state, now)
        if is_group(rules.chat_id) and rules.messages_per_minute > 0:
            most = max(1, rules.messages_per_minute - ROOM_FOR_ALERTS)
            promised = [it.place for it in state.lanes if it.place is not None and it.place <= now + 60.0]
            waiting = len([at for at in promised if at > now - 60.0])
            wait = max(wait, seconds_to_wait(state.window, now, max(1, most - waiting)))
        if wait > 0:
            raise _NotNowError(wait)

    def _change_state(self, change: Callable[[ChatState], ChatState]) -> None:
        key = chat_key(self._rules.chat_id)
        try:
            update(self._records, key, lambda body: recall(ChatState, body), to_json, change)
        except BridgeError as error:  # what was sent must not be sent again
            _log.warning("the state of the chat could not be written: %s", error)

    def _mark(self, mark: str) -> None:
        try:
            self._records.put_if_absent(f"done/{mark}", self._clock() + _MARK_SECONDS)
        except BridgeError as error:
            _log.error("%s could not be marked as done: %s", mark, error)

    def _follow(self, found: Migration) -> None:
        """The group is a supergroup from now on: what is written goes there, and that is said there."""
        self._note_new_chat(found.new_chat)
        line = wording.moved_line(found.new_chat)
        self._sent(self._bot.say(Place(found.new_chat), [line], is_silent=False))

    def _note_new_chat(self, new_chat: int) -> None:
        _log.warning(
            "the chat has a new id, because its group became a supergroup: set TELEGRAM_CHAT_ID=%d", new_chat
        )
        self._change_state(lambda state: replace(state, moved_to=str(new_chat)))

    def _note_membership(self, found: Membership) -> None:
        now = self._clock()
        if found.is_member:
            _log.info("the bot is a member of the chat")
        else:
            _log.error("the bot was removed from the chat: add it again, messages wait until then")

        def change(reception: ChatReception) -> ChatReception:
            return replace(reception, removed_at=None if found.is_member else now)

        update(self._records, reception_key(self._rules.chat_id), read_reception, reception_to_json, change)

    def _name_for(self, found: Update) -> str:
        """Our own name, asked for only where it decides something."""
        if not isinstance(found, Command) or not found.bot:
            return ""
        if self._own_name is None:
            reply = self._bot.call("getMe")
            name = reply.result.get("username") if isinstance(reply.result, dict) else None
            if not isinstance(name, str):
                return ""
            self._own_name = name
        return self._own_name
