"""One printer's frames: which images of a job are kept, and the newest one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from collector.bambui.messages import ImageMessage, PictureError, decode_picture
from collector.counters import PrinterTally
from collector.outbox.model import EdgeJob, Picture
from collector.outbox.writer import SpoolWriter
from collector.printer.policy import SessionRules
from collector.printer.reporting import Wish
from functions.shared.domain.status import StatusFacts
from functions.shared.runtime.throttled_log import LogLimit


@dataclass(frozen=True, slots=True)
class Picking:
    """The picking for one job (`token`). Times by a clock that only runs forward.

    `reached` is where on the even grid the last kept picture stands.
    """

    token: str
    began_at: float
    reached: float | None = None


def picture_interval(elapsed: float, remaining: float, budget: float) -> float:
    """Seconds between kept pictures of a job; `budget` is how many pictures the film can show.

    With nothing known of the rest (0) the interval grows with the time gone by, so that no job costs
    without bound: about budget * (1 + ln(length / (budget * camera's interval))) pictures at most.
    """
    return max(0.0, elapsed + remaining) / max(1.0, budget)


def pick(picking: Picking, now: float, remaining: float, budget: float) -> tuple[Picking, bool]:
    """Whether to keep a picture that came now; `remaining` in seconds, 0 when unknown.

    Kept on an even grid and not "so long after the last one": a camera that gives a picture each second
    would else give every second one at an interval of 1.1 s.
    """
    if picking.reached is None:
        return replace(picking, reached=now), True
    interval = picture_interval(now - picking.began_at, remaining, budget)
    due = picking.reached + interval
    if now < due:
        return picking, False
    is_on_time = now - due < interval
    return replace(picking, reached=due if is_on_time else now), True


_logger = logging.getLogger(__name__)
_SECONDS_PER_MINUTE = 60.0


class PictureKeeper:
    """Stamps are edge time; the spacing of a film's pictures is measured by `monotonic`."""

    def __init__(
        self,
        printer_id: str,
        rules: SessionRules,
        writer: SpoolWriter,
        monotonic: Callable[[], float],
        tally: PrinterTally,
    ) -> None:
        self._printer_id = printer_id
        self._rules = rules
        self._writer = writer
        self._monotonic = monotonic
        self._tally = tally
        self._newest: tuple[ImageMessage, float] | None = None
        self._kept_at: float | None = None
        self._picking: Picking | None = None
        self._remaining: tuple[str, float] | None = None
        self._faults = LogLimit(monotonic)

    def note_status(self, facts: StatusFacts, job: EdgeJob | None) -> None:
        """How long the job will take still; a status that does not say leaves what was known."""
        if job is not None and job.is_active and facts.remaining_minutes is not None:
            self._remaining = (job.token, facts.remaining_minutes * _SECONDS_PER_MINUTE)

    def take(self, image: ImageMessage, stamp: float, job: EdgeJob | None) -> None:
        """A picture came: keep it for the film of the running job if it is its turn."""
        self._newest = (image, stamp)
        if job is None or not job.is_active or job.prefix is None:
            return
        now = self._monotonic()
        picking = self._picking
        if picking is None or picking.token != job.token:
            picking = Picking(job.token, began_at=now - max(0.0, stamp - job.started_at))
        known = self._remaining
        remaining = known[1] if known is not None and known[0] == job.token else 0.0
        next_picking, is_wanted = pick(picking, now, remaining, self._rules.film_budget)
        if not is_wanted:
            self._picking = next_picking
            return
        data = self._decode(image)
        if data is None:
            return  # a broken picture does not use up its turn
        self._picking = next_picking
        if self._writer.keep_frame(self._printer_id, job, Picture(data, stamp)):
            self._kept_at = stamp

    def wished(self, wish: Wish, job: EdgeJob | None, stamp: float) -> tuple[Picture | None, bool]:
        """The picture to be kept with a report, and whether in the idle printer's one place.

        None when there is no fresh one or it was kept already: the spool then names the newest kept.
        A picture from before the job's start is not its film's, which would be waited for in vain.
        """
        if wish is Wish.NEWEST_KEPT or self._newest is None:
            return None, False
        image, taken_at = self._newest
        is_of_film = job is not None and job.prefix is not None and taken_at >= job.started_at
        is_overwriting = wish is Wish.OVERWRITE or not is_of_film
        is_kept_already = taken_at == self._kept_at and not is_overwriting
        oldest = self._rules.last_seconds if wish is Wish.LAST else self._rules.fresh_seconds
        if is_kept_already or stamp - taken_at > oldest:
            return None, False
        data = self._decode(image)
        if data is None:
            return None, False
        if not is_overwriting:
            self._kept_at = taken_at
        return Picture(data, taken_at), is_overwriting

    def _decode(self, image: ImageMessage) -> bytes | None:
        try:
            return decode_picture(image)
        except PictureError as fault:
            self._tally.broken_pictures += 1
            count = self._faults.take()
            if count is not None:
                _logger.warning(
                    "printer %r: %d broken pictures left out, this one: %s", self._printer_id, count, fault
                )
            return None
