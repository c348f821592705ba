"""One chat as all see it who write to it at once: threads of one program, or functions.

What they must agree on (pace, turns, holds, what is refused) is one record, changed by its version.
"""

import logging
from dataclasses import dataclass, replace

from functions.notify import refusals, turns
from functions.notify.chat_state import back_off, change_state, read_state
from functions.notify.transports import Answer
from functions.notify.turns import Turn
from functions.shared.domain.keys import chat_key
from functions.shared.messages.chat_record import ChatState, Lane, chat_state_of
from functions.shared.ports import RecordStore
from functions.shared.records import Found
from functions.shared.runtime.clocks import Clock
from functions.shared.telegram.pace import asked_to_wait, is_group, seconds_held
from functions.shared.wording.durations import full_duration

_log = logging.getLogger(__name__)


def left_out_before(lane: Lane, number: int | None) -> int:
    """How many messages before that one were left out and not told of; those that a full queue left out are
    seen by the gap in the numbers.
    """
    if number is None or lane.flooded_from < 0:
        return lane.left_out
    return lane.left_out + max(0, number - lane.flooded_from - 1)


@dataclass(frozen=True, slots=True)
class Look:
    """The state of a chat, and the record that it was read from."""

    state: ChatState
    found: Found


class Chat:
    """`most` messages in any 60 s to a group (0: any number); `topic` is the one that is set, if any.

    What it does is written before it returns. All of it raises TransientError.
    """

    def __init__(
        self, records: RecordStore, chat_id: str, most: int, topic: int | None, clock: Clock
    ) -> None:
        self._records = records
        self._key = chat_key(chat_id)
        self._most = most if is_group(chat_id) else 0
        self._topic = topic
        self._clock = clock

    @property
    def key(self) -> str:
        """Of its record."""
        return self._key

    def state(self) -> ChatState:
        return read_state(self._records, self._key)

    def look(self) -> Look:
        """At the chat as it stands, to take a turn by it."""
        found = Found(self._records.get(self._key))
        return Look(chat_state_of(found.stored), found)

    def is_free(self, look: Look, turn: Turn) -> bool:
        """Whether there is a place for it now, unless somebody else is faster."""
        state, now = look.state, turn.taken_at
        return seconds_held(state, now) <= 0 and turns.take_turn(state, turn.lane, now, self._most)[1] <= 0

    def take_turn(self, look: Look, turn: Turn) -> tuple[ChatState, float]:
        """A place in the chat's window; the seconds to wait if there is none, or nothing is sent now.

        Nothing is written when all stays as it was, and nothing is read again unless somebody else wrote.
        """
        state, now, wait = look.state, turn.taken_at, 0.0

        def take(state: ChatState) -> ChatState:
            nonlocal wait
            wait = seconds_held(state, now)
            if wait > 0:
                return state
            after, wait = turns.take_turn(state, turn.lane, now, self._most)
            return after if wait > 0 else refusals.let_one_try(after, now)

        return (state if take(state) == state else self._change(take, look.found)), wait

    def leave_out(self, lane: str, number: int, flooded_to: int) -> None:
        """The message of that number is superseded, in a flood that reaches to that other number."""

        def one_more(lane: Lane) -> Lane:
            left_out = left_out_before(lane, number) + (number > lane.flooded_from)  # not twice by a repeat
            reaches = max(lane.flooded_to, flooded_to)
            return replace(lane, left_out=left_out, flooded_from=number, flooded_to=reaches)

        self._change(lambda state: state.with_lane(lane, one_more))

    def goes_to_topic(self, state: ChatState, now: float) -> bool:
        return not refusals.is_topic_left_out(state, self._topic, now)

    def sent(
        self, turn: Turn, answer: Answer, *, to_topic: bool | None, told_left_out: int, number: int | None
    ) -> None:
        """A message arrived, which told of so many that were left out; `number`: its own, if it has one.

        `to_topic` is None for one in its printer's own: it says nothing of the topic that is set.
        """
        now = self._clock()
        before = ChatState()

        def less_left_out(lane: Lane) -> Lane:
            if number is None or not lane.flooded_to:
                return replace(lane, left_out=max(0, lane.left_out - told_left_out))
            if number + 1 >= lane.flooded_to:
                return replace(lane, left_out=0, flooded_from=-1, flooded_to=0)
            return replace(lane, left_out=0, flooded_from=number)

        def sent(state: ChatState) -> ChatState:
            nonlocal before
            before = state
            after = turns.arrived(state, turn, now, self._most).with_lane(turn.lane, less_left_out)
            after = refusals.taken_again(after)
            if to_topic is not None:
                after = refusals.topic_taken(after, to_topic=to_topic)
            return replace(after, moved_to=answer.moved_to or after.moved_to)

        self._change(sent)
        if before.refusal is not None:
            lasted = full_duration(max(0.0, now - before.refusal.since))
            _log.info("Telegram takes messages again after %s", lasted)
        if to_topic is False and not before.topic_is_told:
            _log.error("the topic of TELEGRAM_THREAD_ID is not there: messages go to the chat itself")

    def also_sent(self, at: float) -> None:
        """Something that had no place of its own."""
        if self._most > 0:
            self._change(lambda state: replace(state, window=(*state.window, at)))

    def asked_to_wait(self, turn: Turn | None, seconds: float) -> None:
        """By Telegram (429), whoever writes next."""
        now = self._clock()

        def asked(state: ChatState) -> ChatState:
            after = turns.give_back(state, turn) if turn is not None else state
            return asked_to_wait(after, now, seconds)

        self._change(asked)

    def lane_failed(self, turn: Turn, longest: float, *, is_unsent: bool = False) -> float:
        """Seconds that its lane waits, others may be luckier. `is_unsent`: it has surely not arrived."""

        def failed(state: ChatState) -> ChatState:
            after = turns.give_back(state, turn) if is_unsent else state
            return after.with_lane(turn.lane, lambda lane: replace(lane, failures=lane.failures + 1))

        return back_off(self._change(failed).lane(turn.lane).failures, longest)

    def is_first_to_fail(self, turn: Turn) -> bool:
        """Whether no other lane has failed as often: an outage is every lane's, and is said by one."""
        state = self.state()
        others = (lane.failures for lane in state.lanes if lane.name != turn.lane)
        return state.lane(turn.lane).failures > max(others, default=0)

    def doubted_since(self, turn: Turn, state: ChatState, message_id: str) -> float | None:
        """Since when that message has been refused for an unknown reason; None: since now."""
        now, lane = self._clock(), state.lane(turn.lane)
        if lane.doubted == message_id and lane.doubtful_since is not None and lane.doubtful_since <= now:
            return lane.doubtful_since

        def doubted(lane: Lane) -> Lane:
            return replace(lane, doubtful_since=now, doubted=message_id)

        self._change(lambda state: state.with_lane(turn.lane, doubted))
        return None

    def is_topic_waited_for(self, state: ChatState) -> bool:
        """Whether it may still come back: the topic was not there just now."""
        now, topic = self._clock(), self._topic
        missed = refusals.topic_missed(state, topic, now)
        if topic is None or refusals.topic_grace_left(missed, topic, now) > 0:
            return True
        self._change(lambda state: refusals.topic_missed(state, topic, now))
        return False

    def refused(self, turn: Turn, answer: Answer) -> float:
        """Seconds until somebody tries again, as the chat or the bot is refused; that it begins is logged."""
        now = self._clock()
        is_new = False

        def refused(state: ChatState) -> ChatState:
            nonlocal is_new
            what = refusals.what_is_refused(answer.outcome)
            is_new = state.refusal is None or state.refusal.what is not what
            return refusals.refused(turns.give_back(state, turn), what, answer.reason, now, self._topic)

        state = self._change(refused)
        if is_new and state.refusal is not None:
            _log.error("%s", refusals.told(state.refusal.what, answer.reason))
        return seconds_held(state, now)

    def not_tried(self, turn: Turn) -> None:
        """Its place is free again, and nothing is known of the chat by it."""
        self._change(lambda state: turns.give_back(state, turn).with_lane(turn.lane, turns.well))

    def message_refused(self, turn: Turn) -> None:
        """The message is, so the chat is not."""

        self._change(
            lambda state: refusals.taken_again(turns.give_back(state, turn).with_lane(turn.lane, turns.well))
        )

    def _change(self, change: "refusals.Change", found: Found | None = None) -> ChatState:
        return change_state(self._records, self._key, change, found)
