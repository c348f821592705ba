"""Which statuses count, and when: the first words after a gap settle, and an end waits for its cause.

Pure. Times are seconds of a clock that only runs forward. A printer may say several words within
milliseconds of a connect, and says the code of a cancel up to seconds after the word
(infra/docs/bambui-protocol.md, "About real printers").
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from collector.bambui.messages import StatusMessage
from functions.shared.domain.error_codes import (
    Causes,
    cancel_codes,
    errors_of,
    is_stop,
)
from functions.shared.domain.status import CANCELLED, SUCCEEDED, PrinterStatus, is_active, is_finished

# A cancel code that came so long before the word explains it, as in the tracker.
_CAUSE_HOLDS = 30.0


@dataclass(frozen=True, slots=True)
class SettlingRules:
    """How long the first words after a gap settle, and how long an end waits for its cause; 0: not at all."""

    # Bursts at a connect were over within 11 ms; nobody misses a second.
    settle_seconds: float = 1.0
    # The code of a cancel came 2 s after the word; BambUI's merge adds up to a second.
    cause_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits until a moment: the newest status, and before it one whose word counts.

    While words settle that is the last one with a word, as a status without one takes none back. `is_end`: it
    is a job's end, and stays the first: what firmware clears after it, codes and figures, belongs to the end.
    """

    until: float
    newest: StatusMessage
    worded: StatusMessage
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Settling:
    """`seen_at`: since when each code stands; `is_first`: no status was seen yet."""

    waiting: Waiting | None = None
    causes: Causes = field(default_factory=Causes)
    seen_at: Mapping[str, float] = field(default_factory=dict)
    is_first: bool = True


Settled = tuple[Settling, tuple[StatusMessage, ...]]
"""The state after it, and the statuses that count from now on, in their order."""


def settle(
    state: Settling,
    message: StatusMessage,
    now: float,
    rules: SettlingRules,
    *,
    is_after_gap: bool,
    has_active_job: bool,
) -> Settled:
    """After one more status. `is_after_gap`: no known word was taken since the gap."""
    facts = message.facts
    causes = state.causes.merged(facts)
    new_codes = causes.since(state.causes)
    state = _with_codes(state, causes, new_codes, now)
    waiting = state.waiting
    if waiting is None:
        is_word_known = is_active(facts.state) or is_finished(facts.state)
        if is_after_gap and is_word_known and rules.settle_seconds > 0:
            return replace(state, waiting=Waiting(now + rules.settle_seconds, message, message)), ()
        return _judge(state, message, now, rules, new_codes, has_active_job=has_active_job)
    if not waiting.is_end:
        worded = waiting.worded if facts.state is None else message
        return replace(state, waiting=replace(waiting, newest=message, worded=worded)), ()
    if is_after_gap and rules.settle_seconds > 0 and is_active(facts.state):
        settling = Waiting(now + rules.settle_seconds, message, message)
        return replace(state, waiting=settling), _in_order(waiting)
    return _with_end_waiting(state, waiting, message, now, new_codes)


def release(state: Settling, now: float, rules: SettlingRules, *, has_active_job: bool) -> Settled:
    """As time goes by."""
    waiting = state.waiting
    if waiting is None or now < waiting.until:
        return state, ()
    settled = replace(state, waiting=None)
    if waiting.is_end:
        return settled, _in_order(waiting)
    judged, _ = _judge(settled, waiting.worded, now, rules, frozenset(), has_active_job=has_active_job)
    if judged.waiting is not None:
        return replace(judged, waiting=replace(judged.waiting, newest=waiting.newest)), ()
    return judged, _in_order(waiting)


def _judge(
    state: Settling,
    message: StatusMessage,
    now: float,
    rules: SettlingRules,
    new_codes: frozenset[str],
    *,
    has_active_job: bool,
) -> Settled:
    if (
        has_active_job
        and rules.cause_seconds > 0
        and _is_unexplained_end(state, message.facts, now, new_codes)
    ):
        return replace(state, waiting=Waiting(now + rules.cause_seconds, message, message, is_end=True)), ()
    return state, (message,)


def _with_end_waiting(
    state: Settling,
    waiting: Waiting,
    message: StatusMessage,
    now: float,
    new_codes: frozenset[str],
) -> Settled:
    word = message.facts.state
    goes_on = replace(state, waiting=None)
    if word is not None and (not is_finished(word) or word in SUCCEEDED):
        return goes_on, (*_in_order(waiting), message)
    if _has_cause(state, message.facts, now, new_codes):
        is_cancel = word is not None and _is_cancel_fresh(state, message, now)
        tells_all = is_cancel or word == waiting.worded.facts.state
        return goes_on, (message,) if tells_all else (*_in_order(waiting), message)
    return replace(state, waiting=replace(waiting, newest=message)), ()


def _in_order(waiting: Waiting) -> tuple[StatusMessage, ...]:
    worded, newest = waiting.worded, waiting.newest
    return (worded,) if newest is worded else (worded, newest)


def _is_unexplained_end(state: Settling, facts: PrinterStatus, now: float, new_codes: frozenset[str]) -> bool:
    if not is_finished(facts.state) or facts.state in SUCCEEDED | CANCELLED:
        return False
    return not _has_cause(state, facts, now, new_codes)


def _has_cause(state: Settling, facts: PrinterStatus, now: float, new_codes: frozenset[str]) -> bool:
    """A cancel, or what stops a print, lately; of all else only what comes with the word or after it.

    Who cancels a paused print does so with the code of the pause still standing.
    """
    causes = state.causes.filled_into(facts)
    errors = set(errors_of(causes))
    stops = {code for code in errors if is_stop(code)} | cancel_codes(causes)
    is_stopped_lately = any(now - state.seen_at.get(code, now) <= _CAUSE_HOLDS for code in stops)
    return is_stopped_lately or bool(errors & new_codes)


def _is_cancel_fresh(state: Settling, message: StatusMessage, now: float) -> bool:
    codes = cancel_codes(state.causes.filled_into(message.facts))
    return any(now - state.seen_at.get(code, now) <= _CAUSE_HOLDS for code in codes)


def _with_codes(state: Settling, causes: Causes, new_codes: frozenset[str], now: float) -> Settling:
    """What stands there at first sight may have stood for long."""
    if causes == state.causes:
        return replace(state, is_first=False)
    came_at = -math.inf if state.is_first else now
    seen_at = {code: came_at if code in new_codes else state.seen_at.get(code, now) for code in causes.codes}
    return replace(state, causes=causes, seen_at=seen_at, is_first=False)
