"""Which waiting frames are sent together as one pack, and when. Without a clock or a disk.

Only frames of a film that nothing names go so: of one job's folder, in the order of their keys. Nothing is
written down about packs: until one is stored its frames wait as before, and after a kill they are packed
anew, perhaps otherwise. Readers take a frame that came twice as one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from collector.outbox.model import JobKey, WaitingFrame
from functions.shared.domain.frame_packs import PACK_BYTES, PACK_FRAMES, SPAN_SECONDS

PACK_SECONDS = 600.0
NAMED_SECONDS = 900.0
_SHARE_OF_JOB = 3  # a pack of a long job may take so much of the time it has run: no job has many packs
_LOOK_SECONDS, _LOOKS_END_SECONDS = 100.0, 360.0
_NAMED_SHARE, _LONGEST_NAMED_SECONDS = 8, 3600.0
PACKS_AT_ONCE = 4  # each is in memory while it is put

_Group = tuple[str, str | None, str]  # printer, job, folder


@dataclass(slots=True)
class _Waiting:
    frames: dict[str, WaitingFrame]
    size: int = 0


@dataclass(frozen=True, slots=True)
class PackRules:
    """`has_checks`: AI looks at frames. One from ten minutes before is wanted then, and for a second look one
    that is newer than the first."""

    has_checks: bool = False

    def longest_wait(self, has_run: float) -> float:
        """Seconds that a frame of a job that has run for so long waits for others."""
        if self.has_checks:
            return PACK_SECONDS
        return min(SPAN_SECONDS, max(PACK_SECONDS, has_run / _SHARE_OF_JOB))


def is_for_second_look(since_named: float, since_alone: float) -> bool:
    """Whether a frame goes alone so long after one that was named, and after the last that went alone.

    A second look comes a minute after the first, and waits five for its frame.
    """
    return since_named <= _LOOKS_END_SECONDS and since_alone >= _LOOK_SECONDS


class PackQueue:
    """Frames that wait for their pack. Not thread-safe: the outbox holds its lock.

    `running_since` says since when (edge time) a job runs, None of one that has ended: its frames wait for
    no others.
    """

    def __init__(self, running_since: Callable[[JobKey], float | None], rules: PackRules) -> None:
        self._running_since = running_since
        self._rules = rules
        self._groups: dict[_Group, _Waiting] = {}

    def add(self, frames: Iterable[WaitingFrame]) -> None:
        """In any order."""
        for frame in frames:
            group = self._groups.setdefault(_group_of(frame), _Waiting({}))
            last = next(reversed(group.frames), "")
            group.frames[frame.key] = frame
            group.size += frame.size
            if frame.key < last:
                group.frames = dict(sorted(group.frames.items()))

    def discard(self, frame: WaitingFrame) -> bool:
        """Whether it was there."""
        group = self._groups.get(_group_of(frame))
        if group is None or group.frames.pop(frame.key, None) is None:
            return False
        group.size -= frame.size
        if not group.frames:
            del self._groups[_group_of(frame)]
        return True

    def take(self, now: float) -> list[WaitingFrame]:
        """The oldest pack that is due at that edge time; none of its frames waits here any more."""
        due = min(self._due(now), key=lambda group: _first(group).taken_at, default=None)
        if due is None:
            return []
        pack: list[WaitingFrame] = []
        size = 0
        for frame in due.frames.values():
            size += frame.size
            if pack and (
                len(pack) == PACK_FRAMES
                or size > PACK_BYTES
                or frame.taken_at - pack[0].taken_at > SPAN_SECONDS
            ):
                break
            pack.append(frame)
        for frame in pack:
            self.discard(frame)
        return pack

    def due_frames(self, now: float) -> tuple[int, float | None]:
        """How many frames wait for nothing but being sent, and when the oldest of them was taken."""
        due = list(self._due(now))
        oldest = min((_first(group).taken_at for group in due), default=None)
        return sum(len(group.frames) for group in due), oldest

    def _due(self, now: float) -> Iterator[_Waiting]:
        for (printer_id, token, _), group in self._groups.items():
            since = self._running_since((printer_id, token))
            is_full = len(group.frames) >= PACK_FRAMES or group.size >= PACK_BYTES
            if (
                since is None
                or is_full
                or now - _first(group).taken_at >= self._rules.longest_wait(now - since)
            ):
                yield group


def named_for(has_run: float) -> float:
    """How long reports of which nobody is told go on to name one frame of a job that has run for so long."""
    return max(NAMED_SECONDS, min(_LONGEST_NAMED_SECONDS, has_run / _NAMED_SHARE))


def may_be_packed(frame: WaitingFrame) -> bool:
    """Whether it is of a film, and no larger than a pack."""
    return frame.is_film and frame.size < PACK_BYTES


def _group_of(frame: WaitingFrame) -> _Group:
    return frame.printer_id, frame.token, frame.key.rpartition("/")[0]


def _first(group: _Waiting) -> WaitingFrame:
    return next(iter(group.frames.values()))
