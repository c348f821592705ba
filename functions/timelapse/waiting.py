"""When to wait for frames that are still on their way, and when to try again. Pure."""

from collections.abc import Sequence

FRAMES_WAIT_SECONDS = 1800.0
FAILURES_LIMIT = 5
STARTS_LIMIT = 20
RETRY_DELAYS = (30.0, 120.0, 300.0, 600.0)

_SHORTEST_WAIT, _LONGEST_WAIT = 5.0, 120.0


def wait_for_frames(arrived: int, kept: int | None, waited_seconds: float) -> float | None:
    """How long to wait for more frames, None if they are all here or it took too long already.

    Waits grow with the time waited: about twenty in the whole half hour.
    """
    if kept is None or arrived >= kept or waited_seconds >= FRAMES_WAIT_SECONDS:
        return None
    wait = min(_LONGEST_WAIT, max(_SHORTEST_WAIT, waited_seconds / 2))
    return min(wait, max(_SHORTEST_WAIT, FRAMES_WAIT_SECONDS - waited_seconds))


def retry_delay(failures: int, delays: Sequence[float] = RETRY_DELAYS) -> float | None:
    """How long to wait after so many failures (one or more) in a row, None if that was the last one."""
    if failures >= FAILURES_LIMIT or not delays:
        return None
    return delays[min(failures, len(delays)) - 1]


def missing_frames(arrived: int, kept: int | None, broken: int) -> int:
    """How many frames the film lacks: those that never arrived and those that are no pictures."""
    return max(0, (kept or 0) - arrived) + broken
