"""The digest: what happened while it was quiet, and what stands now, in one message. Pure.

First the printers that somebody has to look at, each with its reason; then the others by name. What does not
fit is told shorter: fewer lines of each printer, then only how many there are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import IntEnum

from functions.notify.render import Message, RenderContext, message_of_lines
from functions.shared.domain.faults import Severity
from functions.shared.domain.figures import known_remaining
from functions.shared.domain.status import PAUSED
from functions.shared.messages.effects import Category
from functions.shared.messages.held_messages import HeldMessage, HeldMessages
from functions.shared.messages.printer_record import Phase, PrinterRecord
from functions.shared.telegram.markup import (
    TEXT_LIMIT,
    Line,
    Span,
    code_words,
    fitted,
    name_words,
    plain_words,
    utf16_length,
)
from functions.shared.wording import digest as words
from functions.shared.wording import figures
from functions.shared.wording.headlines import wording_of

# Lines of what happened at one printer, from the longest form to the shortest.
_LINES = (8, 4, 2, 1, 0)
_NAME_LIMIT, _JOB_LIMIT, _REASON_LIMIT = 80, 60, 200


class Standing(IntEnum):
    """How a printer stands; what somebody has to look at comes first."""

    PAUSED = 0
    FAILED = 1
    LOST = 2
    PRINTING = 3
    ENDED = 4
    IDLE = 5

    @property
    def is_open(self) -> bool:
        return self <= Standing.LOST


@dataclass(frozen=True, slots=True)
class _Printer:
    """`name` in full; `record` is None for one that is not known (a collector's heading)."""

    name: str
    standing: Standing
    record: PrinterRecord | None
    held: HeldMessages


def digest_message(
    held: Sequence[HeldMessages], records: Sequence[PrinterRecord], context: RenderContext
) -> Message | None:
    """None if there is nothing to tell. `records`: the printers that it tells of, others may be open too."""
    told = {it.printer_id: it for it in held if not it.is_empty}
    if not told:
        return None
    printers = _printers(told, records)
    lines = next(
        (
            lines
            for most in _LINES
            if _length(lines := _lines(printers, most, context, len(printers))) <= TEXT_LIMIT
        ),
        None,
    )
    if lines is None:
        lines = _shortest(printers, context)
    return message_of_lines(fitted(lines, TEXT_LIMIT), context)


def _shortest(printers: Sequence[_Printer], context: RenderContext) -> list[Line]:
    """As many printers by name as fit, the open ones first."""
    low, high = 0, len(printers)
    while low < high:
        middle = (low + high + 1) // 2
        if _length(_lines(printers, 0, context, middle)) <= TEXT_LIMIT:
            low = middle
        else:
            high = middle - 1
    return _lines(printers, 0, context, low)


def _printers(told: dict[str, HeldMessages], records: Sequence[PrinterRecord]) -> list[_Printer]:
    known = {record.printer_id: record for record in records}
    printers = []
    for name in {*known, *told}:
        held = told.get(name, HeldMessages(name))
        printer = _Printer(name, _standing(known.get(name), held), known.get(name), held)
        if name in told or printer.standing is Standing.PAUSED:
            printers.append(printer)
    return sorted(
        printers, key=lambda it: (it.standing if it.standing.is_open else Standing.PRINTING, it.name)
    )


def _standing(record: PrinterRecord | None, held: HeldMessages) -> Standing:
    job = record.job if record is not None else None
    if job is None:
        return Standing.IDLE
    if job.phase is Phase.ACTIVE:
        return Standing.PAUSED if job.state in PAUSED else Standing.PRINTING
    ended = [it.notification for it in held.messages if it.notification.job_id == job.id]
    if job.phase in (Phase.LOST, Phase.SILENCED):
        return Standing.LOST
    if any(it.category in (Category.FAILED, Category.NEVER_BEGAN) for it in ended):
        return Standing.FAILED
    return Standing.ENDED if ended else Standing.IDLE


def _lines(printers: Sequence[_Printer], most: int, context: RenderContext, named: int) -> list[Line]:
    """With at most so many lines of what happened at each, and only the first so many printers by name."""
    lines: list[Line] = [_title(printers)]
    for printer in printers[:named]:
        if most:
            lines.append(())
        lines += [_now(printer, context), *_course(printer, most, context)]
    others = printers[named:]
    if others:
        counts = Counter(it.standing for it in others)
        lines += [(), (Span(words.others(len(others), {_WORDS[it]: counts[it] for it in sorted(counts)})),)]
    kept = words.kept_back(sum(it.held.progress for it in printers), sum(it.held.photos for it in printers))
    if kept:
        lines += [(), (Span(kept, "i"),)]
    lines += [(Span(note),) for note in context.notes]
    return lines


_WORDS = {
    Standing.PAUSED: words.PAUSED,
    Standing.FAILED: words.FAILED,
    Standing.LOST: words.LOST,
    Standing.PRINTING: words.PRINTING,
    Standing.ENDED: words.ENDED,
    Standing.IDLE: words.IDLE,
}


def _title(printers: Sequence[_Printer]) -> Line:
    if any(it.held.by_hours for it in printers):
        return (Span(words.QUIET_IS_OVER),)
    if len(printers) == 1:
        icon, said = words.MUTE_IS_OVER
        return (Span(f"{icon} "), Span(name_words(printers[0].name, _NAME_LIMIT), "b"), Span(f": {said}"))
    return (Span(words.MUTES_ARE_OVER),)


def _now(printer: _Printer, context: RenderContext) -> Line:
    """The printer, and how it stands."""
    icon, said = _WORDS[printer.standing]
    job = printer.record.job if printer.record is not None else None
    told: list[str] = []
    if job is not None and printer.standing in (Standing.PAUSED, Standing.PRINTING):
        percent = figures.known_percent(job.percent)
        told += [f"{percent} %"] if percent is not None else []
        if printer.standing is Standing.PRINTING:
            left = known_remaining(job.remaining_minutes, job.percent)
            heard = job.printing_since if printer.record is None else printer.record.received_at
            since = max(0.0, context.now - heard) if heard is not None else 0.0
            ready = figures.ready(left, context.now, since, context.zone)
            told += [ready] if ready else []
    name = Span(name_words(printer.name, _NAME_LIMIT), "b")
    spans = [Span(f"{icon} "), name, Span(f": {said}")]
    job_name = _job_shown(printer)
    if job_name:
        spans += [Span(" "), Span(code_words(job_name, _JOB_LIMIT), "code")]
    return (*spans, *(Span(f" · {figure}") for figure in told))


def _job_shown(printer: _Printer) -> str | None:
    """The name of the job that goes on."""
    job = printer.record.job if printer.record is not None else None
    goes_on = printer.standing in (Standing.PAUSED, Standing.PRINTING)
    return job.name if job is not None and goes_on else None


def _course(printer: _Printer, most: int, context: RenderContext) -> list[Line]:
    """What happened, the newest lines of it; an alert has its reason."""
    if most <= 0:
        return []
    held = printer.held
    shown = held.messages[-most:]
    missing = len(held.messages) - len(shown) + held.left_out
    lines: list[Line] = [(Span(words.earlier(missing)),)] if missing else []
    job = _job_shown(printer)
    for message in shown:
        lines.append(_event(message, job, context.zone))
        job = message.notification.job.name or job
    return lines


def _event(message: HeldMessage, told_job: str | None, zone: tzinfo) -> Line:
    notification = message.notification
    spoken = wording_of(notification)
    at = _hour(notification.observed_at, zone)
    spans = [
        Span(
            f"{at} {spoken.icon} {plain_words(spoken.words, 120)}" if at else f"{spoken.icon} {spoken.words}"
        )
    ]
    if notification.job.name and notification.job.name != told_job:
        spans += [Span(" "), Span(code_words(notification.job.name, _JOB_LIMIT), "code")]
    reason = notification.reason or next((fault.text for fault in notification.faults if fault.text), "")
    if (
        reason
        and notification.severity is not Severity.NOTICE
        and notification.category is not Category.DEFECT
    ):
        spans.append(Span(f". {figures.sentence(plain_words(reason, _REASON_LIMIT))}"))
    return tuple(spans)


def _hour(at: float, zone: tzinfo) -> str:
    try:
        return f"{datetime.fromtimestamp(at, zone):%H:%M}"
    except (OverflowError, OSError, ValueError):
        return ""


def _length(lines: Sequence[Line]) -> int:
    return len(lines) - 1 + sum(utf16_length(span.text) for line in lines for span in line)
