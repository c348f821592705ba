"""One printer's pictures: the newest one, and which of them are kept. Pictures are decoded only when kept."""

import logging
from collections.abc import Callable

from collector.frame_picker import Picking, pick
from collector.log_limit import LogLimit
from collector.pictures import PictureError, decode_picture
from collector.reading import ImageMessage
from collector.reporter import Wish
from collector.session_rules import SessionRules
from collector.spool import EdgeJob, Picture
from collector.spool_writer import SpoolWriter
from collector.tally import PrinterTally
from functions.bridge.status_facts import StatusFacts

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
