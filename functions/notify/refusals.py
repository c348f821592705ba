"""What a refusal of the chat or the bot means for the messages that wait. Pure.

It says nothing of the message: all wait, one tries for all, and again after 1 s doubling to a minute (a
refused token: after 15 minutes, it takes somebody who sets another).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from functions.notify.chat_state import LONGEST_BACK_OFF, back_off
from functions.notify.transports import Outcome
from functions.shared.messages.chat_record import ChatState, Refusal, Refused
from functions.shared.telegram.pace import seconds_held
from functions.shared.wording.durations import full_duration

Change: TypeAlias = Callable[[ChatState], ChatState]

LONGEST_WAIT = 60.0
# Somebody who moves topics about has made another by then; nobody should wait longer for an alert.
TOPIC_GRACE_SECONDS = 180.0
TOPIC_RETRY_SECONDS = 900.0
# For a message that is refused and nobody knows why: Telegram has hours in which it refuses everything.
DOUBT_SECONDS = 180.0

_WHAT = {
    Outcome.UNAUTHORIZED: Refused.TOKEN,
    Outcome.SHUT_OUT: Refused.CHAT,
    Outcome.NO_TOPIC: Refused.TOPIC,
    Outcome.DOUBTFUL: Refused.ALL,
}


def hold(state: ChatState, now: float, seconds: float) -> ChatState:
    """Nothing is sent for so long; a longer hold stands."""
    return replace(state, held_from=now, held_until=now + max(seconds, seconds_held(state, now)))


def let_one_try(state: ChatState, now: float) -> ChatState:
    """While the chat is refused, who tries holds the others back until it is known how that went."""
    return state if state.refusal is None else hold(state, now, _wait(state.refusal.what, state.failures))


def what_is_refused(outcome: Outcome) -> Refused:
    """Of an outcome that says nothing of the message."""
    return _WHAT[outcome]


def refused(state: ChatState, what: Refused, reason: str, now: float, topic: int | None) -> ChatState:
    """One more try of the chat was refused."""
    since = state.refusal.since if state.refusal is not None else now
    failures = state.failures + 1
    wait = _wait(what, failures)
    after = replace(state, failures=failures, refusal=Refusal(what, reason, since, now))
    if what is Refused.TOPIC:
        after = topic_missed(after, topic, now)
        wait = min(wait, max(0.0, topic_grace_left(after, topic, now)))
    # Set anew: what `let_one_try` held was for this try.
    return replace(after, held_from=now, held_until=now + wait)


def taken_again(state: ChatState) -> ChatState:
    """The chat took a message."""
    if state.refusal is None:
        return state
    return replace(state, failures=0, refusal=None, held_from=None, held_until=None)


def _wait(what: Refused, failures: int) -> float:
    return LONGEST_BACK_OFF if what is Refused.TOKEN else back_off(failures, LONGEST_WAIT)


def topic_missed(state: ChatState, topic: int | None, now: float) -> ChatState:
    """The topic was not there."""
    if state.topic != topic or state.topic_missing_since is None:
        state = replace(state, topic=topic, topic_missing_since=now, topic_is_told=False)
    return replace(state, topic_tried_at=now)


def topic_grace_left(state: ChatState, topic: int | None, now: float) -> float:
    """Seconds until messages go to the chat itself; infinite while nothing is known against the topic."""
    if state.topic_missing_since is None or state.topic != topic or now < state.topic_missing_since:
        return float("inf")
    return state.topic_missing_since + TOPIC_GRACE_SECONDS - now


def is_topic_left_out(state: ChatState, topic: int | None, now: float) -> bool:
    """Whether this message is not even tried there: once each 15 minutes one is."""
    is_waited_for = state.refusal is not None and state.refusal.what is Refused.TOPIC
    if is_waited_for or topic_grace_left(state, topic, now) > 0:
        return False
    tried_at = state.topic_tried_at
    return tried_at is not None and 0 <= now - tried_at < TOPIC_RETRY_SECONDS


def topic_taken(state: ChatState, *, to_topic: bool) -> ChatState:
    """A message was taken: in the topic (or there is none), or without it, as the chat was told by that."""
    if not to_topic:
        return replace(state, topic_is_told=state.topic_missing_since is not None)
    return replace(state, topic=None, topic_missing_since=None, topic_tried_at=None, topic_is_told=False)


def told(what: Refused, reason: str) -> str:
    """A line for the log at its begin. The reason ends with what to do."""
    match what:
        case Refused.TOKEN:
            return f"Telegram refuses the bot's token ({reason}); messages wait, next tries every 15 min"
        case Refused.TOPIC:
            return (
                f"Telegram does not find the topic ({reason}); messages wait, from "
                f"{full_duration(TOPIC_GRACE_SECONDS)} on they go to the chat itself"
            )
        case Refused.CHAT:
            return f"Telegram refuses the chat or the bot ({reason}); messages wait, next tries every minute"
        case Refused.ALL:
            return f"Telegram refuses every message ({reason}); messages wait, next tries every minute"
