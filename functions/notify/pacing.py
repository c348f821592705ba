"""How often a chat is written to: at most N messages in any 60 s to a group. Pure.

Telegram allows about 20 messages a minute to a group (core.telegram.org/bots/faq, "My bot is hitting
limits"). The window is a tuple of the times of past sends, in seconds since 1970.
"""

PERIOD_SECONDS = 60.0
_CLOCK_TOLERANCE = 5.0

Window = tuple[float, ...]


def is_group(chat_id: str) -> bool:
    """Groups and channels have negative ids, or are named as @channel; people have positive ids."""
    return chat_id.startswith(("-", "@"))


def current(window: Window, now: float) -> Window:
    """The sends that still count; one far in the future was stamped by a clock that has been put back."""
    return tuple(at for at in window if now - PERIOD_SECONDS < at <= now + _CLOCK_TOLERANCE)


def seconds_to_wait(window: Window, now: float, most: int) -> float:
    """Seconds until one more may be sent; 0 when it may be now, and always when `most` is 0."""
    counted = sorted(current(window, now))
    if most <= 0 or len(counted) < most:
        return 0.0
    return counted[-most] + PERIOD_SECONDS - now
