"""One update from Telegram to its answer: admitted, in its turn, said once, marked.

The mark is set right after the answer was sent: between the two a crash can repeat that one answer. What was
wished (a mute, quiet hours) does not wait for a turn in the chat, and is the same when written twice. That a
press is answered is written before, so that a repeat, for which Telegram takes no second answer, does the
rest; a press that Telegram has forgotten by then changes nothing.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from functions.chat.admission import Allowance, Guests, Refusal, why_not
from functions.chat.answers import answer_command, answer_press
from functions.chat.bot import TOAST_LIMIT, Bot, Place, Reply
from functions.chat.commands import Request, Word, request_of
from functions.chat.media import Media
from functions.chat.parts import parts_of
from functions.chat.progress import Progress
from functions.chat.reading import ChatReadings
from functions.chat.refusals import Refusals
from functions.chat.response import Button, Known, Response
from functions.chat.totals import totals_by_printer
from functions.chat.turns import NotNowError, Turns
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
from functions.shared.domain.keys import effect_id, preferences_key, reception_key
from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.errors import BridgeError, TransientError
from functions.shared.messages.callback_data import decode_callback
from functions.shared.messages.chat_preferences import (
    preferences_to_json,
    read_preferences,
)
from functions.shared.messages.chat_reception import ChatReception, read_reception, reception_to_json
from functions.shared.messages.chat_record import ChatState
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from functions.shared.samples import Samples
from functions.shared.settings import Settings
from functions.shared.telegram.markup import Line, fitted, to_plain, without_markup
from functions.shared.value_class import dataclass
from functions.shared.wording import chat_answers as wording

_log = logging.getLogger(__name__)

_AGAIN_SECONDS = 2.0
_ABOUT_PAST_JOBS = frozenset({Word.HISTORY, Word.FILM, Word.STATS})
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


class ChatService:
    """`handle` one update at a time from each thread. `answered`: commands and presses, since the start."""

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
        self.answered = 0
        self._bot = bot
        self._records = records
        self._readings = readings
        self._media = media
        self._samples = samples
        self._clock = clock
        self._rules = rules
        self._turns = Turns(records, rules.chat_id, rules.messages_per_minute, clock)
        self._allowance = Allowance()
        self._refusals = Refusals()
        self._lock = threading.Lock()
        self._own_name: str | None = None

    @property
    def refused(self) -> Counter[str]:
        """How many updates got no answer, by the reason."""
        return self._refusals.counts

    def handle(self, body: Mapping[str, Any]) -> Handled | Later:
        """Answer it, unless it was answered before or asks nothing of us."""
        found = read_update(body)
        if found is None:
            return Handled()
        try:
            return self._handle(found)
        except NotNowError as wait:
            return Later(wait.seconds)
        except TransientError as error:
            _log.warning("update %s comes again: %s", update_id_of(body), error)
            return Later(_AGAIN_SECONDS)
        except BridgeError as error:
            _log.error("update %s cannot be answered: %s", update_id_of(body), error)
            return Handled()

    def _handle(self, found: Update) -> Handled:
        now = self._clock()
        self._say_refusals(now)
        state = self._turns.state()
        chats = frozenset({self._rules.chat_id, *([state.moved_to] if state.moved_to else [])})
        guests = Guests(chats, self._rules.users)
        reason = why_not(found, guests, "", now)
        if reason is None and isinstance(found, Command) and found.bot:
            reason = why_not(found, guests, self._name(), now)
        if reason is None and isinstance(found, Command) and request_of(found.word) is None:
            return Handled()  # another bot's, or a slip
        progress = Progress(self._records, effect_id("update", str(found.origin.update_id)), self._clock)
        if reason is None and progress.is_over:
            return Handled()
        if reason is None and isinstance(found, Command | Press) and not self._takes(found, now):
            reason = Refusal.TOO_MANY
        if reason is not None:
            self._refuse(found, reason, now)
            return Handled()
        match found:
            case Migration():
                self._follow(found)
            case Membership():
                self._note_membership(found)
            case Press():
                self._answer_press(found, state, progress)
                self.answered += 1
            case Command():
                request = request_of(found.word, found.argument)
                if request is not None:
                    self._answer_command(found, request, state, progress)
                    self.answered += 1
        progress.over()
        return Handled()

    def _takes(self, found: Update, now: float) -> bool:
        with self._lock:
            return self._allowance.take(found.origin, now)

    def _refuse(self, found: Update, reason: Refusal, now: float) -> None:
        with self._lock:
            self._refusals.add(reason.value)
            is_told = reason is Refusal.TOO_MANY and self._allowance.is_to_be_told(found.origin)
        self._say_refusals(now)
        if is_told and isinstance(found, Press):
            self._bot.answer_press(found.id, wording.TOO_MANY_TOAST)

    def _say_refusals(self, now: float) -> None:
        with self._lock:
            summary = self._refusals.summary(now)
        if summary:
            _log.info("updates that got no answer since this was last said: %s", summary)

    def _answer_command(self, found: Command, request: Request, state: ChatState, progress: Progress) -> None:
        place = self._place(found.origin, state, is_reply=True)
        needs_printers = request.word not in (Word.HELP, Word.QUIET)
        word = request.word if needs_printers else None
        known = self._known(found, progress, needs_printers=needs_printers, name=request.name, word=word)
        self._carry_out(answer_command(request, known), known, place, progress)

    def _answer_press(self, found: Press, state: ChatState, progress: Progress) -> None:
        data = decode_callback(found.data)
        if data is None:
            self._bot.answer_press(found.id, wording.OLD_BUTTON_TOAST)
            return
        known = self._known(found, progress, needs_printers=True, word=data.command)
        response = answer_press(data, known)
        is_repeat = progress.steps.is_pressed
        wait = self._turns.seconds_to_wait() if response.sends_something else 0.0
        is_full = wait > _PRESS_WAITS_SECONDS and not is_repeat  # who pressed has to be answered meanwhile
        if not response.changes_something and wait > 0:
            if not is_full:
                raise NotNowError(wait)
            self._bot.answer_press(found.id, wording.TOO_MANY_TOAST)
            return
        progress.begin_press((known.preferences, known.now) if response.changes_something else None)
        answered = self._bot.answer_press(found.id, _as_toast(response) if is_full else response.toast)
        if answered.says("query is too old") and not is_repeat:
            _log.info("update %d gets no answer: it was pressed too long ago", found.origin.update_id)
            return
        # To be told to wait with it (429) is no reason to leave the chat alone, nor to leave the wish undone.
        if answered.may_pass and answered.status != 429:
            _log.warning("Telegram is not reached for an answer: %s", answered.description)
            raise NotNowError(_AGAIN_SECONDS)
        if is_full and answered.is_ok:  # the toast has said it
            response = replace(response, blocks=())
        self._carry_out(response, known, self._place(found.origin, state, is_reply=False), progress)

    def _place(self, origin: Origin, state: ChatState, *, is_reply: bool) -> Place:
        """Where it was asked; of a group that was upgraded meanwhile, there, where no old message is."""
        is_old = state.moved_to is not None and str(origin.chat) == self._rules.chat_id != state.moved_to
        if is_old and state.moved_to is not None and state.moved_to.lstrip("-").isdigit():
            return Place(int(state.moved_to))
        return Place(origin.chat, origin.topic, origin.message_id if is_reply else None)

    def _known(
        self,
        found: Command | Press,
        progress: Progress,
        *,
        needs_printers: bool,
        name: str = "",
        word: str | None,
    ) -> Known:
        """By now; for a change that was begun, as it was then."""
        stored = self._records.get(preferences_key(self._rules.chat_id))
        steps = progress.steps
        known = Known(
            self._clock() if steps.begun_at is None else steps.begun_at,
            self._rules.zone,
            preferences=steps.preferences or read_preferences(stored.value if stored else {}),
            quiet_hours=self._rules.quiet_hours,
            person=found.origin.user_name,
        )
        if not needs_printers:
            return known
        pressed = decode_callback(found.data) if isinstance(found, Press) else None
        token = pressed.printer if pressed is not None else ""
        read = self._readings().read(known.now, name, token=token, wants_jobs=word in _ABOUT_PAST_JOBS)
        totals = totals_by_printer(self._records) if word == Word.STATS else {}
        return replace(known, printers=read.printers, is_all=read.is_all, jobs=read.jobs, totals=totals)

    def _carry_out(self, response: Response, known: Known, place: Place, progress: Progress) -> None:
        if response.changes_something and not progress.steps.is_changed:
            progress.begin_change(known.preferences, known.now)
            self._change(response)
            progress.changed()
        if response.photo_of is not None:
            self._turns.require()
            photo_of, turn = response.photo_of, self._turns.require
            self._sent(self._media.send_photo(place, known, photo_of, progress.mark, turn))
        if response.film_of is not None:
            self._turns.require()
            film_of, job = response.film_of, response.film_job
            self._sent(self._media.send_film(place, known, film_of, job, progress))
        parts = parts_of(response.blocks)
        for number, lines in enumerate(parts[progress.steps.said :], progress.steps.said + 1):
            self._turns.require()
            is_last = number == len(parts)
            self._say(place, lines, response.buttons if is_last else ())
            if not is_last:
                progress.said(number)

    def _change(self, response: Response) -> None:
        chat_id = self._rules.chat_id
        if response.change is not None:
            key = preferences_key(chat_id)
            update(self._records, key, read_preferences, preferences_to_json, response.change)
        if response.dismissed is not None:
            self._media.dismiss(self._samples, *response.dismissed, chat_id)

    def _say(self, place: Place, lines: Sequence[Line], buttons: Sequence[Sequence[Button]]) -> None:
        self._sent(self._bot.say(place, lines, buttons))

    def _sent(self, reply: Reply) -> None:
        """Count what arrived in the chat's window. Raises NotNowError when it is to be tried again."""
        if reply.is_ok:
            self._turns.sent()
            return
        if reply.retry_after is not None:
            self._turns.asked_to_wait(reply.retry_after)
            raise NotNowError(reply.retry_after)
        if reply.may_pass:
            _log.warning("Telegram is not reached for an answer: %s", reply.description)
            raise NotNowError(_AGAIN_SECONDS)
        new_chat = reply.parameters.get("migrate_to_chat_id")
        if isinstance(new_chat, int):
            self._note_new_chat(new_chat)
            raise NotNowError(0.0)
        _log.error("an answer is refused: %s", reply.description)

    def _follow(self, found: Migration) -> None:
        """The group is a supergroup from now on: what is written goes there, and that is said there."""
        self._note_new_chat(found.new_chat)
        line = wording.moved_line(found.new_chat)
        self._sent(self._bot.say(Place(found.new_chat), [line], is_silent=False))

    def _note_new_chat(self, new_chat: int) -> None:
        _log.warning(
            "the chat has a new id, because its group became a supergroup: set TELEGRAM_CHAT_ID=%d", new_chat
        )
        self._turns.moved(new_chat)

    def _note_membership(self, found: Membership) -> None:
        now = self._clock()
        if found.is_member:
            _log.info("the bot is a member of the chat")
        else:
            _log.error("the bot was removed from the chat: add it again, messages wait until then")

        def change(reception: ChatReception) -> ChatReception:
            return replace(reception, removed_at=None if found.is_member else now)

        update(self._records, reception_key(self._rules.chat_id), read_reception, reception_to_json, change)

    def _name(self) -> str:
        """Our own name, asked for only where it decides something; empty if Telegram does not tell it.

        Raises NotNowError while it may be had later: what is for another bot is not to be answered meanwhile.
        """
        if self._own_name is None:
            reply = self._bot.call("getMe")
            if reply.may_pass:
                raise NotNowError(_AGAIN_SECONDS if reply.retry_after is None else reply.retry_after)
            name = reply.result.get("username") if isinstance(reply.result, dict) else None
            if not isinstance(name, str):
                return ""
            self._own_name = name
        return self._own_name


def _as_toast(response: Response) -> str:
    """What would be said in the chat, for who pressed alone."""
    lines = [line for part in parts_of(response.blocks) for line in part]
    return to_plain(fitted(without_markup(lines), TOAST_LIMIT)) or response.toast
