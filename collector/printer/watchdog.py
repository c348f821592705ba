"""When a connection is given up though it looks alive, and when a printer counts as silent.

BambUI's status task can die while images and pongs go on; only a new connection revives it, and stalls of
ten seconds are normal (infra/docs/bambui-protocol.md, "Stalls").
"""

from dataclasses import dataclass, replace
from enum import StrEnum

RARE_TRY = 600.0
_STALL_OUTLASTED = 12.0
_PATIENT_AFTER = 2
_DOUBLINGS = 20


class Cause(StrEnum):
    """Why to connect anew."""

    FORCED = "the regular time to connect anew has come"
    NO_STATUS = "no status came for a while"
    NO_IMAGE = "no picture came for a while"


@dataclass(frozen=True, slots=True)
class WatchdogRules:
    """Seconds; `forced_interval` of 0 or less: never."""

    image_timeout: float
    forced_interval: float
    status_timeout: float

    @property
    def revive_after(self) -> float:
        """A dead status task is revived before it becomes silence; BambUI's stalls are outlasted."""
        return min(self.status_timeout, max(_STALL_OUTLASTED, self.status_timeout / 2))


@dataclass(frozen=True, slots=True)
class Watch:
    """What came when, by a clock that only runs forward; the counts are time-outs in a row."""

    started_at: float
    connected_at: float | None = None
    status_at: float | None = None
    image_at: float | None = None
    status_timeouts: int = 0
    image_timeouts: int = 0

    def opened(self, now: float) -> "Watch":
        return replace(self, connected_at=now)

    def closed(self) -> "Watch":
        return replace(self, connected_at=None)

    def with_status(self, now: float) -> "Watch":
        return replace(self, status_at=now, status_timeouts=0)

    def with_image(self, now: float) -> "Watch":
        return replace(self, image_at=now, image_timeouts=0)


def check(watch: Watch, rules: WatchdogRules, now: float) -> tuple[Watch, Cause | None]:
    """Whether to connect anew now. The watch returned then waits for the next opening."""
    if watch.connected_at is None:
        return watch, None
    if rules.forced_interval > 0 and now - watch.connected_at >= rules.forced_interval:
        return watch.closed(), Cause.FORCED
    if now - _later(watch.status_at, watch.connected_at) >= _status_timeout(watch, rules):
        return replace(watch.closed(), status_timeouts=watch.status_timeouts + 1), Cause.NO_STATUS
    if now - _later(watch.image_at, watch.connected_at) >= _image_timeout(watch, rules, now):
        return replace(watch.closed(), image_timeouts=watch.image_timeouts + 1), Cause.NO_IMAGE
    return watch, None


def is_silent(watch: Watch, rules: WatchdogRules, now: float) -> bool:
    """Whether no status came for so long, connected or not, counted from the start at the earliest."""
    return now - _later(watch.status_at, watch.started_at) >= rules.status_timeout


def _status_timeout(watch: Watch, rules: WatchdogRules) -> float:
    doubled = rules.revive_after * 2.0 ** min(watch.status_timeouts, _DOUBLINGS)
    return min(doubled, max(RARE_TRY, rules.revive_after))


def _image_timeout(watch: Watch, rules: WatchdogRules, now: float) -> float:
    """A printer without a camera must not be torn down for ever while its status flows."""
    is_flowing = watch.status_at is not None and now - watch.status_at < rules.status_timeout
    if watch.image_timeouts >= _PATIENT_AFTER and is_flowing:
        return max(RARE_TRY, rules.image_timeout)
    return rules.image_timeout


def _later(moment: float | None, other: float) -> float:
    return other if moment is None else max(moment, other)
