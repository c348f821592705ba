"""BambUI holds its statuses back at four points of a print until a fresh picture is there, 10 s at most."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from infra.local.simulator.happenings import Done, Happening, Picture, StatusDelta
from infra.local.simulator.merging import MergedStatus, PhotoPoints

PHOTO_WAIT_SECONDS = 10.0


def hold_for_photos(happenings: Iterable[Happening], *, is_stuck: bool = False) -> Iterator[Happening]:
    """The same happenings at the times at which BambUI lets them through.

    `is_stuck`: the camera gives nothing while BambUI waits, so that each wait is a whole one.
    """
    gate = _Gate()
    for happening in happenings:
        yield from gate.expire(happening.at)
        if isinstance(happening, StatusDelta | Done):  # the script is not over before its last status is out
            yield from gate.take(happening)
        elif isinstance(happening, Picture):
            if not (is_stuck and gate.is_waiting):
                yield happening
                yield from gate.release(happening.at)
        else:
            yield happening


class _Gate:
    """Statuses go through one after the other; one at a photo point holds itself and those behind it."""

    def __init__(self) -> None:
        self._held: deque[StatusDelta | Done] = deque()
        self._waits_since: float | None = None
        self._merged = MergedStatus({})
        self._points = PhotoPoints()

    @property
    def is_waiting(self) -> bool:
        return self._waits_since is not None

    def take(self, status: StatusDelta | Done) -> Iterator[StatusDelta | Done]:
        self._held.append(status)
        yield from self._pass_on(status.at)

    def release(self, at: float) -> Iterator[StatusDelta | Done]:
        """The picture is there, or the wait is over."""
        if self._waits_since is not None:
            self._waits_since = None
            yield replace(self._held.popleft(), at=at)
            yield from self._pass_on(at)

    def expire(self, now: float) -> Iterator[StatusDelta | Done]:
        while self._waits_since is not None and self._waits_since + PHOTO_WAIT_SECONDS <= now:
            yield from self.release(self._waits_since + PHOTO_WAIT_SECONDS)

    def _pass_on(self, at: float) -> Iterator[StatusDelta | Done]:
        while self._held and self._waits_since is None:
            if self._is_photo_point(self._held[0]):
                self._waits_since = at
            else:
                yield replace(self._held.popleft(), at=at)

    def _is_photo_point(self, happening: StatusDelta | Done) -> bool:
        if isinstance(happening, Done):
            return False
        if self._merged.merge(happening.fields):
            self._points.start_anew()
        return self._points.is_new_point(self._merged.data)
