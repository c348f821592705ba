"""One printer's frames: which images of a job are kept, and the newest one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from collector.bambui.messages import ImageError, ImageMessage
from collector.counters import PrinterCounters
from collector.outbox.model import CapturedFrame, EdgeJob
from collector.outbox.writer import OutboxWriter
from collector.printer.policy import SessionPolicy
from collector.printer.reporting import FramePolicy
from functions.shared.domain.status import PrinterStatus
from functions.shared.latest_pictures import LatestPicture, LatestPictures
from functions.shared.runtime.throttled_log import LogThrottle

_log = logging.getLogger(__name__)
DecodedT = TypeVar("DecodedT")


@dataclass(frozen=True, slots=True)
class FrameSampler:
    """How far the choice of frames of one job (`token`) has come. Times by a clock that only runs forward.

    `reached` is where on the even grid the last kept frame stands.
    """

    token: str
    began_at: float
    reached: float | None = None


def frame_interval(elapsed: float, remaining: float, budget: float) -> float:
    """Seconds between kept frames of a job; `budget` is how many are to be kept, infinity for all.

    With nothing known of the rest (0) the interval grows with the time gone by, so that no job costs
    without bound: about budget * (1 + ln(length / (budget * camera's interval))) frames at most.
    """
    return max(0.0, elapsed + remaining) / max(1.0, budget)


def sample(sampler: FrameSampler, now: float, remaining: float, budget: float) -> tuple[FrameSampler, bool]:
    """Whether to keep a frame that came now; `remaining` in seconds, 0 when unknown.

    Kept on an even grid and not "so long after the last one": a camera that gives a frame each second
    would else give every second one at an interval of 1.1 s.
    """
    if sampler.reached is None:
        return replace(sampler, reached=now), True
    interval = frame_interval(now - sampler.began_at, remaining, budget)
    due = sampler.reached + interval
    if now < due:
        return sampler, False
    is_on_time = now - due < interval
    return replace(sampler, reached=due if is_on_time else now), True


_SECONDS_PER_MINUTE = 60.0


class FrameKeeper:
    """Stamps are edge time; the spacing of a film's frames is measured by `monotonic`.

    The newest image is put into `pictures`, which has one bound for all printers.
    """

    def __init__(
        self,
        printer_id: str,
        rules: SessionPolicy,
        writer: OutboxWriter,
        pictures: LatestPictures,
        monotonic: Callable[[], float],
        counters: PrinterCounters,
    ) -> None:
        self._printer_id = printer_id
        self._rules = rules
        self._writer = writer
        self._pictures = pictures
        self._monotonic = monotonic
        self._counters = counters
        self._kept_at: float | None = None
        self._sampler: FrameSampler | None = None
        self._remaining: tuple[str, float] | None = None
        self._faults = LogThrottle(monotonic)

    def note_status(self, facts: PrinterStatus, job: EdgeJob | None) -> None:
        """How long the job will take still; a status that does not say leaves what was known."""
        if job is not None and job.is_active and facts.remaining_minutes is not None:
            self._remaining = (job.token, facts.remaining_minutes * _SECONDS_PER_MINUTE)

    def take(self, image: ImageMessage, stamp: float, job: EdgeJob | None) -> None:
        """A frame came: it is the newest, and kept for the film of the running job if it is its turn.

        A broken one is neither, and does not use up a turn.
        """
        next_sampler, is_wanted = self._sampled(stamp, job)
        data = None
        if is_wanted or not image.looks_whole():
            data = self._decoded(image.decode)
            if data is None:
                return
        self._pictures.put(self._printer_id, image if data is None else data, stamp)
        self._sampler = next_sampler
        if not is_wanted or data is None or job is None:
            return
        if self._writer.keep_frame(self._printer_id, job, CapturedFrame(data, stamp)):
            self._kept_at = stamp

    def _sampled(self, stamp: float, job: EdgeJob | None) -> tuple[FrameSampler | None, bool]:
        """How far the choice of frames has come with a frame of that time, and whether to keep that one."""
        if job is None or not job.is_active or job.prefix is None:
            return self._sampler, False
        now = self._monotonic()
        sampler = self._sampler
        if sampler is None or sampler.token != job.token:
            sampler = FrameSampler(job.token, began_at=now - max(0.0, stamp - job.started_at))
        known = self._remaining
        remaining = known[1] if known is not None and known[0] == job.token else 0.0
        return sample(sampler, now, remaining, self._rules.film_budget)

    def frame_for(
        self, frame_policy: FramePolicy, job: EdgeJob | None, stamp: float
    ) -> tuple[CapturedFrame | None, bool]:
        """The frame to be kept with a report, and whether in the idle printer's one place.

        None when there is no fresh one (any more) or it was kept already: the outbox then names the newest
        kept.
        A frame from before the job's start is not its film's, which would be waited for in vain.
        """
        taken_at = self._pictures.taken_at(self._printer_id)
        if frame_policy is FramePolicy.NEWEST_KEPT or taken_at is None:
            return None, False
        is_of_film = job is not None and job.prefix is not None and taken_at >= job.started_at
        is_overwriting = frame_policy is FramePolicy.OVERWRITE or not is_of_film
        is_kept_already = taken_at == self._kept_at and not is_overwriting
        oldest = self._rules.last_seconds if frame_policy is FramePolicy.LAST else self._rules.fresh_seconds
        if is_kept_already or stamp - taken_at > oldest:
            return None, False
        newest = self._decoded(self._newest)
        if newest is None:
            return None, False
        if not is_overwriting:
            self._kept_at = taken_at
        return CapturedFrame(newest.data, taken_at), is_overwriting

    def _newest(self) -> LatestPicture | None:
        return self._pictures.get(self._printer_id)

    def _decoded(self, decode: Callable[[], DecodedT]) -> DecodedT | None:
        try:
            return decode()
        except ImageError as fault:
            self._counters.broken_images += 1
            count = self._faults.take()
            if count is not None:
                _log.warning(
                    "printer %r: %d broken pictures left out, this one: %s", self._printer_id, count, fault
                )
            return None
