"""How many changes of a printer are let through: a token bucket, so that one that flaps costs little.

Pure. Times are seconds of a clock that only runs forward. What comes too fast waits; the newest of it counts
when its turn comes, and the others are left out and counted.
"""

from dataclasses import dataclass, field, replace

from collector.bambui.messages import StatusMessage
from collector.printer.reporting import LastReported

# Minutes' worth of changes that may come at once. Of percents as many as a whole print has.
_BURST_MINUTES = 5.0
_PERCENT_BURST_MINUTES = 10.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` at the moment `at`; None: full."""

    tokens: float | None = None
    at: float = 0.0

    def filled(self, now: float, per_minute: float, burst_minutes: float) -> "Bucket":
        most = per_minute * burst_minutes
        if self.tokens is None:
            return Bucket(most, now)
        return Bucket(min(most, self.tokens + max(0.0, now - self.at) * per_minute / 60), now)


@dataclass(frozen=True, slots=True)
class ChangeRate:
    """`said` is what the last status that was let through said; percents have a bucket of their own, as
    nobody must wait for a pause because of them. `left_out` counts on."""

    said: LastReported = field(default_factory=LastReported)
    changes: Bucket = field(default_factory=Bucket)
    percents: Bucket = field(default_factory=Bucket)
    waiting: StatusMessage | None = None
    until: float | None = None
    left_out: int = 0


Passed = tuple[ChangeRate, StatusMessage | None]


def pass_on(state: ChangeRate, message: StatusMessage, now: float, per_minute: float) -> Passed:
    """After one more status: it, if it may go on now. `per_minute` 0: all may."""
    if per_minute <= 0:
        return state, message
    said = state.said.merged(message.facts)
    is_change = replace(said, percent=None) != replace(state.said, percent=None)
    waits = state.waiting is not None
    if not is_change and said.percent == state.said.percent:
        return replace(state, waiting=None, until=None, left_out=state.left_out + waits), message
    bucket = (
        state.changes.filled(now, per_minute, _BURST_MINUTES)
        if is_change
        else state.percents.filled(now, per_minute, _PERCENT_BURST_MINUTES)
    )
    tokens = bucket.tokens or 0.0
    if tokens < 1:
        until = now + (1 - tokens) * 60 / per_minute
        return replace(state, waiting=message, until=until, left_out=state.left_out + waits), None
    bucket = replace(bucket, tokens=tokens - 1)
    state = replace(state, changes=bucket) if is_change else replace(state, percents=bucket)
    return replace(state, said=said, waiting=None, until=None, left_out=state.left_out + waits), message


def release(state: ChangeRate, now: float, per_minute: float) -> Passed:
    """As time goes by: what waits, when its turn has come."""
    if state.waiting is None or state.until is None or now < state.until:
        return state, None
    return pass_on(replace(state, waiting=None, until=None), state.waiting, now, per_minute)
