"""When a collector is silent, forgotten, back, and what is to be said of it. Pure.

A collector reports on itself every five minutes. One that another has taken the place of, or that was
unheard for a week, is nobody's loss any more: it is forgotten without a word until it is heard again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum, StrEnum, auto

from functions.shared.domain.limits import COLLECTOR_FORGOTTEN_SECONDS, COLLECTOR_SILENT_SECONDS
from functions.shared.value_class import dataclass


class LivenessStatus(Enum):
    """How it is with a collector now."""

    HEARD = auto()
    SILENT = auto()
    FORGOTTEN = auto()


class Change(StrEnum):
    """What is announced; the values are those of the notification's category."""

    LOST = "collector_lost"
    BACK = "collector_back"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is to be said: lost or back, of the silence after that sequence number, and how long it was."""

    category: Change
    sequence: int
    decided_at: float
    quiet_seconds: float


@dataclass(frozen=True, slots=True)
class LivenessState:
    """What is remembered of a collector. `pending` is decided, and perhaps not said yet.

    `lost_sequence`: the last report before the silence that was announced, heard at `lost_since`;
    `forgotten_sequence`: the last report of one that was forgotten.
    """

    lost_sequence: int | None = None
    lost_since: float | None = None
    forgotten_sequence: int | None = None
    pending: Announcement | None = None


@dataclass(frozen=True, slots=True)
class Collector:
    """A collector by its last report on itself: when we received it, and the printers it lists."""

    collector_id: str
    sequence: int
    received_at: float
    printers: tuple[str, ...] = ()
    state: LivenessState = LivenessState()

    def quiet_for(self, now: float) -> float:
        """Seconds since it was heard; clocks of two machines may differ a little."""
        return max(0.0, now - self.received_at)


def watched_now(collectors: Iterable[Collector], now: float) -> frozenset[str] | None:
    """The printers of all collectors that were heard lately; None if none was."""
    recent = [it for it in collectors if it.quiet_for(now) <= COLLECTOR_SILENT_SECONDS]
    return frozenset(printer for it in recent for printer in it.printers) if recent else None


def liveness_of(collector: Collector, watched: frozenset[str] | None, now: float) -> LivenessStatus:
    """Judged by what all collectors watch (`watched_now`)."""
    quiet = collector.quiet_for(now)
    if quiet <= COLLECTOR_SILENT_SECONDS:
        return LivenessStatus.HEARD
    if quiet > COLLECTOR_FORGOTTEN_SECONDS or collector.state.forgotten_sequence == collector.sequence:
        return LivenessStatus.FORGOTTEN
    is_replaced = watched is not None and watched.issuperset(collector.printers)
    return LivenessStatus.FORGOTTEN if is_replaced else LivenessStatus.SILENT


def advance(collector: Collector, liveness: LivenessStatus, now: float) -> LivenessState:
    """The state after a look at it; the same one when there is nothing new. One thing is said at a time."""
    state = collector.state
    if state.pending is not None:
        return state
    is_announced = state.lost_sequence is not None
    match liveness:
        case LivenessStatus.HEARD if state.lost_sequence is not None:
            quiet = max(0.0, collector.received_at - (state.lost_since or 0.0))
            return LivenessState(
                pending=Announcement(Change.BACK, state.lost_sequence, now, quiet),
            )
        case LivenessStatus.HEARD:
            return LivenessState()
        case LivenessStatus.FORGOTTEN:
            return LivenessState(forgotten_sequence=collector.sequence)
        case LivenessStatus.SILENT if not is_announced:
            quiet = collector.quiet_for(now)
            return LivenessState(
                lost_sequence=collector.sequence,
                lost_since=collector.received_at,
                pending=Announcement(Change.LOST, collector.sequence, now, quiet),
            )
        case _:
            return state


def announced(state: LivenessState) -> LivenessState:
    """After the pending announcement was handed on."""
    return replace(state, pending=None)


def count_silent(collectors: Sequence[Collector], now: float) -> int:
    """How many collectors are missing now: the figure behind the alarm."""
    watched = watched_now(collectors, now)
    liveness_of_all = [liveness_of(collector, watched, now) for collector in collectors]
    return liveness_of_all.count(LivenessStatus.SILENT)
