"""How a printer stands, for who asks: in trouble, busy, at rest or away; and its lines in a message. Pure."""

from datetime import tzinfo
from enum import IntEnum
from typing import Protocol

from functions.shared.domain.faults import Severity
from functions.shared.domain.stages import stage_words
from functions.shared.domain.status import FAILED, PAUSED, PREPARING, SUCCEEDED
from functions.shared.domain.status_view import CALIBRATING
from functions.shared.messages.chat_preferences import ChatPreferences
from functions.shared.printer_now import PrinterNow
from functions.shared.telegram.markup import Line, Span, code_words, name_words, plain_words
from functions.shared.wording import chat_answers as wording
from functions.shared.wording.figures import bar, clock_time, layers, remaining, state

_NAME_LIMIT, _JOB_LIMIT, _REASON_LIMIT, _SHORT_REASON_LIMIT = 60, 80, 300, 90
_SEPARATOR = " · "


class Standing(IntEnum):
    """In the order in which they are told."""

    TROUBLE = 0
    BUSY = 1
    AT_REST = 2
    AWAY = 3


class Moment(Protocol):
    """When, where and by whose wishes a printer is shown."""

    @property
    def now(self) -> float: ...
    @property
    def zone(self) -> tzinfo: ...
    @property
    def preferences(self) -> ChatPreferences: ...


def standing_of(printer: PrinterNow) -> Standing:
    is_active = printer.job is not None and printer.job.is_active
    is_failed = printer.state in FAILED and not printer.state_inferred
    has_fault = any(fault.severity is not Severity.NOTICE for fault in printer.faults)
    if has_fault or is_failed or (is_active and (printer.state in PAUSED or printer.problem is not None)):
        return Standing.TROUBLE
    if is_active:
        return Standing.BUSY
    is_away = printer.problem is not None or printer.is_online is False or printer.received_at is None
    return Standing.AWAY if is_away else Standing.AT_REST


def title(printer_id: str) -> Line:
    return (Span(name_words(printer_id, _NAME_LIMIT), "b"),)


def icon_of(printer: PrinterNow) -> str:
    icons, is_active = wording.ICONS, printer.job is not None and printer.job.is_active
    if any(fault.severity is Severity.CRITICAL for fault in printer.faults):
        return icons["critical"]
    if is_active and printer.problem is not None:
        return icons["silent"]
    if printer.state in PAUSED:
        return icons["paused"]
    if printer.state in FAILED:
        return icons["failed"]
    if standing_of(printer) is Standing.TROUBLE:
        return icons["trouble"]
    if standing_of(printer) is Standing.AWAY:
        return icons["away"]
    if printer.state == CALIBRATING:
        return icons["calibrating"]
    if printer.state in PREPARING:
        return icons["preparing"]
    if is_active:
        return icons["printing"]
    return icons["finished"] if printer.state in SUCCEEDED else icons["idle"]


def card(printer: PrinterNow, moment: Moment, *, is_compact: bool) -> tuple[Line, ...]:
    """A printer in a message: one or two lines among many, more if it is alone."""
    words = _state_words(printer)
    head = (Span(f"{icon_of(printer)} "), *title(printer.printer_id))
    figures, muted = _figures(printer, moment, is_compact=is_compact), _muted(printer, moment)
    reason = _reason(printer, _SHORT_REASON_LIMIT if is_compact else _REASON_LIMIT)
    if is_compact:
        first = _SEPARATOR.join(part for part in (words, figures, muted) if part)
        return ((*head, Span(f": {first}")), *(((Span(reason),),) if reason else ()))
    job = printer.job
    lines: list[Line] = [(*head, Span(f": {words}"))]
    if job is not None and job.is_active and job.name:
        lines.append((Span(code_words(job.name, _JOB_LIMIT), "code"),))
    age = None if printer.received_at is None else moment.now - printer.received_at
    heard = wording.ago(age) if age is not None and age > 120 else ""
    lines += [(Span(text),) for text in (figures, reason, muted, heard) if text]
    return tuple(lines)


def _state_words(printer: PrinterNow) -> str:
    if printer.received_at is None:
        return wording.OFFLINE if printer.is_online is False else wording.NEVER_HEARD
    if printer.state_inferred:
        return wording.INFERRED
    word = wording.CALIBRATING if printer.state == CALIBRATING else state(printer.state or "")
    stage = stage_words(printer.facts.stage) if printer.job is not None and printer.job.is_active else None
    shown = plain_words(word, 40)
    is_said = not stage or stage == word or printer.state in PAUSED
    return shown if is_said else f"{shown} ({plain_words(stage or '', 40)})"


def _figures(printer: PrinterNow, moment: Moment, *, is_compact: bool) -> str:
    job = printer.job
    if job is None or not job.is_active:
        return ""
    progress = None
    if job.percent is not None:
        progress = f"{job.percent} %" if is_compact else f"{bar(job.percent)} {job.percent} %"
    is_paused = printer.state in PAUSED
    left = None if is_paused else remaining(job.remaining_minutes, job.percent)
    at = clock_time(job.expected_end_at, moment.now, moment.zone) if job.expected_end_at else None
    ready = wording.ready(at) if at and not is_paused else None
    layer = None if is_compact else layers(job.layer, job.total_layers)
    return _SEPARATOR.join(part for part in (progress, layer, left, ready) if part)


def _reason(printer: PrinterNow, limit: int) -> str:
    """What is wrong, the worst first."""
    ranked = sorted(printer.faults, key=lambda it: list(Severity).index(it.severity), reverse=True)
    texts = [it.text or it.code for it in ranked if it.severity is not Severity.NOTICE]
    texts += [printer.problem] if printer.problem is not None else []
    if not texts and printer.state in PAUSED:
        stage = stage_words(printer.facts.stage)
        texts = [stage] if stage else []
    first = texts[0] if texts else ""
    more = f" ({wording.and_more(len(texts) - 1)})" if len(texts) > 1 else ""
    return plain_words(first[:1].upper() + first[1:], limit) + more if first else ""


def _muted(printer: PrinterNow, moment: Moment) -> str:
    until = moment.preferences.muted_until(printer.printer_id, moment.now)
    at = clock_time(until, moment.now, moment.zone) if until is not None else None
    return f"{wording.ICONS['muted']} {wording.muted_mark(at)}" if at else ""
