"""What one printer's watcher was given, and when it could watch at all: values in the order of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.reliability.chaos.wire import Heard

# Seconds until what was given is surely on the disk, on a machine that has more to do.
READ_WITHIN = 0.5
SAVED_WITHIN = 1.0
SLOW_BACKLOG = 2.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The WebSocket is open."""

    at: float


@dataclass(frozen=True, slots=True)
class Closed:
    """It is no longer."""

    at: float


@dataclass(frozen=True, slots=True)
class Status:
    """A whole status was handed over. `is_read`: the program surely read it; `is_sure`: it also lived long
    enough to have kept what it says, if it was not to wait for anything. `late_at`: when a program that stood
    still read it."""

    at: float
    heard: Heard
    is_sure: bool = True
    is_read: bool = True
    late_at: float | None = None

    @property
    def seen_at(self) -> float:
        return self.at if self.late_at is None else self.late_at


@dataclass(frozen=True, slots=True)
class Started:
    """The program was started, and will be killed at `ends_at`."""

    at: float
    ends_at: float = float("inf")


@dataclass(frozen=True, slots=True)
class Killed:
    """The program is no more. `asked_at`: when it was asked to end; from then on it does what it likes."""

    at: float
    asked_at: float | None = None

    @property
    def begins(self) -> float:
        return self.at if self.asked_at is None else self.asked_at


Item = Opened | Closed | Status | Started | Killed
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hindrances:
    """Spans of time in which the program stood still, and in which its disk was slow."""

    frozen: tuple[Span, ...] = ()
    slow: tuple[Span, ...] = ()

    def read_at(self, at: float) -> float:
        """When what comes at that moment is read."""
        return max((end for begin, end in self.frozen if begin - READ_WITHIN <= at <= end), default=at)

    def saved_at(self, at: float) -> float:
        """When it is surely on the disk."""
        read = self.read_at(at)
        ends = [
            end + SLOW_BACKLOG
            for begin, end in self.slow
            if begin - READ_WITHIN <= read <= end + SLOW_BACKLOG
        ]
        return max([read, *ends]) + SAVED_WITHIN

    def is_frozen_within(self, begin: float, end: float) -> bool:
        return any(first <= end and begin <= last + READ_WITHIN for first, last in self.frozen)


def timeline(items: Iterable[Item], lives: Sequence[Item], hindrances: Hindrances) -> list[Item]:
    """One printer's items and the program's starts and kills, each status judged whether it is sure."""
    merged = sorted([*items, *lives], key=lambda item: item.at)
    judged: list[Item] = []
    ends_at, kill_at = float("inf"), float("inf")  # of this connection, of this life
    for item in reversed(merged):
        if isinstance(item, Killed):
            kill_at = item.begins
        elif isinstance(item, Closed):
            ends_at = item.at
        elif isinstance(item, Status):
            read_at = hindrances.read_at(item.at)
            is_lost_with_socket = read_at + READ_WITHIN >= ends_at
            is_lost_with_program = hindrances.saved_at(item.at) >= kill_at
            item = replace(
                item,
                is_sure=not (is_lost_with_socket or is_lost_with_program),
                is_read=not is_lost_with_socket and read_at + READ_WITHIN < kill_at,
                late_at=read_at if read_at > item.at else None,
            )
        elif isinstance(item, Started):
            item, ends_at, kill_at = replace(item, ends_at=kill_at), float("inf"), float("inf")
        elif isinstance(item, Opened):
            ends_at = float("inf")
        judged.append(item)
    judged.reverse()
    return judged
