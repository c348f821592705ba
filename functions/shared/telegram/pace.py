"""How often a chat is written to, and while it is not. Pure.

Telegram allows about 20 messages a minute to a group (core.telegram.org/bots/faq, "My bot is hitting
limits"). The window is a tuple of the times of past sends, in seconds since 1970.
"""

from dataclasses import replace

from functions.shared.messages.chat_record import ChatState, Window

PERIOD_SECONDS = 60.0
CLOCK_TOLERANCE = 5.0


def is_group(chat_id: str) -> bool:
    """Groups and channels have negative ids, or are named as @channel; people have positive ids."""
    return chat_id.startswith(("-", "@"))


def current(window: Window, now: float) -> Window:
    """The sends that still count; one far in the future was stamped by a clock that has been put back."""
    return tuple(at for at in window if now - PERIOD_SECONDS < at <= now + CLOCK_TOLERANCE)


def seconds_to_wait(window: Window, now: float, most: int) -> float:
    """Seconds until one more may be sent; 0 when it may be now, and always when `most` is 0."""
    counted = sorted(current(window, now))
    if most <= 0 or len(counted) < most:
        return 0.0
    return counted[-most] + PERIOD_SECONDS - now


def seconds_held(state: ChatState, now: float) -> float:
    """How long nothing is sent to the chat; what a clock that was put back makes of it does not count."""
    return max(_left(state.held_from, state.held_until, now), _left(state.asked_from, state.asked_until, now))


def may_make_topics(state: ChatState, now: float) -> bool:
    """Not for as long as Telegram wished."""
    return _left(state.topics_from, state.topics_until, now) <= 0


def _left(begun: float | None, until: float | None, now: float) -> float:
    if until is None or begun is None or now < begun - CLOCK_TOLERANCE:
        return 0.0
    return max(0.0, until - now)


def asked_to_wait(state: ChatState, now: float, seconds: float) -> ChatState:
    """By Telegram: whatever becomes of what is under way, nothing is sent for so long."""
    longest = max(seconds, _left(state.asked_from, state.asked_until, now))
    return replace(state, asked_from=now, asked_until=now + longest)


def asked_for_no_topics(state: ChatState, now: float, seconds: float) -> ChatState:
    """By Telegram: no topic is made for so long. Messages are another matter."""
    longest = max(seconds, _left(state.topics_from, state.topics_until, now))
    return replace(state, topics_from=now, topics_until=now + longest)
