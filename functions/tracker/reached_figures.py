"""How far a job has come: the newest figures are shown, the highest count as reached.

A multi-plate job begins its percent and layers anew on each plate, and firmware clears them as a job ends:
a fall is believed to be another plate only when it lasts.
"""

from dataclasses import replace

from functions.shared.domain.status import PREPARING, PrinterStatus
from functions.shared.messages.printer_record import Job, Reached

# Percent points, or percent of the layers that were reached. Figures that are read again after a pause or a
# reconnect waver by a few; a plate begins at nothing.
_FALL = 20
# Firmware clears the figures seconds before it says the word of the end; a plate takes minutes.
BELIEVED_AFTER_SECONDS = 60.0


def with_figures(job: Job, facts: PrinterStatus, now: float) -> Job:
    """The job with the figures of a status; a missing key leaves what was known.

    While preparing, percent, layers and time may still be the last job's.
    """
    if facts.state in PREPARING:
        return job
    total = facts.total_layers or job.total_layers
    layer = job.layer if facts.layer is None else facts.layer
    if layer is not None and total is not None and layer > total:
        layer = None
        job = replace(job, reached=replace(_reached(job), layer=None))
    remaining = job.remaining_minutes if facts.remaining_minutes is None else facts.remaining_minutes
    job = replace(
        job,
        percent=job.percent if facts.percent is None else facts.percent,
        layer=layer,
        total_layers=total,
        remaining_minutes=remaining,
    )
    return _follow(job, now)


def as_reached(job: Job, facts: PrinterStatus | None = None, now: float | None = None) -> Job:
    """The job as far as it came, with the figures of a status of its end if they are not cleared.

    `now`, unless there was a gap: time in which nothing was heard proves no fall.
    """
    if now is not None:
        job = _follow(job, now)
    reached = _reached(job)
    last = facts or PrinterStatus()
    percent = _highest(reached.percent, last.percent)
    layer, total = reached.layer, reached.total_layers or job.total_layers
    if last.layer is not None and last.layer > (layer or 0):
        layer, total = last.layer, last.total_layers or total
    if layer is not None and total is not None and layer > total:
        layer = None
    return replace(job, percent=percent, layer=layer, total_layers=total)


def _follow(job: Job, now: float) -> Job:
    """What was reached, with the newest figures. Percent and layer of one plate are never mixed."""
    reached = _reached(job)
    percent_fell_at = _fallen_since(reached.percent, job.percent, 100, job.percent_fell_at, now)
    layer_fell_at = _fallen_since(reached.layer, job.layer, reached.layer or 1, job.layer_fell_at, now)
    is_layer_believed = _is_believed(layer_fell_at, now)
    if _is_believed(percent_fell_at, now) or (is_layer_believed and percent_fell_at is not None):
        on_plate = Reached(job.percent, job.layer, job.total_layers)
        return replace(job, reached=on_plate, percent_fell_at=None, layer_fell_at=None, step=0)
    if percent_fell_at is None:
        reached = replace(reached, percent=_highest(reached.percent, job.percent))
    if job.layer is not None and (is_layer_believed or job.layer >= (reached.layer or 0)):
        reached = replace(reached, layer=job.layer, total_layers=job.total_layers)
        layer_fell_at = None
    return replace(job, reached=reached, percent_fell_at=percent_fell_at, layer_fell_at=layer_fell_at)


def _fallen_since(
    highest: int | None, newest: int | None, whole: int, fell_at: float | None, now: float
) -> float | None:
    """Since when the figure is down, in percent of `whole`. It is up again when most of it is back."""
    if highest is None or newest is None:
        return fell_at
    is_down = (highest - newest) * 100 >= whole * (_FALL if fell_at is None else _FALL / 2)
    return (now if fell_at is None else fell_at) if is_down else None


def _is_believed(fell_at: float | None, now: float) -> bool:
    return fell_at is not None and now - fell_at >= BELIEVED_AFTER_SECONDS


def _reached(job: Job) -> Reached:
    """The newest figures, for a job begun under a release that did not keep what was reached."""
    return job.reached or Reached(job.percent, job.layer, job.total_layers)


def _highest(one: int | None, other: int | None) -> int | None:
    return max((it for it in (one, other) if it is not None), default=None)
