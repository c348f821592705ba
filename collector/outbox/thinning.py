"""Which frames go when the outbox is full, as rules without a clock or a disk.

A film can spare frames anywhere but not a whole stretch of it: each round takes about every second frame
of one job, first of the oldest, and both ends stay. What a waiting report names goes last.
"""

from collections.abc import Container, Iterable, Sequence
from itertools import pairwise

from collector.outbox.model import WaitingFrame

_REACH = 2.5  # in usual gaps: bridges two of them though they are not quite equal, never three
_ALIKE = 0.75


def plan_room(
    frames: Iterable[WaitingFrame], bytes_to_free: int, spared: Container[str]
) -> list[WaitingFrame]:
    """The frames to drop, of `bytes_to_free` in all if there are so many. `spared`: keys to drop last."""
    everything = list(frames)
    dropped: list[WaitingFrame] = []
    freed = 0
    jobs = _by_job(everything)
    while freed < bytes_to_free:
        thinned = _thin_one(jobs, spared)
        if not thinned:
            break
        dropped += thinned
        freed += sum(frame.size for frame in thinned)
    gone = {frame.file for frame in dropped}
    rest = sorted(
        (frame for frame in everything if frame.file not in gone),
        key=lambda frame: (frame.key in spared, frame.taken_at),
    )
    for frame in rest:
        if freed >= bytes_to_free:
            break
        dropped.append(frame)
        freed += frame.size
    return dropped


def _by_job(frames: Sequence[WaitingFrame]) -> list[list[WaitingFrame]]:
    jobs: dict[tuple[str, str | None], list[WaitingFrame]] = {}
    for frame in frames:
        if frame.is_film:
            jobs.setdefault((frame.printer_id, frame.token), []).append(frame)
    for job in jobs.values():
        job.sort(key=lambda frame: frame.taken_at)
    return sorted(jobs.values(), key=lambda job: job[0].taken_at)


def _thin_one(jobs: list[list[WaitingFrame]], spared: Container[str]) -> list[WaitingFrame]:
    """Thin the oldest job, but not one that has far fewer frames than the longest: so all stay alike."""
    plans = [(job, thin(job, spared)) for job in jobs]
    most = max((len(job) for job, dropped in plans if dropped), default=0)
    for job, dropped in plans:
        if dropped and len(job) > _ALIKE * most:
            gone = {frame.file for frame in dropped}
            job[:] = [frame for frame in job if frame.file not in gone]
            return dropped
    return []


def thin(job: Sequence[WaitingFrame], spared: Container[str]) -> list[WaitingFrame]:
    """The frames that one round takes from a job sorted by time: every second one if they are evenly spaced.

    Where they are denser (kept since an earlier round) more go, where they are sparser none.
    """
    inner = [frame for frame in job[1:-1] if frame.key not in spared]
    if not inner:
        return []
    gaps = sorted(later.taken_at - earlier.taken_at for earlier, later in pairwise(job))
    reach = _REACH * gaps[len(gaps) // 2]
    dropped = []
    kept_at = job[0].taken_at
    for frame, following in pairwise(job[1:]):
        if frame.key not in spared and following.taken_at - kept_at <= reach:
            dropped.append(frame)
        else:
            kept_at = frame.taken_at
    return dropped or inner[::2]
